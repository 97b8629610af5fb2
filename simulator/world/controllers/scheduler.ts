import { rfc3339 } from '../../object-store.ts';
import { isActive, keyOf, type Node, type Pod, type PodSpec } from '../objects.ts';
import { amount } from '../quantity.ts';
import { fraction } from '../random.ts';
import { withCondition } from './conditions.ts';
import type { ControllerContext } from './controller-context.ts';
import { fitsNode, tolerates } from './scheduling-rules.ts';
import { WorkQueue } from './work-queue.ts';

/** Nodes that fit and are compared; in a big cluster not all are looked at. */
const CANDIDATES = 40;

/** A cordoned node counts as tainted before the taint is there. */
const CORDONED = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

interface Demands {
  readonly cpu: number;
  readonly memory: number;
  readonly gpus: number;
}

interface Room {
  cpu: number;
  memory: number;
  gpus: number;
  pods: number;
}

/** Gives pods without a node one that they fit on: selector, affinity, taints, resources; the emptiest wins. */
export class Scheduler {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #used = new Map<string, Room>();
  readonly #demands = new WeakMap<readonly unknown[], Demands>();
  readonly #rooms = new WeakMap<object, Room>();
  readonly #attempts = new Map<string, number>();
  /** Where the search begins next. */
  #offset = 0;
  /** Pods given a node, and attempts that found none. */
  scheduled = 0;
  unschedulable = 0;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, { delay: 40, reconcile: (key) => this.#schedule(key) });
    context.onChange('pods', (object, { before, gone }) => this.#podChanged(object as Pod, before as Pod, gone));
    context.onChange('nodes', (object, { before }) => {
      const node = object as Node;
      if (before !== undefined && before.spec === node.spec && before.metadata.labels === node.metadata.labels) return;
      for (const key of this.#attempts.keys()) this.#queue.add(key, 500);
    });
  }

  /** Pods that found no node so far. */
  get pending(): number {
    return this.#attempts.size;
  }

  #podChanged(pod: Pod, before: Pod | undefined, gone: boolean): void {
    const holds = (state: Pod | undefined) =>
      state?.spec.nodeName !== undefined && state.status?.phase !== 'Succeeded' && state.status?.phase !== 'Failed';
    const held = holds(before);
    const holdsNow = !gone && holds(pod);
    if (held !== holdsNow) this.#account(pod, holdsNow ? 1 : -1);
    const key = keyOf(pod);
    if (gone) {
      this.#attempts.delete(key);
      if (held) for (const waiting of this.#attempts.keys()) this.#queue.add(waiting, 1000);
    } else if (pod.spec.nodeName === undefined && before === undefined) this.#queue.add(key);
  }

  #account(pod: Pod, sign: number): void {
    const name = pod.spec.nodeName!;
    const room = this.#used.get(name) ?? { cpu: 0, memory: 0, gpus: 0, pods: 0 };
    const { cpu, memory, gpus } = this.#demandsOf(pod.spec);
    room.cpu += sign * cpu;
    room.memory += sign * memory;
    room.gpus += sign * gpus;
    room.pods += sign;
    this.#used.set(name, room);
  }

  /** Sum of the containers, or the greatest init container if that is more. */
  #demandsOf(spec: PodSpec): Demands {
    let demands = this.#demands.get(spec.containers);
    if (demands === undefined) {
      const of = (resource: string) => {
        const request = (container: PodSpec['containers'][number]) =>
          amount(container.resources?.requests?.[resource]) ?? 0;
        const running = spec.containers.reduce((sum, container) => sum + request(container), 0);
        return Math.max(running, ...(spec.initContainers ?? []).map(request));
      };
      demands = { cpu: of('cpu'), memory: of('memory'), gpus: of('nvidia.com/gpu') };
      this.#demands.set(spec.containers, demands);
    }
    return demands;
  }

