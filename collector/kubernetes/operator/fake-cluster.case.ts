import { type KubeClient, KubeError } from '../kube-client.ts';
import type { KubeCluster, WatchScope } from '../kube-cluster.ts';
import { MutableObjectCache } from '../object-cache.ts';
import type { KubeObject, ResourceName } from '../objects.ts';

/** A cluster whose caches the test fills. */
export class FakeCluster implements KubeCluster {
  readonly name = 'east';
  readonly caches = new Map<ResourceName, MutableObjectCache<KubeObject>>();
  readonly scopes = new Map<ResourceName, WatchScope | undefined>();
  readonly secrets = new Map<string, unknown>();
  open = 0;
  readonly client = {
    get: async (path: string) => {
      const secret = this.secrets.get(path);
      if (secret === undefined) throw new KubeError('not found', { status: 404 });
      return secret;
    },
  } as unknown as KubeClient;

  cache(resource: ResourceName): MutableObjectCache<KubeObject> {
    let cache = this.caches.get(resource);
    if (cache === undefined) {
      cache = new MutableObjectCache();
      this.caches.set(resource, cache);
    }
    return cache;
  }

  watch(resource: ResourceName, scope?: WatchScope): never {
    this.scopes.set(resource, scope);
    this.open++;
    return { cache: this.cache(resource), close: () => this.open-- } as never;
  }

  async close(): Promise<void> {}
}
