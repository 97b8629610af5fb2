/**
 * What the definitions of each level compute with. One object of each serves all rows of its level, filled anew for each.
 * NaN says that something is not known; then there is no series, never a zero.
 */

/** What is measured of a container, and summed for everything above it. */
export interface Usage {
  /** Cores. */
  cpu: number;
  memory: number;
  noCache: number;
  /** Between the last two samples. */
  receivedBytes: number;
  transmittedBytes: number;
  /** These to the second. */
  receiveBytes: number;
  transmitBytes: number;
  receivePackets: number;
  transmitPackets: number;
  fsReadBytes: number;
  fsWriteBytes: number;
  fsReads: number;
  fsWrites: number;
  /** In hundredths of a card. */
  gpu: number;
  /** Bytes. */
  gpuMemory: number;
}

/** The capacity of the node that a container runs on. */
export interface NodeShare {
  nodeCpu: number;
  nodeMemory: number;
  nodeGpu: number;
  nodeGpuMemory: number;
}

/** Requests and limits: cores, bytes, hundredths of cards. */
export interface Declared {
  cpuRequest: number;
  cpuLimit: number;
  memoryRequest: number;
  memoryLimit: number;
  gpuRequest: number;
  gpuMemoryRequest: number;
}

export interface ContainerScope extends Usage, NodeShare, Declared {}

/** Sums over the containers; what is declared, over those that declare it. */
export interface PodScope extends Usage, NodeShare, Declared {
  ready: number;
  /** Since the sample before. */
  restarts: number;
  /** The use of those containers alone that declare a request or limit. */
  cpuOfRequesting: number;
  cpuOfLimited: number;
  memoryOfRequesting: number;
  memoryOfLimited: number;
  noCacheOfRequesting: number;
  noCacheOfLimited: number;
  gpuOfRequesting: number;
  gpuMemoryOfRequesting: number;
  /** The limit if every container has one, else the request if every one has one, else the node's capacity. */
  cpuResource: number;
  memoryResource: number;
}

export interface NodeScope {
  ready: number;
  restarts: number;
  /** Of the whole machine. */
  cpu: number;
  memory: number;
  cpuCapacity: number;
  memoryCapacity: number;
  /** Bytes to the second. */
  lanIn: number;
  lanOut: number;
  wanIn: number;
  wanOut: number;
  tcpConnections: number;
  /** Of the pods on it. */
  cpuRequest: number;
  memoryRequest: number;
  gpu: number;
  gpuMemory: number;
  gpuCapacity: number;
  gpuMemoryCapacity: number;
}

/** What can be had on the nodes that are not control plane. */
export interface ClusterShare {
  clusterCpu: number;
  clusterMemory: number;
  clusterGpu: number;
  clusterGpuMemory: number;
}

/** A workload, namespace or service: sums over its pods. */
export interface GroupScope extends Usage, ClusterShare {
  abnormal: number;
  restarts: number;
  cpuResource: number;
  memoryResource: number;
}

/** Sums over the pods on nodes that are not control plane. */
export interface ClusterScope extends Usage, ClusterShare {
  cpuRequest: number;
  memoryRequest: number;
  gpuRequest: number;
  gpuMemoryRequest: number;
  etcdSize: number;
  allocatablePods: number;
  pods: number;
  nodes: number;
  /** Of pods on virtual nodes. */
  eksCpu: number;
  eksMemory: number;
  eksNoCache: number;
  apiserverHealthy: number;
  etcdHealthy: number;
  schedulerHealthy: number;
  controllerManagerHealthy: number;
}

/** The sum of what is known; NaN when neither is. */
export function plus(a: number, b: number): number {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : a + b;
}

/** `part` in percent of `whole`; NaN without a whole above zero. */
export function percent(part: number, whole: number): number {
  return whole > 0 ? (part * 100) / whole : Number.NaN;
}

