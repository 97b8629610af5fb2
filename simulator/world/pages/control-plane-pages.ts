import { COLUMN } from '../load/columns.ts';
import type { Meters } from '../load/meters.ts';
import type { RunningContainer } from '../runtime/machine.ts';
import { exponential, SECONDS, shareBelow, writeHistogram } from './histogram.ts';
import { goNumber, type PageWriter } from './page-writer.ts';
import { writeClient, writeProcess, writeWorkqueues } from './process-families.ts';
import { steadyGrowth } from './steady-growth.ts';

export interface ComponentOptions {
  readonly meters: Meters;
  readonly container: RunningContainer;
  readonly now: number;
  /** Pods and nodes that the cluster was made with: how busy its components are. Must not change, or counters would fall. */
  readonly pods: number;
  readonly nodes: number;
  /** Objects stored, by resource. */
  readonly objects: ReadonlyMap<string, number>;
  readonly scheduled: number;
  readonly unschedulable: number;
  readonly pending: number;
}

/** Pages of the control plane's parts and of what runs beside it, by the name of the container. */
export const COMPONENT_PAGES: Readonly<Record<string, (writer: PageWriter, options: ComponentOptions) => void>> = {
  'kube-apiserver': writeApiServer,
  etcd: writeEtcd,
  'kube-scheduler': writeScheduler,
  'kube-controller-manager': writeControllerManager,
  'kube-proxy': writeProxy,
  coredns: writeCoreDns,
};

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
  own(writer, options, 1400 + pods);
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

function writeEtcd(writer: PageWriter, options: ComponentOptions): void {
  const { container, now, pods, objects } = options;
  const since = container.startedAt;
  const grow = (rate: number, name: string) => steadyGrowth(rate, { since, now, key: container.id + name });
  const single = (
    type: 'counter' | 'gauge',
    name: string,
    ...[help, value, labels = '']: [string, number, string?]
  ) => {
    writer.family(name, type, help);
    writer.sample(name + labels, value);
  };
  let stored = 0;
  for (const count of objects.values()) stored += count;
  const leader = container.pod.machine.number === 1;
  single('gauge', 'etcd_server_has_leader', 'Whether or not a leader exists. 1 is existence, 0 is not.', 1);
  single(
    'gauge',
    'etcd_server_is_leader',
    'Whether or not this member is a leader. 1 if is, 0 otherwise.',
    leader ? 1 : 0,
  );
  single('counter', 'etcd_server_leader_changes_seen_total', 'The number of leader changes seen.', 1);
  single('gauge', 'etcd_server_proposals_pending', 'The current number of pending proposals to commit.', 0);
  single(
    'counter',
    'etcd_server_proposals_committed_total',
    'The total number of consensus proposals committed.',
    Math.floor(grow(0.1 * pods + 5, 'proposals')),
  );
  single(
    'counter',
    'etcd_server_proposals_applied_total',
    'The total number of consensus proposals applied.',
    Math.floor(grow(0.1 * pods + 5, 'proposals')),
  );
  single('counter', 'etcd_server_proposals_failed_total', 'The total number of failed proposals seen.', 0);
  single('gauge', 'etcd_server_quota_backend_bytes', 'Current backend storage quota size in bytes.', 8 * 2 ** 30);
  single(
    'gauge',
    'etcd_mvcc_db_total_size_in_bytes',
    'Total size of the underlying database physically allocated in bytes.',
    20 * 2 ** 20 + stored * 14_336,
  );
  single(
    'gauge',
    'etcd_mvcc_db_total_size_in_use_in_bytes',
    'Total size of the underlying database logically in use in bytes.',
    8 * 2 ** 20 + stored * 6144,
  );
  single('gauge', 'etcd_debugging_mvcc_keys_total', 'Total number of keys.', stored);
  for (const [name, median] of [
    ['etcd_disk_wal_fsync_duration_seconds', 0.0012],
    ['etcd_disk_backend_commit_duration_seconds', 0.0025],
  ] as const) {
    writer.family(name, 'histogram', 'The latency distributions of writes to the disk.');
    writeHistogram(writer, name, {
      labels: '',
      bounds: exponential(0.001, 2, 14),
      count: grow(0.1 * pods + 5, name),
      median,
    });
  }
  writer.family('etcd_network_peer_round_trip_time_seconds', 'histogram', 'Round-Trip-Time histogram between peers');
  for (const peer of ['a', 'b'])
    writeHistogram(writer, 'etcd_network_peer_round_trip_time_seconds', {
      labels: `To="${peer}"`,
      bounds: exponential(0.0001, 2, 16),
      count: grow(0.5, `peer${peer}`),
      median: 0.0008,
    });
  writer.family(
    'grpc_server_handled_total',
    'counter',
    'Total number of RPCs completed on the server, regardless of success or failure.',
  );
  for (const method of ['Range', 'Txn', 'Watch'])
    writer.sample(
      `grpc_server_handled_total{grpc_code="OK",grpc_method="${method}",grpc_service="etcdserverpb.KV",grpc_type="unary"}`,
      Math.floor(grow(0.1 * pods + 2, method)),
    );
  own(writer, options, 320);
}

