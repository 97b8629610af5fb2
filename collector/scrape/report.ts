import type { Appender } from '../../storage/appender.ts';
import type { Labels } from '../../storage/labels.ts';
import type { Metadata, SeriesRef } from '../../storage/series.ts';
import type { ScrapeBatch } from './scrape-batch.ts';

/** What every scrape tells about itself, under Prometheus' names. */
export interface ScrapeReport {
  readonly up: boolean;
  /** Milliseconds. */
  readonly duration: number;
  readonly samples: number;
  readonly kept: number;
  readonly added: number;
}

const METRICS = [
  ['up', '1 when the target answered its last scrape, 0 when it did not.', ''],
  ['scrape_duration_seconds', 'How long the scrape took.', 'seconds'],
  ['scrape_samples_scraped', 'How many samples the target exposed.', ''],
  ['scrape_samples_post_metric_relabeling', 'How many of them were left after metric relabelling.', ''],
  ['scrape_series_added', 'How many series the scrape before did not have.', ''],
] as const;

/** What there is to say about the metrics of every report. */
export const REPORT_METADATA: readonly Metadata[] = METRICS.map(([metric, help, unit]) => ({
  metric,
  type: 'gauge',
  help,
  unit,
}));

/** The series that report on one target. Acquired on creation; to be released once. */
export class ReportSeries {
  readonly #appender: Appender;
  readonly #refs: readonly SeriesRef[];

  constructor(appender: Appender, target: Labels) {
    this.#appender = appender;
    this.#refs = METRICS.map(([metric]) => appender.acquire(target.with('__name__', metric)));
  }

  /**
   * Makes room for the report in a batch that has just begun. It comes before the page's own samples, so that a page
   * with an `up` of its own cannot replace it.
   */
  begin(batch: ScrapeBatch, timestamp: number): void {
    for (const ref of this.#refs) batch.add(ref, timestamp, Number.NaN);
  }

  /** Fills in what `begin` made room for. */
  finish(batch: ScrapeBatch, { up, duration, samples, kept, added }: ScrapeReport): void {
    const { values } = batch;
    values[0] = up ? 1 : 0;
    values[1] = duration / 1000;
    values[2] = samples;
    values[3] = kept;
    values[4] = added;
  }

  /** The target is gone. */
  addStale(batch: ScrapeBatch, timestamp: number): void {
    for (const ref of this.#refs) batch.addStale(ref, timestamp);
  }

  release(): void {
    this.#appender.release(this.#refs);
  }
}
