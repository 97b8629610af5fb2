import type { KubeClient } from './kube-client.ts';
import type { ObjectCache } from './object-cache.ts';
import type { KubeObject, ObjectTypes, ResourceName } from './objects.ts';

/** One cluster that is watched: its API server and the caches that everything about it shares. */
export interface KubeCluster {
  /** The value of the label `cluster`; '' when there is none. */
  readonly name: string;
  readonly client: KubeClient;
  /**
   * The cache of a resource. All who ask for the same resource and scope share one, which is watched from the first asking
   * until the last lease is closed. Never fails: what cannot be watched is told in the log and in metrics, and tried again.
   */
  watch<R extends ResourceName>(resource: R, scope?: WatchScope): CacheLease<ObjectTypes[R]>;
  /** Ends all watches. */
  close(): Promise<void>;
}

/** Which objects of a resource; everything by default. */
export interface WatchScope {
  /** Only of these namespaces, each watched by itself, which needs no right to list all. */
  readonly namespaces?: readonly string[] | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface CacheLease<T extends KubeObject> {
  readonly cache: ObjectCache<T>;
  close(): void;
}
