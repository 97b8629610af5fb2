import type { Labels } from '../../storage/labels.ts';
import type { Querier, Selection } from '../../storage/querier.ts';
import type { SampleBlock } from '../../storage/series.ts';
import type { QueryContext } from './query-context.ts';

/**
 * The samples of a selection, series after series: those of series i lie at offsets[i] .. offsets[i + 1] of the columns,
 * in order of time. Readers share them and must not write.
 */
export interface Columns {
  readonly series: readonly Labels[];
  readonly offsets: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly stale: Uint8Array;
  /** False when no sample of the selection is a stale marker, so that nobody has to look. */
  readonly anyStale: boolean;
}

/**
 * Reads a selection to the end and sorts its blocks, in which series may interleave, into one run per series: count,
 * then place. Blocks are let go one by one while they are placed.
 */
export async function readColumns(querier: Querier, selection: Selection, context: QueryContext): Promise<Columns> {
  const set = await querier.select(selection, context.signal);
  const { series } = set;
  context.countSeries(series.length);
  const blocks: (SampleBlock | undefined)[] = [];
  const offsets = new Uint32Array(series.length + 1);
  let total = 0;
  for await (const block of set.blocks()) {
    const { length } = block;
    context.hold(length);
    context.stats.samplesRead += length;
    const refs = block.series;
    for (let i = 0; i < length; i++) offsets[refs[i]! + 1]!++;
    total += length;
    blocks.push(block);
    await context.check();
  }
  for (let i = 0; i < series.length; i++) offsets[i + 1]! += offsets[i]!;

  const only = blocks.length === 1 ? blocks[0]! : undefined;
  if (only !== undefined && isGrouped(only)) return wholeBlock(series, offsets, only);

  const timestamps = new Float64Array(total);
  const values = new Float64Array(total);
  const stale = new Uint8Array(total);
  const next = offsets.slice(0, series.length);
  for (let b = 0; b < blocks.length; b++) {
    const block = blocks[b]!;
    blocks[b] = undefined;
    place(block, next, { timestamps, values, stale });
    await context.check();
  }
  return { series, offsets, timestamps, values, stale, anyStale: stale.includes(1) };
}

/** True when the series come in ascending order, each in one run: the columns are then already what we want. */
function isGrouped(block: SampleBlock): boolean {
  const refs = block.series;
  for (let i = 1; i < block.length; i++) if (refs[i]! < refs[i - 1]!) return false;
  return true;
}

function wholeBlock(series: readonly Labels[], offsets: Uint32Array, block: SampleBlock): Columns {
  const { length } = block;
  const stale = block.stale.subarray(0, length);
  return {
    series,
    offsets,
    timestamps: block.timestamps.subarray(0, length),
    values: block.values.subarray(0, length),
    stale,
    anyStale: stale.includes(1),
  };
}

/** Copies a block run by run; `next` says where each series goes on. */
function place(
  block: SampleBlock,
  next: Uint32Array,
  into: { timestamps: Float64Array; values: Float64Array; stale: Uint8Array },
): void {
  const { length, series, timestamps, values, stale } = block;
  let from = 0;
  while (from < length) {
    const ref = series[from]!;
    let to = from + 1;
    while (to < length && series[to] === ref) to++;
    const at = next[ref]!;
    if (to - from < 16) {
      for (let i = from, j = at; i < to; i++, j++) {
        into.timestamps[j] = timestamps[i]!;
        into.values[j] = values[i]!;
        into.stale[j] = stale[i]!;
      }
    } else {
      into.timestamps.set(timestamps.subarray(from, to), at);
      into.values.set(values.subarray(from, to), at);
      into.stale.set(stale.subarray(from, to), at);
    }
    next[ref] = at + to - from;
    from = to;
  }
}
