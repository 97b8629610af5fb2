import type { RangeNode, Subquery, VectorNode, Window } from '../plan/nodes.ts';
import { endOf, type Grid, referenceTimes } from './grid.ts';
import type { QueryContext } from './query-context.ts';
import type { VectorSeries, VectorStream } from './vector.ts';

/** How the operand of a subquery is run; passed in, so that sources need not know the operators. */
export type RunVector = (node: VectorNode, grid: Grid) => Promise<VectorStream>;

/** Samples of one series in order of time, without stale markers. Not to be written. */
export interface Samples {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** What windows move over. The samples of a series reach from the first window's start, or earlier, to the last one's end. */
export interface RangeSource {
  readonly series: readonly VectorSeries[];
  samples(index: number): Samples;
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
  const columns = await context.read(node.matchers, times.start - node.readBack + 1, end);
  const { offsets, stale, anyStale } = columns;
  return {
    series: columns.series.map((labels) => ({ labels, dropName: false })),
    samples(index) {
      const from = offsets[index]!;
      const to = offsets[index + 1]!;
      const samples = { timestamps: columns.timestamps.subarray(from, to), values: columns.values.subarray(from, to) };
      return anyStale ? keepOnly(samples, stale.subarray(from, to), 0) : samples;
    },
  };
}

/** The samples whose flag is `wanted`. */
function keepOnly(samples: Samples, flags: Uint8Array, wanted: 0 | 1): Samples {
  if (!flags.includes(1 - wanted)) return samples;
  const timestamps = samples.timestamps.filter((_, i) => flags[i] === wanted);
  return { timestamps, values: samples.values.filter((_, i) => flags[i] === wanted) };
}

async function subquerySource(
  node: Subquery,
  grid: Grid,
  { context, run }: { context: QueryContext; run: RunVector },
): Promise<RangeSource> {
  const times = referenceTimes(grid, node);
  // The first multiple of the step after the first window's start: a subquery's steps do not depend on the query's.
  const start = (Math.floor((times.start - node.range) / node.step) + 1) * node.step;
  const steps = Math.max(0, Math.floor((endOf(times) - start) / node.step) + 1);
  if (steps === 0)
    return { series: [], samples: () => ({ timestamps: new Float64Array(0), values: new Float64Array(0) }) };
  // Before anything is made in this size: a long subquery with a small step has more steps than fit.
  context.hold(steps);
  const inner = await context.materialise(await run(node.expr, { start, step: node.step, steps }));
  const timestamps = Float64Array.from({ length: steps }, (_, i) => start + i * node.step);
  return {
    series: inner.series,
    samples(index) {
      const at = index * steps;
      const values = inner.values.subarray(at, at + steps);
      return keepOnly({ timestamps, values }, inner.present.subarray(at, at + steps), 1);
    },
  };
}
