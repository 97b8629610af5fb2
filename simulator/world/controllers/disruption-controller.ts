import type { KubeObject } from '../../kube-object.ts';
import { type LabelSelector, selects } from '../label-selector.ts';
import { isActive, isReady, keyOf, type Pod } from '../objects.ts';
import type { ControllerContext } from './controller-context.ts';
import { rounded } from './rounded.ts';
import { WorkQueue } from './work-queue.ts';

const RESOURCE = 'poddisruptionbudgets.policy';

interface Budget extends KubeObject {
  readonly spec: {
    readonly selector?: LabelSelector;
    readonly minAvailable?: number | string;
    readonly maxUnavailable?: number | string;
  };
}

/** Says of each PodDisruptionBudget how many of its pods may be evicted. */
export class DisruptionController {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, { delay: 600, reconcile: (key) => this.#reconcile(key) });
    context.onChange(RESOURCE, (budget, { gone }) => {
      if (!gone) this.#queue.add(keyOf(budget));
    });
    context.onChange('pods', (pod, { before }) => {
      if (
        before !== undefined &&
        isReady(before as Pod) === isReady(pod as Pod) &&
        isActive(before as Pod) === isActive(pod as Pod)
      )
        return;
      for (const budget of context.store.list(RESOURCE, { namespace: pod.metadata.namespace }) as readonly Budget[]) {
        if (selects(budget.spec.selector, pod.metadata.labels)) this.#queue.add(keyOf(budget));
      }
    });
  }

  #reconcile(key: string): void {
    const { index, store } = this.#context;
    const budget = index.byKey<Budget>(RESOURCE, key);
    if (budget === undefined) return;
    const pods = (store.list('pods', { namespace: budget.metadata.namespace }) as readonly Pod[]).filter(
      (pod) => isActive(pod) && selects(budget.spec.selector, pod.metadata.labels),
    );
    const healthy = pods.filter(isReady).length;
    const { minAvailable, maxUnavailable } = budget.spec;
    const desired =
      minAvailable !== undefined
        ? rounded(minAvailable, pods.length, 'up')
        : Math.max(0, pods.length - rounded(maxUnavailable ?? 1, pods.length, 'up'));
    this.#context.setStatus(RESOURCE, budget, {
      currentHealthy: healthy,
      desiredHealthy: desired,
      disruptionsAllowed: Math.max(0, healthy - desired),
      expectedPods: pods.length,
      observedGeneration: budget.metadata.generation ?? 1,
    });
  }
}
