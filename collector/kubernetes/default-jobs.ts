import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import type { RelabelConfig } from '../relabel.ts';
import type {
  DiscoveryConfig,
  HttpClientConfig,
  KubernetesDiscoveryConfig,
  ScrapeConfig,
} from '../scrape/scrape-config.ts';
import type { KubeAccess } from './kube-access.ts';
import { drop, keep, replace, set } from './relabel-steps.ts';

/** What of a cluster is scraped without further configuration, and how. */
export interface DefaultJobsOptions {
  /** The label `cluster`; '' for none. Also part of the jobs' names. */
  readonly cluster: string;
  readonly access: KubeAccess;
  /** The API server, and how to talk to it. */
  readonly server: string;
  readonly http: HttpClientConfig;
  /** Directly, or everything through the API server's proxies. */
  readonly nodeAccess: 'direct' | 'proxy';
  readonly scrapeInterval: number;
  readonly scrapeTimeout: number;
  readonly kubelets: boolean;
  readonly apiServer: boolean;
  readonly controlPlane: boolean;
  readonly nodeExporter: boolean;
  readonly gpuExporter: boolean;
}

/**
 * The scrape jobs of a cluster, with the labels that kube-prometheus gives: its rules and dashboards find what they look for.
 * Names are unique among clusters with different names.
 */
export function defaultJobs(options: DefaultJobsOptions): ScrapeConfig[] {
  const jobs = new JobBuilder(options);
  return [
    ...(options.kubelets ? kubeletJobs(jobs) : []),
    ...(options.apiServer ? [apiServerJob(jobs)] : []),
    ...(options.controlPlane ? CONTROL_PLANE.map((part) => controlPlaneJob(jobs, part)) : []),
    ...(options.nodeExporter ? [nodeExporterJob(jobs)] : []),
    ...(options.gpuExporter ? [gpuExporterJob(jobs)] : []),
  ];
}

/** What the names of a cluster's jobs begin with, so that those of several clusters differ. */
export function jobPrefix(cluster: string): string {
  return cluster === '' ? 'kubernetes/' : `kubernetes/${cluster}/`;
}

/**
 * cAdvisor's series that cost much and that hardly anybody asks for: more than half of them. What is left is what dashboards,
 * rules and the catalogue read.
 */
const CADVISOR_DROPS: readonly RelabelConfig[] = [
  drop(
    ['__name__'],
    `container_(${[
      'tasks_state|processes|threads|threads_max|sockets|file_descriptors|ulimits_soft|last_seen',
      'cpu_load_(average|d_average)_10s|cpu_schedstat_.*|cpuset_.*|llc_.*|perf_.*|hugetlb_.*|referenced_bytes|numa_.*',
      'memory_(failures_total|kernel_usage|total_(in)?active_file_bytes|mapped_file|migrate|numa_pages|bandwidth_.*)',
      'spec_(cpu_(shares|period)|memory_(reservation|swap)_limit_bytes)',
      'fs_(sector|reads_merged|writes_merged|read_seconds|write_seconds|io_current|io_time|io_time_weighted|inodes).*',
      'blkio_device_usage_total|network_(advance_)?(tcp6?|udp6?)_.*|pressure_.*_stalled_.*',
    ].join('|')})`,
  ),
  // A pod's own cgroup and its sandbox have what its containers have; only traffic, and what the pod uses as a whole, is their own.
  drop(
    ['container', 'pod', '__name__'],
    '(POD)?;.+;container_(spec|start_time|oom|pressure|fs|memory_(failcnt|max_usage|rss|swap|cache)|cpu_(user|system)).*',
  ),
];

/** How long probes take is known by sum and count; the buckets of each probe of each container are most of the page. */
const PROBE_DROPS: readonly RelabelConfig[] = [drop(['__name__'], 'prober_probe_duration_seconds_bucket')];

/**
 * What kubelet says twice: cAdvisor has the same names with more labels, and sums would count them doubly. But only here do use of CPU
 * and memory have the moment at which they were taken, so these two stay, under names of their own: `kubectl top` and autoscalers get
 * them. They are 2 series per container beside some 26 that stay of cAdvisor's.
 */
const RESOURCE_STEPS: readonly RelabelConfig[] = [
  replace(['__name__'], '__name__', {
    regex: 'container_(cpu_usage_seconds_total|memory_working_set_bytes)',
    replacement: 'kubelet_container_$1',
  }),
  drop(['__name__'], 'container_.*'),
];

