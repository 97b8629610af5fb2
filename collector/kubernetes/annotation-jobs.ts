import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import { RELABEL_DEFAULTS, type RelabelConfig } from '../relabel.ts';
import type { HttpClientConfig, KubernetesRole, ScrapeConfig } from '../scrape/scrape-config.ts';
import { jobPrefix } from './default-jobs.ts';
import type { KubeAccess } from './kube-access.ts';
import { drop, keep, replace, set } from './relabel-steps.ts';

export interface AnnotationJobsOptions {
  /** The label `cluster`; '' for none. Also part of the jobs' names. */
  readonly cluster: string;
  readonly scrapeInterval: number;
  readonly scrapeTimeout: number;
  /** Through which API server pods are scraped, and how to talk to it. Default: directly. */
  readonly proxy?: { readonly server: string; readonly http: HttpClientConfig } | undefined;
}

/**
 * Jobs for what is annotated with `prometheus.io/scrape: "true"`: pods, and the endpoints of services. Further annotations
 * are `scheme`, `path`, `port` and `param_<name>`. Without `port`, a pod is scraped at each TCP port that its containers
 * declare, a service at each of its ports. A pod that is annotated itself is not scraped for its service, too.
 *
 * Whoever can annotate a pod decides what is asked there: so no credentials are sent to it, and any certificate is accepted.
 */
export function annotationJobs(access: KubeAccess, options: AnnotationJobsOptions): ScrapeConfig[] {
  return [
    job('pod', { access, options, name: 'annotated-pods', steps: podSteps() }),
    job('endpointslice', { access, options, name: 'annotated-services', steps: serviceSteps() }),
  ];
}

const META = '__meta_kubernetes_';
const CONTAINER_PORT = `${META}pod_container_port_number`;

/** The label of an annotation of a pod or service. */
function annotation(kind: 'pod' | 'service', name: string): string {
  return `${META}${kind}_annotation_prometheus_io_${name}`;
}

function podSteps(): readonly RelabelConfig[] {
  const port = annotation('pod', 'port');
  return [
    keep([annotation('pod', 'scrape')], 'true'),
    drop([`${META}pod_phase`], 'Pending|Succeeded|Failed'),
    // Without the annotation, only ports that speak TCP; with it, the containers come to one target.
    keep([port, CONTAINER_PORT, `${META}pod_container_port_protocol`], '\\d+;.*|;\\d+;(TCP)?'),
    ...annotatedAddress('pod'),
    set('job', 'kubernetes-pods'),
    replace([port, `${META}pod_container_name`], 'container', { regex: ';(.+)' }),
    ...podLabels(),
  ];
}

function serviceSteps(): readonly RelabelConfig[] {
  const port = annotation('service', 'port');
  return [
    keep([annotation('service', 'scrape')], 'true'),
    drop([annotation('pod', 'scrape')], 'true'),
    drop([`${META}pod_phase`], 'Pending|Succeeded|Failed'),
    // The role also has the ports of the pods that the service does not have.
    keep([`${META}endpointslice_port`, `${META}endpointslice_port_protocol`], '\\d+;(TCP)?'),
    // A pod with two addresses is in two slices.
    replace(['__address__'], '__tmp_host', { regex: '\\[?(.+?)\\]?:\\d+' }),
    replace(['__tmp_host'], '__tmp_pod_ip'),
    replace([`${META}pod_ip`], '__tmp_pod_ip', { regex: '(.+)' }),
    { ...RELABEL_DEFAULTS, action: 'keepequal', sourceLabels: ['__tmp_pod_ip'], targetLabel: '__tmp_host' },
    ...annotatedAddress('service'),
    set('job', 'kubernetes-service-endpoints'),
    replace([`${META}service_name`], 'service'),
    replace([port, `${META}endpointslice_port_name`], 'endpoint', { regex: ';(.+)' }),
    ...podLabels(),
  ];
}

