import type { KubeObject } from '../../../simulator/kube-object.ts';
import type { Simulator } from '../../../simulator/simulator.ts';
import { LifetimeLog } from './lifetime-log.ts';
import type { ContainerUse } from './sum-bounds.ts';

/** What a sum over containers really was at a moment. */
export interface TrueSums {
  readonly at: number;
  /** Bytes with page cache that the containers on each node use, without those of the control plane. */
  readonly nodes: ReadonlyMap<string, number>;
  /** By `namespace/kind/name`: the containers on all nodes. */
  readonly workloads: ReadonlyMap<string, readonly ContainerUse[]>;
  /** Containers on virtual nodes that have run for a while. */
  readonly settledOnVirtual: number;
}

interface PodStatus {
  readonly phase?: string;
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

interface ContainerStatus {
  readonly name: string;
  readonly containerID?: string;
  readonly state?: { readonly running?: object };
}

/** Milliseconds between two looks at what the kubelets' pages show. */
const LOOK = 250;
/** Milliseconds between two sums. */
const SUM = 1_000;

/** What happened in a simulated cluster: the truth that stored series are compared with. */
export class ClusterHistory {
  /** Pods that the API server has, by uid. */
  readonly pods = new LifetimeLog();
  /** Those that have not ended (Succeeded, Failed), by `namespace/name`. */
  readonly activePods = new LifetimeLog();
  /** Containers that run as far as the API server knows, by `namespace/pod/container/id`. */
  readonly containers = new LifetimeLog();
  /** Containers on the pages of kubelets that work, by the same: cAdvisor shows those that have ended for a while. */
  readonly shown = new LifetimeLog();
  readonly nodes = new LifetimeLog();
  readonly sums: TrueSums[] = [];
  /** Objects that were deleted, as `namespace/name` with the time: one of the same name may come after. */
  readonly deleted = new Map<string, number>();
  readonly #simulator: Simulator;
  readonly #settled: number;
  readonly #containersOf = new Map<string, ReadonlySet<string>>();
  readonly #close: (() => void)[] = [];

  /** `settled`: milliseconds after which a container must be in a sum. */
  constructor(simulator: Simulator, { settled }: { readonly settled: number }) {
    this.#simulator = simulator;
    this.#settled = settled;
    const { store } = simulator.world;
    for (const node of store.list('nodes')) this.nodes.begin(node.metadata.name, node.metadata.name, -Infinity);
    for (const pod of store.list('pods')) this.#notePod(pod, false, -Infinity);
    this.shown.update(this.#pages(), -Infinity);
    this.#close.push(
      store.subscribe(({ type, resource, object }) => {
        const { namespace = '', name } = object.metadata;
        if (type === 'DELETED') this.deleted.set(`${namespace}/${name}`, Date.now());
        if (resource === 'pods') this.#notePod(object, type === 'DELETED', Date.now());
        if (resource !== 'nodes') return;
        if (type === 'DELETED') this.nodes.end(name, Date.now());
        else this.nodes.begin(name, name, Date.now());
      }),
    );
    const looking = setInterval(() => this.shown.update(this.#pages(), Date.now()), LOOK);
    const summing = setInterval(() => this.sums.push(this.#sum()), SUM);
    this.#close.push(
      () => clearInterval(looking),
      () => clearInterval(summing),
    );
  }

  close(): void {
    for (const close of this.#close) close();
  }

  #notePod(pod: KubeObject, isGone: boolean, at: number): void {
    const { uid = '', namespace = '', name } = pod.metadata;
    const { nodeName: node = '' } = pod.spec as { readonly nodeName?: string };
    const status = (pod.status ?? {}) as PodStatus;
    const isActive = !isGone && status.phase !== 'Succeeded' && status.phase !== 'Failed';
    const key = `${namespace}/${name}`;
    if (isGone) this.pods.end(uid, at);
    else this.pods.begin(uid, node, at);
    if (isActive) this.activePods.begin(key, node, at);
    else this.activePods.end(key, at);
    const running = new Set<string>();
    if (isActive) {
      for (const { name: container, containerID = '', state } of [
        ...(status.containerStatuses ?? []),
        ...(status.initContainerStatuses ?? []),
      ]) {
        if (state?.running !== undefined && containerID !== '')
          running.add(`${key}/${container}/${containerID.replace(/^.*:\/\//, '')}`);
      }
    }
    for (const container of this.#containersOf.get(uid) ?? [])
      if (!running.has(container)) this.containers.end(container, at);
    for (const container of running) this.containers.begin(container, node, at);
    if (isGone) this.#containersOf.delete(uid);
    else this.#containersOf.set(uid, running);
  }

  #pages(): Map<string, string> {
    const found = new Map<string, string>();
    for (const machine of this.#simulator.world.runtime.machines.values()) {
      if (!machine.up) continue;
      for (const { namespace, name: pod, containers } of machine.pods.values())
        for (const { name, id } of containers) found.set(`${namespace}/${pod}/${name}/${id}`, machine.name);
    }
    return found;
  }

  #sum(): TrueSums {
    const { truth, store } = this.#simulator.world;
    const workloads = new Map<string, ContainerUse[]>();
    const now = Date.now();
    const nodes = new Map<string, number>();
    const isControlPlane = new Map<string, boolean>();
    const virtual = new Set<string>();
    for (const { metadata } of store.list('nodes')) {
      isControlPlane.set(metadata.name, metadata.labels?.['node-role.kubernetes.io/control-plane'] !== undefined);
      if (metadata.labels?.type === 'virtual-kubelet') virtual.add(metadata.name);
    }
    let settledOnVirtual = 0;
    for (const { workload, node, id, memoryUsage, startedAt } of truth.containers()) {
      const bytes = memoryUsage();
      const isSettled = startedAt < now - this.#settled;
      const uses = workloads.get(workload) ?? [];
      uses.push({ id, bytes, isSettled });
      workloads.set(workload, uses);
      if (isSettled && virtual.has(node)) settledOnVirtual++;
      if (isControlPlane.get(node) === false) nodes.set(node, (nodes.get(node) ?? 0) + bytes);
    }
    return { at: now, nodes, workloads, settledOnVirtual };
  }
}
