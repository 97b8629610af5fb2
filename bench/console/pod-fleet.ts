// Writes what the lists of a cluster are made of (kube_* and k8s_*) straight into a server, because a simulated cluster of this size
// costs the machine more than what is measured. A pod has the series that it would have in a real one, with what is scarce (reasons) scarce.
import { compressSync } from 'snappy';
import { isRefusedForNow, postWriteRequest } from '../post-write-request.ts';
import { WriteRequestEncoder } from '../query/write-request-encoder.ts';

type Pairs = readonly (readonly [name: string, value: string])[];

export interface PodFleetOptions {
  readonly pods: number;
  /** Pods of a node. Default: 30. */
  readonly perNode?: number;
}

/** How many samples a request has. */
const SHARD = 2_000;
const AT_A_TIME = 8;
const REPLICAS = 5;
const NAMESPACES = 40;

/** Metrics of a pod with values of the size that they usually have. */
const POD_VALUES = [
  ['k8s_pod_status_ready', 1],
  ['k8s_pod_cpu_core_used', 0.2],
  ['k8s_pod_rate_cpu_core_used_request', 40],
  ['k8s_pod_rate_cpu_core_used_limit', 20],
  ['k8s_pod_rate_cpu_core_used_node', 2],
  ['k8s_pod_mem_no_cache_bytes', 2e8],
  ['k8s_pod_rate_mem_no_cache_request', 60],
  ['k8s_pod_rate_mem_no_cache_limit', 40],
  ['k8s_pod_rate_mem_no_cache_node', 3],
  ['k8s_pod_network_receive_bytes_bw', 1e4],
  ['k8s_pod_network_transmit_bytes_bw', 1e4],
] as const;
const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'];
const CONTAINER_VALUES = [
  ['kube_pod_container_info', 1],
  ['kube_pod_container_status_running', 1],
  ['kube_pod_container_status_waiting', 0],
  ['kube_pod_container_status_terminated', 0],
  ['kube_pod_container_status_ready', 1],
  ['kube_pod_container_status_restarts_total', 0],
  ['k8s_container_cpu_core_used', 0.1],
  ['k8s_container_rate_cpu_core_used_request', 40],
  ['k8s_container_rate_cpu_core_used_limit', 20],
  ['k8s_container_mem_no_cache_bytes', 1e8],
  ['k8s_container_rate_mem_no_cache_request', 60],
  ['k8s_container_rate_mem_no_cache_limit', 40],
] as const;

/** A cluster's pods as series; every third pod has two containers, every hundredth crash-loops. */
export class PodFleet {
  readonly #labels: Pairs[] = [];
  readonly #values: number[] = [];
  readonly #encoder: WriteRequestEncoder;

  constructor({ pods, perNode = 30 }: PodFleetOptions) {
    const nodes = Math.max(1, Math.ceil(pods / perNode));
    for (let i = 0; i < nodes; i++) this.#addNode(`node-${i}`);
    for (let i = 0; i < Math.ceil(pods / REPLICAS); i++) this.#addWorkload(i);
    for (let i = 0; i < pods; i++) this.#addPod(i, `node-${i % nodes}`);
    this.#encoder = new WriteRequestEncoder(this.#labels);
  }

  get series(): number {
    return this.#labels.length;
  }

