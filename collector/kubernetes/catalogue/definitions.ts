import type { ClusterScope, ContainerScope, GroupScope, NodeScope, PodScope, Usage } from './scopes.ts';
import { percent } from './scopes.ts';

/**
 * The k8s_* catalogue: one table, from which what is computed and the page `docs/k8s-metrics.md` are both made. The names and
 * their meaning are those of Tencent Kubernetes Engine, for its policies and autoscalers to work as they are; the
 * levels `namespace` and `service` and the health of the control plane's parts are of the same kind.
 */
export type Level = 'cluster' | 'node' | 'namespace' | 'service' | 'workload' | 'pod' | 'container';

/** Where a value comes from; without it there is no series. */
export type Source =
  | 'cAdvisor'
  | 'cAdvisor, watch'
  | 'watch'
  | 'DCGM exporter'
  | 'DCGM exporter, watch'
  | 'node exporter'
  | 'cAdvisor, node exporter'
  | 'virtual nodes'
  | 'etcd or API server'
  | 'scrapes';

export type Unit = '1' | '%' | 'cores' | 'bytes' | 'bytes/s' | 'packets/s' | 'operations/s' | '1/100 GPU';

/** One metric of a level. */
export interface Definition<Scope> {
  /** Without `k8s_` and the level. */
  readonly name: string;
  readonly unit: Unit;
  /** One sentence, without a full stop. */
  readonly meaning: string;
  readonly source: Source;
  /** NaN: there is no series. */
  readonly value: (scope: Scope) => number;
}

/** What a level's series have in common. */
export interface LevelDefinition<Scope> {
  readonly level: Level;
  /** Beside `cluster`. */
  readonly labels: readonly string[];
  readonly definitions: readonly Definition<Scope>[];
}

/** The whole name of a metric. */
export function metricName(level: Level, { name }: { readonly name: string }): string {
  return `k8s_${level}_${name}`;
}

function define<S>(
  name: string,
  [unit, source]: readonly [Unit, Source],
  meaning: string,
  value: (scope: S) => number,
): Definition<S> {
  return { name, unit, meaning, source, value };
}

const CPU = ['cores', 'cAdvisor'] as const;
const MEMORY = ['bytes', 'cAdvisor'] as const;
const TRAFFIC = ['bytes/s', 'cAdvisor'] as const;
const PACKETS = ['packets/s', 'cAdvisor'] as const;
const OPERATIONS = ['operations/s', 'cAdvisor'] as const;
const RATE = ['%', 'cAdvisor, watch'] as const;
const GPU = ['1/100 GPU', 'DCGM exporter'] as const;
const GPU_MEMORY = ['bytes', 'DCGM exporter'] as const;
const GPU_RATE = ['%', 'DCGM exporter, watch'] as const;
const WATCH = ['1', 'watch'] as const;

// Every level from the container up.

const cpuUsed = define<Usage>(
  'cpu_core_used',
  CPU,
  'CPU in use: the rate of container_cpu_usage_seconds_total over 2 minutes',
  (s) => s.cpu,
);
const memUsage = define<Usage>('mem_usage_bytes', MEMORY, 'Memory in use with page cache', (s) => s.memory);
const memNoCache = define<Usage>('mem_no_cache_bytes', MEMORY, 'Memory in use without page cache', (s) => s.noCache);
const received = define<Usage>(
  'network_receive_bytes',
  MEMORY,
  'Bytes received between the last two samples',
  (s) => s.receivedBytes,
);
const receiveRate = define<Usage>('network_receive_bytes_bw', TRAFFIC, 'Traffic received', (s) => s.receiveBytes);
const transmitted = define<Usage>(
  'network_transmit_bytes',
  MEMORY,
  'Bytes sent between the last two samples',
  (s) => s.transmittedBytes,
);
const transmitRate = define<Usage>('network_transmit_bytes_bw', TRAFFIC, 'Traffic sent', (s) => s.transmitBytes);
const receivePackets = define<Usage>('network_receive_packets', PACKETS, 'Packets received', (s) => s.receivePackets);
const transmitPackets = define<Usage>('network_transmit_packets', PACKETS, 'Packets sent', (s) => s.transmitPackets);
const network = [received, receiveRate, transmitted, transmitRate, receivePackets, transmitPackets];
const fileSystem = [
  define<Usage>('fs_read_bytes', TRAFFIC, 'Bytes read from block devices', (s) => s.fsReadBytes),
  define<Usage>('fs_write_bytes', TRAFFIC, 'Bytes written to block devices', (s) => s.fsWriteBytes),
  define<Usage>('fs_read_times', OPERATIONS, 'Reads of block devices', (s) => s.fsReads),
  define<Usage>('fs_write_times', OPERATIONS, 'Writes to block devices', (s) => s.fsWrites),
];
const gpuUsed = define<Usage>('gpu_used', GPU, 'GPU in use: the sum of the utilization of its cards', (s) => s.gpu);
const gpuMemoryUsed = define<Usage>('gpu_memory_used_bytes', GPU_MEMORY, 'GPU memory in use', (s) => s.gpuMemory);