const API_SERVER_DROPS: readonly RelabelConfig[] = [
  drop(
    ['__name__'],
    '(apiserver_(request_body_size_bytes|response_sizes|watch_events_sizes|admission_.*|flowcontrol_.*|watch_cache_.*|storage_.*)|etcd_request_duration_seconds|apiextensions_.*|rest_client_(request|response)_size_bytes)_bucket',
  ),
  // The service-level buckets beside it are the ones that rules use.
  drop(['__name__'], 'apiserver_request_duration_seconds_bucket'),
];

/** Nodes that no kubelet runs on: a provider stands in, which may have no such page. */
const VIRTUAL_NODES = 'virtual-kubelet';

function kubeletJobs(jobs: JobBuilder): ScrapeConfig[] {
  const page = (name: string, path: string, more: Partial<ScrapeConfig> = {}, isVirtual = false): ScrapeConfig => {
    const select = isVirtual ? keep : drop;
    return jobs.job(`${isVirtual ? 'virtual-kubelet' : 'kubelet'}/${name}`, {
      metricsPath: path,
      scheme: 'https',
      // Its labels namespace, pod and container say whose a series is.
      honorLabels: true,
      discovery: [jobs.discovery({ role: 'node' })],
      relabelConfigs: [
        select(['__meta_kubernetes_node_label_type'], VIRTUAL_NODES),
        set('job', 'kubelet'),
        replace(['__metrics_path__'], 'metrics_path'),
        replace(['__address__'], 'instance'),
        replace(['__meta_kubernetes_node_name'], 'node'),
        set('namespace', 'kube-system'),
        set('service', 'kubelet'),
        set('endpoint', 'https-metrics'),
        ...jobs.viaProxy(
          replace(['__meta_kubernetes_node_name', '__metrics_path__'], '__metrics_path__', {
            regex: '(.+);(.+)',
            replacement: `${jobs.basePath}/api/v1/nodes/\${1}/proxy\${2}`,
          }),
        ),
      ],
      client: jobs.podClient,
      ...more,
    });
  };
  const cadvisor = { honorTimestamps: false, metricRelabelConfigs: CADVISOR_DROPS };
  return [
    page('metrics', '/metrics'),
    page('cadvisor', '/metrics/cadvisor', cadvisor),
    page('resource', '/metrics/resource', { trackTimestampsStaleness: true, metricRelabelConfigs: RESOURCE_STEPS }),
    page('probes', '/metrics/probes', { metricRelabelConfigs: PROBE_DROPS }),
    page('cadvisor', '/metrics/cadvisor', { ...cadvisor, silentUntilUp: true }, true),
  ];
}

function apiServerJob(jobs: JobBuilder): ScrapeConfig {
  const labels = [
    set('job', 'apiserver'),
    set('namespace', 'default'),
    set('service', 'kubernetes'),
    set('endpoint', 'https'),
  ];
  const { nodeAccess, http, server } = jobs.options;
  if (nodeAccess === 'proxy') {
    const { host, protocol } = new URL(server);
    return jobs.job('apiserver', {
      metricsPath: `${jobs.basePath}/metrics`,
      scheme: protocol === 'https:' ? 'https' : 'http',
      discovery: [{ kind: 'static', groups: [{ targets: [host], labels: {}, source: 'apiserver' }] }],
      relabelConfigs: labels,
      metricRelabelConfigs: API_SERVER_DROPS,
      client: http,
    });
  }
  return jobs.job('apiserver', {
    scheme: 'https',
    discovery: [
      jobs.discovery({
        role: 'endpointslice',
        namespaces: ['default'],
        selectors: [{ role: 'endpointslice', label: 'kubernetes.io/service-name=kubernetes', field: '' }],
      }),
    ],
    relabelConfigs: [keep(['__meta_kubernetes_endpointslice_port_name'], 'https'), ...labels],
    metricRelabelConfigs: API_SERVER_DROPS,
    // All API servers show the same certificate, which names the service but maybe not each address.
    client: { ...http, tls: { ...http.tls, serverName: http.tls.serverName ?? 'kubernetes' } },
  });
}

