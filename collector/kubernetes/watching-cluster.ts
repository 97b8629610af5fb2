import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type Clock, SYSTEM_CLOCK } from '../../clock/clock.ts';
import type { KubeClient } from './kube-client.ts';
import type { CacheLease, KubeCluster, WatchScope } from './kube-cluster.ts';
import { type KubernetesMetrics, kubernetesMetrics } from './kubernetes-metrics.ts';
import { MergedObjectCache } from './merged-object-cache.ts';
import { MutableObjectCache, type ObjectCache } from './object-cache.ts';
import type { KubeObject, ObjectTypes, ResourceName } from './objects.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { RESOURCES, type Resource } from './resources.ts';
import { ToldCauses } from './told-causes.ts';

export interface WatchingClusterOptions {
  /** The value of the label `cluster`; '' when there is none. */
  readonly name: string;
  /** Becomes the cluster's, which closes it. */
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly registry?: Registry | undefined;
  readonly clock?: Clock;
  /** Between 0 and 1, for jitter. Default Math.random. */
  readonly random?: () => number;
  /** Milliseconds for which a watch goes on when nobody wants it any more: a reload asks for it again. Default 10,000. */
  readonly linger?: number;
  /** Of the reflectors, mostly for tests. */
  readonly reflector?: Partial<
    Pick<ReflectorOptions<KubeObject>, 'pageSize' | 'backOff' | 'maxBackOff' | 'absentPause'>
  >;
}

/** Nothing is asked of the API server until something is watched. */
export function openKubeCluster(options: WatchingClusterOptions): KubeCluster {
  return new WatchingCluster(options);
}

interface Watched {
  readonly cache: ObjectCache<KubeObject>;
  readonly stop: () => Promise<void>;
  leases: number;
  cancelStop: () => void;
}

class WatchingCluster implements KubeCluster {
  readonly name: string;
  readonly client: KubeClient;
  readonly #options: WatchingClusterOptions;
  readonly #clock: Clock;
  readonly #metrics: KubernetesMetrics | undefined;
  readonly #watched = new Map<string, Watched>();
  readonly #stopping = new Set<Promise<void>>();
  readonly #told = new ToldCauses();
  #isClosed = false;

  constructor(options: WatchingClusterOptions) {
    this.name = options.name;
    this.client = options.client;
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    const { registry } = options;
    this.#metrics = registry === undefined ? undefined : kubernetesMetrics(registry, () => this.#clock.now());
  }

  watch<R extends ResourceName>(resource: R, scope: WatchScope = {}): CacheLease<ObjectTypes[R]> {
    if (this.#isClosed) throw new Error('the cluster is closed');
    const namespaces = RESOURCES[resource].namespaced ? namespacesOf(scope) : [''];
    const { labelSelector = '', fieldSelector = '' } = scope;
    const key = JSON.stringify([resource, namespaces, labelSelector, fieldSelector]);
    let watched = this.#watched.get(key);
    if (watched === undefined) {
      watched = this.#start(RESOURCES[resource] as unknown as Resource, namespaces, scope);
      this.#watched.set(key, watched);
    }
    watched.cancelStop();
    watched.leases++;
    let isOpen = true;
    return {
      cache: watched.cache as unknown as ObjectCache<ObjectTypes[R]>,
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#leave(key, watched);
      },
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const [key, watched] of this.#watched) {
      watched.cancelStop();
      this.#end(key, watched);
    }
    await Promise.all(this.#stopping);
    await this.client.close();
  }

  #leave(key: string, watched: Watched): void {
    if (--watched.leases > 0 || this.#isClosed) return;
    watched.cancelStop = this.#clock.schedule(this.#options.linger ?? 10_000, () => this.#end(key, watched));
  }

  #end(key: string, watched: Watched): void {
    this.#watched.delete(key);
    const stopped = watched.stop().finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
  }

  #start(resource: Resource, namespaces: readonly string[], scope: WatchScope): Watched {
    const ending = new AbortController();
    // As many listeners as there are namespaces.
    setMaxListeners(0, ending.signal);
    const caches = new Map<string, MutableObjectCache<KubeObject>>();
    const runs = namespaces.map((namespace) => {
      const cache = new MutableObjectCache<KubeObject>();
      caches.set(namespace, cache);
      const reflector = new Reflector({
        ...this.#options.reflector,
        client: this.client,
        resource,
        namespace,
        labelSelector: scope.labelSelector,
        fieldSelector: scope.fieldSelector,
        cache,
        cluster: this.name,
        logger: this.#options.logger,
        metrics: this.#metrics,
        told: this.#told,
        clock: this.#clock,
        random: this.#options.random ?? Math.random,
      });
      return reflector.run(ending.signal);
    });
    return {
      cache: caches.get('') ?? new MergedObjectCache(caches),
      stop: async () => {
        ending.abort();
        await Promise.all(runs);
      },
      leases: 0,
      cancelStop: noop,
    };
  }
}

/** [''] means all. */
function namespacesOf({ namespaces = [] }: WatchScope): readonly string[] {
  const all = [...new Set(namespaces)].sort();
  return all.length === 0 || all.includes('') ? [''] : all;
}

function noop(): void {}