const container: readonly Definition<ContainerScope>[] = [
  cpuUsed,
  define('rate_cpu_core_used_node', RATE, "CPU in use, of the node's capacity", (c) => percent(c.cpu, c.nodeCpu)),
  define('rate_cpu_core_used_request', RATE, 'CPU in use, of the request', (c) => percent(c.cpu, c.cpuRequest)),
  define('rate_cpu_core_used_limit', RATE, 'CPU in use, of the limit', (c) => percent(c.cpu, c.cpuLimit)),
  memUsage,
  memNoCache,
  define('rate_mem_usage_node', RATE, "Memory with page cache, of the node's capacity", (c) =>
    percent(c.memory, c.nodeMemory),
  ),
  define('rate_mem_usage_request', RATE, 'Memory with page cache, of the request', (c) =>
    percent(c.memory, c.memoryRequest),
  ),
  define('rate_mem_usage_limit', RATE, 'Memory with page cache, of the limit', (c) => percent(c.memory, c.memoryLimit)),
  define('rate_mem_no_cache_node', RATE, "Memory without page cache, of the node's capacity", (c) =>
    percent(c.noCache, c.nodeMemory),
  ),
  define('rate_mem_no_cache_request', RATE, 'Memory without page cache, of the request', (c) =>
    percent(c.noCache, c.memoryRequest),
  ),
  define('rate_mem_no_cache_limit', RATE, 'Memory without page cache, of the limit', (c) =>
    percent(c.noCache, c.memoryLimit),
  ),
  transmitted,
  receivePackets,
  transmitPackets,
  ...fileSystem,
  gpuUsed,
  gpuMemoryUsed,
  define('rate_gpu_used_node', GPU_RATE, "GPU in use, of the node's capacity", (c) => percent(c.gpu, c.nodeGpu)),
  define('rate_gpu_used_request', GPU_RATE, 'GPU in use, of the request', (c) => percent(c.gpu, c.gpuRequest)),
  define('rate_gpu_memory_used_node', GPU_RATE, "GPU memory in use, of the node's capacity", (c) =>
    percent(c.gpuMemory, c.nodeGpuMemory),
  ),
  define('rate_gpu_memory_used_request', GPU_RATE, 'GPU memory in use, of the request', (c) =>
    percent(c.gpuMemory, c.gpuMemoryRequest),
  ),
];

