import { type DaemonSet, isActive, isReady, keyOf, type Node, type Pod, type Toleration } from '../objects.ts';
import { safeHash } from '../random.ts';
import type { ControllerContext } from './controller-context.ts';
import { controllerKeyOf } from './owners.ts';
import { rounded } from './rounded.ts';
import { fitsNode, tolerates } from './scheduling-rules.ts';
import { WorkQueue } from './work-queue.ts';

const RESOURCE = 'daemonsets.apps';

/** A DaemonSet's pods stay where others have to go. */
const TOLERATIONS: readonly Toleration[] = [
  ...['not-ready', 'unreachable'].map((name) => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: 'NoExecute',
  })),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((name) => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: 'NoSchedule',
  })),
];

/** Keeps one pod of each DaemonSet on every node that it fits. */
export class DaemonSetController {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, { delay: 160, reconcile: (key) => this.#reconcile(key) });
    context.onChange(RESOURCE, (object, { gone }) => {
      if (!gone) this.#queue.add(keyOf(object));
    });
    context.onChange('pods', (pod) => {
      const owner = controllerKeyOf(pod, 'DaemonSet');
      if (owner !== undefined) this.#queue.add(owner);
    });
    context.onChange('nodes', (node, { before, gone }) => {
      // Heartbeats change nothing that matters here.
      if (!gone && before !== undefined && node.spec === before.spec) {
        if (node.metadata.labels === before.metadata.labels) return;
      }
      for (const set of context.store.list(RESOURCE)) this.#queue.add(keyOf(set));
    });
  }

  #reconcile(key: string): void {
    const { index, store } = this.#context;
    const set = index.byKey<DaemonSet>(RESOURCE, key);
    if (set === undefined) return;
    const revision = safeHash(JSON.stringify(set.spec.template));
    const byNode = new Map<string, Pod>();
    for (const pod of index.owned(set.metadata.uid!, 'pods') as readonly Pod[]) {
      if (pod.status?.phase === 'Failed') this.#context.deletePod(pod, 0);
      else byNode.set(nodeOf(pod), pod);
    }
    const tolerations = [...(set.spec.template.spec.tolerations ?? []), ...TOLERATIONS];
    const eligible = new Set<string>();
    const deleted = set.metadata.deletionTimestamp !== undefined;
    for (const node of store.list('nodes') as readonly Node[]) {
      const { name } = node.metadata;
      const taints = node.spec.taints ?? [];
      const wants =
        fitsNode(set.spec.template.spec, node) && tolerates(tolerations, taints, ['NoSchedule', 'NoExecute']);
      if (wants) eligible.add(name);
      const stays = wants || (byNode.has(name) && tolerates(tolerations, taints, ['NoExecute']));
      if (wants && !byNode.has(name) && !deleted) this.#create(set, { node: name, revision, tolerations });
      else if (!stays && byNode.has(name)) this.#context.deletePod(byNode.get(name)!);
    }
    const pods = [...byNode.values()].filter((pod) => eligible.has(nodeOf(pod)));
    if (!deleted && set.spec.updateStrategy?.type !== 'OnDelete')
      this.#update(set, pods, { revision, wanted: eligible.size });
    const ready = pods.filter((pod) => isActive(pod) && isReady(pod)).length;
    const updated = pods.filter((pod) => revisionOf(pod) === revision).length;
    this.#context.setStatus(RESOURCE, set, {
      currentNumberScheduled: pods.length,
      desiredNumberScheduled: eligible.size,
      numberMisscheduled: byNode.size - pods.length,
      numberReady: ready,
      ...(updated > 0 && { updatedNumberScheduled: updated }),
      ...(ready > 0 && { numberAvailable: ready }),
      ...(eligible.size > ready && { numberUnavailable: eligible.size - ready }),
      observedGeneration: set.metadata.generation ?? 1,
    });
  }

  /** Replaces pods of older templates, some at a time. */
  #update(
    set: DaemonSet,
    pods: readonly Pod[],
    { revision, wanted }: { readonly revision: string; readonly wanted: number },
  ): void {
    const old = pods.filter((pod) => revisionOf(pod) !== revision && isActive(pod));
    if (old.length === 0) return;
    const allowed = Math.max(1, rounded(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, wanted, 'up'));
    const broken = old.filter((pod) => !isReady(pod));
    let room = allowed - (wanted - pods.filter((pod) => isActive(pod) && isReady(pod)).length);
    for (const pod of broken) this.#context.deletePod(pod);
    for (const pod of old) {
      if (broken.includes(pod)) continue;
      if (room-- <= 0) break;
      this.#context.deletePod(pod);
    }
  }

  #create(
    set: DaemonSet,
    {
      node,
      revision,
      tolerations,
    }: { readonly node: string; readonly revision: string; readonly tolerations: readonly Toleration[] },
  ): void {
    this.#context.createPod(set, {
      name: `${set.metadata.name}-${this.#context.random.suffix(5)}`,
      template: set.spec.template,
      labels: { 'controller-revision-hash': revision, 'pod-template-generation': String(set.metadata.generation ?? 1) },
      spec: {
        tolerations,
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
            },
          },
        },
      },
    });
  }
}

function nodeOf({ spec }: Pod): string {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return spec.nodeName ?? terms?.[0]?.matchFields?.[0]?.values?.[0] ?? '';
}

function revisionOf(pod: Pod): string | undefined {
  return pod.metadata.labels?.['controller-revision-hash'];
}
