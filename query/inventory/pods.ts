import type { Labels } from '../../storage/labels.ts';
import type { ContainerState } from './container-states.ts';
import type { Owners } from './owners.ts';
import { isAbnormal, podStatus } from './pod-status.ts';
import { ageAt, type Reading, read } from './reading.ts';
import { type Draft, RowIndex } from './row-index.ts';

/** A pod of the list. What is not known, or does not apply, is undefined. */
export interface PodRow {
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  /** '' while it has none. */
  readonly node: string;
  readonly workloadKind: string;
  readonly workload: string;
  /** As kubectl shows it. */
  readonly status: string;
  readonly phase: string;
  readonly abnormal: boolean;
  /** No node can take it. */
  readonly unschedulable: boolean;
  /** Containers that are ready of all, such as 1/2. */
  readonly ready: string;
  /** The same as numbers. */
  readonly containersReady: number;
  readonly containers: number;
  readonly restarts: number;
  /** Seconds since it was made. */
  readonly age: number | undefined;
  readonly ip: string;
  /** Cores. */
  readonly cpu: number | undefined;
  readonly cpuOfRequest: number | undefined;
  readonly cpuOfLimit: number | undefined;
  readonly cpuOfNode: number | undefined;
  /** Bytes, without page cache. */
  readonly memory: number | undefined;
  readonly memoryOfRequest: number | undefined;
  readonly memoryOfLimit: number | undefined;
  readonly memoryOfNode: number | undefined;
  /** Bytes a second. */
  readonly networkReceive: number | undefined;
  readonly networkTransmit: number | undefined;
}

export interface PodSources {
  readonly states: RowIndex<ContainerState>;
  readonly owners: Owners;
}

/** What is said of a pod beside its row. */
interface Told {
  reason: string;
  isDeleted: boolean;
  isReady: boolean;
  readonly containers: ContainerState[];
}

const POD_LABELS = ['cluster', 'namespace', 'pod'] as const;

/** Every pod, by cluster, namespace and name. */
export async function readPods(reading: Reading, { states, owners }: PodSources): Promise<PodRow[]> {
  const index = new RowIndex<PodRow>(POD_LABELS);
  const told = new Map<Draft<PodRow>, Told>();
  const toldOf = (labels: Labels) => told.get(index.get(labels)!);
  await read(reading, [
    {
      expr: 'kube_pod_info',
      take: (labels) => {
        const row = index.add(labels, () => started(labels));
        if (!told.has(row)) told.set(row, { reason: '', isDeleted: false, isReady: false, containers: [] });
        // A pod that was made anew under its name is on another node: the one that is known counts.
        row.node ||= labels.get('node');
      },
    },
    {
      expr: 'kube_pod_status_phase == 1',
      take: (labels) => {
        const row = index.get(labels);
        if (row !== undefined) row.phase = labels.get('phase');
      },
    },
    {
      expr: 'kube_pod_status_reason == 1',
      take: (labels) => {
        const one = toldOf(labels);
        if (one !== undefined) one.reason = labels.get('reason');
      },
    },
    {
      expr: 'kube_pod_deletion_timestamp',
      take: (labels) => {
        const one = toldOf(labels);
        if (one !== undefined) one.isDeleted = true;
      },
    },
    {
      expr: 'kube_pod_status_ready{condition="true"} == 1',
      take: (labels) => {
        const one = toldOf(labels);
        if (one !== undefined) one.isReady = true;
      },
    },
    {
      expr: 'kube_pod_status_unschedulable == 1',
      take: (labels) => {
        const row = index.get(labels);
        if (row !== undefined) row.unschedulable = true;
      },
    },
    {
      expr: 'kube_pod_created',
      take: (labels, value) => {
        const row = index.get(labels);
        if (row !== undefined) row.age = ageAt(reading, value);
      },
    },
    {
      expr: 'k8s_pod_status_ready',
      take: (labels) => {
        const row = index.get(labels);
        if (row === undefined) return;
        row.workloadKind = labels.get('workload_kind');
        row.workload = labels.get('workload_name');
      },
    },
    index.column('cpu', 'k8s_pod_cpu_core_used'),
    index.column('cpuOfRequest', 'k8s_pod_rate_cpu_core_used_request'),
    index.column('cpuOfLimit', 'k8s_pod_rate_cpu_core_used_limit'),
    index.column('cpuOfNode', 'k8s_pod_rate_cpu_core_used_node'),
    index.column('memory', 'k8s_pod_mem_no_cache_bytes'),
    index.column('memoryOfRequest', 'k8s_pod_rate_mem_no_cache_request'),
    index.column('memoryOfLimit', 'k8s_pod_rate_mem_no_cache_limit'),
    index.column('memoryOfNode', 'k8s_pod_rate_mem_no_cache_node'),
    index.column('networkReceive', 'k8s_pod_network_receive_bytes_bw'),
    index.column('networkTransmit', 'k8s_pod_network_transmit_bytes_bw'),
  ]);
  for (const state of states.values()) {
    const row = index.at(state.cluster, state.namespace, state.pod);
    if (row !== undefined) told.get(row)!.containers.push(state);
  }
  for (const [row, one] of told) finish(row, one, owners);
  return index.sorted();
}

function finish(row: Draft<PodRow>, { containers, ...told }: Told, owners: Owners): void {
  if (row.workload === '') {
    const owner = owners.workloadOf(row.cluster, row.namespace, row.pod);
    row.workloadKind = owner?.kind ?? 'Pod';
    row.workload = owner?.name ?? row.pod;
  }
  for (const { isInit, ready, restarts } of containers) {
    row.restarts += restarts;
    if (isInit) continue;
    row.containers++;
    if (ready) row.containersReady++;
  }
  row.ready = `${row.containersReady}/${row.containers}`;
  row.status = podStatus({ phase: row.phase, containers, ...told });
  row.abnormal = isAbnormal(row.status, { ...row, isReady: told.isReady });
}

function started(labels: Labels): PodRow {
  return {
    cluster: labels.get('cluster'),
    namespace: labels.get('namespace'),
    pod: labels.get('pod'),
    node: labels.get('node'),
    workloadKind: '',
    workload: '',
    status: '',
    phase: '',
    abnormal: false,
    unschedulable: false,
    ready: '',
    containersReady: 0,
    containers: 0,
    restarts: 0,
    age: undefined,
    ip: labels.get('pod_ip'),
    cpu: undefined,
    cpuOfRequest: undefined,
    cpuOfLimit: undefined,
    cpuOfNode: undefined,
    memory: undefined,
    memoryOfRequest: undefined,
    memoryOfLimit: undefined,
    memoryOfNode: undefined,
    networkReceive: undefined,
    networkTransmit: undefined,
  };
}