  #schedule(key: string): void {
    const { index, store, clock, events, bootstrapping } = this.#context;
    const pod = index.byKey<Pod>('pods', key);
    if (pod === undefined || pod.spec.nodeName !== undefined || !isActive(pod)) {
      this.#attempts.delete(key);
      return;
    }
    const chosen = this.#choose(pod);
    if (chosen === undefined) {
      this.#refuse(key, pod);
      return;
    }
    this.#attempts.delete(key);
    this.scheduled++;
    const time = bootstrapping ? pod.metadata.creationTimestamp! : rfc3339(clock.now());
    const conditions = withCondition(pod.status?.conditions, { type: 'PodScheduled', status: 'True' }, time);
    store.update('pods', {
      ...pod,
      spec: { ...pod.spec, nodeName: chosen.metadata.name },
      status: { ...pod.status, conditions },
    });
    events.record(pod, {
      reason: 'Scheduled',
      message: `Successfully assigned ${key} to ${chosen.metadata.name}`,
      component: 'default-scheduler',
    });
  }

  #choose(pod: Pod): Node | undefined {
    const { store, index } = this.#context;
    const demands = this.#demandsOf(pod.spec);
    const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
    const named = terms?.[0]?.matchFields?.[0]?.values?.[0];
    const nodes =
      named === undefined
        ? (store.list('nodes') as readonly Node[])
        : [index.get<Node>('nodes', '', named)].filter((node) => node !== undefined);
    let best: { readonly node: Node; readonly score: number } | undefined;
    let fitting = 0;
    for (let i = 0; i < nodes.length && fitting < CANDIDATES; i++) {
      const node = nodes[(this.#offset + i) % nodes.length]!;
      const score = this.#score(pod, node, demands);
      if (score === undefined) continue;
      fitting++;
      if (best === undefined || score > best.score) best = { node, score };
    }
    this.#offset = nodes.length === 0 ? 0 : (this.#offset + 7) % nodes.length;
    return best?.node;
  }

  /** The share of CPU and memory that stays free; undefined when the pod does not fit. */
  #score(pod: Pod, node: Node, demands: Demands): number | undefined {
    if (!fitsNode(pod.spec, node)) return undefined;
    if (!tolerates(pod.spec.tolerations, node.spec.taints ?? [], ['NoSchedule', 'NoExecute'])) return undefined;
    if (node.spec.unschedulable === true && !tolerates(pod.spec.tolerations, [CORDONED], ['NoSchedule']))
      return undefined;
    const allocatable = this.#roomOf(node);
    const used = this.#used.get(node.metadata.name) ?? { cpu: 0, memory: 0, gpus: 0, pods: 0 };
    const { cpu, memory } = allocatable;
    if (used.pods + 1 > allocatable.pods) return undefined;
    if (used.cpu + demands.cpu > cpu || used.memory + demands.memory > memory) return undefined;
    if (used.gpus + demands.gpus > allocatable.gpus) return undefined;
    const free = 1 - (used.cpu + demands.cpu) / cpu + 1 - (used.memory + demands.memory) / memory;
    // The virtual node takes what does not fit elsewhere, and pods of one workload spread.
    const virtual = node.metadata.labels?.type === 'virtual-kubelet' ? -4 : 0;
    return free + virtual + 0.05 * fraction(pod.metadata.name + node.metadata.name);
  }

  #roomOf({ status: { allocatable } }: Node): Readonly<Room> {
    let room = this.#rooms.get(allocatable);
    if (room === undefined) {
      room = {
        cpu: amount(allocatable.cpu) ?? 0,
        memory: amount(allocatable.memory) ?? 0,
        gpus: amount(allocatable['nvidia.com/gpu']) ?? 0,
        pods: amount(allocatable.pods) ?? 110,
      };
      this.#rooms.set(allocatable, room);
    }
    return room;
  }

  #refuse(key: string, pod: Pod): void {
    const { store, events, timestamp } = this.#context;
    const attempts = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempts);
    this.unschedulable++;
    const count = store.count('nodes');
    const message = `0/${count} nodes are available: no node has the labels, room and taints that the pod asks for.`;
    const conditions = withCondition(
      pod.status?.conditions,
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
      timestamp,
    );
    if (attempts === 1) store.update('pods', { ...pod, status: { ...pod.status, conditions } });
    events.record(pod, { type: 'Warning', reason: 'FailedScheduling', message, component: 'default-scheduler' });
    this.#queue.add(key, Math.min(60_000, 5000 * 2 ** Math.min(attempts, 5)));
  }
}
