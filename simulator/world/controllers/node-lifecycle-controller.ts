import type { KubeObject } from '../../kube-object.ts';
import { isActive, type Node, type Pod, type Taint } from '../objects.ts';
import { withCondition } from './conditions.ts';
import type { ControllerContext } from './controller-context.ts';
import { tolerationOf } from './scheduling-rules.ts';

const CHECK_MS = 5_000;
/** A kubelet that was silent for longer is taken for lost. */
const GRACE_MS = 40_000;

const TAINTS = {
  unknown: 'node.kubernetes.io/unreachable',
  notReady: 'node.kubernetes.io/not-ready',
  memory: 'node.kubernetes.io/memory-pressure',
  disk: 'node.kubernetes.io/disk-pressure',
  unschedulable: 'node.kubernetes.io/unschedulable',
} as const;
const OURS: ReadonlySet<string> = new Set(Object.values(TAINTS));

/** Notices nodes that are silent, taints nodes by their conditions, and evicts pods that do not tolerate it. */
export class NodeLifecycleController {
  readonly #context: ControllerContext;
  /** Evictions that will come: by pod uid. */
  readonly #evictions = new Map<string, () => void>();

  constructor(context: ControllerContext) {
    this.#context = context;
    context.clock.every(CHECK_MS, () => this.#check());
    context.onChange('nodes', (node, { gone }) => {
      if (gone) this.#removePods(node);
    });
    context.onChange('pods', ({ metadata }, { gone }) => {
      if (!gone) return;
      this.#evictions.get(metadata.uid!)?.();
      this.#evictions.delete(metadata.uid!);
    });
  }

  #check(): void {
    const { store, clock } = this.#context;
    for (const node of store.list('nodes') as readonly Node[]) {
      const lease = store.get('leases.coordination.k8s.io', 'kube-node-lease', node.metadata.name);
      const renewed = Date.parse((lease?.spec as { renewTime?: string } | undefined)?.renewTime ?? '') || 0;
      const silent = clock.now() - renewed > GRACE_MS;
      const ready = node.status.conditions.find(({ type }) => type === 'Ready');
      let present = node;
      if (silent && ready !== undefined && ready.status !== 'Unknown') present = this.#lost(node);
      this.#taint(present);
    }
  }

  #lost(node: Node): Node {
    const { store, timestamp, index, events } = this.#context;
    let { conditions } = node.status;
    for (const { type, lastHeartbeatTime } of node.status.conditions) {
      const message = 'Kubelet stopped posting node status.';
      const condition = {
        type,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message,
        ...(lastHeartbeatTime !== undefined && { lastHeartbeatTime }),
      } as const;
      conditions = withCondition(conditions, condition, timestamp);
    }
    const updated = store.update('nodes', { ...node, status: { ...node.status, conditions } }) as Node;
    events.record(node, {
      reason: 'NodeNotReady',
      message: `Node ${node.metadata.name} status is now: NodeNotReady`,
      component: 'node-controller',
    });
    // Nobody may be sent to its pods any more.
    for (const pod of index.podsOnNode(node.metadata.name)) {
      if (!isActive(pod) || pod.status === undefined) continue;
      const unready = withCondition(pod.status.conditions, { type: 'Ready', status: 'False' }, timestamp);
      store.update('pods', { ...pod, status: { ...pod.status, conditions: unready } });
    }
    return updated;
  }

  #taint(node: Node): void {
    const { store, timestamp } = this.#context;
    const status = (type: string) => node.status.conditions.find((condition) => condition.type === type)?.status;
    const wanted: Taint[] = [];
    const add = (key: string, ...effects: readonly string[]) => {
      for (const effect of effects) wanted.push({ key, effect });
    };
    if (status('Ready') === 'Unknown') add(TAINTS.unknown, 'NoSchedule', 'NoExecute');
    if (status('Ready') === 'False') add(TAINTS.notReady, 'NoSchedule', 'NoExecute');
    if (status('MemoryPressure') === 'True') add(TAINTS.memory, 'NoSchedule');
    if (status('DiskPressure') === 'True') add(TAINTS.disk, 'NoSchedule');
    if (node.spec.unschedulable === true) add(TAINTS.unschedulable, 'NoSchedule');
    const present = node.spec.taints ?? [];
    const same = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect;
    const kept = present.filter((taint) => !OURS.has(taint.key) || wanted.some((one) => same(one, taint)));
    const missing = wanted.filter((taint) => !present.some((one) => same(one, taint)));
    let taints = present;
    if (missing.length > 0 || kept.length < present.length) {
      taints = [...kept, ...missing.map((taint) => ({ ...taint, timeAdded: timestamp }))];
      const { taints: _before, ...spec } = node.spec;
      store.update('nodes', { ...node, spec: { ...spec, ...(taints.length > 0 && { taints }) } });
    }
    this.#evict(
      node,
      taints.filter(({ effect }) => effect === 'NoExecute'),
    );
  }

  /** Pods go at once or when their patience is over; when the taint goes before, they stay. */
  #evict(node: Node, taints: readonly Taint[]): void {
    const { index, clock, events } = this.#context;
    if (taints.length === 0 && this.#evictions.size === 0) return;
    for (const pod of index.podsOnNode(node.metadata.name)) {
      const uid = pod.metadata.uid!;
      const patience = patienceOf(pod, taints);
      if (patience === Number.POSITIVE_INFINITY || !isActive(pod)) {
        this.#evictions.get(uid)?.();
        this.#evictions.delete(uid);
      } else if (!this.#evictions.has(uid)) {
        const cancel = clock.after(patience * 1000, () => {
          this.#evictions.delete(uid);
          events.record(pod, {
            reason: 'TaintManagerEviction',
            message: `Marking for deletion Pod ${pod.metadata.namespace}/${pod.metadata.name}`,
            component: 'taint-eviction-controller',
          });
          this.#context.deletePod(pod);
        });
        this.#evictions.set(uid, cancel);
      }
    }
  }

  /** The node is gone for ever: nobody will finish its pods. */
  #removePods(node: KubeObject): void {
    const { index, store, clock } = this.#context;
    store.delete('leases.coordination.k8s.io', 'kube-node-lease', node.metadata.name);
    clock.after(20_000, () => {
      if (store.get('nodes', '', node.metadata.name) !== undefined) return;
      for (const pod of index.podsOnNode(node.metadata.name))
        store.delete('pods', pod.metadata.namespace!, pod.metadata.name);
    });
  }
}

/** Seconds that the pod stays on a node with these taints. */
function patienceOf(pod: Pod, taints: readonly Taint[]): number {
  let patience = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const toleration = tolerationOf(pod.spec.tolerations, taint);
    if (toleration === undefined) return 0;
    patience = Math.min(patience, toleration.tolerationSeconds ?? Number.POSITIVE_INFINITY);
  }
  return patience;
}
