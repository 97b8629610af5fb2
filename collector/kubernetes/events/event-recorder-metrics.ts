import { Counter, Gauge, type Registry } from 'prom-client';

/** What is told about the recording of events, of all clusters. */
export type EventRecorderMetrics = ReturnType<typeof register>;

/** The metrics of a registry, registered when they are asked for first. */
export function eventRecorderMetrics(registry: Registry): EventRecorderMetrics {
  const known = metricsOf.get(registry);
  if (known !== undefined) return known;
  const metrics = register(registry);
  metricsOf.set(registry, metrics);
  return metrics;
}

const metricsOf = new WeakMap<Registry, EventRecorderMetrics>();

function register(registry: Registry) {
  const registers = [registry];
  return {
    rows: new Counter({
      name: 'pharos_kubernetes_event_rows_total',
      help: 'Entries that were added to the log of events.',
      labelNames: ['cluster'],
      registers,
    }),
    shed: new Counter({
      name: 'pharos_kubernetes_event_rows_shed_total',
      help: 'Entries that were not added: too many came in a short time, or too many waited for the log.',
      labelNames: ['cluster', 'reason'],
      registers,
    }),
    series: new Gauge({
      name: 'pharos_kubernetes_event_series',
      help: 'Series that events are counted in.',
      labelNames: ['cluster'],
      registers,
    }),
  };
}