interface ControlPlanePart {
  readonly job: string;
  /** Matches the values of the labels component, k8s-app and app.kubernetes.io/name, of which a pod has one. */
  readonly labels: string;
  readonly scheme: 'http' | 'https';
  readonly port: number;
}

/** Where kubeadm has them listen. */
const CONTROL_PLANE: readonly ControlPlanePart[] = [
  { job: 'kube-scheduler', labels: 'kube-scheduler', scheme: 'https', port: 10259 },
  { job: 'kube-controller-manager', labels: 'kube-controller-manager', scheme: 'https', port: 10257 },
  { job: 'etcd', labels: 'etcd', scheme: 'http', port: 2381 },
  { job: 'kube-proxy', labels: 'kube-proxy', scheme: 'http', port: 10249 },
  { job: 'kube-dns', labels: 'kube-dns|coredns', scheme: 'http', port: 9153 },
];

function controlPlaneJob(jobs: JobBuilder, { job, labels, scheme, port }: ControlPlanePart): ScrapeConfig {
  return jobs.job(job, {
    scheme,
    silentUntilUp: true,
    discovery: [jobs.discovery({ role: 'pod', namespaces: ['kube-system'] })],
    relabelConfigs: [
      keep(
        [
          '__meta_kubernetes_pod_label_component',
          '__meta_kubernetes_pod_label_k8s_app',
          '__meta_kubernetes_pod_label_app_kubernetes_io_name',
        ],
        `(${labels});.*|.*;(${labels});.*|.*;(${labels})`,
      ),
      ...jobs.podSteps({ scheme, port: { number: port } }),
      set('job', job),
      set('endpoint', scheme === 'https' ? 'https-metrics' : 'metrics'),
    ],
    client: jobs.podClient,
  });
}

function nodeExporterJob(jobs: JobBuilder): ScrapeConfig {
  const names = 'node-exporter,prometheus-node-exporter';
  return jobs.job('node-exporter', {
    discovery: [
      jobs.podsWith(`app.kubernetes.io/name in (${names})`),
      jobs.podsWith(`app in (${names}),!app.kubernetes.io/name`),
    ],
    relabelConfigs: [
      // Behind kube-rbac-proxy the port is named https.
      keep(
        ['__meta_kubernetes_pod_container_port_name', '__meta_kubernetes_pod_container_port_number'],
        '(https|metrics|http-metrics);.+|.*;9100',
      ),
      replace(['__meta_kubernetes_pod_container_port_name'], '__scheme__', { regex: '(https)', replacement: '$1' }),
      ...jobs.podSteps({ scheme: 'http', port: 'discovered' }),
      set('job', 'node-exporter'),
      replace(['__meta_kubernetes_pod_node_name'], 'instance'),
      replace(['__meta_kubernetes_pod_container_port_name'], 'endpoint', { regex: '(.+)', replacement: '$1' }),
    ],
    client: jobs.podClient,
  });
}

function gpuExporterJob(jobs: JobBuilder): ScrapeConfig {
  return jobs.job('dcgm-exporter', {
    // Its labels namespace, pod and container say whose process uses the GPU.
    honorLabels: true,
    discovery: [
      jobs.podsWith('app in (nvidia-dcgm-exporter,dcgm-exporter)'),
      jobs.podsWith('app.kubernetes.io/name=dcgm-exporter,!app'),
    ],
    relabelConfigs: [
      keep(
        ['__meta_kubernetes_pod_container_port_name', '__meta_kubernetes_pod_container_port_number'],
        'metrics;.+|.*;9400',
      ),
      ...jobs.podSteps({ scheme: 'http', port: 'discovered' }),
      set('job', 'dcgm-exporter'),
      replace(['__meta_kubernetes_pod_node_name'], 'node'),
    ],
    client: jobs.podClient,
  });
}

/** What the jobs of a cluster have in common. */
class JobBuilder {
  readonly options: DefaultJobsOptions;
  /** The path in the API server's URL, without a slash at its end: not empty where a gateway serves many clusters. */
  readonly basePath: string;

  constructor(options: DefaultJobsOptions) {
    this.options = options;
    this.basePath = new URL(options.server).pathname.replace(/\/+$/, '');
  }

  /** Of kubelets and pods, which mostly have certificates that no authority of the cluster has signed. */
  get podClient(): HttpClientConfig {
    const { http, nodeAccess } = this.options;
    return nodeAccess === 'proxy' ? http : { ...http, tls: { ...http.tls, insecureSkipVerify: true } };
  }

