import type { SeriesSamples } from '../../storage/sample-table.ts';
import type { Select } from '../plan/nodes.ts';
import { endOf, type Grid, referenceTimes } from './grid.ts';
import type { QueryContext } from './query-context.ts';
import type { Reading } from './reading.ts';
import { selectedSeries } from './series-memo.ts';
import { blockRows, newBlock, type VectorBlock, type VectorStream } from './vector.ts';

/**
 * Instant selector: at each step the newest sample in (t - lookback, t], nothing when that is a stale marker.
 * Samples 10@0 20@60s stale@120s, steps every 30 s from 0 to 150 s -> 10 10 20 20 - -
 */
export async function select(node: Select, grid: Grid, context: QueryContext): Promise<VectorStream> {
  const times = referenceTimes(grid, node);
  const reading = await context.read(node.matchers, times.start - node.readBack + 1, endOf(times));
  const { steps } = grid;
  const rows = blockRows(steps);
  return {
    steps,
    series: selectedSeries(reading.series),
    async *blocks() {
      for (let first = 0; first < reading.series.length; first += rows) {
        await context.check();
        const block = newBlock(first, Math.min(rows, reading.series.length - first), steps);
        if (steps === 1 && reading.newest !== undefined) fillNewest(reading, block, { node, time: times.start });
        else {
          for (let row = 0; row < block.count; row++) {
            fillRow(reading.samples(first + row), { node, times, ...block, at: row * steps });
          }
        }
        context.counts?.addPresent(block, grid);
        yield block;
      }
    },
  };
}

/** Fills a block of one step from samples in memory. */
function fillNewest(
  reading: Reading,
  { first, count, values, present }: VectorBlock,
  { node, time }: { readonly node: Select; readonly time: number },
): void {
  const earliest = time - node.lookback;
  const ofTimes = node.output !== 'value';
  for (let row = 0; row < count; row++) {
    const found = reading.newest!(first + row);
    const newest = found.to - 1;
    if (newest < found.from || found.anyStale) continue;
    const timestamp = found.timestamps[newest]!;
    if (timestamp <= earliest) continue;
    values[row] = ofTimes ? timestamp / 1000 : found.values[newest]!;
    present[row] = 1;
  }
}

function fillRow(
  samples: SeriesSamples,
  row: { node: Select; times: Grid; values: Float64Array; present: Uint8Array; at: number },
): void {
  const { timestamps, stale, length } = samples;
  const { values, present, times, node } = row;
  const source = node.output === 'value' ? samples.values : timestamps;
  const scale = node.output === 'value' ? 1 : 1000;
  const { lookback } = node;
  let next = 0;
  let time = times.start;
  for (let i = row.at, last = row.at + times.steps; i < last; i++, time += times.step) {
    // Timestamps rise, and so do the times of the steps: one pass over the samples serves all steps.
    while (next < length && timestamps[next]! <= time) next++;
    const newest = next - 1;
    if (newest < 0 || timestamps[newest]! <= time - lookback || stale[newest] === 1) continue;
    values[i] = source[newest]! / scale;
    present[i] = 1;
  }
}
