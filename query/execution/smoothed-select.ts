import type { SmoothedSelect } from '../plan/nodes.ts';
import { interpolate } from './extended-kernels.ts';
import { type Grid, referenceTimes } from './grid.ts';
import type { QueryContext } from './query-context.ts';
import { readSource, type Samples } from './range-source.ts';
import { blockRows, newBlock, type VectorStream } from './vector.ts';

/**
 * Instant selector with `smoothed`: at each step the value on the line between the samples around it.
 * Samples 10@0 20@60s, steps every 30 s from 0 to 90 s -> 10 15 20 20
 */
export async function smoothedSelect(node: SmoothedSelect, grid: Grid, context: QueryContext): Promise<VectorStream> {
  const times = referenceTimes(grid, node);
  const source = await readSource(node, grid, context);
  const { steps } = grid;
  const { series } = source;
  const rows = blockRows(steps);
  return {
    steps,
    series,
    async *blocks() {
      for (let first = 0; first < series.length; first += rows) {
        await context.check();
        const block = newBlock(first, Math.min(rows, series.length - first), steps);
        for (let row = 0; row < block.count; row++) {
          fillRow(source.samples(first + row), { node, times, ...block, at: row * steps });
        }
        yield block;
      }
    },
  };
}

function fillRow(
  samples: Samples,
  row: { node: SmoothedSelect; times: Grid; values: Float64Array; present: Uint8Array; at: number },
): void {
  const { timestamps, values } = samples;
  const { lookback } = row.node;
  const { start, step, steps } = row.times;
  let next = 0;
  let time = start;
  for (let i = row.at, last = row.at + steps; i < last; i++, time += step) {
    while (next < timestamps.length && timestamps[next]! <= time) next++;
    const newest = next - 1;
    if (newest < 0 || timestamps[newest]! <= time - lookback) continue;
    const follows = next < timestamps.length && timestamps[next]! <= time + lookback;
    row.values[i] =
      follows && timestamps[newest] !== time
        ? interpolate(samples, newest, { time, isCounter: false })
        : values[newest]!;
    row.present[i] = 1;
  }
}