  job(name: string, parts: Partial<ScrapeConfig> & Pick<ScrapeConfig, 'discovery'>): ScrapeConfig {
    const { cluster, scrapeInterval, scrapeTimeout } = this.options;
    return {
      ...JOB_DEFAULTS,
      jobName: `${jobPrefix(cluster)}${name}`,
      scrapeInterval,
      scrapeTimeout,
      ...parts,
      relabelConfigs: [...(parts.relabelConfigs ?? []), ...(cluster === '' ? [] : [set('cluster', cluster)])],
    };
  }

  discovery({
    role,
    namespaces = [],
    selectors = [],
  }: {
    readonly role: KubernetesDiscoveryConfig['role'];
    readonly namespaces?: readonly string[];
    readonly selectors?: KubernetesDiscoveryConfig['selectors'];
  }): DiscoveryConfig {
    const { access } = this.options;
    return {
      kind: 'kubernetes',
      role,
      access,
      namespaces: { own: false, names: namespaces },
      selectors,
      attachMetadata: { node: false, namespace: false },
    };
  }

  podsWith(label: string): DiscoveryConfig {
    return this.discovery({ role: 'pod', selectors: [{ role: 'pod', label, field: '' }] });
  }

  /** Steps that are needed only when everything goes through the API server: they end with its address. */
  viaProxy(...steps: readonly RelabelConfig[]): readonly RelabelConfig[] {
    const { server, nodeAccess } = this.options;
    if (nodeAccess === 'direct') return [];
    const { host, protocol } = new URL(server);
    return [...steps, set('__address__', host), set('__scheme__', protocol.slice(0, -1))];
  }

  /** Labels of a pod's target, and where it is scraped: at a port of the discovered address, or at one that is not declared. */
  podSteps({
    scheme,
    port,
  }: {
    readonly scheme: 'http' | 'https';
    readonly port: 'discovered' | { readonly number: number };
  }): RelabelConfig[] {
    const address =
      port === 'discovered'
        ? []
        : [
            drop(['__meta_kubernetes_pod_ip'], ''),
            replace(['__meta_kubernetes_pod_ip'], '__address__', {
              regex: '([^:]+)',
              replacement: `\${1}:${port.number}`,
            }),
            replace(['__meta_kubernetes_pod_ip'], '__address__', {
              regex: '(.*:.*)',
              replacement: `[\${1}]:${port.number}`,
            }),
            set('__scheme__', scheme),
          ];
    return [
      drop(['__meta_kubernetes_pod_phase'], 'Succeeded|Failed'),
      ...address,
      replace(['__address__'], 'instance'),
      replace(['__meta_kubernetes_namespace'], 'namespace'),
      replace(['__meta_kubernetes_pod_name'], 'pod'),
      replace(['__meta_kubernetes_pod_container_name'], 'container'),
      ...this.viaProxy(
        // https:name:port asks the API server to speak TLS to the pod.
        replace(
          [
            '__scheme__',
            '__meta_kubernetes_namespace',
            '__meta_kubernetes_pod_name',
            '__address__',
            '__metrics_path__',
          ],
          '__metrics_path__',
          {
            regex: 'http;([^;]+);([^;]+);.*:(\\d+);(.+)',
            replacement: `${this.basePath}/api/v1/namespaces/\${1}/pods/\${2}:\${3}/proxy\${4}`,
          },
        ),
        replace(
          [
            '__scheme__',
            '__meta_kubernetes_namespace',
            '__meta_kubernetes_pod_name',
            '__address__',
            '__metrics_path__',
          ],
          '__metrics_path__',
          {
            regex: 'https;([^;]+);([^;]+);.*:(\\d+);(.+)',
            replacement: `${this.basePath}/api/v1/namespaces/\${1}/pods/https:\${2}:\${3}/proxy\${4}`,
          },
        ),
      ),
    ];
  }
}

const JOB_DEFAULTS: Omit<ScrapeConfig, 'jobName' | 'scrapeInterval' | 'scrapeTimeout' | 'discovery'> = {
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
  client: PLAIN_HTTP_CLIENT,
  relabelConfigs: [],
  metricRelabelConfigs: [],
  scrapeFallbackProtocol: 'PrometheusText0.0.4',
};