function writeScheduler(writer: PageWriter, options: ComponentOptions): void {
  const { container, now, scheduled, unschedulable, pending } = options;
  const since = container.startedAt;
  // One of the three leads; the others wait.
  const leads = container.pod.machine.number === 1;
  const [good, bad] = leads ? [scheduled, unschedulable] : [0, 0];
  const histogram = (name: string, help: string, series: readonly (readonly [string, number, number])[]) => {
    writer.family(name, 'histogram', `[STABLE] ${help}`);
    for (const [labels, count, median] of series)
      writeHistogram(writer, name, { labels, bounds: exponential(0.001, 2, 15), count, median });
  };
  histogram(
    'scheduler_scheduling_attempt_duration_seconds',
    'Scheduling attempt latency in seconds (scheduling algorithm + binding)',
    [
      ['profile="default-scheduler",result="scheduled"', good, 0.004],
      ['profile="default-scheduler",result="unschedulable"', bad, 0.002],
    ],
  );
  histogram('scheduler_scheduling_algorithm_duration_seconds', 'Scheduling algorithm latency in seconds', [
    ['', good + bad, 0.0015],
  ]);
  histogram(
    'scheduler_pod_scheduling_sli_duration_seconds',
    'E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue.',
    [['attempts="1"', good, 0.006]],
  );
  histogram('scheduler_volume_scheduling_duration_seconds', 'Volume scheduling stage latency', [
    ['operation="binding"', Math.floor(good / 20), 0.003],
  ]);
  writer.family(
    'scheduler_schedule_attempts_total',
    'counter',
    '[STABLE] Number of attempts to schedule pods, by the result.',
  );
  writer.sample('scheduler_schedule_attempts_total{profile="default-scheduler",result="scheduled"}', good);
  writer.sample('scheduler_schedule_attempts_total{profile="default-scheduler",result="unschedulable"}', bad);
  writer.family('scheduler_pending_pods', 'gauge', '[STABLE] Number of pending pods, by the queue type.');
  for (const queue of ['active', 'backoff', 'gated', 'unschedulable'])
    writer.sample(`scheduler_pending_pods{queue="${queue}"}`, queue === 'unschedulable' && leads ? pending : 0);
  writeWorkqueues(writer, {
    since,
    now,
    key: container.id,
    queues: { DynamicConfigMapCABundle: 0.01, DynamicServingCertificateController: 0.02 },
  });
  writeClient(writer, { since, now, key: container.id, rate: leads ? 6 : 1 });
  own(writer, options, 260);
}

function writeControllerManager(writer: PageWriter, options: ComponentOptions): void {
  const { container, now, pods, nodes } = options;
  const since = container.startedAt;
  const busy = container.pod.machine.number === 1 ? 1 : 0.02;
  const queues: Record<string, number> = {};
  for (const [name, rate] of [
    ['deployment', 0.002],
    ['replicaset', 0.004],
    ['daemonset', 0.001],
    ['job', 0.001],
    ['endpoint', 0.003],
    ['endpoint_slice', 0.003],
    ['garbage_collector_attempt_to_delete', 0.001],
    ['horizontalpodautoscaler', 0.001],
    ['namespace', 0.0005],
    ['disruption', 0.001],
    ['resourcequota_primary', 0.001],
    ['ttl_jobs_to_delete', 0.0005],
  ] as const) {
    queues[name] = busy * (rate * pods + 0.05);
  }
  queues.node_lifecycle_controller = busy * 0.1 * nodes;
  writer.family('node_collector_zone_health', 'gauge', '[ALPHA] Gauge measuring percentage of healthy nodes per zone.');
  for (const zone of ['zone-a', 'zone-b', 'zone-c'])
    writer.sample(`node_collector_zone_health{zone="region-1:${zone}"}`, 100);
  writeWorkqueues(writer, { since, now, key: container.id, queues });
  writeClient(writer, { since, now, key: container.id, rate: busy * (8 + 0.02 * pods) });
  own(writer, options, 900);
}