const USAGE: Usage = {
  cpu: Number.NaN,
  memory: Number.NaN,
  noCache: Number.NaN,
  receivedBytes: Number.NaN,
  transmittedBytes: Number.NaN,
  receiveBytes: Number.NaN,
  transmitBytes: Number.NaN,
  receivePackets: Number.NaN,
  transmitPackets: Number.NaN,
  fsReadBytes: Number.NaN,
  fsWriteBytes: Number.NaN,
  fsReads: Number.NaN,
  fsWrites: Number.NaN,
  gpu: Number.NaN,
  gpuMemory: Number.NaN,
};
const NODE_SHARE: NodeShare = {
  nodeCpu: Number.NaN,
  nodeMemory: Number.NaN,
  nodeGpu: Number.NaN,
  nodeGpuMemory: Number.NaN,
};
const DECLARED: Declared = {
  cpuRequest: Number.NaN,
  cpuLimit: Number.NaN,
  memoryRequest: Number.NaN,
  memoryLimit: Number.NaN,
  gpuRequest: Number.NaN,
  gpuMemoryRequest: Number.NaN,
};
const CLUSTER_SHARE: ClusterShare = {
  clusterCpu: Number.NaN,
  clusterMemory: Number.NaN,
  clusterGpu: Number.NaN,
  clusterGpuMemory: Number.NaN,
};

export function containerScope(): ContainerScope {
  return { ...USAGE, ...NODE_SHARE, ...DECLARED };
}

export function podScope(): PodScope {
  return {
    ...USAGE,
    ...NODE_SHARE,
    ...DECLARED,
    ready: Number.NaN,
    restarts: Number.NaN,
    cpuOfRequesting: Number.NaN,
    cpuOfLimited: Number.NaN,
    memoryOfRequesting: Number.NaN,
    memoryOfLimited: Number.NaN,
    noCacheOfRequesting: Number.NaN,
    noCacheOfLimited: Number.NaN,
    gpuOfRequesting: Number.NaN,
    gpuMemoryOfRequesting: Number.NaN,
    cpuResource: Number.NaN,
    memoryResource: Number.NaN,
  };
}

export function nodeScope(): NodeScope {
  return {
    ready: Number.NaN,
    restarts: Number.NaN,
    cpu: Number.NaN,
    memory: Number.NaN,
    cpuCapacity: Number.NaN,
    memoryCapacity: Number.NaN,
    lanIn: Number.NaN,
    lanOut: Number.NaN,
    wanIn: Number.NaN,
    wanOut: Number.NaN,
    tcpConnections: Number.NaN,
    cpuRequest: Number.NaN,
    memoryRequest: Number.NaN,
    gpu: Number.NaN,
    gpuMemory: Number.NaN,
    gpuCapacity: Number.NaN,
    gpuMemoryCapacity: Number.NaN,
  };
}

export function groupScope(): GroupScope {
  return {
    ...USAGE,
    ...CLUSTER_SHARE,
    abnormal: Number.NaN,
    restarts: Number.NaN,
    cpuResource: Number.NaN,
    memoryResource: Number.NaN,
  };
}

export function clusterScope(): ClusterScope {
  return {
    ...USAGE,
    ...CLUSTER_SHARE,
    cpuRequest: Number.NaN,
    memoryRequest: Number.NaN,
    gpuRequest: Number.NaN,
    gpuMemoryRequest: Number.NaN,
    etcdSize: Number.NaN,
    allocatablePods: Number.NaN,
    pods: Number.NaN,
    nodes: Number.NaN,
    eksCpu: Number.NaN,
    eksMemory: Number.NaN,
    eksNoCache: Number.NaN,
    apiserverHealthy: Number.NaN,
    etcdHealthy: Number.NaN,
    schedulerHealthy: Number.NaN,
    controllerManagerHealthy: Number.NaN,
  };
}

export function clear(scope: object): void {
  const fields = scope as Record<string, number>;
  for (const name in fields) fields[name] = Number.NaN;
}