/** Scheme, path, port and parameters from the annotations that are there. */
function annotatedAddress(kind: 'pod' | 'service'): readonly RelabelConfig[] {
  const source = ['__address__', annotation(kind, 'port')];
  return [
    replace([annotation(kind, 'scheme')], '__scheme__', { regex: '(https?)' }),
    replace([annotation(kind, 'path')], '__metrics_path__', { regex: '(/.*)' }),
    replace([annotation(kind, 'path')], '__metrics_path__', { regex: '([^/].*)', replacement: '/$1' }),
    replace(source, '__address__', { regex: '([^\\[\\]:]+)(?::\\d+)?;(\\d+)', replacement: '$1:$2' }),
    replace(source, '__address__', { regex: '\\[(.+)\\](?::\\d+)?;(\\d+)', replacement: '[$1]:$2' }),
    {
      ...RELABEL_DEFAULTS,
      action: 'labelmap',
      regex: `${annotation(kind, 'param')}_(.+)`,
      replacement: '__param_$1',
    },
  ];
}

function podLabels(): readonly RelabelConfig[] {
  return [
    replace(['__address__'], 'instance'),
    replace([`${META}namespace`], 'namespace'),
    replace([`${META}pod_name`], 'pod'),
    replace([`${META}pod_node_name`], 'node'),
  ];
}

/** The API server asks the pod; what is no pod cannot be reached that way. `https:NAME:PORT` has it speak TLS. */
function proxySteps(server: string): readonly RelabelConfig[] {
  const { host, protocol, pathname } = new URL(server);
  const pods = `${pathname.replace(/\/+$/, '')}/api/v1/namespaces/$2/pods`;
  const source = ['__scheme__', 'namespace', 'pod', '__address__', '__metrics_path__'];
  return [
    keep(['pod'], '.+'),
    replace(source, '__metrics_path__', {
      regex: '(http);([^;]+);([^;]+);.*:(\\d+);(/.*)',
      replacement: `${pods}/$3:$4/proxy$5`,
    }),
    replace(source, '__metrics_path__', {
      regex: '(https);([^;]+);([^;]+);.*:(\\d+);(/.*)',
      replacement: `${pods}/https:$3:$4/proxy$5`,
    }),
    set('__address__', host),
    set('__scheme__', protocol.slice(0, -1)),
  ];
}

function job(
  role: KubernetesRole,
  {
    access,
    options,
    name,
    steps,
  }: {
    readonly access: KubeAccess;
    readonly options: AnnotationJobsOptions;
    readonly name: string;
    readonly steps: readonly RelabelConfig[];
  },
): ScrapeConfig {
  const { cluster, scrapeInterval, scrapeTimeout, proxy } = options;
  return {
    jobName: `${jobPrefix(cluster)}${name}`,
    scrapeInterval,
    scrapeTimeout,
    metricsPath: '/metrics',
    scheme: 'http',
    params: {},
    honorLabels: false,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    enableCompression: true,
    bodySizeLimit: 0,
    sampleLimit: 0,
    labelLimit: 0,
    labelNameLengthLimit: 0,
    labelValueLengthLimit: 0,
    targetLimit: 0,
    keepDroppedTargets: 100,
    client: proxy?.http ?? { ...PLAIN_HTTP_CLIENT, tls: { ...PLAIN_HTTP_CLIENT.tls, insecureSkipVerify: true } },
    discovery: [
      {
        kind: 'kubernetes',
        access,
        role,
        namespaces: { names: [], own: false },
        selectors: [],
        attachMetadata: { node: false, namespace: false },
      },
    ],
    relabelConfigs: [
      ...steps,
      ...(proxy === undefined ? [] : proxySteps(proxy.server)),
      ...(cluster === '' ? [] : [set('cluster', cluster)]),
    ],
    metricRelabelConfigs: [],
    scrapeFallbackProtocol: 'PrometheusText0.0.4',
  };
}
