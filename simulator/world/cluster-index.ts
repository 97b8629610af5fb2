import type { KubeObject } from '../kube-object.ts';
import type { ObjectStore, StoreEvent } from '../object-store.ts';
import { keyOf, type Pod } from './objects.ts';

/** An object with the resource it is of. */
export interface Dependent {
  readonly resource: string;
  readonly object: KubeObject;
}

/** What the controllers look up again and again, kept as the store changes. Must be made before other subscribers. */
export class ClusterIndex {
  readonly #store: ObjectStore;
  readonly #dependents = new Map<string, Map<string, Dependent>>();
  readonly #podsOnNode = new Map<string, Map<string, Pod>>();

  constructor(store: ObjectStore) {
    this.#store = store;
    store.subscribe((event) => this.#apply(event));
  }

  /** All that names this uid as an owner. */
  dependents(uid: string): readonly Dependent[] {
    return [...(this.#dependents.get(uid)?.values() ?? [])];
  }

  /** The dependents of one resource. */
  owned(uid: string, resource: string): readonly KubeObject[] {
    const found: KubeObject[] = [];
    for (const dependent of this.#dependents.get(uid)?.values() ?? []) {
      if (dependent.resource === resource) found.push(dependent.object);
    }
    return found;
  }

  podsOnNode(name: string): readonly Pod[] {
    return [...(this.#podsOnNode.get(name)?.values() ?? [])];
  }

  /** What is found by name, as what the caller knows it to be. */
  get<T extends KubeObject>(resource: string, namespace: string, name: string): T | undefined {
    return this.#store.get(resource, namespace, name) as T | undefined;
  }

  /** The same by `namespace/name`. */
  byKey<T extends KubeObject>(resource: string, key: string): T | undefined {
    const slash = key.indexOf('/');
    return this.get<T>(resource, key.slice(0, slash), key.slice(slash + 1));
  }

  #apply({ type, resource, object, before }: StoreEvent): void {
    if (resource === 'events' || resource === 'leases.coordination.k8s.io') return;
    const key = keyOf(object);
    const gone = type === 'DELETED';
    for (const { uid } of before?.metadata.ownerReferences ?? []) {
      const kept = !gone && object.metadata.ownerReferences?.some((owner) => owner.uid === uid);
      if (kept !== true) put(this.#dependents, uid, `${resource} ${key}`, undefined);
    }
    if (!gone) {
      for (const { uid } of object.metadata.ownerReferences ?? []) {
        put(this.#dependents, uid, `${resource} ${key}`, { resource, object });
      }
    }
    if (resource === 'pods') {
      const node = (object as Pod).spec.nodeName;
      if (node !== undefined) put(this.#podsOnNode, node, key, gone ? undefined : (object as Pod));
    }
  }
}

function put<T>(index: Map<string, Map<string, T>>, group: string, key: string, value: T | undefined): void {
  let members = index.get(group);
  if (value === undefined) {
    members?.delete(key);
    if (members?.size === 0) index.delete(group);
    return;
  }
  if (members === undefined) {
    members = new Map();
    index.set(group, members);
  }
  members.set(key, value);
}
