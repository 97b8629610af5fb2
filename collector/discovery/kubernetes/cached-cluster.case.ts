import type { KubeAccess } from '../../kubernetes/kube-access.ts';
import type { KubeClient } from '../../kubernetes/kube-client.ts';
import type { CacheLease, KubeCluster, WatchScope } from '../../kubernetes/kube-cluster.ts';
import type { ClusterLease, KubeClusters } from '../../kubernetes/kube-clusters.ts';
import { MutableObjectCache } from '../../kubernetes/object-cache.ts';
import type { KubeObject, ObjectMeta, ObjectTypes, ResourceName } from '../../kubernetes/objects.ts';

/** A cluster whose caches are written by the test. */
export class CachedCluster implements KubeCluster {
  readonly name = 'test';
  /** What was asked to be watched, by resource; with `leases` that are open. */
  readonly watched = new Map<ResourceName, { readonly scope: WatchScope; leases: number }>();
  readonly #caches = new Map<ResourceName, MutableObjectCache<KubeObject>>();

  get client(): KubeClient {
    throw new Error('discovery asks nothing of the API server itself');
  }

  cache<R extends ResourceName>(resource: R): MutableObjectCache<ObjectTypes[R]> {
    let cache = this.#caches.get(resource);
    if (cache === undefined) {
      cache = new MutableObjectCache();
      this.#caches.set(resource, cache);
    }
    return cache as unknown as MutableObjectCache<ObjectTypes[R]>;
  }

  /** Lists this and, where nothing is given, nothing: everything is synced. */
  list(objects: { readonly [R in ResourceName]?: readonly ObjectTypes[R][] } = {}): void {
    const given = objects as Readonly<Record<string, readonly KubeObject[]>>;
    for (const resource of new Set([...this.#caches.keys(), ...(Object.keys(objects) as ResourceName[])])) {
      (this.cache(resource) as unknown as MutableObjectCache<KubeObject>).replace(given[resource] ?? [], 1);
    }
  }

  watch<R extends ResourceName>(resource: R, scope: WatchScope = {}): CacheLease<ObjectTypes[R]> {
    const known = this.watched.get(resource) ?? { scope, leases: 0 };
    this.watched.set(resource, known);
    known.leases++;
    return { cache: this.cache(resource), close: () => void known.leases-- };
  }

  async close(): Promise<void> {}
}

/** Gives one cluster to whoever asks; fails as often as it is told to. */
export class OneCluster implements KubeClusters {
  readonly cluster = new CachedCluster();
  readonly asked: KubeAccess[] = [];
  failures = 0;
  leases = 0;

  async open(access: KubeAccess): Promise<ClusterLease> {
    this.asked.push(access);
    if (this.failures-- > 0) throw new Error('no such file or directory');
    this.leases++;
    return { cluster: this.cluster, close: () => void this.leases-- };
  }
}

let version = 0;

export function meta(name: string, rest: Partial<ObjectMeta> = {}): ObjectMeta {
  return {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    resourceVersion: String(++version),
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...rest,
  };
}
