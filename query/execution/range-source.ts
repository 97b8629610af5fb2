import type { SampleWindow } from '../../storage/series.ts';
import type { RangeNode, Subquery, VectorNode, Window } from '../plan/nodes.ts';
import { endOf, type Grid, referenceTimes } from './grid.ts';
import type { QueryContext } from './query-context.ts';
import { selectedSeries } from './series-memo.ts';
import type { VectorSeries, VectorStream } from './vector.ts';

/** How the operand of a subquery is run; passed in, so that sources need not know the operators. */
export type RunVector = (node: VectorNode, grid: Grid) => Promise<VectorStream>;

/** Samples of one series in order of time, without stale markers. Not to be written, and valid until the next are asked for. */
export interface Samples {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** What windows move over. The samples of a series reach from the first window's start, or earlier, to the last one's end. */
export interface RangeSource {
  readonly series: readonly VectorSeries[];
  samples(index: number): Samples;
  /** Where the samples are, stale markers among them, in a store that has them in memory. */
  locate?(index: number): SampleWindow;
}

/** Reads the samples of a range selector, or runs a subquery. */
export function rangeSource(
  node: RangeNode,
  grid: Grid,
  options: { context: QueryContext; run: RunVector },
): Promise<RangeSource> {
  return node.kind === 'subquery' ? subquerySource(node, grid, options) : readSource(node, grid, options.context);
}

/** The samples from `readBack` before the first reference time to `readAhead` after the last. */
export async function readSource(
  node: Window & { readonly readAhead?: number },
  grid: Grid,
  context: QueryContext,
): Promise<RangeSource> {
  const times = referenceTimes(grid, node);
  const end = endOf(times) + (node.readAhead ?? 0);
  const reading = await context.read(node.matchers, times.start - node.readBack + 1, end);
  return {
    series: selectedSeries(reading.series),
    ...(reading.locate && { locate: reading.locate }),
    samples(index) {
      const { length, timestamps, values, stale, anyStale } = reading.samples(index);
      const samples = { timestamps: timestamps.subarray(0, length), values: values.subarray(0, length) };
      return anyStale ? keepOnly(samples, stale.subarray(0, length), 0) : samples;
    },
  };
}

/** The samples whose flag is `wanted`. */
function keepOnly(samples: Samples, flags: Uint8Array, wanted: 0 | 1): Samples {
  if (!flags.includes(1 - wanted)) return samples;
  const timestamps = samples.timestamps.filter((_, i) => flags[i] === wanted);
  return { timestamps, values: samples.values.filter((_, i) => flags[i] === wanted) };
}

/**
 * The grid of a subquery's operand: from the first multiple of its step after the first window's start on, since a
 * subquery's steps do not depend on the query's. It may have no steps.
 */
export function subqueryGrid(node: Subquery, grid: Grid): Grid {
  const times = referenceTimes(grid, node);
  const start = (Math.floor((times.start - node.range) / node.step) + 1) * node.step;
  return { start, step: node.step, steps: Math.max(0, Math.floor((endOf(times) - start) / node.step) + 1) };
}

async function subquerySource(
  node: Subquery,
  grid: Grid,
  { context, run }: { context: QueryContext; run: RunVector },
): Promise<RangeSource> {
  const inner = subqueryGrid(node, grid);
  const { start, steps } = inner;
  if (steps === 0)
    return { series: [], samples: () => ({ timestamps: new Float64Array(0), values: new Float64Array(0) }) };
  // Before anything is made in this size: a long subquery with a small step has more steps than fit.
  context.hold(steps);
  const matrix = await context.materialise(await run(node.expr, inner));
  const timestamps = Float64Array.from({ length: steps }, (_, i) => start + i * node.step);
  return {
    series: matrix.series,
    samples(index) {
      const at = index * steps;
      const values = matrix.values.subarray(at, at + steps);
      return keepOnly({ timestamps, values }, matrix.present.subarray(at, at + steps), 1);
    },
  };
}
