import type { Clock } from '../../../clock/clock.ts';
import type { KubeClient } from '../kube-client.ts';
import type { CacheLease, KubeCluster } from '../kube-cluster.ts';
import { MutableObjectCache, type ObjectCache } from '../object-cache.ts';
import type { KubeObject, ObjectTypes, ResourceName } from '../objects.ts';
import { kept, type Written } from './series-text.case.ts';

/** A cluster whose caches a test fills itself. */
export class CachedCluster implements KubeCluster {
  readonly name: string;
  readonly client = {} as KubeClient;
  readonly leases = new Map<ResourceName, number>();
  readonly #caches = new Map<ResourceName, MutableObjectCache<KubeObject>>();

  constructor(name = 'c1') {
    this.name = name;
  }

  cache(resource: ResourceName): MutableObjectCache<KubeObject> {
    let cache = this.#caches.get(resource);
    if (cache === undefined) this.#caches.set(resource, (cache = new MutableObjectCache<KubeObject>()));
    return cache;
  }

  put(resource: ResourceName, object: Written): void {
    this.cache(resource).put(kept(resource, object));
  }

  /** All caches have had a complete list, and are current. */
  sync(resources: readonly ResourceName[], now: number): void {
    for (const resource of resources) {
      const cache = this.cache(resource);
      cache.isSynced = true;
      cache.currentAt = now;
    }
  }

  watch<R extends ResourceName>(resource: R): CacheLease<ObjectTypes[R]> {
    this.leases.set(resource, (this.leases.get(resource) ?? 0) + 1);
    return {
      cache: this.cache(resource) as unknown as ObjectCache<ObjectTypes[R]>,
      close: () => this.leases.set(resource, this.leases.get(resource)! - 1),
    };
  }

  async close(): Promise<void> {}
}

/** Time that passes only when a test says so. */
export class SteppedClock implements Clock {
  time = 1_000_000_000_000;
  readonly #calls = new Set<{ readonly at: number; readonly call: () => void }>();

  now(): number {
    return this.time;
  }

  elapsed(): number {
    return this.time;
  }

  schedule(milliseconds: number, call: () => void): () => void {
    const entry = { at: this.time + milliseconds, call };
    this.#calls.add(entry);
    return () => this.#calls.delete(entry);
  }

  /** Lets so much time pass, call by call, and everything that follows from a call happen before the next. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await settle();
    for (;;) {
      const due = [...this.#calls].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#calls.delete(due);
      this.time = Math.max(this.time, due.at);
      due.call();
      await settle();
    }
    this.time = end;
  }
}

/** Until what was started has come as far as it can without time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
