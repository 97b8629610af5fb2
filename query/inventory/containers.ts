import { CONTAINER_LABELS, type ContainerState } from './container-states.ts';
import type { PodRow } from './pods.ts';
import { type Part, type Reading, read } from './reading.ts';
import { type NumberColumn, RowIndex } from './row-index.ts';

/** A container of the list. What is not known, or does not apply, is undefined. */
export interface ContainerRow extends ContainerState {
  readonly node: string;
  readonly workloadKind: string;
  readonly workload: string;
  /** Its reason when it has one, else Running, Waiting, Terminated or Unknown. */
  readonly status: string;
  readonly abnormal: boolean;
  /** Cores. */
  readonly cpu: number | undefined;
  readonly cpuOfRequest: number | undefined;
  readonly cpuOfLimit: number | undefined;
  /** Bytes, without page cache. */
  readonly memory: number | undefined;
  readonly memoryOfRequest: number | undefined;
  readonly memoryOfLimit: number | undefined;
  /** Cores and bytes. */
  readonly cpuRequest: number | undefined;
  readonly cpuLimit: number | undefined;
  readonly memoryRequest: number | undefined;
  readonly memoryLimit: number | undefined;
}

const NORMAL: ReadonlySet<string> = new Set(['Running', 'Completed', 'ContainerCreating', 'PodInitializing']);

export interface ContainerSources {
  readonly states: RowIndex<ContainerState>;
  readonly pods: readonly PodRow[];
}

/** Every container of the pods, by cluster, namespace, pod and name. */
export async function readContainers(reading: Reading, { states, pods }: ContainerSources): Promise<ContainerRow[]> {
  const index = new RowIndex<ContainerRow>(CONTAINER_LABELS);
  const podOf = new Map(pods.map((row) => [[row.cluster, row.namespace, row.pod].join('\0'), row]));
  for (const state of states.values()) {
    const pod = podOf.get([state.cluster, state.namespace, state.pod].join('\0'));
    if (pod !== undefined) index.set([state.cluster, state.namespace, state.pod, state.container], rowOf(state, pod));
  }
  const resource = (column: NumberColumn<ContainerRow>, kind: string, name: string): Part[] =>
    ['', 'init_'].map((init) => index.column(column, `kube_pod_${init}container_resource_${kind}{resource="${name}"}`));
  await read(reading, [
    index.column('cpu', 'k8s_container_cpu_core_used'),
    index.column('cpuOfRequest', 'k8s_container_rate_cpu_core_used_request'),
    index.column('cpuOfLimit', 'k8s_container_rate_cpu_core_used_limit'),
    index.column('memory', 'k8s_container_mem_no_cache_bytes'),
    index.column('memoryOfRequest', 'k8s_container_rate_mem_no_cache_request'),
    index.column('memoryOfLimit', 'k8s_container_rate_mem_no_cache_limit'),
    ...resource('cpuRequest', 'requests', 'cpu'),
    ...resource('cpuLimit', 'limits', 'cpu'),
    ...resource('memoryRequest', 'requests', 'memory'),
    ...resource('memoryLimit', 'limits', 'memory'),
  ]);
  return index.sorted();
}

function rowOf(state: ContainerState, { node, workloadKind, workload }: PodRow): ContainerRow {
  const status = state.reason || state.state[0]!.toUpperCase() + state.state.slice(1);
  return {
    ...state,
    node,
    workloadKind,
    workload,
    status,
    abnormal: !NORMAL.has(status) && !(state.isInit && state.state === 'unknown'),
    cpu: undefined,
    cpuOfRequest: undefined,
    cpuOfLimit: undefined,
    memory: undefined,
    memoryOfRequest: undefined,
    memoryOfLimit: undefined,
    cpuRequest: undefined,
    cpuLimit: undefined,
    memoryRequest: undefined,
    memoryLimit: undefined,
  };
}
