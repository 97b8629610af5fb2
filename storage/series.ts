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

/**
 * Samples in columns, as read. `series[i]` is an index into the SeriesSet's series. Within one series, over all blocks
 * of a SeriesSet, timestamps rise strictly. Series may interleave, but runs of the same series are as long as the store
 * can make them. The columns belong to the reader.
 */
export interface SampleBlock {
  readonly length: number;
  readonly series: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly stale: Uint8Array;
}

/** The answer to a selection: first whose samples, sorted by Labels.compare, then the samples, once. */
export interface SeriesSet {
  readonly series: readonly Labels[];
  /** Reads on demand; ending the loop early releases what the store holds. Call it once. */
  blocks(): AsyncIterable<SampleBlock>;
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