  /** Writes a sample of each series as of now. Rejects when a request is refused. */
  async write(url: string): Promise<void> {
    const timestamps = Float64Array.of(Date.now());
    let first = 0;
    const lane = async (): Promise<void> => {
      while (first < this.series) {
        const from = first;
        const count = Math.min(SHARD, this.series - from);
        first += count;
        const values = Float64Array.from(this.#values.slice(from, from + count), varied);
        const body = new Uint8Array(compressSync(this.#encoder.encode(from, count, { timestamps, values })));
        await post(url, body);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  }

  #add(metric: string, value: number, labels: Readonly<Record<string, string>>): void {
    const pairs = Object.entries({ __name__: metric, cluster: 'bench', job: 'bench', ...labels });
    this.#labels.push(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
    this.#values.push(value);
  }

  #addNode(node: string): void {
    this.#add('kube_node_info', 1, { node, kubelet_version: 'v1.33.4', internal_ip: '10.0.0.1' });
    this.#add('kube_node_status_condition', 1, { node, condition: 'Ready', status: 'true' });
    for (const kind of ['capacity', 'allocatable']) {
      this.#add(`kube_node_status_${kind}`, 16, { node, resource: 'cpu', unit: 'core' });
      this.#add(`kube_node_status_${kind}`, 6.4e10, { node, resource: 'memory', unit: 'byte' });
    }
    this.#add('k8s_node_cpu_usage', 40, { node });
    this.#add('k8s_node_mem_usage', 60, { node });
  }

  #addWorkload(i: number): void {
    const at = { namespace: `team-${i % NAMESPACES}`, deployment: `service-${i}` };
    for (const name of ['spec_replicas', 'status_replicas_ready', 'status_replicas_updated']) {
      this.#add(`kube_deployment_${name}`, REPLICAS, at);
    }
    const owner = { owner_kind: 'Deployment', owner_name: at.deployment };
    this.#add('kube_replicaset_owner', 1, { namespace: at.namespace, replicaset: `service-${i}-7d9f8c`, ...owner });
    const workload = { namespace: at.namespace, workload_kind: 'Deployment', workload_name: at.deployment };
    this.#add('k8s_workload_cpu_core_used', 0.8, workload);
    this.#add('k8s_workload_mem_no_cache_bytes', 8e8, workload);
  }

  #addPod(i: number, node: string): void {
    const w = Math.floor(i / REPLICAS);
    const service = `service-${w}`;
    const at = { namespace: `team-${w % NAMESPACES}`, pod: `${service}-7d9f8c-${(i * 7919).toString(36)}` };
    const workload = { workload_kind: 'Deployment', workload_name: service };
    const uid = `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
    this.#add('kube_pod_info', 1, { ...at, node, uid, pod_ip: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` });
    this.#add('kube_pod_owner', 1, { ...at, uid, owner_kind: 'ReplicaSet', owner_name: `${service}-7d9f8c` });
    this.#add('kube_pod_created', Date.now() / 1000 - 86_400, { ...at, uid });
    for (const phase of PHASES) this.#add('kube_pod_status_phase', phase === 'Running' ? 1 : 0, { ...at, uid, phase });
    for (const condition of ['true', 'false', 'unknown']) {
      this.#add('kube_pod_status_ready', condition === 'true' ? 1 : 0, { ...at, uid, condition });
    }
    for (const [metric, value] of POD_VALUES) this.#add(metric, value, { ...at, ...workload, node });
    const containers = i % 3 === 0 ? ['app', 'proxy'] : ['app'];
    for (const container of containers) this.#addContainer({ ...at, container, uid });
    if (i % 100 === 0) {
      const waiting = { ...at, container: 'app', uid, reason: 'CrashLoopBackOff' };
      this.#add('kube_pod_container_status_waiting_reason', 1, waiting);
    }
  }

  #addContainer(at: Readonly<Record<'namespace' | 'pod' | 'container' | 'uid', string>>): void {
    for (const [metric, value] of CONTAINER_VALUES) {
      this.#add(metric, value, metric.endsWith('_info') ? { ...at, image: 'registry/app:1', image_spec: 'app:1' } : at);
    }
    for (const kind of ['requests', 'limits']) {
      this.#add(`kube_pod_container_resource_${kind}`, 0.5, { ...at, resource: 'cpu', unit: 'core' });
      this.#add(`kube_pod_container_resource_${kind}`, 5e8, { ...at, resource: 'memory', unit: 'byte' });
    }
  }
}

/** States are 0 and 1; what is measured is never twice the same. */
function varied(value: number): number {
  return value === 0 || value === 1 ? value : value * (0.75 + Math.random() / 2);
}

async function post(url: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const { status, text } = await postWriteRequest(url, body);
    if (status < 300) return;
    if (attempt === 30 || !isRefusedForNow(status)) {
      throw new Error(`samples of the pods were refused: ${status} ${text.slice(0, 200)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
