import { Counter, Gauge, type Registry } from 'prom-client';

/** What the window over recent samples tells of itself. */
export type RecentMetrics = ReturnType<typeof createRecentMetrics>;

/** Sums that the gauges read when they are asked. */
export interface RecentFigures {
  readonly series: number;
  readonly bytes: number;
  /** Wanted metrics by what becomes of them. */
  readonly metrics: Readonly<Record<'memory' | 'loading' | 'too_big', number>>;
}

/** Registers them; call once per registry. */
export function createRecentMetrics(registry: Registry, figures: () => RecentFigures) {
  const registers = [registry];
  const gauge = (name: string, help: string, read: (figures: RecentFigures) => number) =>
    new Gauge({
      name: `pharos_recent_${name}`,
      help,
      registers,
      collect() {
        this.set(read(figures()));
      },
    });
  return {
    series: gauge(
      'series',
      'Series whose recent samples are in memory for rules and policies.',
      ({ series }) => series,
    ),
    bytes: gauge('bytes', 'What these take in memory, about.', ({ bytes }) => bytes),
    metrics: new Gauge({
      name: 'pharos_recent_metrics',
      help: 'Metrics that rules and policies read: from memory; still being loaded; or, because they would take too much memory, from the store.',
      labelNames: ['state'] as const,
      registers,
      collect() {
        for (const [state, count] of Object.entries(figures().metrics)) this.set({ state }, count);
      },
    }),
    selects: new Counter({
      name: 'pharos_recent_selects_total',
      help: 'Selections of rules and policies by where they were answered: in memory or by the store.',
      labelNames: ['from'] as const,
      registers,
    }),
    reads: new Counter({
      name: 'pharos_recent_store_reads_total',
      help: 'Reads from the store that filled the memory or brought it up to date.',
      registers,
    }),
    failures: new Counter({
      name: 'pharos_recent_store_read_failures_total',
      help: 'Such reads that failed; what they were for is asked of the store until they succeed.',
      registers,
    }),
  };
}
