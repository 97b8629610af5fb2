import type { InstantSample } from '../../api/query-instant.ts';
import type { Resource } from '../../objects/resource-use.tsx';
import { named, selector } from '../../objects/selector.ts';
import {
  type ClusterSamples,
  type ClusterSummary,
  clusterQueries,
  clusterSummaries,
} from '../overview/cluster-summary.ts';

/** How many there are of something that goes by a name, such as nodes with a version. */
export interface Count {
  readonly name: string;
  readonly count: number;
}

/** What is known of a cluster. */
export interface ClusterFacts {
  readonly summary: ClusterSummary;
  /** Versions of kubelets and of container runtimes, the most frequent first. */
  readonly kubelets: readonly Count[];
  readonly runtimes: readonly Count[];
  /** Unix seconds; when its namespace kube-system was made. */
  readonly created: number | undefined;
  /** Cards; undefined where there are none. */
  readonly gpu: Resource | undefined;
  readonly hasVirtualNodes: boolean;
  /** Which parts of the control plane tell about themselves. */
  readonly scraped: ReadonlySet<ControlPlanePart>;
}

export type ControlPlanePart = 'API server' | 'etcd' | 'Scheduler' | 'Controller manager';

/** A metric by which each part is known to be scraped. */
const PARTS: Readonly<Record<string, ControlPlanePart>> = {
  apiserver_current_inflight_requests: 'API server',
  etcd_server_has_leader: 'etcd',
  scheduler_pending_pods: 'Scheduler',
  workqueue_depth: 'Controller manager',
};

type Question = keyof ClusterSamples | 'kubelets' | 'runtimes' | 'created' | 'extras' | 'parts';

/** What `clusterFacts` reads, as queries of one moment. */
export function clusterFactQueries(cluster: string): Readonly<Record<Question, string>> {
  const own = selector({ cluster });
  const extras = ['gpu_total', 'gpu_used', 'rate_gpu_request_cluster', 'eks_cpu_core_used'];
  return {
    ...clusterQueries(cluster),
    kubelets: `count by (kubelet_version) (kube_node_info${own})`,
    runtimes: `count by (container_runtime_version) (kube_node_info${own})`,
    created: `min(kube_namespace_created${selector({ cluster, namespace: 'kube-system' })})`,
    extras: selector({ cluster }, named(extras.map((name) => `k8s_cluster_${name}`))),
    parts: `group by (__name__) (${selector({ cluster }, named(Object.keys(PARTS)))})`,
  };
}

/** Reads the answers of `clusterFactQueries`; undefined when nothing is known of the cluster. */
export function clusterFacts(
  cluster: string,
  answers: Readonly<Record<Question, readonly InstantSample[]>>,
): ClusterFacts | undefined {
  const summary = clusterSummaries(answers).find((one) => one.cluster === cluster);
  if (summary === undefined) return undefined;
  const extra = (name: string): number | undefined =>
    answers.extras.find(({ labels }) => labels.__name__ === `k8s_cluster_${name}`)?.value;
  return {
    summary,
    kubelets: counts(answers.kubelets, 'kubelet_version'),
    runtimes: counts(answers.runtimes, 'container_runtime_version'),
    created: answers.created[0]?.value,
    gpu: gpuOf(extra('gpu_total'), extra('gpu_used'), extra('rate_gpu_request_cluster')),
    hasVirtualNodes: extra('eks_cpu_core_used') !== undefined,
    scraped: new Set(answers.parts.flatMap(({ labels: { __name__: name = '' } }) => PARTS[name] ?? [])),
  };
}

/** Of hundredths of cards, and percent of what there is. */
function gpuOf(
  total: number | undefined,
  used: number | undefined,
  requested: number | undefined,
): Resource | undefined {
  if (total === undefined || total === 0) return undefined;
  return {
    capacity: total / 100,
    used: used === undefined ? undefined : used / 100,
    requested: requested === undefined ? undefined : (total / 100) * (requested / 100),
  };
}

function counts(samples: readonly InstantSample[], label: string): readonly Count[] {
  return samples
    .map(({ labels, value }) => ({ name: labels[label] ?? '', count: value }))
    .filter(({ name }) => name !== '')
    .toSorted((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}
