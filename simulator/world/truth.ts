import type { ClusterIndex } from './cluster-index.ts';
import { COLUMN, type Column } from './load/columns.ts';
import type { Meters } from './load/meters.ts';
import type { Pod } from './objects.ts';
import type { Pages } from './pages/pages.ts';
import type { Machine, RunningContainer, RunningPod } from './runtime/machine.ts';
import type { SimulatedClock } from './simulated-clock.ts';

export interface TruthOptions {
  readonly clock: SimulatedClock;
  readonly meters: Meters;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly index: ClusterIndex;
  readonly pages: Pages;
}

/**
 * What is really so, for calculations by hand. Counters are exact functions of time for as long as the meters remember
 * (15 minutes; a few steps in a cheap world); units are cores, bytes, seconds and times per second.
 */
export class Truth {
  readonly #clock: SimulatedClock;
  readonly #meters: Meters;
  readonly #machines: ReadonlyMap<string, Machine>;
  readonly #index: ClusterIndex;
  readonly #pages: Pages;

  constructor({ clock, meters, machines, index, pages }: TruthOptions) {
    this.#clock = clock;
    this.#meters = meters;
    this.#machines = machines;
    this.#index = index;
    this.#pages = pages;
  }

  /** Everything that runs now. */
  containers(): ContainerTruth[] {
    const found: ContainerTruth[] = [];
    for (const machine of this.#machines.values()) {
      for (const pod of machine.pods.values()) {
        for (const container of pod.containers)
          if (container.endedAt === undefined) found.push(this.#containerOf(container));
      }
    }
    return found;
  }

  /** Undefined when it does not run. */
  container(namespace: string, pod: string, name: string): ContainerTruth | undefined {
    const running = this.#podOf(namespace, pod)?.containers.find(
      (one) => one.name === name && one.endedAt === undefined,
    );
    return running && this.#containerOf(running);
  }

