import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The state metrics of one cluster, as far as the gauges look at them. */
export interface StateMetricsFigures {
  readonly cluster: string;
  readonly resources: readonly {
    readonly resource: string;
    readonly objects: number;
    readonly series: number;
    readonly isOutdated: boolean;
  }[];
  /** Bytes of what is kept of the series, outside of the storage. */
  readonly bytes: number;
}

/** What is told about the state metrics of all clusters. */
export interface StateMetricsMetrics {
  readonly emissions: Counter<'cluster' | 'result'>;
  readonly missed: Counter<'cluster'>;
  readonly samples: Counter<'cluster'>;
  readonly failures: Counter<'cluster' | 'resource'>;
  readonly duration: Histogram<'cluster'>;
  /** The gauges tell of it from now on; the answer ends that. */
  add(figures: () => StateMetricsFigures): () => void;
}

/** The metrics of a registry, registered when they are asked for first. */
export function stateMetricsMetrics(registry: Registry): StateMetricsMetrics {
  const known = metricsOf.get(registry);
  if (known !== undefined) return known;
  const registers = [registry];
  const all = new Set<() => StateMetricsFigures>();
  const gauge = (
    name: string,
    help: string,
    read: (resource: StateMetricsFigures['resources'][number]) => number,
  ): void => {
    new Gauge({
      name: `pharos_state_metrics_${name}`,
      help,
      labelNames: ['cluster', 'resource'],
      registers,
      collect() {
        this.reset();
        for (const figures of all) {
          const { cluster, resources } = figures();
          for (const each of resources) this.set({ cluster, resource: each.resource }, read(each));
        }
      },
    });
  };
  gauge('objects', 'Objects of which state metrics are told.', ({ objects }) => objects);
  gauge('series', 'Series of state metrics.', ({ series }) => series);
  gauge(
    'outdated',
    'Whether nothing is told because the watch cache has not been known to be current for too long.',
    ({ isOutdated }) => (isOutdated ? 1 : 0),
  );
  new Gauge({
    name: 'pharos_state_metrics_bytes',
    help: 'Memory for the series of state metrics, besides what the storage has for them.',
    labelNames: ['cluster'],
    registers,
    collect() {
      this.reset();
      for (const figures of all) {
        const { cluster, bytes } = figures();
        this.set({ cluster }, bytes);
      }
    },
  });
  const metrics: StateMetricsMetrics = {
    emissions: new Counter({
      name: 'pharos_state_metrics_emissions_total',
      help: 'Emissions of state metrics: stored, or refused in part or whole by the storage.',
      labelNames: ['cluster', 'result'],
      registers,
    }),
    missed: new Counter({
      name: 'pharos_state_metrics_missed_total',
      help: 'Emissions that were not begun because the one before had not ended.',
      labelNames: ['cluster'],
      registers,
    }),
    samples: new Counter({
      name: 'pharos_state_metrics_samples_total',
      help: 'Samples of state metrics that were stored, stale markers included.',
      labelNames: ['cluster'],
      registers,
    }),
    failures: new Counter({
      name: 'pharos_state_metrics_failures_total',
      help: 'Objects of which no state metrics can be told, because something in them cannot be read.',
      labelNames: ['cluster', 'resource'],
      registers,
    }),
    duration: new Histogram({
      name: 'pharos_state_metrics_emission_duration_seconds',
      help: 'How long emissions took until they were durable; they are spread on purpose.',
      labelNames: ['cluster'],
      buckets: [0.1, 0.3, 1, 3, 10, 30, 100],
      registers,
    }),
    add(figures) {
      all.add(figures);
      return () => all.delete(figures);
    },
  };
  metricsOf.set(registry, metrics);
  return metrics;
}

const metricsOf = new WeakMap<Registry, StateMetricsMetrics>();
