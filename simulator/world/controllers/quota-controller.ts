import type { KubeObject } from '../../kube-object.ts';
import { isActive, keyOf, type Pod } from '../objects.ts';
import { amount, bytes, cores } from '../quantity.ts';
import type { ControllerContext } from './controller-context.ts';
import { WorkQueue } from './work-queue.ts';

const RESOURCE = 'resourcequotas';

interface Quota extends KubeObject {
  readonly spec: { readonly hard?: Readonly<Record<string, string>> };
}

/** Says of each ResourceQuota how much of it is used. Nothing is refused because of it. */
export class QuotaController {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, { delay: 5000, reconcile: (key) => this.#reconcile(key) });
    context.onChange(RESOURCE, (quota, { gone }) => {
      if (!gone) this.#queue.add(keyOf(quota));
    });
    context.onChange('pods', (pod, { before, gone }) => {
      if (!gone && before !== undefined && isActive(before as Pod) === isActive(pod as Pod)) return;
      for (const quota of context.store.list(RESOURCE, { namespace: pod.metadata.namespace }))
        this.#queue.add(keyOf(quota));
    });
  }

  #reconcile(key: string): void {
    const { index, store } = this.#context;
    const quota = index.byKey<Quota>(RESOURCE, key);
    if (quota === undefined) return;
    const { namespace } = quota.metadata;
    const pods = (store.list('pods', { namespace }) as readonly Pod[]).filter(isActive);
    const total = (list: 'requests' | 'limits', resource: string) =>
      pods.reduce(
        (sum, { spec }) =>
          sum +
          spec.containers.reduce((inner, { resources }) => inner + (amount(resources?.[list]?.[resource]) ?? 0), 0),
        0,
      );
    const used: Record<string, string> = {};
    for (const name of Object.keys(quota.spec.hard ?? {})) {
      const [, list, resource] = /^(?:(requests|limits)\.)?(cpu|memory)$/.exec(name) ?? [];
      if (resource !== undefined) {
        const value = total((list as 'requests' | 'limits' | undefined) ?? 'requests', resource);
        used[name] = resource === 'cpu' ? cores(value) : bytes(value);
      } else
        used[name] = String(
          name === 'pods' ? pods.length : store.list(name.replace(/^count\//, ''), { namespace }).length,
        );
    }
    this.#context.setStatus(RESOURCE, quota, { hard: quota.spec.hard, used });
  }
}
