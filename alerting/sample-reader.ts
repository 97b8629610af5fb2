import type { Labels } from '../storage/labels.ts';
import type { Matcher } from '../storage/matcher.ts';

/** The samples of a metric with from < timestamp <= to, in milliseconds. */
export interface SampleRequest {
  readonly metric: string;
  /** More conditions on the series. Default: none. */
  readonly matchers?: readonly Matcher[];
  readonly from: number;
  readonly to: number;
}

/** Rows `from` up to `to` of columns that others may share, in order of time. `stale[i]` is 1 for a stale marker. */
export interface SeriesRows {
  timestamps: Float64Array;
  values: Float64Array;
  stale: Uint8Array;
  from: number;
  to: number;
}

/** The answer to one request. */
export interface ReadSamples {
  /**
   * Series that may have samples. The same array as before, if nothing came or went and the reader can tell: what follows from
   * the labels is then kept.
   */
  readonly series: readonly Labels[];
  /** Fills in where the samples of a series are. They may be more than was asked for; valid until the next call. */
  locate(series: number, rows: SeriesRows): void;
}

/**
 * Reads samples. Calls `take` once for each request, in any order, with the request's index and the answer, or why there is none;
 * the answer may be used only during the call. Resolves after the last; rejects only when the signal fires.
 */
export type SampleReader = (
  requests: readonly SampleRequest[],
  take: (request: number, answer: ReadSamples | Error) => void,
  signal: AbortSignal,
) => Promise<void>;
