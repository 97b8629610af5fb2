import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the collector tells about its scrapes. */
export type ScrapeMetrics = ReturnType<typeof createScrapeMetrics>;

/** Sums that the gauges read when they are asked. */
export interface ScrapeSums {
  /** Series and other lines that the caches hold, and their bytes. */
  cache(): { readonly rows: number; readonly bytes: number };
  /** Bytes of pages being received. */
  bodies(): number;
}

/** Registers the metrics; call once per registry. */
export function createScrapeMetrics(registry: Registry, sums: ScrapeSums) {
  const registers = [registry];
  const byJob = ['scrape_job'] as const;
  const counter = (name: string, help: string) => new Counter({ name: `pharos_scrape_${name}`, help, registers });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `pharos_scrape_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  return {
    scrapes: new Counter({
      name: 'pharos_scrapes_total',
      help: 'Scrapes by what became of them: stored; failed, of which only that is stored; refused by the storage, or unreachable so far and not said to be there, of which nothing is stored.',
      labelNames: ['scrape_job', 'result'] as const,
      registers,
    }),
    missed: new Counter({
      name: 'pharos_scrape_missed_total',
      help: 'Scrapes that were not begun because the one before had not ended.',
      labelNames: byJob,
      registers,
    }),
    targets: new Gauge({
      name: 'pharos_scrape_targets',
      help: 'Targets that are scraped.',
      labelNames: byJob,
      registers,
    }),
    limits: new Counter({
      name: 'pharos_scrape_limit_exceeded_total',
      help: 'Scrapes that failed because the target gave more than its job allows.',
      labelNames: ['limit'] as const,
      registers,
    }),
    dropped: new Counter({
      name: 'pharos_scrape_samples_dropped_total',
      help: 'Samples left out of a scrape: the same series came twice (duplicate), or its timestamp lies far ahead or behind (out_of_bounds).',
      labelNames: ['reason'] as const,
      registers,
    }),
    duration: new Histogram({
      name: 'pharos_scrape_duration_seconds',
      help: 'How long scrapes took.',
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
      registers,
    }),
    samples: counter('samples_total', 'Samples given to the storage, those of reports and stale markers included.'),
    bytes: counter('body_bytes_total', 'Bytes of pages received, decompressed.'),
    cacheRows: gauge(
      'cache_series',
      'Series that targets exposed last, with the lines about their metrics.',
      () => sums.cache().rows,
    ),
    cacheBytes: gauge('cache_bytes', 'Memory for the text of these.', () => sums.cache().bytes),
    bodies: gauge('body_buffer_bytes', 'Memory for the pages being received.', () => sums.bodies()),
  };
}
