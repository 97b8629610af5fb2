import type { Labels } from './labels.ts';
import type { Matcher } from './matcher.ts';
import type { Metadata, SeriesSet } from './series.ts';

/** Which series, and which of their samples: start <= timestamp <= end, in milliseconds. */
export interface Selection {
  /** All must hold. The caller makes sure that at least one does not match the empty string. */
  readonly matchers: readonly Matcher[];
  readonly start: number;
  readonly end: number;
}

/** Which series, for the label and series lists. No matchers means all series. */
export interface SeriesFilter {
  /** A series counts when it satisfies all matchers of at least one of these lists; [] means every series. */
  readonly matcherSets: readonly (readonly Matcher[])[];
  /** Only series that may have samples in start..end; a store may answer at a coarser grain, never a finer one. */
  readonly start: number;
  readonly end: number;
  /** At most so many answers; 0 means no limit. */
  readonly limit: number;
}

/** The read half of the waist. Every method rejects with a StorageError, `canceled` when the signal fires. */
export interface Querier {
  select(selection: Selection, signal: AbortSignal): Promise<SeriesSet>;

  /** Sorted by Labels.compare. */
  series(filter: SeriesFilter, signal: AbortSignal): Promise<readonly Labels[]>;

  /** Sorted by code units, no duplicates. */
  labelNames(filter: SeriesFilter, signal: AbortSignal): Promise<readonly string[]>;

  /** Sorted by code units, no duplicates, never ''. */
  labelValues(name: string, filter: SeriesFilter, signal: AbortSignal): Promise<readonly string[]>;

  /** By metric name; only one metric when it is given; at most `limit` metrics (0: all). */
  metadata(metric: string | undefined, limit: number, signal: AbortSignal): Promise<readonly Metadata[]>;
}
