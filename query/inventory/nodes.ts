import type { Labels } from '../../storage/labels.ts';
import type { PodRow } from './pods.ts';
import { ageAt, type Reading, read } from './reading.ts';
import { type Draft, RowIndex } from './row-index.ts';

/** A node of the list. What is not known, or does not apply, is undefined. */
export interface NodeRow {
  readonly cluster: string;
  readonly node: string;
  /** Sorted, separated by commas; '' when it has none. */
  readonly roles: string;
  /** Ready, NotReady or Unknown: what the node says, or that it says nothing. */
  readonly status: string;
  readonly abnormal: boolean;
  /** Conditions that are wrong, such as MemoryPressure, separated by commas. */
  readonly conditions: string;
  readonly schedulable: boolean;
  /** The kubelet's. */
  readonly version: string;
  readonly ip: string;
  readonly os: string;
  readonly kernel: string;
  readonly runtime: string;
  /** Seconds since it was made. */
  readonly age: number | undefined;
  /** Pods on it that have not ended, and how many it takes. */
  readonly pods: number;
  readonly podsAllocatable: number | undefined;
  readonly podsAbnormal: number;
  /** Restarts of the pods on it. */
  readonly restarts: number;
  /** Cores in use on the whole machine. */
  readonly cpu: number | undefined;
  readonly cpuPercent: number | undefined;
  readonly cpuCapacity: number | undefined;
  readonly cpuAllocatable: number | undefined;
  readonly cpuRequested: number | undefined;
  /** Of what is allocatable. */
  readonly cpuRequestedPercent: number | undefined;
  /** Bytes in use on the whole machine, with page cache. */
  readonly memory: number | undefined;
  readonly memoryPercent: number | undefined;
  readonly memoryCapacity: number | undefined;
  readonly memoryAllocatable: number | undefined;
  readonly memoryRequested: number | undefined;
  readonly memoryRequestedPercent: number | undefined;
  /** Bytes a second. */
  readonly networkReceive: number | undefined;
  readonly networkTransmit: number | undefined;
}

/** Every node, by cluster and name. */
export async function readNodes(reading: Reading, { pods }: { readonly pods: readonly PodRow[] }): Promise<NodeRow[]> {
  const index = new RowIndex<NodeRow>(['cluster', 'node']);
  const into = (expr: string, put: (row: Draft<NodeRow>, labels: Labels, value: number) => void) => ({
    expr,
    take: (labels: Labels, value: number) => {
      const row = index.get(labels);
      if (row !== undefined) put(row, labels, value);
    },
  });
  await read(reading, [
    { expr: 'kube_node_info', take: (labels) => void index.add(labels, () => started(labels)) },
    into('kube_node_role', (row, labels) => (row.roles = joined(row.roles, labels.get('role')))),
    into('kube_node_status_condition == 1', (row, labels) => {
      const [condition, status] = [labels.get('condition'), labels.get('status')];
      if (condition === 'Ready') row.status = status === 'true' ? 'Ready' : status === 'false' ? 'NotReady' : 'Unknown';
      else if (status === 'true') row.conditions = joined(row.conditions, condition);
    }),
    into('kube_node_spec_unschedulable == 1', (row) => (row.schedulable = false)),
    into('kube_node_created', (row, _, value) => (row.age = ageAt(reading, value))),
    index.column('cpuCapacity', 'kube_node_status_capacity{resource="cpu"}'),
    index.column('memoryCapacity', 'kube_node_status_capacity{resource="memory"}'),
    index.column('cpuAllocatable', 'kube_node_status_allocatable{resource="cpu"}'),
    index.column('memoryAllocatable', 'kube_node_status_allocatable{resource="memory"}'),
    index.column('podsAllocatable', 'kube_node_status_allocatable{resource="pods"}'),
    index.column('cpuPercent', 'k8s_node_cpu_usage'),
    index.column('memoryPercent', 'k8s_node_mem_usage'),
    index.column('cpuRequested', 'k8s_node_cpu_core_request_total'),
    index.column('memoryRequested', 'k8s_node_memory_request_bytes_total'),
    index.column('networkReceive', 'k8s_node_lan_intraffic'),
    index.column('networkTransmit', 'k8s_node_lan_outtraffic'),
    into('k8s_node_wan_intraffic', (row, _, value) => (row.networkReceive = (row.networkReceive ?? 0) + value)),
    into('k8s_node_wan_outtraffic', (row, _, value) => (row.networkTransmit = (row.networkTransmit ?? 0) + value)),
  ]);
  for (const pod of pods) {
    const row = index.at(pod.cluster, pod.node);
    if (row === undefined) continue;
    row.restarts += pod.restarts;
    if (pod.phase !== 'Succeeded' && pod.phase !== 'Failed') row.pods++;
    if (pod.abnormal) row.podsAbnormal++;
  }
  for (const row of index.values()) {
    row.abnormal = row.status !== 'Ready' || row.conditions !== '';
    row.cpu = part(row.cpuPercent, row.cpuCapacity);
    row.memory = part(row.memoryPercent, row.memoryCapacity);
    row.cpuRequestedPercent = percent(row.cpuRequested, row.cpuAllocatable);
    row.memoryRequestedPercent = percent(row.memoryRequested, row.memoryAllocatable);
  }
  return index.sorted();
}

function joined(list: string, one: string): string {
  return list === '' ? one : [...list.split(','), one].sort().join(',');
}

function part(percents: number | undefined, whole: number | undefined): number | undefined {
  return percents === undefined || whole === undefined ? undefined : (percents / 100) * whole;
}

function percent(value: number | undefined, whole: number | undefined): number | undefined {
  return value === undefined || whole === undefined || whole === 0 ? undefined : (value / whole) * 100;
}

function started(labels: Labels): NodeRow {
  return {
    cluster: labels.get('cluster'),
    node: labels.get('node'),
    roles: '',
    status: 'Unknown',
    abnormal: false,
    conditions: '',
    schedulable: true,
    version: labels.get('kubelet_version'),
    ip: labels.get('internal_ip'),
    os: labels.get('os_image'),
    kernel: labels.get('kernel_version'),
    runtime: labels.get('container_runtime_version'),
    age: undefined,
    pods: 0,
    podsAllocatable: undefined,
    podsAbnormal: 0,
    restarts: 0,
    cpu: undefined,
    cpuPercent: undefined,
    cpuCapacity: undefined,
    cpuAllocatable: undefined,
    cpuRequested: undefined,
    cpuRequestedPercent: undefined,
    memory: undefined,
    memoryPercent: undefined,
    memoryCapacity: undefined,
    memoryAllocatable: undefined,
    memoryRequested: undefined,
    memoryRequestedPercent: undefined,
    networkReceive: undefined,
    networkTransmit: undefined,
  };
}
