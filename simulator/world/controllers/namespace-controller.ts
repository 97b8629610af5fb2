import type { Pod } from '../objects.ts';
import type { ControllerContext } from './controller-context.ts';
import { WorkQueue } from './work-queue.ts';

/** Empties namespaces that are being deleted, then takes them away; gives new ones what every namespace has. */
export class NamespaceController {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  /** Resources of which there are or were objects in some namespace. */
  readonly #resources = new Set<string>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, { delay: 500, reconcile: (name) => this.#reconcile(name) });
    context.store.subscribe(({ resource, object }) => {
      if (object.metadata.namespace !== undefined) this.#resources.add(resource);
    });
    context.onChange('namespaces', ({ metadata }, { gone }) => {
      if (!gone) this.#queue.add(metadata.name);
    });
  }

  #reconcile(name: string): void {
    const { store } = this.#context;
    const namespace = store.get('namespaces', '', name);
    if (namespace === undefined) return;
    if (namespace.metadata.deletionTimestamp === undefined) {
      store.create('serviceaccounts', {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace: name },
      });
      return;
    }
    let left = 0;
    for (const resource of this.#resources) {
      for (const object of store.list(resource, { namespace: name })) {
        left++;
        if (resource === 'pods') this.#context.deletePod(object as Pod);
        else store.delete(resource, name, object.metadata.name);
      }
    }
    if (left === 0) store.delete('namespaces', '', name);
    else this.#queue.add(name, 1000);
  }
}
