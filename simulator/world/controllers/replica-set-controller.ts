import { isActive, isReady, keyOf, type Pod, type ReplicaSet } from '../objects.ts';
import type { ControllerContext } from './controller-context.ts';
import { controllerKeyOf } from './owners.ts';
import { WorkQueue } from './work-queue.ts';

const RESOURCE = 'replicasets.apps';

/** Keeps as many pods as each ReplicaSet wants. */
export class ReplicaSetController {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, { delay: 120, reconcile: (key) => this.#reconcile(key) });
    context.onChange(RESOURCE, (object, { gone }) => {
      if (!gone) this.#queue.add(keyOf(object));
    });
    context.onChange('pods', (pod) => {
      const owner = controllerKeyOf(pod, 'ReplicaSet');
      if (owner !== undefined) this.#queue.add(owner);
    });
  }

  #reconcile(key: string): void {
    const { index, clock } = this.#context;
    const set = index.byKey<ReplicaSet>(RESOURCE, key);
    if (set === undefined) return;
    const pods = index.owned(set.metadata.uid!, 'pods') as readonly Pod[];
    const active = pods.filter(isActive);
    const wanted = set.spec.replicas ?? 1;
    if (set.metadata.deletionTimestamp === undefined) {
      for (let missing = wanted - active.length; missing > 0; missing--) {
        const pod = this.#create(set);
        if (pod !== undefined) active.push(pod);
      }
      if (active.length > wanted) {
        active.sort((a, b) => rank(a) - rank(b) || youngerFirst(a, b));
        for (const pod of active.splice(0, active.length - wanted)) {
          this.#context.deletePod(pod);
          this.#context.events.record(set, {
            reason: 'SuccessfulDelete',
            message: `Deleted pod: ${pod.metadata.name}`,
            component: 'replicaset-controller',
          });
        }
      }
    }
    const ready = active.filter(isReady);
    const settled = clock.now() - (set.spec.minReadySeconds ?? 0) * 1000;
    const available = ready.filter((pod) => readySince(pod) <= settled);
    if (available.length < ready.length) this.#queue.add(key, 1000);
    this.#context.setStatus(RESOURCE, set, {
      replicas: active.length,
      ...(active.length > 0 && { fullyLabeledReplicas: active.length }),
      ...(ready.length > 0 && { readyReplicas: ready.length }),
      ...(available.length > 0 && { availableReplicas: available.length }),
      observedGeneration: set.metadata.generation ?? 1,
    });
  }

  #create(set: ReplicaSet): Pod | undefined {
    const { random, events } = this.#context;
    const name = `${set.metadata.name}-${random.suffix(5)}`;
    const pod = this.#context.createPod(set, { name, template: set.spec.template });
    events.record(set, {
      reason: 'SuccessfulCreate',
      message: `Created pod: ${name}`,
      component: 'replicaset-controller',
    });
    return pod;
  }
}

/** Who goes first: without a node, then not ready, then the others. */
function rank(pod: Pod): number {
  return pod.spec.nodeName === undefined ? 0 : isReady(pod) ? 2 : 1;
}

function youngerFirst(a: Pod, b: Pod): number {
  return (b.metadata.creationTimestamp ?? '') < (a.metadata.creationTimestamp ?? '') ? -1 : 1;
}

/** Unix milliseconds since which the pod is ready; never, when it is not. */
export function readySince(pod: Pod): number {
  const ready = pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
  return ready === undefined ? Number.POSITIVE_INFINITY : Date.parse(ready.lastTransitionTime ?? '');
}
