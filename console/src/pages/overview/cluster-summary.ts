import type { InstantSample } from '../../api/query-instant.ts';
import type { Tone } from '../../app/status-tone.ts';
import { selector } from '../../objects/selector.ts';

/** How much there is of something, and what becomes of it. What is not known is undefined. */
export interface Capacity {
  readonly total: number | undefined;
  readonly used: number | undefined;
  readonly requested: number | undefined;
}

/** A part of the control plane. */
export interface Component {
  readonly name: string;
  readonly isHealthy: boolean;
}

/** What is to be seen of a cluster at a glance. */
export interface ClusterSummary {
  /** '' for one without a name. */
  readonly cluster: string;
  /** Those that have been heard of; where a provider runs the control plane, perhaps only the API server. */
  readonly components: readonly Component[];
  readonly nodes: { readonly total: number; readonly ready: number; readonly cordoned: number };
  /** By phase, and those that run and are not ready. */
  readonly pods: {
    readonly running: number;
    readonly pending: number;
    readonly failed: number;
    readonly unready: number;
  };
  /** In cores. */
  readonly cpu: Capacity;
  /** In bytes. */
  readonly memory: Capacity;
  /** Places for pods. */
  readonly places: Capacity;
  readonly health: Health;
  /** Why it is not good, the worst first. */
  readonly reasons: readonly string[];
}

export type Health = 'good' | 'warning' | 'serious';

/** How the health of a cluster is said. */
export const HEALTH: Readonly<Record<Health, { readonly word: string; readonly tone: Tone }>> = {
  good: { word: 'healthy', tone: 'good' },
  warning: { word: 'needs attention', tone: 'warning' },
  serious: { word: 'in trouble', tone: 'bad' },
};

const COMPONENTS = [
  ['apiserver', 'API server'],
  ['etcd', 'etcd'],
  ['scheduler', 'Scheduler'],
  ['controller_manager', 'Controller manager'],
] as const;

const CATALOGUE = [
  ...['cpu_core_total', 'cpu_core_used', 'rate_cpu_core_request_cluster'],
  ...['memory_total', 'mem_no_cache_bytes', 'rate_mem_request_bytes_cluster'],
  ...['allocatable_pods_total', 'pods_used_total', ...COMPONENTS.map(([name]) => `${name}_healthy`)],
];

/** What `clusterSummaries` reads, of one cluster or, with undefined, of all. */
export function clusterQueries(cluster: string | undefined): Readonly<Record<keyof ClusterSamples, string>> {
  const within = (...more: readonly string[]): string => selector({ cluster }, ...more);
  return {
    catalogue: within(`__name__=~"k8s_cluster_(${CATALOGUE.join('|')})"`),
    nodes: `count by (cluster) (kube_node_info${within()})`,
    ready: `sum by (cluster) (kube_node_status_condition${within('condition="Ready"', 'status="true"')})`,
    cordoned: `sum by (cluster) (kube_node_spec_unschedulable${within()})`,
    phases: `sum by (cluster, phase) (kube_pod_status_phase${within()})`,
    unready:
      `count by (cluster) (kube_pod_status_ready${within('condition="false"')} == 1 ` +
      `and on (cluster, namespace, pod) kube_pod_status_phase${within('phase="Running"')} == 1)`,
  };
}

/** Answers of `clusterQueries`. */
export interface ClusterSamples {
  readonly catalogue: readonly InstantSample[];
  readonly nodes: readonly InstantSample[];
  readonly ready: readonly InstantSample[];
  readonly cordoned: readonly InstantSample[];
  readonly phases: readonly InstantSample[];
  readonly unready: readonly InstantSample[];
}

/** The clusters, the worst first, then by name. */
export function clusterSummaries(samples: ClusterSamples): readonly ClusterSummary[] {
  const clusters = new Set(
    [...samples.nodes, ...samples.catalogue, ...samples.phases].map(({ labels }) => labels.cluster ?? ''),
  );
  const order: readonly Health[] = ['serious', 'warning', 'good'];
  return [...clusters]
    .map((cluster) => summary(cluster, samples))
    .sort((a, b) => order.indexOf(a.health) - order.indexOf(b.health) || a.cluster.localeCompare(b.cluster));
}

function summary(cluster: string, samples: ClusterSamples): ClusterSummary {
  const find = (of: readonly InstantSample[], isWanted: (sample: InstantSample) => boolean = () => true) =>
    of.find((sample) => (sample.labels.cluster ?? '') === cluster && isWanted(sample))?.value;
  const catalogue = (name: string) =>
    find(samples.catalogue, ({ labels }) => labels.__name__ === `k8s_cluster_${name}`);
  const phase = (name: string): number => find(samples.phases, ({ labels }) => labels.phase === name) ?? 0;
  const requested = (total: number | undefined, percent: number | undefined): number | undefined =>
    total === undefined || percent === undefined ? undefined : (total * percent) / 100;
  const [cores, bytes] = [catalogue('cpu_core_total'), catalogue('memory_total')];
  const ready = find(samples.ready) ?? 0;
  const known = {
    cluster,
    components: COMPONENTS.flatMap(([name, title]) => {
      const healthy = catalogue(`${name}_healthy`);
      return healthy === undefined ? [] : [{ name: title, isHealthy: healthy === 1 }];
    }),
    nodes: { total: find(samples.nodes) ?? ready, ready, cordoned: find(samples.cordoned) ?? 0 },
    pods: {
      running: phase('Running'),
      pending: phase('Pending'),
      failed: phase('Failed') + phase('Unknown'),
      unready: find(samples.unready) ?? 0,
    },
    cpu: {
      total: cores,
      used: catalogue('cpu_core_used'),
      requested: requested(cores, catalogue('rate_cpu_core_request_cluster')),
    },
    memory: {
      total: bytes,
      used: catalogue('mem_no_cache_bytes'),
      requested: requested(bytes, catalogue('rate_mem_request_bytes_cluster')),
    },
    places: { total: catalogue('allocatable_pods_total'), used: catalogue('pods_used_total'), requested: undefined },
  };
  return { ...known, ...judged(known) };
}

type Known = Omit<ClusterSummary, 'health' | 'reasons'>;

function judged({ components, nodes, pods, cpu, memory, places }: Known): {
  readonly health: Health;
  readonly reasons: readonly string[];
} {
  const count = (number: number, one: string, many: string): string => `${number} ${number === 1 ? one : many}`;
  const serious = components.filter(({ isHealthy }) => !isHealthy).map(({ name }) => `${name} does not answer`);
  const lost = nodes.total - nodes.ready;
  if (lost > 0) serious.push(`${count(lost, 'node is', 'nodes are')} not ready`);
  const warnings: string[] = [];
  if (pods.failed > 0) warnings.push(`${count(pods.failed, 'pod has', 'pods have')} failed`);
  if (pods.unready > 0) warnings.push(`${count(pods.unready, 'pod runs and is', 'pods run and are')} not ready`);
  if (pods.pending > 0) warnings.push(`${count(pods.pending, 'pod is', 'pods are')} pending`);
  for (const [name, { total, used }] of [
    ['CPU', cpu],
    ['memory', memory],
    ['places for pods', places],
  ] as const)
    if (total !== undefined && used !== undefined && used > 0.9 * total)
      warnings.push(`more than 90 % of its ${name} in use`);
  const health = serious.length > 0 ? 'serious' : warnings.length > 0 ? 'warning' : 'good';
  return { health, reasons: [...serious, ...warnings] };
}