function writeProxy(writer: PageWriter, options: ComponentOptions): void {
  const { container, now, pods } = options;
  const since = container.startedAt;
  const grow = (rate: number, name: string) => steadyGrowth(rate, { since, now, key: container.id + name });
  for (const [name, rate, median] of [
    ['kubeproxy_sync_proxy_rules_duration_seconds', 0.05, 0.02],
    ['kubeproxy_network_programming_duration_seconds', 0.0004 * pods, 0.4],
  ] as const) {
    writer.family(name, 'histogram', '[ALPHA] Durations of changes to the rules, in seconds.');
    writeHistogram(writer, name, {
      labels: name.includes('sync') ? 'ip_family="IPv4"' : '',
      bounds: exponential(0.001, 2, 18),
      count: grow(rate, name),
      median,
    });
  }
  writer.family(
    'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
    'gauge',
    '[ALPHA] The last time proxy rules were successfully synced',
  );
  writer.sample('kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"}', Math.floor(now / 1000 - 7));
  writeClient(writer, { since, now, key: container.id, rate: 0.2 });
  own(writer, options, 60);
}

function writeCoreDns(writer: PageWriter, options: ComponentOptions): void {
  const { container, now, pods } = options;
  const since = container.startedAt;
  const grow = (rate: number, name: string) => Math.floor(steadyGrowth(rate, { since, now, key: container.id + name }));
  const total = grow(0.6 * pods, 'requests');
  const family = (type: 'counter' | 'gauge', name: string, samples: readonly (readonly [string, number])[]) => {
    writer.family(`coredns_${name}`, type, `CoreDNS figure ${name}.`);
    for (const [labels, value] of samples) writer.sample(`coredns_${name}${labels === '' ? '' : `{${labels}}`}`, value);
  };
  const server = 'server="dns://:53"';
  family('gauge', 'build_info', [['goversion="go1.23.3",revision="51e11f166",version="1.12.0"', 1]]);
  family('counter', 'dns_requests_total', [
    [`family="1",proto="udp",${server},type="A",view="",zone="."`, Math.floor(total * 0.55)],
    [`family="1",proto="udp",${server},type="AAAA",view="",zone="."`, Math.floor(total * 0.45)],
  ]);
  family(
    'counter',
    'dns_responses_total',
    [
      ['NOERROR', 0.6],
      ['NXDOMAIN', 0.398],
      ['SERVFAIL', 0.002],
    ].map(
      ([code, share]) =>
        [`plugin="",rcode="${code}",${server},view="",zone="."`, Math.floor(total * Number(share))] as const,
    ),
  );
  for (const [name, median, bounds] of [
    ['dns_request_duration_seconds', 0.0003, exponential(0.00025, 2, 16)],
    ['dns_request_size_bytes', 60, [0, 100, 200, 300, 400, 511, 1023]],
    ['dns_response_size_bytes', 120, [0, 100, 200, 300, 400, 511, 1023]],
  ] as const) {
    writer.family(`coredns_${name}`, 'histogram', `CoreDNS figure ${name}.`);
    writeHistogram(writer, `coredns_${name}`, {
      labels: `proto="udp",${server},zone="."`,
      bounds: [...bounds],
      count: total,
      median,
    });
  }
  family('counter', 'cache_hits_total', [
    [`${server},type="success",view="",zones="."`, Math.floor(total * 0.8)],
    [`${server},type="denial",view="",zones="."`, Math.floor(total * 0.1)],
  ]);
  family('counter', 'cache_misses_total', [[`${server},view="",zones="."`, Math.floor(total * 0.1)]]);
  family('gauge', 'cache_entries', [
    [`${server},type="success",view="",zones="."`, 400],
    [`${server},type="denial",view="",zones="."`, 120],
  ]);
  family('counter', 'panics_total', [['', 0]]);
  writer.family(
    'coredns_forward_request_duration_seconds',
    'histogram',
    'CoreDNS figure forward_request_duration_seconds.',
  );
  writeHistogram(writer, 'coredns_forward_request_duration_seconds', {
    labels: 'rcode="NOERROR",to="10.0.0.2:53"',
    bounds: SECONDS,
    count: total * 0.1,
    median: 0.002,
  });
  own(writer, options, 40);
}

function own(writer: PageWriter, { meters, container, now }: ComponentOptions, goroutines: number): void {
  const busy = meters.rate(container.row, COLUMN.cpuUser);
  writeProcess(writer, {
    meters,
    row: container.row,
    startedAt: container.startedAt,
    now,
    goroutines: Math.round(goroutines * (1 + busy)),
  });
}
