import type { Labels } from '../../storage/labels.ts';

/**
 * One series that an operator yields. With delayed name removal `labels` keep the metric's name until the end and
 * `dropName` says that it is to go; otherwise the name is gone at once and `dropName` stays false.
 */
export interface VectorSeries {
  readonly labels: Labels;
  readonly dropName: boolean;
}

/**
 * The values of `count` series from index `first` on, row after row, one column per step. `values[r * steps + s]` counts
 * only where `present` is 1 at the same place; elsewhere it is anything. A value is a float: native histograms will be a
 * third column here. The reader owns the block and may overwrite it.
 */
export interface VectorBlock {
  readonly first: number;
  readonly count: number;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

/**
 * What an operator yields: first whose values, then the values, once, in the order of the series, every series in
 * exactly one block. Two series may have the same labels as long as they never have a value at the same step, until
 * mergeSameLabels joins them.
 */
export interface VectorStream {
  readonly steps: number;
  readonly series: readonly VectorSeries[];
  /** Call it once; ending the loop early is allowed. */
  blocks(): AsyncIterable<VectorBlock>;
}

/** All rows of a stream in one block. */
export interface Matrix {
  readonly steps: number;
  readonly series: readonly VectorSeries[];
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

/** About how many values a block holds: enough to forget the cost of a block, few enough to stay in the cache. */
const BLOCK_VALUES = 16_384;

/** How many rows of `steps` values make a block. */
export function blockRows(steps: number): number {
  return Math.max(1, Math.floor(BLOCK_VALUES / Math.max(1, steps)));
}

export function newBlock(first: number, count: number, steps: number): VectorBlock {
  return { first, count, values: new Float64Array(count * steps), present: new Uint8Array(count * steps) };
}

/** The stream of rows that are already there. */
export function streamOf(matrix: Matrix): VectorStream {
  const { steps, series, values, present } = matrix;
  return {
    steps,
    series,
    async *blocks() {
      if (series.length > 0) yield { first: 0, count: series.length, values, present };
    },
  };
}
