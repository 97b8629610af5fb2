import type { NodeRow } from './nodes.ts';
import type { PodRow } from './pods.ts';
import { type Part, type Reading, read } from './reading.ts';
import { type Draft, RowIndex } from './row-index.ts';
import type { WorkloadRow } from './workloads.ts';

/** A cluster of the list. What is not known, or does not apply, is undefined. */
export interface ClusterRow {
  /** '' when it has no name. */
  readonly cluster: string;
  /** Healthy, Degraded (a node, a workload or a component is abnormal) or Down (no node is ready). */
  readonly status: string;
  readonly abnormal: boolean;
  /** The newest version of a kubelet. */
  readonly version: string;
  readonly nodes: number;
  readonly nodesReady: number;
  readonly workloads: number;
  readonly workloadsAbnormal: number;
  readonly pods: number;
  readonly podsPending: number;
  readonly podsRunning: number;
  readonly podsSucceeded: number;
  readonly podsFailed: number;
  readonly podsAbnormal: number;
  readonly restarts: number;
  /** How many pods the nodes take. */
  readonly podsAllocatable: number | undefined;
  /** Cores: in use by pods, allocatable and requested, on nodes that are not of the control plane. */
  readonly cpu: number | undefined;
  readonly cpuPercent: number | undefined;
  readonly cpuAllocatable: number | undefined;
  readonly cpuRequested: number | undefined;
  readonly cpuRequestedPercent: number | undefined;
  /** Bytes, likewise, without page cache. */
  readonly memory: number | undefined;
  readonly memoryPercent: number | undefined;
  readonly memoryAllocatable: number | undefined;
  readonly memoryRequested: number | undefined;
  readonly memoryRequestedPercent: number | undefined;
  /** Bytes a second. */
  readonly networkReceive: number | undefined;
  readonly networkTransmit: number | undefined;
  /** Components of the control plane that do not answer, separated by commas. */
  readonly unhealthy: string;
}

export interface ClusterSources {
  readonly nodes: readonly NodeRow[];
  readonly pods: readonly PodRow[];
  readonly workloads: readonly WorkloadRow[];
}

const COMPONENTS = ['apiserver', 'controller_manager', 'etcd', 'scheduler'];

/** Every cluster of which there are nodes, by name. */
export async function readClusters(
  reading: Reading,
  { nodes, pods, workloads }: ClusterSources,
): Promise<ClusterRow[]> {
  const index = new RowIndex<ClusterRow>(['cluster']);
  for (const { cluster, status, version } of nodes) {
    if (index.at(cluster) === undefined) index.set([cluster], started(cluster));
    const row = index.at(cluster)!;
    row.nodes++;
    if (status === 'Ready') row.nodesReady++;
    if (version.localeCompare(row.version, 'en', { numeric: true }) > 0) row.version = version;
  }
  for (const { cluster, abnormal } of workloads) {
    const row = index.at(cluster);
    if (row === undefined) continue;
    row.workloads++;
    if (abnormal) row.workloadsAbnormal++;
  }
  for (const pod of pods) {
    const row = index.at(pod.cluster);
    if (row !== undefined) count(row, pod);
  }
  const healthy = (component: string): Part => ({
    expr: `k8s_cluster_${component}_healthy == 0`,
    take: (labels) => {
      const row = index.get(labels);
      if (row !== undefined) row.unhealthy += (row.unhealthy === '' ? '' : ',') + component.replace('_', '-');
    },
  });
  await read(reading, [
    index.column('podsAllocatable', 'k8s_cluster_allocatable_pods_total'),
    index.column('cpu', 'k8s_cluster_cpu_core_used'),
    index.column('cpuPercent', 'k8s_cluster_rate_cpu_core_used_cluster'),
    index.column('cpuAllocatable', 'k8s_cluster_cpu_core_total'),
    index.column('cpuRequestedPercent', 'k8s_cluster_rate_cpu_core_request_cluster'),
    index.column('memory', 'k8s_cluster_mem_no_cache_bytes'),
    index.column('memoryPercent', 'k8s_cluster_rate_mem_no_cache_bytes_cluster'),
    index.column('memoryAllocatable', 'k8s_cluster_memory_total'),
    index.column('memoryRequestedPercent', 'k8s_cluster_rate_mem_request_bytes_cluster'),
    index.column('networkReceive', 'k8s_cluster_network_receive_bytes_bw'),
    index.column('networkTransmit', 'k8s_cluster_network_transmit_bytes_bw'),
    ...COMPONENTS.map(healthy),
  ]);
  for (const row of index.values()) {
    row.cpuRequested = part(row.cpuRequestedPercent, row.cpuAllocatable);
    row.memoryRequested = part(row.memoryRequestedPercent, row.memoryAllocatable);
    row.abnormal = row.nodesReady < row.nodes || row.workloadsAbnormal > 0 || row.unhealthy !== '';
    row.status = row.nodesReady === 0 ? 'Down' : row.abnormal ? 'Degraded' : 'Healthy';
  }
  return index.sorted();
}

function count(row: Draft<ClusterRow>, { phase, abnormal, restarts }: PodRow): void {
  row.pods++;
  row.restarts += restarts;
  if (abnormal) row.podsAbnormal++;
  if (phase === 'Pending') row.podsPending++;
  else if (phase === 'Running') row.podsRunning++;
  else if (phase === 'Succeeded') row.podsSucceeded++;
  else if (phase === 'Failed') row.podsFailed++;
}

function part(percents: number | undefined, whole: number | undefined): number | undefined {
  return percents === undefined || whole === undefined ? undefined : (percents / 100) * whole;
}

function started(cluster: string): ClusterRow {
  return {
    cluster,
    status: '',
    abnormal: false,
    version: '',
    nodes: 0,
    nodesReady: 0,
    workloads: 0,
    workloadsAbnormal: 0,
    pods: 0,
    podsPending: 0,
    podsRunning: 0,
    podsSucceeded: 0,
    podsFailed: 0,
    podsAbnormal: 0,
    restarts: 0,
    podsAllocatable: undefined,
    cpu: undefined,
    cpuPercent: undefined,
    cpuAllocatable: undefined,
    cpuRequested: undefined,
    cpuRequestedPercent: undefined,
    memory: undefined,
    memoryPercent: undefined,
    memoryAllocatable: undefined,
    memoryRequested: undefined,
    memoryRequestedPercent: undefined,
    networkReceive: undefined,
    networkTransmit: undefined,
    unhealthy: '',
  };
}
