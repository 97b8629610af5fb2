import type { Profile } from '../load/profile.ts';

/** What runs on the nodes, as the container runtime knows it; what the API says of it is the kubelet's part. */
export interface Machine {
  readonly name: string;
  /** Counts all nodes ever made. */
  readonly number: number;
  /** The address that the Internet reaches it by, if any. */
  readonly publicAddress: string | undefined;
  readonly address: string;
  readonly cores: number;
  readonly memory: number;
  readonly disk: number;
  readonly gpus: readonly Gpu[];
  /** `cri-o` names the sandbox's container `POD`; `containerd` gives it no name. */
  readonly runtime: 'containerd' | 'cri-o';
  readonly virtual: boolean;
  bootedAt: number;
  /** By uid; what has ended stays for as long as cAdvisor still shows it. */
  readonly pods: Map<string, RunningPod>;
  rows: MachineRows;
  /** False while the machine or its kubelet does not work: no heartbeats, no pages, nothing starts or ends. */
  up: boolean;
  /** False while the machine itself is off: what ran on it does not run any more. */
  powered: boolean;
  /** The part of the CPU asked for that it can give, 0 to 1. */
  supply: number;
  readonly tally: KubeletTally;
  /** Bytes on the root filesystem that a scenario put there. */
  filled: number;
}

export interface Gpu {
  readonly uuid: string;
  readonly model: string;
  readonly memory: number;
  readonly row: number;
  /** Who uses it. */
  user: RunningContainer | undefined;
}

/** Rows of the meters: the whole machine and its slices. */
export interface MachineRows {
  readonly root: number;
  readonly system: number;
  readonly kubelet: number;
  readonly runtime: number;
  readonly pods: number;
  readonly burstable: number;
  readonly bestEffort: number;
}

export interface RunningPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly machine: Machine;
  readonly qos: QosClass;
  readonly hostNetwork: boolean;
  readonly address: string;
  /** `namespace/kind/name` of the workload it belongs to, over all owners. */
  readonly workload: string;
  readonly profile: Profile;
  readonly row: number;
  readonly sandbox: Sandbox;
  readonly startedAt: number;
  /** The present ones, and those that ended a short time ago. */
  readonly containers: RunningContainer[];
  readonly cgroup: string;
  /** Whether it gets requests. */
  ready: boolean;
  endedAt: number | undefined;
}

export interface Sandbox {
  readonly id: string;
  readonly row: number;
}

export interface RunningContainer {
  readonly pod: RunningPod;
  readonly name: string;
  /** The first container that is no init container gets the requests. */
  readonly main: boolean;
  readonly id: string;
  readonly image: string;
  readonly row: number;
  readonly startedAt: number;
  readonly cpuRequest: number | undefined;
  readonly cpuLimit: number | undefined;
  readonly memoryRequest: number | undefined;
  readonly memoryLimit: number | undefined;
  /** Differs from container to container; the seed of its noise. */
  readonly seed: number;
  /** Bytes that a scenario made it take. */
  ballast: number;
  endedAt: number | undefined;
  /** Pieces of text for pages, made once. */
  labels: Buffer | undefined;
}

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** What a kubelet counts. */
export interface KubeletTally {
  podStarts: number;
  containerStarts: number;
  containerStops: number;
  readonly evictions: Map<string, number>;
}
