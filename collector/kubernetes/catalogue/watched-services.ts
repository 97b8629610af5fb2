import type { CacheLease, KubeCluster } from '../kube-cluster.ts';
import type { EndpointSlice } from '../objects.ts';
import { podKey } from './pod-entry.ts';

/** The pods behind a service. */
export interface WatchedService {
  readonly namespace: string;
  readonly name: string;
  /** By `namespace/name`: whether the endpoint is ready. A pod in several slices (IPv4 and IPv6) is one. */
  readonly pods: ReadonlyMap<string, boolean>;
}

/** Which pods are behind each service, by its EndpointSlices. */
export class WatchedServices {
  readonly #lease: CacheLease<EndpointSlice>;
  readonly #end: () => void;
  /** By service, its slices by name. */
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  readonly #services = new Map<string, WatchedService>();
  readonly #changed = new Set<string>();

  constructor(cluster: KubeCluster) {
    this.#lease = cluster.watch('endpointslices');
    for (const slice of this.#lease.cache.values()) this.#put(slice);
    this.#end = this.#lease.cache.subscribe(({ before, after }) => {
      if (before !== undefined) this.#remove(before);
      if (after !== undefined) this.#put(after);
    });
  }

  /** By `namespace/name`. */
  services(): ReadonlyMap<string, WatchedService> {
    for (const key of this.#changed) this.#join(key);
    this.#changed.clear();
    return this.#services;
  }

  close(): void {
    this.#end();
    this.#lease.close();
  }

  #put(slice: EndpointSlice): void {
    const key = serviceKey(slice);
    if (key === undefined) return;
    const slices = this.#slices.get(key) ?? new Map();
    slices.set(slice.metadata.name, slice);
    this.#slices.set(key, slices);
    this.#changed.add(key);
  }

  #remove(slice: EndpointSlice): void {
    const key = serviceKey(slice);
    const slices = key === undefined ? undefined : this.#slices.get(key);
    if (key === undefined || slices === undefined) return;
    slices.delete(slice.metadata.name);
    if (slices.size === 0) this.#slices.delete(key);
    this.#changed.add(key);
  }

  #join(key: string): void {
    const slices = this.#slices.get(key);
    if (slices === undefined) {
      this.#services.delete(key);
      return;
    }
    const pods = new Map<string, boolean>();
    for (const { endpoints = [], metadata } of slices.values()) {
      for (const { targetRef, conditions } of endpoints) {
        if (targetRef?.kind !== 'Pod' || targetRef.name === undefined) continue;
        const pod = podKey(targetRef.namespace ?? metadata.namespace, targetRef.name);
        // Not said means ready.
        pods.set(pod, (pods.get(pod) ?? false) || conditions?.ready !== false);
      }
    }
    const at = key.indexOf('/');
    this.#services.set(key, { namespace: key.slice(0, at), name: key.slice(at + 1), pods });
  }
}

function serviceKey({ metadata }: EndpointSlice): string | undefined {
  const name = metadata.labels?.['kubernetes.io/service-name'];
  return name === undefined ? undefined : `${metadata.namespace}/${name}`;
}