  pods(): PodTruth[] {
    const found: PodTruth[] = [];
    for (const machine of this.#machines.values()) {
      for (const pod of machine.pods.values()) if (pod.endedAt === undefined) found.push(this.#podTruth(pod));
    }
    return found;
  }

  /** Undefined when it does not run. */
  pod(namespace: string, name: string): PodTruth | undefined {
    const running = this.#podOf(namespace, name);
    return running && this.#podTruth(running);
  }

  node(name: string): NodeTruth | undefined {
    const machine = this.#machines.get(name);
    if (machine === undefined) return undefined;
    return { name, cores: machine.cores, memory: machine.memory, up: machine.up, ...this.#usage(machine.rows.root) };
  }

  nodes(): NodeTruth[] {
    return [...this.#machines.keys()].map((name) => this.node(name)!);
  }

  #podOf(namespace: string, name: string): RunningPod | undefined {
    const pod = this.#index.get<Pod>('pods', namespace, name);
    const machine = this.#machines.get(pod?.spec.nodeName ?? '');
    return pod === undefined ? undefined : machine?.pods.get(pod.metadata.uid!);
  }

  #containerOf(container: RunningContainer): ContainerTruth {
    const { pod, name, id, image, startedAt, cpuRequest, cpuLimit, memoryRequest, memoryLimit } = container;
    const object = this.#index.get<Pod>('pods', pod.namespace, pod.name);
    const statuses = [...(object?.status?.containerStatuses ?? []), ...(object?.status?.initContainerStatuses ?? [])];
    return {
      namespace: pod.namespace,
      pod: pod.name,
      container: name,
      node: pod.machine.name,
      workload: pod.workload,
      id,
      image,
      startedAt,
      restarts: statuses.find((status) => status.name === name)?.restartCount ?? 0,
      requested: { cpu: cpuRequest, memory: memoryRequest },
      limits: { cpu: cpuLimit, memory: memoryLimit },
      sampledAt: (at = this.#clock.now()) => this.#pages.cadvisor.sampledAt(container, at),
      ...this.#usage(container.row),
    };
  }

  #podTruth(pod: RunningPod): PodTruth {
    const containers = pod.containers
      .filter(({ endedAt }) => endedAt === undefined)
      .map((one) => this.#containerOf(one));
    const { namespace, name, machine, workload, ready, hostNetwork, startedAt } = pod;
    const network = hostNetwork ? machine.rows.root : pod.sandbox.row;
    return {
      namespace,
      pod: name,
      node: machine.name,
      workload,
      ready,
      hostNetwork,
      startedAt,
      containers,
      receiveBytes: (at) => this.#value(network, COLUMN.receiveBytes, at),
      transmitBytes: (at) => this.#value(network, COLUMN.transmitBytes, at),
      receivePackets: (at) => this.#value(network, COLUMN.receivePackets, at),
      transmitPackets: (at) => this.#value(network, COLUMN.transmitPackets, at),
    };
  }

  #usage(row: number): Usage {
    const memory = (column: Column, at?: number) => this.#value(row, column, at);
    const usage = (at?: number) => memory(COLUMN.rss, at) + memory(COLUMN.cache, at) + memory(COLUMN.kernel, at);
    return {
      cpuCores: () => this.#meters.rate(row, COLUMN.cpuUser) + this.#meters.rate(row, COLUMN.cpuSystem),
      cpuSeconds: (at) => this.#value(row, COLUMN.cpuUser, at) + this.#value(row, COLUMN.cpuSystem, at),
      throttledPeriods: (at) => this.#value(row, COLUMN.throttledPeriods, at),
      memoryUsage: usage,
      memoryCache: (at) => memory(COLUMN.cache, at),
      memoryRss: (at) => memory(COLUMN.rss, at),
      memoryWorkingSet: (at) => usage(at) - memory(COLUMN.inactiveFile, at),
      readBytes: (at) => this.#value(row, COLUMN.readBytes, at),
      writeBytes: (at) => this.#value(row, COLUMN.writeBytes, at),
      reads: (at) => this.#value(row, COLUMN.reads, at),
      writes: (at) => this.#value(row, COLUMN.writes, at),
      requests: (at) => this.#value(row, COLUMN.requests, at),
    };
  }

  #value(row: number, column: Column, at = this.#clock.now()): number {
    if (at < this.#meters.oldest) {
      throw new RangeError(`the simulation remembers ${this.#clock.now() - this.#meters.oldest} ms, asked for ${at}`);
    }
    return this.#meters.value(row, column, at);
  }
}

/** A value at a moment, by default now. */
export type ValueAt = (at?: number) => number;

export interface Usage {
  /** Present rate. */
  readonly cpuCores: () => number;
  readonly cpuSeconds: ValueAt;
  readonly throttledPeriods: ValueAt;
  readonly memoryUsage: ValueAt;
  readonly memoryCache: ValueAt;
  readonly memoryRss: ValueAt;
  readonly memoryWorkingSet: ValueAt;
  readonly readBytes: ValueAt;
  readonly writeBytes: ValueAt;
  readonly reads: ValueAt;
  readonly writes: ValueAt;
  /** Requests served. */
  readonly requests: ValueAt;
}

export interface ContainerTruth extends Usage {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly node: string;
  /** `namespace/kind/name`. */
  readonly workload: string;
  readonly id: string;
  readonly image: string;
  readonly startedAt: number;
  readonly restarts: number;
  readonly requested: { readonly cpu: number | undefined; readonly memory: number | undefined };
  readonly limits: { readonly cpu: number | undefined; readonly memory: number | undefined };
  /** When the values were taken that cAdvisor's page shows at a moment. */
  readonly sampledAt: ValueAt;
}

export interface PodTruth {
  readonly namespace: string;
  readonly pod: string;
  readonly node: string;
  readonly workload: string;
  readonly ready: boolean;
  /** Such a pod's network is its node's. */
  readonly hostNetwork: boolean;
  readonly startedAt: number;
  readonly containers: readonly ContainerTruth[];
  readonly receiveBytes: ValueAt;
  readonly transmitBytes: ValueAt;
  readonly receivePackets: ValueAt;
  readonly transmitPackets: ValueAt;
}

export interface NodeTruth extends Usage {
  readonly name: string;
  readonly cores: number;
  readonly memory: number;
  readonly up: boolean;
}
