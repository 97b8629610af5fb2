import type { PodRow } from './pods.ts';
import { ageAt, type Reading, read } from './reading.ts';
import { RowIndex } from './row-index.ts';
import type { WorkloadRow } from './workloads.ts';

/** A namespace of the list. What is not known, or does not apply, is undefined. */
export interface NamespaceRow {
  readonly cluster: string;
  readonly namespace: string;
  /** Active or Terminating; '' when it is not known. */
  readonly status: string;
  /** Whether a workload or a pod in it is. */
  readonly abnormal: boolean;
  /** Seconds since it was made. */
  readonly age: number | undefined;
  readonly workloads: number;
  readonly workloadsAbnormal: number;
  /** Pods that have not ended. */
  readonly pods: number;
  readonly podsAbnormal: number;
  readonly restarts: number;
  /** Cores. */
  readonly cpu: number | undefined;
  readonly cpuOfCluster: number | undefined;
  readonly cpuOfResource: number | undefined;
  readonly cpuRequested: number | undefined;
  /** Bytes, without page cache. */
  readonly memory: number | undefined;
  readonly memoryOfCluster: number | undefined;
  readonly memoryOfResource: number | undefined;
  readonly memoryRequested: number | undefined;
  /** Bytes a second. */
  readonly networkReceive: number | undefined;
  readonly networkTransmit: number | undefined;
}

export interface NamespaceSources {
  readonly pods: readonly PodRow[];
  readonly workloads: readonly WorkloadRow[];
}

/** Requests of containers whose pods have not ended. */
const REQUESTED = (resource: string) =>
  `sum by (cluster, namespace) (kube_pod_container_resource_requests{resource="${resource}"} * on (cluster, namespace, pod) group_left () max by (cluster, namespace, pod) (kube_pod_status_phase{phase=~"Pending|Running"} == 1))`;

/** Every namespace, by cluster and name. */
export async function readNamespaces(reading: Reading, sources: NamespaceSources): Promise<NamespaceRow[]> {
  const index = new RowIndex<NamespaceRow>(['cluster', 'namespace']);
  const rowOf = (cluster: string, namespace: string) => {
    const found = index.at(cluster, namespace);
    if (found !== undefined) return found;
    index.set([cluster, namespace], started(cluster, namespace));
    return index.at(cluster, namespace)!;
  };
  for (const { cluster, namespace, abnormal } of sources.workloads) {
    const row = rowOf(cluster, namespace);
    row.workloads++;
    if (!abnormal) continue;
    row.workloadsAbnormal++;
    row.abnormal = true;
  }
  for (const { cluster, namespace, phase, abnormal, restarts } of sources.pods) {
    const row = rowOf(cluster, namespace);
    row.restarts += restarts;
    if (phase !== 'Succeeded' && phase !== 'Failed') row.pods++;
    if (!abnormal) continue;
    row.podsAbnormal++;
    row.abnormal = true;
  }
  await read(reading, [
    {
      expr: 'kube_namespace_status_phase == 1',
      take: (labels) => {
        rowOf(labels.get('cluster'), labels.get('namespace')).status = labels.get('phase');
      },
    },
    {
      expr: 'kube_namespace_created',
      take: (labels, value) => {
        const row = rowOf(labels.get('cluster'), labels.get('namespace'));
        row.age = ageAt(reading, value);
      },
    },
    index.column('cpu', 'k8s_namespace_cpu_core_used'),
    index.column('cpuOfCluster', 'k8s_namespace_rate_cpu_core_used_cluster'),
    index.column('cpuOfResource', 'k8s_namespace_rate_cpu_core_used_resource'),
    index.column('cpuRequested', REQUESTED('cpu')),
    index.column('memory', 'k8s_namespace_mem_no_cache_bytes'),
    index.column('memoryOfCluster', 'k8s_namespace_rate_mem_no_cache_cluster'),
    index.column('memoryOfResource', 'k8s_namespace_rate_mem_no_cache_bytes_resource'),
    index.column('memoryRequested', REQUESTED('memory')),
    index.column('networkReceive', 'k8s_namespace_network_receive_bytes_bw'),
    index.column('networkTransmit', 'k8s_namespace_network_transmit_bytes_bw'),
  ]);
  return index.sorted();
}

function started(cluster: string, namespace: string): NamespaceRow {
  return {
    cluster,
    namespace,
    status: '',
    abnormal: false,
    age: undefined,
    workloads: 0,
    workloadsAbnormal: 0,
    pods: 0,
    podsAbnormal: 0,
    restarts: 0,
    cpu: undefined,
    cpuOfCluster: undefined,
    cpuOfResource: undefined,
    cpuRequested: undefined,
    memory: undefined,
    memoryOfCluster: undefined,
    memoryOfResource: undefined,
    memoryRequested: undefined,
    networkReceive: undefined,
    networkTransmit: undefined,
  };
}
