import type { Labels } from '../../storage/labels.ts';
import { SampleTable, type SeriesSamples } from '../../storage/sample-table.ts';
import type { SeriesSet } from '../../storage/series.ts';
import type { QueryContext } from './query-context.ts';

/** The samples of a selection, by series. Operators that ask for the same ones share a reading. */
export interface Reading {
  readonly series: readonly Labels[];
  /** The samples of one series. Valid until the next call, of whoever shares the reading; not to be written. */
  samples(index: number): SeriesSamples;
}

/** Reads the part of a set that lies in start..end, counted against the query's limits. */
export async function readPart(
  set: SeriesSet,
  part: { readonly start: number; readonly end: number },
  context: QueryContext,
): Promise<Reading> {
  const table = new SampleTable(set.series.length);
  for await (const block of set.blocks(part)) {
    context.hold(block.length, block.bytes);
    context.stats.samplesRead += block.length;
    table.add(block);
    await context.check();
  }
  return { series: set.series, samples: (index) => table.read(index) };
}