const pod: readonly Definition<PodScope>[] = [
  define('status_ready', WATCH, '1 when the pod is ready, 0 when it is not', (p) => p.ready),
  define('restart_total', WATCH, 'Restarts of containers between the last two samples', (p) => p.restarts),
  cpuUsed,
  define('rate_cpu_core_used_node', RATE, "CPU in use, of the node's capacity", (p) => percent(p.cpu, p.nodeCpu)),
  define('rate_cpu_core_used_request', RATE, 'CPU in use by containers with a request, of their requests', (p) =>
    percent(p.cpuOfRequesting, p.cpuRequest),
  ),
  define('rate_cpu_core_used_limit', RATE, 'CPU in use by containers with a limit, of their limits', (p) =>
    percent(p.cpuOfLimited, p.cpuLimit),
  ),
  define('rate_cpu_core_used_resource', RATE, "CPU in use, of the pod's limit, else its request, else the node", (p) =>
    percent(p.cpu, p.cpuResource),
  ),
  memUsage,
  memNoCache,
  define('rate_mem_usage_node', RATE, "Memory with page cache, of the node's capacity", (p) =>
    percent(p.memory, p.nodeMemory),
  ),
  define(
    'rate_mem_usage_request',
    RATE,
    'Memory with page cache of containers with a request, of their requests',
    (p) => percent(p.memoryOfRequesting, p.memoryRequest),
  ),
  define('rate_mem_usage_limit', RATE, 'Memory with page cache of containers with a limit, of their limits', (p) =>
    percent(p.memoryOfLimited, p.memoryLimit),
  ),
  define(
    'rate_mem_usage_resource',
    RATE,
    "Memory with page cache, of the pod's limit, else its request, else the node",
    (p) => percent(p.memory, p.memoryResource),
  ),
  define('rate_mem_no_cache_node', RATE, "Memory without page cache, of the node's capacity", (p) =>
    percent(p.noCache, p.nodeMemory),
  ),
  define(
    'rate_mem_no_cache_request',
    RATE,
    'Memory without page cache of containers with a request, of their requests',
    (p) => percent(p.noCacheOfRequesting, p.memoryRequest),
  ),
  define(
    'rate_mem_no_cache_limit',
    RATE,
    'Memory without page cache of containers with a limit, of their limits',
    (p) => percent(p.noCacheOfLimited, p.memoryLimit),
  ),
  define(
    'rate_mem_no_cache_resource',
    RATE,
    "Memory without page cache, of the pod's limit, else its request, else the node",
    (p) => percent(p.noCache, p.memoryResource),
  ),
  ...network,
  ...fileSystem,
  gpuUsed,
  define('gpu_request', ['1/100 GPU', 'watch'], 'GPU requested', (p) => p.gpuRequest),
  gpuMemoryUsed,
  define('gpu_memory_request_bytes', ['bytes', 'watch'], 'GPU memory requested', (p) => p.gpuMemoryRequest),
  define('rate_gpu_used_node', GPU_RATE, "GPU in use, of the node's capacity", (p) => percent(p.gpu, p.nodeGpu)),
  define('rate_gpu_used_request', GPU_RATE, 'GPU in use by containers with a request, of their requests', (p) =>
    percent(p.gpuOfRequesting, p.gpuRequest),
  ),
  define('rate_gpu_memory_used_node', GPU_RATE, "GPU memory in use, of the node's capacity", (p) =>
    percent(p.gpuMemory, p.nodeGpuMemory),
  ),
  define(
    'rate_gpu_memory_used_request',
    GPU_RATE,
    'GPU memory in use by containers with a request, of their requests',
    (p) => percent(p.gpuMemoryOfRequesting, p.gpuMemoryRequest),
  ),
];

const node: readonly Definition<NodeScope>[] = [
  define('cpu_usage', RATE, 'CPU in use on the whole machine, of its capacity', (n) => percent(n.cpu, n.cpuCapacity)),
  define('mem_usage', RATE, 'Memory in use on the whole machine, with page cache, of its capacity', (n) =>
    percent(n.memory, n.memoryCapacity),
  ),
  define('status_ready', WATCH, '1 when the node is ready, 0 when it is not or nobody knows', (n) => n.ready),
  define('pod_restart_total', WATCH, 'Restarts of containers on it between the last two samples', (n) => n.restarts),
  define('lan_intraffic', TRAFFIC, 'Traffic received, but for that from public networks', (n) => n.lanIn),
  define('lan_outtraffic', TRAFFIC, 'Traffic sent, but for that to public networks', (n) => n.lanOut),
  define(
    'wan_intraffic',
    ['bytes/s', 'cAdvisor, node exporter'],
    'Traffic received on the interface of the default route, if its address is public',
    (n) => n.wanIn,
  ),
  define(
    'wan_outtraffic',
    ['bytes/s', 'cAdvisor, node exporter'],
    'Traffic sent on the interface of the default route, if its address is public',
    (n) => n.wanOut,
  ),
  define('tcp_curr_estab', ['1', 'node exporter'], 'Open TCP connections', (n) => n.tcpConnections),
  define('cpu_core_request_total', ['cores', 'watch'], 'CPU requested by the pods on it', (n) => n.cpuRequest),
  define(
    'memory_request_bytes_total',
    ['bytes', 'watch'],
    'Memory requested by the pods on it',
    (n) => n.memoryRequest,
  ),
  define('gpu_used', GPU, 'GPU in use by the pods on it', (n) => n.gpu),
  define('rate_gpu_used', GPU_RATE, 'GPU in use by the pods on it, of its capacity', (n) =>
    percent(n.gpu, n.gpuCapacity),
  ),
  define('gpu_memory_used_bytes', GPU_MEMORY, 'GPU memory in use by the pods on it', (n) => n.gpuMemory),
  define('rate_gpu_memory_used', GPU_RATE, 'GPU memory in use by the pods on it, of its capacity', (n) =>
    percent(n.gpuMemory, n.gpuMemoryCapacity),
  ),
];

