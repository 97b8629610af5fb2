import { type ComponentOptions, writeOwnProcess } from './component.ts';
import { shareBelow, writeHistogram } from './histogram.ts';
import { goNumber, type PageWriter } from './page-writer.ts';
import { writeClient, writeWorkqueues } from './process-families.ts';
import { steadyGrowth } from './steady-growth.ts';

const SLI_BOUNDS = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
/** Verb, resource, group, scope, requests per second and pod, and half of them take so long (seconds). */
const REQUESTS: readonly (readonly [string, string, string, string, number, number])[] = [
  ['GET', 'pods', '', 'resource', 0.02, 0.004],
  ['GET', 'nodes', '', 'resource', 0.01, 0.003],
  ['GET', 'leases', 'coordination.k8s.io', 'resource', 0.03, 0.003],
  ['GET', 'configmaps', '', 'resource', 0.01, 0.003],
  ['LIST', 'pods', '', 'namespace', 0.004, 0.02],
  ['LIST', 'pods', '', 'cluster', 0.001, 0.08],
  ['LIST', 'nodes', '', 'cluster', 0.002, 0.03],
  ['LIST', 'services', '', 'cluster', 0.001, 0.02],
  ['POST', 'events', '', 'resource', 0.01, 0.007],
  ['POST', 'pods', '', 'resource', 0.001, 0.012],
  ['PUT', 'leases', 'coordination.k8s.io', 'resource', 0.04, 0.006],
  ['PATCH', 'pods', '', 'resource', 0.006, 0.009],
  ['PATCH', 'nodes', '', 'resource', 0.003, 0.009],
  ['DELETE', 'pods', '', 'resource', 0.001, 0.011],
];
const CODES: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  GET: [
    ['200', 0.985],
    ['404', 0.0145],
    ['500', 0.0005],
  ],
  LIST: [
    ['200', 0.9995],
    ['500', 0.0005],
  ],
  POST: [
    ['201', 0.994],
    ['409', 0.005],
    ['500', 0.001],
  ],
  PUT: [
    ['200', 0.992],
    ['409', 0.0075],
    ['500', 0.0005],
  ],
  PATCH: [
    ['200', 0.998],
    ['409', 0.0015],
    ['500', 0.0005],
  ],
  DELETE: [
    ['200', 0.995],
    ['404', 0.005],
  ],
};

/** The API server as the whole cluster's load keeps it busy. */
export function writeApiServer(writer: PageWriter, options: ComponentOptions): void {
  const { container, now, pods, objects } = options;
  const since = container.startedAt;
  const key = container.id;
  const grow = (rate: number, name: string) => steadyGrowth(rate, { since, now, key: key + name });
  const rows = REQUESTS.map(([verb, resource, group, scope, rate, median]) => {
    const labels = `component="apiserver",dry_run="",group="${group}",resource="${resource}",scope="${scope}",subresource="",verb="${verb}",version="v1"`;
    return { verb, labels, median, resource, count: grow(rate * (pods + 20), `${verb}${resource}${scope}`) };
  });
  writer.family(
    'apiserver_request_total',
    'counter',
    '[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
  );
  for (const { verb, labels, count } of rows) {
    for (const [code, share] of CODES[verb]!)
      writer.sample(`apiserver_request_total{code="${code}",${labels}}`, Math.floor(count * share));
  }
  writer.family(
    'apiserver_request_sli_duration_seconds',
    'histogram',
    '[ALPHA] Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.',
  );
  for (const { labels, median, count } of rows) {
    writeHistogram(writer, 'apiserver_request_sli_duration_seconds', {
      labels: labels.replace('dry_run="",', ''),
      bounds: SLI_BOUNDS,
      count,
      median,
    });
  }
  writer.family(
    'apiserver_request_terminations_total',
    'counter',
    '[ALPHA] Number of requests which apiserver terminated in self-defense.',
  );
  writer.sample(
    'apiserver_request_terminations_total{code="429",component="apiserver",group="",resource="pods",scope="cluster",subresource="",verb="LIST",version="v1"}',
    Math.floor(grow(0.0002, 'terminations')),
  );
  writer.family(
    'apiserver_current_inflight_requests',
    'gauge',
    '[STABLE] Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
  );
  writer.sample('apiserver_current_inflight_requests{request_kind="mutating"}', 1);
  writer.sample('apiserver_current_inflight_requests{request_kind="readOnly"}', 2);
  writer.family(
    'apiserver_client_certificate_expiration_seconds',
    'histogram',
    '[ALPHA] Distribution of the remaining lifetime on the certificate used to authenticate a request.',
  );
  writeCertificates(writer, grow(2, 'certificates'));
  writer.family(
    'apiserver_storage_objects',
    'gauge',
    '[STABLE] Number of stored objects at the time of last check split by kind.',
  );
  for (const [resource, count] of objects) writer.sample(`apiserver_storage_objects{resource="${resource}"}`, count);
  writer.family(
    'aggregator_unavailable_apiservice',
    'gauge',
    '[ALPHA] Gauge of APIServices which are marked as unavailable broken down by APIService name.',
  );
  writer.sample('aggregator_unavailable_apiservice{name="v1."}', 0);
  writer.family(
    'aggregator_unavailable_apiservice_total',
    'counter',
    '[ALPHA] Counter of APIServices which are marked as unavailable broken down by APIService name and reason.',
  );
  writer.sample('aggregator_unavailable_apiservice_total{name="v1.",reason="ServiceNotFound"}', 0);
  writer.family(
    'etcd_request_duration_seconds',
    'histogram',
    '[ALPHA] Etcd request latency in seconds for each operation and object type.',
  );
  for (const operation of ['get', 'list', 'create', 'update']) {
    writeHistogram(writer, 'etcd_request_duration_seconds', {
      labels: `operation="${operation}",type="/registry/pods"`,
      bounds: SLI_BOUNDS,
      count: grow(0.01 * pods + 0.3, operation),
      median: 0.003,
    });
  }
  writeWorkqueues(writer, {
    since,
    now,
    key,
    queues: { APIServiceRegistrationController: 0.05, crd_finalizer: 0.001, DiscoveryController: 0.02 },
  });
  writeClient(writer, { since, now, key, rate: 2 });
  writeOwnProcess(writer, options, 1400 + pods);
}

/** Nearly all certificates last for longer than a week. */
function writeCertificates(writer: PageWriter, count: number): void {
  const name = 'apiserver_client_certificate_expiration_seconds';
  const bounds = [
    0, 1800, 3600, 7200, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800, 2_592_000, 7_776_000, 15_552_000,
    31_104_000,
  ];
  for (const bound of bounds)
    writer.sample(
      `${name}_bucket{le="${goNumber(bound)}"}`,
      bound < 7_776_000 ? 0 : Math.floor(count * shareBelow(bound, 12_000_000)),
    );
  writer.sample(`${name}_bucket{le="+Inf"}`, Math.floor(count));
  writer.sample(`${name}_sum`, Math.floor(count) * 1.7e7);
  writer.sample(`${name}_count`, Math.floor(count));
}
