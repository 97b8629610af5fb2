import type { InstantSample } from '../../api/query-instant.ts';
import type { Resource } from '../../objects/resource-use.tsx';
import { named, selector } from '../../objects/selector.ts';

/** A condition of a node, as the kubelet says it. */
export interface NodeCondition {
  readonly type: string;
  readonly status: 'true' | 'false' | 'unknown';
  /** `Ready` is good when it is true, all others when they are false. */
  readonly isGood: boolean;
}

/** What is known of a node. */
export interface NodeFacts {
  readonly isReady: boolean;
  readonly isCordoned: boolean;
  readonly conditions: readonly NodeCondition[];
  readonly roles: readonly string[];
  readonly taints: readonly string[];
  readonly kubelet: string;
  readonly runtime: string;
  readonly os: string;
  readonly kernel: string;
  readonly ip: string;
  readonly podCidr: string;
  readonly providerId: string;
  /** Unix seconds. */
  readonly created: number | undefined;
  /** Cores. */
  readonly cpu: Resource;
  /** Bytes, in use with page cache. */
  readonly memory: Resource;
  readonly pods: Resource;
  /** Bytes. */
  readonly storage: Resource;
  /** Cards. */
  readonly gpu: Resource;
  readonly hasGpu: boolean;
}

/** What `nodeFacts` reads, as queries of one moment. */
export function nodeQueries(cluster: string, node: string): Readonly<Record<'state' | 'pods' | 'gpu', string>> {
  const own = { cluster, node };
  const metrics = [
    ...['info', 'role', 'created', 'spec_taint', 'spec_unschedulable'].map((name) => `kube_node_${name}`),
    ...['condition', 'capacity', 'allocatable'].map((name) => `kube_node_status_${name}`),
    ...['cpu_usage', 'mem_usage', 'cpu_core_request_total', 'memory_request_bytes_total', 'gpu_used'].map(
      (name) => `k8s_node_${name}`,
    ),
  ];
  const running = selector({ cluster }, 'phase=~"Pending|Running|Unknown"');
  return {
    state: selector(own, named(metrics)),
    pods:
      `count(max by (cluster, namespace, pod) (kube_pod_info${selector(own)}) ` +
      `and on (cluster, namespace, pod) kube_pod_status_phase${running} == 1)`,
    gpu: `sum(k8s_pod_gpu_request${selector(own)})`,
  };
}

const CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable'];

/** Reads the answers of `nodeQueries`; undefined when nothing is known of the node. */
export function nodeFacts(
  answers: Readonly<Record<'state' | 'pods' | 'gpu', readonly InstantSample[]>>,
): NodeFacts | undefined {
  const { state } = answers;
  const all = (name: string): readonly InstantSample[] => state.filter(({ labels }) => labels.__name__ === name);
  const value = (name: string): number | undefined => all(name)[0]?.value;
  const info = all('kube_node_info')[0]?.labels;
  if (info === undefined) return undefined;
  const amounts = (resource: string): Pick<Resource, 'capacity' | 'allocatable'> => {
    const of = (name: string): number | undefined =>
      all(`kube_node_status_${name}`).find(({ labels }) => labels.resource === resource)?.value;
    return { capacity: of('capacity'), allocatable: of('allocatable') };
  };
  const used = (percent: number | undefined, capacity: number | undefined): number | undefined =>
    percent === undefined || capacity === undefined ? undefined : (percent * capacity) / 100;
  const [cpu, memory] = [amounts('cpu'), amounts('memory')];
  const conditions = conditionsOf(all('kube_node_status_condition'));
  const gpu = ['nvidia_com_gpu', 'amd_com_gpu'].map(amounts).find(({ capacity }) => (capacity ?? 0) > 0);
  const cards = (hundredths: number | undefined): number | undefined =>
    hundredths === undefined ? undefined : hundredths / 100;
  return {
    isReady: conditions.some(({ type, isGood }) => type === 'Ready' && isGood),
    isCordoned: value('kube_node_spec_unschedulable') === 1,
    conditions,
    roles: all('kube_node_role')
      .map(({ labels }) => labels.role ?? '')
      .toSorted(),
    taints: all('kube_node_spec_taint').map(({ labels: { key = '', value: text = '', effect = '' } }) =>
      text === '' ? `${key}:${effect}` : `${key}=${text}:${effect}`,
    ),
    kubelet: info.kubelet_version ?? '',
    runtime: info.container_runtime_version ?? '',
    os: info.os_image ?? '',
    kernel: info.kernel_version ?? '',
    ip: info.internal_ip ?? '',
    podCidr: info.pod_cidr ?? '',
    providerId: info.provider_id ?? '',
    created: value('kube_node_created'),
    cpu: {
      ...cpu,
      requested: value('k8s_node_cpu_core_request_total'),
      used: used(value('k8s_node_cpu_usage'), cpu.capacity),
    },
    memory: {
      ...memory,
      requested: value('k8s_node_memory_request_bytes_total'),
      used: used(value('k8s_node_mem_usage'), memory.capacity),
    },
    pods: { ...amounts('pods'), requested: undefined, used: answers.pods[0]?.value },
    storage: { ...amounts('ephemeral_storage'), requested: undefined, used: undefined },
    gpu: {
      capacity: gpu?.capacity,
      allocatable: gpu?.allocatable,
      requested: cards(answers.gpu[0]?.value),
      used: cards(value('k8s_node_gpu_used')),
    },
    hasGpu: gpu !== undefined,
  };
}

function conditionsOf(samples: readonly InstantSample[]): readonly NodeCondition[] {
  const place = (type: string): number => {
    const index = CONDITIONS.indexOf(type);
    return index === -1 ? CONDITIONS.length : index;
  };
  return samples
    .filter(({ value }) => value === 1)
    .map(({ labels: { condition = '', status } }) => ({
      type: condition,
      status: status === 'true' || status === 'false' ? (status as 'true' | 'false') : ('unknown' as const),
      isGood: status === (condition === 'Ready' ? 'true' : 'false'),
    }))
    .toSorted((a, b) => place(a.type) - place(b.type) || a.type.localeCompare(b.type));
}