/** Of a group of pods; `abnormal` differs. */
function groupDefinitions(abnormal: string): readonly Definition<GroupScope>[] {
  return [
    define('abnormal', WATCH, abnormal, (g) => g.abnormal),
    define('pod_restart_total', WATCH, 'Restarts of containers between the last two samples', (g) => g.restarts),
    cpuUsed,
    define('rate_cpu_core_used_cluster', RATE, 'CPU in use, of what the cluster has', (g) =>
      percent(g.cpu, g.clusterCpu),
    ),
    define('rate_cpu_core_used_resource', RATE, "CPU in use, of the pods' limits, else requests, else nodes", (g) =>
      percent(g.cpu, g.cpuResource),
    ),
    memUsage,
    memNoCache,
    define('rate_mem_usage_bytes_cluster', RATE, 'Memory with page cache, of what the cluster has', (g) =>
      percent(g.memory, g.clusterMemory),
    ),
    define('rate_mem_no_cache_cluster', RATE, 'Memory without page cache, of what the cluster has', (g) =>
      percent(g.noCache, g.clusterMemory),
    ),
    define(
      'rate_mem_usage_bytes_resource',
      RATE,
      "Memory with page cache, of the pods' limits, else requests, else nodes",
      (g) => percent(g.memory, g.memoryResource),
    ),
    define(
      'rate_mem_no_cache_bytes_resource',
      RATE,
      "Memory without page cache, of the pods' limits, else requests, else nodes",
      (g) => percent(g.noCache, g.memoryResource),
    ),
    ...network,
    ...fileSystem,
    gpuUsed,
    gpuMemoryUsed,
    define('rate_gpu_used_cluster', GPU_RATE, 'GPU in use, of what the cluster has', (g) =>
      percent(g.gpu, g.clusterGpu),
    ),
    define('rate_gpu_memory_used_cluster', GPU_RATE, 'GPU memory in use, of what the cluster has', (g) =>
      percent(g.gpuMemory, g.clusterGpuMemory),
    ),
  ];
}

const cluster: readonly Definition<ClusterScope>[] = [
  define('cpu_core_total', ['cores', 'watch'], 'CPU that pods can have', (c) => c.clusterCpu),
  cpuUsed,
  define('rate_cpu_core_used_cluster', RATE, 'CPU in use, of cpu_core_total', (c) => percent(c.cpu, c.clusterCpu)),
  define('rate_cpu_core_request_cluster', ['%', 'watch'], 'CPU requested by pods, of cpu_core_total', (c) =>
    percent(c.cpuRequest, c.clusterCpu),
  ),
  define('memory_total', ['bytes', 'watch'], 'Memory that pods can have', (c) => c.clusterMemory),
  memUsage,
  memNoCache,
  define('rate_mem_usage_bytes_cluster', RATE, 'Memory with page cache, of memory_total', (c) =>
    percent(c.memory, c.clusterMemory),
  ),
  define('rate_mem_no_cache_bytes_cluster', RATE, 'Memory without page cache, of memory_total', (c) =>
    percent(c.noCache, c.clusterMemory),
  ),
  define('rate_mem_request_bytes_cluster', ['%', 'watch'], 'Memory requested by pods, of memory_total', (c) =>
    percent(c.memoryRequest, c.clusterMemory),
  ),
  ...network,
  ...fileSystem,
  define(
    'etcd_db_total_size_bytes',
    ['bytes', 'etcd or API server'],
    "The largest size of etcd's database",
    (c) => c.etcdSize,
  ),
  define('allocatable_pods_total', WATCH, 'Pods that the nodes can take', (c) => c.allocatablePods),
  define('pods_used_total', WATCH, 'Pods on nodes that have not ended', (c) => c.pods),
  define('node_total', WATCH, 'Nodes, of the control plane too', (c) => c.nodes),
  define('gpu_total', ['1/100 GPU', 'watch'], 'GPU that pods can have', (c) => c.clusterGpu),
  gpuUsed,
  define('gpu_memory_total_bytes', ['bytes', 'watch'], 'GPU memory that pods can have', (c) => c.clusterGpuMemory),
  gpuMemoryUsed,
  define('rate_gpu_used_cluster', GPU_RATE, 'GPU in use, of gpu_total', (c) => percent(c.gpu, c.clusterGpu)),
  define('rate_gpu_request_cluster', ['%', 'watch'], 'GPU requested by pods, of gpu_total', (c) =>
    percent(c.gpuRequest, c.clusterGpu),
  ),
  define('rate_gpu_memory_used_cluster', GPU_RATE, 'GPU memory in use, of gpu_memory_total_bytes', (c) =>
    percent(c.gpuMemory, c.clusterGpuMemory),
  ),
  define(
    'rate_gpu_memory_request_cluster',
    ['%', 'watch'],
    'GPU memory requested by pods, of gpu_memory_total_bytes',
    (c) => percent(c.gpuMemoryRequest, c.clusterGpuMemory),
  ),
  define('eks_cpu_core_used', ['cores', 'virtual nodes'], 'CPU in use by pods on virtual nodes', (c) => c.eksCpu),
  define(
    'eks_mem_usage_bytes',
    ['bytes', 'virtual nodes'],
    'Memory in use with page cache by pods on virtual nodes',
    (c) => c.eksMemory,
  ),
  define(
    'eks_mem_no_cache_bytes',
    ['bytes', 'virtual nodes'],
    'Memory in use without page cache by pods on virtual nodes',
    (c) => c.eksNoCache,
  ),
];

