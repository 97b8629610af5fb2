import type { Labels } from '../../storage/labels.ts';

/** Where use of CPU and memory is read from. */
export interface UsageSource {
  readonly name: string;
  readonly cpu: string;
  readonly memory: string;
  /**
   * How far back CPU is computed from, in milliseconds: from the last two points where they have the moment at which they were taken.
   * Where they have that of their scrape, one value may stand on several pages, so a wider window is more true.
   */
  readonly base: number;
  /**
   * Whether timestamps and the start of a container are told by the same clock, its node's: then what is older than the start is of
   * the container before.
   */
  readonly isTimed: boolean;
  /** Whose use a series is. Undefined for what is of no use here. */
  read(labels: Labels): UsageOwner | undefined;
}

export interface UsageOwner {
  /** `namespace/pod`, or a node's name. */
  readonly owner: string;
  /** '' for a node. */
  readonly container: string;
  /** The path of the cgroup and the runtime's name: one of both has the container's id in it. '' where the series do not say. */
  readonly cgroup: string;
  readonly runtimeName: string;
}

/** As metrics-server reads it: with the moments at which kubelet took the values. Virtual nodes do not have it. */
export const KUBELET_CONTAINERS: UsageSource = {
  name: "kubelets' /metrics/resource",
  cpu: 'kubelet_container_cpu_usage_seconds_total',
  memory: 'kubelet_container_memory_working_set_bytes',
  base: 0,
  isTimed: true,
  read: readContainer,
};

/** What is there without it: on virtual nodes, where kubelets are scraped by jobs of the user, and where a node's clock is wrong. */
export const CADVISOR_CONTAINERS: UsageSource = {
  name: 'cAdvisor',
  cpu: 'container_cpu_usage_seconds_total',
  memory: 'container_memory_working_set_bytes',
  base: 60_000,
  isTimed: false,
  read: readContainer,
};

export const KUBELET_NODES: UsageSource = {
  name: "kubelets' /metrics/resource",
  cpu: 'node_cpu_usage_seconds_total',
  memory: 'node_memory_working_set_bytes',
  base: 0,
  isTimed: true,
  read: (labels) => (labels.get('node') === '' ? readInstance(labels) : nodeOf(labels.get('node'))),
};

/** The root cgroup is the machine. */
export const CADVISOR_NODES: UsageSource = {
  ...CADVISOR_CONTAINERS,
  read(labels) {
    if (labels.get('id') !== '/' || !isTotal(labels)) return undefined;
    return labels.get('node') === '' ? readInstance(labels) : nodeOf(labels.get('node'));
  },
};

/** Rows of a pod's whole cgroup (container="") and of its pause container ("POD") are none. */
function readContainer(labels: Labels): UsageOwner | undefined {
  const pod = own(labels, 'pod');
  const container = own(labels, 'container');
  if (pod === '' || container === '' || container === 'POD' || !isTotal(labels)) return undefined;
  const owner = `${own(labels, 'namespace')}/${pod}`;
  return { owner, container, cgroup: labels.get('id'), runtimeName: labels.get('name') };
}

function nodeOf(owner: string): UsageOwner {
  return { owner, container: '', cgroup: '', runtimeName: '' };
}

/** Where jobs of the user give no label `node`, its kubelet may be scraped under its name. */
function readInstance(labels: Labels): UsageOwner | undefined {
  const instance = labels.get('instance').replace(/:\d+$/, '');
  return instance === '' ? undefined : nodeOf(instance);
}

/** A label as the page gave it: without honor_labels a target's label of the same name has its place. */
function own(labels: Labels, name: string): string {
  return labels.get(`exported_${name}`) || labels.get(name);
}

/** Old kubelets write the processor's time by core too. */
function isTotal(labels: Labels): boolean {
  const cpu = labels.get('cpu');
  return cpu === '' || cpu === 'total';
}
