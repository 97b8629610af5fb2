import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
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
  readonly #collections = new Map<string, Collection>();
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
    return this.#collections.get(resource)?.objects.get(keyOf(namespace, name));
  }

  /** All objects of a resource, in the order of namespace and name when `sorted`; else in the order of creation. */
  list(
    resource: string,
    options: { readonly sorted?: boolean; readonly namespace?: string | undefined } = {},
  ): readonly KubeObject[] {
    const collection = this.#collections.get(resource);
    if (collection === undefined) return [];
    const { namespace, sorted } = options;
    if (namespace !== undefined) {
      const [from, to] = rangeOf(collection.keys, namespace);
      return collection.keys.slice(from, to).map((key) => collection.objects.get(key)!);
    }
    if (sorted !== true) return [...collection.objects.values()];
    return collection.keys.map((key) => collection.objects.get(key)!);
  }

  /**
   * The objects of a resource as they were at a version, in the order of namespace and name. Undefined when the version is
   * older than what is kept.
   */
  listAt(resource: string, version: number): readonly KubeObject[] | undefined {
    const changes = this.changesAfter(resource, version);
    if (changes === undefined) return undefined;
    if (changes.length === 0) return this.list(resource, { sorted: true });
    const collection = this.#collections.get(resource)!;
    const objects = new Map(collection.objects);
    for (let i = changes.length - 1; i >= 0; i--) {
      const { before, object } = changes[i]!;
      const key = keyOf(object.metadata.namespace ?? '', object.metadata.name);
      if (before === undefined) objects.delete(key);
      else objects.set(key, before);
    }
    return [...objects.keys()].sort(compareKeys).map((key) => objects.get(key)!);
  }

  count(resource: string): number {
    return this.#collections.get(resource)?.keys.length ?? 0;
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

  /**
   * Replaces what is there; uid and creationTimestamp stay, and a generation is raised when the spec changes. Undefined
   * when nothing is there.
   */
  update(resource: string, object: KubeObject): KubeObject | undefined {
    const { name, namespace = '' } = object.metadata;
    const before = this.get(resource, namespace, name);
    if (before === undefined) return undefined;
    const { uid, creationTimestamp, generation } = before.metadata;
    const metadata = {
      ...object.metadata,
      ...(uid !== undefined && { uid }),
      ...(creationTimestamp !== undefined && { creationTimestamp }),
      ...(generation !== undefined && { generation: sameSpec(before, object) ? generation : generation + 1 }),
    };
    return this.#put(resource, { ...object, metadata }, 'MODIFIED', before);
  }

  /** The last state; undefined when it was not there. */
  delete(resource: string, namespace: string, name: string): KubeObject | undefined {
    const before = this.get(resource, namespace, name);
    if (before === undefined) return undefined;
    const collection = this.#collections.get(resource)!;
    const key = keyOf(namespace, name);
    collection.objects.delete(key);
    collection.keys.splice(positionOf(collection.keys, key), 1);
    const version = ++this.#version;
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } };
    this.#tell({ type: 'DELETED', resource, object, before, version });
    return object;
  }

  /** The changes of a resource after a version; undefined when the version is older than what is kept. */
  changesAfter(resource: string, version: number): readonly StoreEvent[] | undefined {
    if (version < this.#oldest) return undefined;
    const changes: StoreEvent[] = [];
    for (let i = this.#history.length - 1; i >= 0 && this.#history[i]!.version > version; i--) {
      if (this.#history[i]!.resource === resource) changes.push(this.#history[i]!);
    }
    return changes.reverse();
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
    let collection = this.#collections.get(resource);
    if (collection === undefined) {
      collection = { objects: new Map(), keys: [] };
      this.#collections.set(resource, collection);
    }
    const key = keyOf(namespace, name);
    if (before === undefined) collection.keys.splice(positionOf(collection.keys, key), 0, key);
    collection.objects.set(key, stored);
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

interface Collection {
  readonly objects: Map<string, KubeObject>;
  /** The objects' keys, sorted: kept, because a list of many would sort them for each page. */
  readonly keys: string[];
}

/** Where a key is, or would be. */
function positionOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  // Objects are often created in order.
  if (high > 0 && keys[high - 1]! < key) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where a namespace's keys begin and end. '0' is the character after '/'. */
function rangeOf(keys: readonly string[], namespace: string): [number, number] {
  return [positionOf(keys, `${namespace}/`), positionOf(keys, `${namespace}0`)];
}

function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sameSpec(a: KubeObject, b: KubeObject): boolean {
  return a.spec === b.spec || isDeepStrictEqual(a.spec, b.spec);
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** As the API writes times: to the second. */
export function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
