import { Counter, Gauge, type Registry } from 'prom-client';

/** A watched part of a cluster, as far as the gauges look at it. */
export interface WatchedPart {
  readonly cluster: string;
  readonly resource: string;
  readonly objects: number;
  readonly isSynced: boolean;
  /** Unix milliseconds; 0 before the first list. */
  readonly currentAt: number;
  /** The last resource version seen; undefined before the first list, and for one that is no number. */
  readonly version: number | undefined;
}

/** What is told about the watches of all clusters. */
export interface KubernetesMetrics {
  readonly lists: Counter<'cluster' | 'resource'>;
  readonly watches: Counter<'cluster' | 'resource'>;
  readonly events: Counter<'cluster' | 'resource' | 'type'>;
  readonly errors: Counter<'cluster' | 'resource' | 'verb' | 'reason'>;
  /** The gauges tell of it from now on; the answer ends that. */
  add(part: WatchedPart): () => void;
}

const BY_RESOURCE = ['cluster', 'resource'] as const;

/** The metrics of a registry, registered when they are asked for first. */
export function kubernetesMetrics(registry: Registry, now: () => number): KubernetesMetrics {
  const known = metricsOf.get(registry);
  if (known !== undefined) return known;
  const registers = [registry];
  const parts = new Set<WatchedPart>();
  const gauge = (name: string, help: string, read: (parts: readonly WatchedPart[]) => number | undefined): void => {
    new Gauge({
      name: `pharos_kubernetes_${name}`,
      help,
      labelNames: BY_RESOURCE,
      registers,
      collect() {
        this.reset();
        const groups = new Map<string, WatchedPart[]>();
        for (const part of parts) {
          const key = JSON.stringify([part.cluster, part.resource]);
          const group = groups.get(key);
          if (group === undefined) groups.set(key, [part]);
          else group.push(part);
        }
        for (const group of groups.values()) {
          const { cluster, resource } = group[0]!;
          const value = read(group);
          if (value !== undefined) this.set({ cluster, resource }, value);
        }
      },
    });
  };
  gauge('objects', 'Objects in the watch caches.', (of) => of.reduce((sum, part) => sum + part.objects, 0));
  gauge('synced', 'Whether a complete list has been seen.', (of) => (of.every((part) => part.isSynced) ? 1 : 0));
  gauge('cache_age_seconds', 'For how long the watch cache has not been known to be current.', (of) => {
    const oldest = Math.min(...of.map((part) => part.currentAt));
    return oldest === 0 ? undefined : Math.max(0, now() - oldest) / 1_000;
  });
  gauge(
    'resource_version_lag',
    'How many changes of the cluster lie between the newest that any of its watches has seen and this one.',
    (of) => {
      const own = of.map((part) => part.version).filter((version) => version !== undefined);
      if (own.length === 0) return undefined;
      let newest = 0;
      for (const part of parts) {
        if (part.cluster === of[0]!.cluster && part.version !== undefined) newest = Math.max(newest, part.version);
      }
      return newest - Math.min(...own);
    },
  );
  const metrics: KubernetesMetrics = {
    lists: new Counter({
      name: 'pharos_kubernetes_lists_total',
      help: 'Complete lists of a resource that were read.',
      labelNames: BY_RESOURCE,
      registers,
    }),
    watches: new Counter({
      name: 'pharos_kubernetes_watches_total',
      help: 'Watches that were begun.',
      labelNames: BY_RESOURCE,
      registers,
    }),
    events: new Counter({
      name: 'pharos_kubernetes_events_total',
      help: 'Events of watches, bookmarks included.',
      labelNames: [...BY_RESOURCE, 'type'],
      registers,
    }),
    errors: new Counter({
      name: 'pharos_kubernetes_errors_total',
      help: 'Lists and watches that failed; what was known stayed.',
      labelNames: [...BY_RESOURCE, 'verb', 'reason'],
      registers,
    }),
    add(part) {
      parts.add(part);
      return () => parts.delete(part);
    },
  };
  metricsOf.set(registry, metrics);
  return metrics;
}

const metricsOf = new WeakMap<Registry, KubernetesMetrics>();
