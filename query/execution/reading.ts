import type { Labels } from '../../storage/labels.ts';
import { SampleTable, type SeriesSamples } from '../../storage/sample-table.ts';
import { newWindow } from '../../storage/sample-window.ts';
import type { PartOfSet, SampleWindow, SeriesSet } from '../../storage/series.ts';
import type { QueryContext } from './query-context.ts';
import { keepMemo } from './series-memo.ts';

/** The samples of a selection, by series. Operators that ask for the same ones share a reading. */
export interface Reading {
  readonly series: readonly Labels[];
  /** The samples of one series. Valid until the next call, of whoever shares the reading; not to be written. */
  samples(index: number): SeriesSamples;
  /** The same where they are, without a copy: for a store that has them in memory. */
  locate?(index: number): SampleWindow;
  /** The same of the newest sample alone, where there is one. */
  newest?(index: number): SampleWindow;
}

/** Sets in which samples were found twice: their other parts are read without them at once. */
const repeating = new WeakSet<SeriesSet>();

/**
 * Reads the part of a set that lies in start..end, counted against the query's limits. Nearly always no sample is stored
 * twice, so it is read first as if none were, which costs the store half as much.
 */
export async function readPart(
  set: SeriesSet,
  { start, end }: { readonly start: number; readonly end: number },
  context: QueryContext,
): Promise<Reading> {
  if (set.locate !== undefined) return readingInMemory(set, { start, end }, context);
  if (!repeating.has(set)) {
    const table = await readTable(set, { start, end, repeated: true }, context);
    if (!table.overlaps) return readingOf(set, table);
    context.letGo(table.samples, table.bytes);
    repeating.add(set);
  }
  return readingOf(set, await readTable(set, { start, end }, context));
}

async function readTable(set: SeriesSet, part: PartOfSet, context: QueryContext): Promise<SampleTable> {
  const table = new SampleTable(set.series.length);
  for await (const block of set.blocks(part)) {
    context.hold(block.length, block.bytes);
    context.stats.samplesRead += block.length;
    table.add(block);
    await context.check();
  }
  return table;
}

function readingOf(set: SeriesSet, table: SampleTable): Reading {
  return { series: set.series, samples: (index) => table.read(index) };
}

/** Nothing is read, and nothing is held: the samples are the store's. */
function readingInMemory(
  set: SeriesSet,
  { start, end }: { readonly start: number; readonly end: number },
  { stats }: QueryContext,
): Reading {
  const window = newWindow(start, end);
  const locate = (index: number): SampleWindow => {
    set.locate!(index, window);
    stats.samplesRead += window.to - window.from;
    return window;
  };
  const newestWindow = { ...newWindow(start, end), newestOnly: true };
  return {
    series: keepMemo(set.series),
    locate,
    newest(index) {
      set.locate!(index, newestWindow);
      stats.samplesRead += newestWindow.to - newestWindow.from;
      return newestWindow;
    },
    samples(index) {
      const { timestamps, values, stale, from, to, anyStale } = locate(index);
      return {
        length: to - from,
        timestamps: timestamps.subarray(from, to),
        values: values.subarray(from, to),
        stale: stale.subarray(from, to),
        anyStale,
      };
    },
  };
}
