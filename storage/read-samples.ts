import { SampleTable } from './sample-table.ts';
import type { Sample, SeriesSet } from './series.ts';

/** All samples of a set as objects, by the index of their series and in order of time: for small answers. */
export async function readSamples(set: SeriesSet): Promise<Sample[][]> {
  const table = new SampleTable(set.series.length);
  for await (const block of set.blocks()) table.add(block);
  return set.series.map((_, index) => {
    const { length, timestamps, values, stale } = table.read(index);
    return Array.from({ length }, (_, i) => ({
      timestamp: timestamps[i]!,
      value: values[i]!,
      stale: stale[i] === 1,
    }));
  });
}
