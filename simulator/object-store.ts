import { randomUUID } from 'node:crypto';
import type { KubeObject } from './kube-object.ts';

/** A resource of the simulated API, such as `pods` or `deployments`: the plural name with its group. */
export interface Resource {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Parts that are written by themselves: `status`, `scale`. */
  readonly subresources: readonly string[];
}

export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** `plural.group`, or `plural` in the core group. */
  readonly resource: string;
  /** After the change; of a deletion the last state, with the deletion's resource version. */
  readonly object: KubeObject;
  /** Before the change: a watch with a selector needs to know whether the object matched. */
  readonly before: KubeObject | undefined;
  readonly version: number;
}

export interface ObjectStoreOptions {
  /** Unix milliseconds: the simulated time. */
  readonly now: () => number;
  /** Changes that are kept for watches; who asks for older ones gets 410. Default 20,000. */
  readonly history?: number;
  /** Makes uids, so that a seeded simulation is the same each time. Default: random. */
  readonly uid?: () => string;
}

/**
 * The objects of the simulated cluster with one resource version counting all changes, as etcd does. Objects are immutable:
 * a change replaces one. The API server serves it and the controllers of the simulation work on it directly.
 */
export class ObjectStore {
  readonly #now: () => number;
  readonly #uid: () => string;
  readonly #historyLimit: number;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  #history: StoreEvent[] = [];
  #version = 1;
  #oldest = 1;

  constructor({ now, history = 20_000, uid = randomUUID }: ObjectStoreOptions) {
    this.#now = now;
    this.#uid = uid;
    this.#historyLimit = history;
  }

  /** The resource version of the last change. */
  get version(): number {
    return this.#version;
  }

  /** Changes after a version older than this are not known any more. */
  get oldestVersion(): number {
    return this.#oldest;
  }

  get(resource: string, namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(resource)?.get(keyOf(namespace, name));
  }

  /** All objects of a resource, in the order of namespace and name when `sorted`; else in the order of creation. */
  list(resource: string, options: { readonly sorted?: boolean } = {}): readonly KubeObject[] {
    const objects = this.#objects.get(resource);
    if (objects === undefined) return [];
    if (options.sorted !== true) return [...objects.values()];
    return [...objects.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, object]) => object);
  }

  count(resource: string): number {
    return this.#objects.get(resource)?.size ?? 0;
  }

  /** Gives it uid, creationTimestamp and resourceVersion. Undefined when there is one of that name. */
  create(resource: string, object: KubeObject): KubeObject | undefined {
    const { name, namespace = '' } = object.metadata;
    if (this.get(resource, namespace, name) !== undefined) return undefined;
    const metadata = {
      ...object.metadata,
      uid: object.metadata.uid ?? this.#uid(),
      creationTimestamp: object.metadata.creationTimestamp ?? rfc3339(this.#now()),
    };
    return this.#put(resource, { ...object, metadata }, 'ADDED', undefined);
  }

  /** Replaces what is there; uid and creationTimestamp stay. Undefined when nothing is. */
  update(resource: string, object: KubeObject): KubeObject | undefined {
    const { name, namespace = '' } = object.metadata;
    const before = this.get(resource, namespace, name);
    if (before === undefined) return undefined;
    const { uid, creationTimestamp } = before.metadata;
    const metadata = {
      ...object.metadata,
      ...(uid !== undefined && { uid }),
      ...(creationTimestamp !== undefined && { creationTimestamp }),
    };
    return this.#put(resource, { ...object, metadata }, 'MODIFIED', before);
  }

  /** The last state; undefined when it was not there. */
  delete(resource: string, namespace: string, name: string): KubeObject | undefined {
    const before = this.get(resource, namespace, name);
    if (before === undefined) return undefined;
    this.#objects.get(resource)!.delete(keyOf(namespace, name));
    const version = ++this.#version;
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } };
    this.#tell({ type: 'DELETED', resource, object, before, version });
    return object;
  }

  /** The changes of a resource after a version; undefined when the version is older than what is kept. */
  changesAfter(resource: string, version: number): readonly StoreEvent[] | undefined {
    if (version < this.#oldest) return undefined;
    let from = this.#history.length;
    while (from > 0 && this.#history[from - 1]!.version > version) from--;
    return this.#history.slice(from).filter((event) => event.resource === resource);
  }

  /** Forgets the changes so far, as etcd's compaction does. */
  compact(): void {
    this.#history = [];
    this.#oldest = this.#version;
  }

  /** Called after every change, at once; must not throw. The answer ends it. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #put(resource: string, object: KubeObject, type: 'ADDED' | 'MODIFIED', before: KubeObject | undefined): KubeObject {
    const { name, namespace = '' } = object.metadata;
    const version = ++this.#version;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    let objects = this.#objects.get(resource);
    if (objects === undefined) {
      objects = new Map();
      this.#objects.set(resource, objects);
    }
    objects.set(keyOf(namespace, name), stored);
    this.#tell({ type, resource, object: stored, before, version });
    return stored;
  }

  #tell(event: StoreEvent): void {
    this.#history.push(event);
    if (this.#history.length > this.#historyLimit * 1.25) {
      this.#history = this.#history.slice(-this.#historyLimit);
      this.#oldest = this.#history[0]!.version - 1;
    }
    for (const listener of this.#listeners) listener(event);
  }
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** As the API writes times: to the second. */
export function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
