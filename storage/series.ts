import type { GridRequest, GridRow } from './grid-request.ts';
import type { Labels } from './labels.ts';

/**
 * The data model. All timestamps are milliseconds since 1970 UTC, whole numbers. A value is any double. A stale marker
 * says "this series ended here"; it is not a value, and no NaN stands for it: it is a flag beside the value (whose
 * number is then meaningless and written as NaN).
 */
export interface Sample {
  readonly timestamp: number;
  readonly value: number;
  readonly stale: boolean;
}

/** A handle that an Appender gives for a series; small, dense, valid until it is released. */
export type SeriesRef = number;

/**
 * Samples in columns, to be written together or not at all. Only the first `length` entries of each column count.
 * `timestamps` hold whole milliseconds; `stale[i]` is 1 for a stale marker.
 */
export interface SampleBatch {
  readonly length: number;
  readonly refs: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly stale: Uint8Array;
}

/** Where decoded samples go; all columns have the same length. `stale[i]` is 1 for a stale marker. */
export interface SampleColumns {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly stale: Uint8Array;
}

/**
 * Samples as read, still in the store's own encoding: rows in runs, each run of one series with timestamps that rise
 * strictly. A block can be kept, and its rows decoded any number of times.
 */
export interface SampleBlock {
  /** How many rows, of all runs together. */
  readonly length: number;
  /** Of each run, its series: an index into the SeriesSet's series. */
  readonly runSeries: Uint32Array;
  /** Of each run, its first row. */
  readonly runStarts: Uint32Array;
  /** Of each run, the row after its last. */
  readonly runEnds: Uint32Array;
  /** Of each run, the timestamp of its first row. */
  readonly runTimes: Float64Array;
  /** Of each run, the timestamp of its last row. */
  readonly runLastTimes: Float64Array;
  /** Bytes that the block keeps in memory, about. */
  readonly bytes: number;
  /** Writes the rows from..to, all of one run, into the columns at `at`. True when a stale marker is among them. */
  decode(from: number, to: number, into: SampleColumns, at: number): boolean;
}

/** Which samples of a set are asked for. */
export interface PartOfSet {
  readonly start: number;
  readonly end: number;
  /**
   * The store may give a sample that was written twice in both versions: cheaper, for a reader who looks whether runs of a
   * series overlap, and asks again without this when they do. Default false.
   */
  readonly repeated?: boolean;
}

/**
 * Some samples of a series where they are: the rows from..to of columns that others share, in order of time. `start` and `end`
 * say which are wanted.
 */
export interface SampleWindow {
  start: number;
  end: number;
  timestamps: Float64Array;
  values: Float64Array;
  stale: Uint8Array;
  from: number;
  to: number;
  /** False when none of them is a stale marker, so that nobody has to look. */
  anyStale: boolean;
  /** Only the newest of the wanted samples is looked for, which is cheaper: at most one row. */
  newestOnly: boolean;
}

/** The answer to a selection: first whose samples, sorted by Labels.compare, then the samples. */
export interface SeriesSet {
  readonly series: readonly Labels[];
  /**
   * The samples of the selection's time range, or of a part of it. Blocks and runs come in any order and a series in any
   * number of them, but no two samples of a series have the same timestamp, unless `repeated` allows it. Reads on demand;
   * ending the loop early releases what the store holds. Each call reads anew.
   */
  blocks(part?: PartOfSet): AsyncIterable<SampleBlock>;
  /**
   * Fills in where the samples of the series at this index are, of the window's part of the selection's time range: nothing is
   * read or copied. Valid until the caller gives way; not to be written. Only where a store has the samples in memory, and then
   * `series` is the same array whenever the same is selected and no series came or went: what follows from the labels can be
   * kept with it. Throws a StorageError, `unavailable`, when samples went away since they were selected.
   */
  locate?(series: number, window: SampleWindow): void;
  /**
   * What the store itself computes of the samples, all of whose windows must lie in the selection's time range: rows in
   * any order and pieces, none for a series or group without samples. Undefined, as is the method, when the store cannot
   * compute it; then the samples must be read.
   */
  grids?(request: GridRequest): Promise<AsyncIterable<readonly GridRow[]> | undefined>;
}

export type MetricType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'unknown';

/** What a metric's exposition says of it. Unknown parts are ''. */
export interface Metadata {
  readonly metric: string;
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
}