/** Alarm sources beside the 35 names of the cluster level. */
const components: readonly Definition<ClusterScope>[] = [
  define('apiserver_healthy', ['1', 'scrapes'], '1 when an API server answers, else 0', (c) => c.apiserverHealthy),
  define(
    'etcd_healthy',
    ['1', 'scrapes'],
    '1 when more than half of the members of etcd answer, else 0',
    (c) => c.etcdHealthy,
  ),
  define('scheduler_healthy', ['1', 'scrapes'], '1 when a scheduler answers, else 0', (c) => c.schedulerHealthy),
  define(
    'controller_manager_healthy',
    ['1', 'scrapes'],
    '1 when a controller manager answers, else 0',
    (c) => c.controllerManagerHealthy,
  ),
];

const PLACE = ['node', 'node_role'];
const WORKLOAD = ['namespace', 'workload_kind', 'workload_name'];
const POD = [...WORKLOAD, 'pod', ...PLACE];

export const CLUSTER_LEVEL: LevelDefinition<ClusterScope> = {
  level: 'cluster',
  labels: [],
  definitions: [...cluster, ...components],
};
export const NODE_LEVEL: LevelDefinition<NodeScope> = { level: 'node', labels: PLACE, definitions: node };
export const NAMESPACE_LEVEL: LevelDefinition<GroupScope> = {
  level: 'namespace',
  labels: ['namespace'],
  definitions: groupDefinitions('The sum of its workloads that are abnormal'),
};
export const SERVICE_LEVEL: LevelDefinition<GroupScope> = {
  level: 'service',
  labels: ['namespace', 'service'],
  definitions: groupDefinitions('Its pods that are not ready, by its endpoint slices'),
};
export const WORKLOAD_LEVEL: LevelDefinition<GroupScope> = {
  level: 'workload',
  labels: WORKLOAD,
  definitions: groupDefinitions(
    'Deployment and DaemonSet: pods that are not available; StatefulSet and ReplicaSet: pods that are not ready; ' +
      'Job: pods that failed; CronJob: 0',
  ),
};
export const POD_LEVEL: LevelDefinition<PodScope> = { level: 'pod', labels: POD, definitions: pod };
export const CONTAINER_LEVEL: LevelDefinition<ContainerScope> = {
  level: 'container',
  labels: [...POD, 'container', 'container_id'],
  definitions: container,
};

/** From the cluster down to the container. */
export const LEVELS = [
  CLUSTER_LEVEL,
  NODE_LEVEL,
  NAMESPACE_LEVEL,
  SERVICE_LEVEL,
  WORKLOAD_LEVEL,
  POD_LEVEL,
  CONTAINER_LEVEL,
] as const;
