import { expect, test } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { blockOf } from '../../storage/sample-block.ts';
import type { PartOfSet, SeriesSet } from '../../storage/series.ts';
import { Annotations } from './annotations.ts';
import { Catalog } from './catalog.ts';
import { type Budget, QueryContext } from './query-context.ts';
import { readPart } from './reading.ts';

/** One series; the sample at 2 was written twice, and only a reader who allows it gets both versions. */
function setOf(asked: boolean[]): SeriesSet {
  return {
    series: [Labels.from({ __name__: 'm' })],
    async *blocks(part?: PartOfSet) {
      asked.push(part?.repeated === true);
      const runs = part?.repeated === true ? [[1, 2, 3], [2]] : [[1, 2, 3]];
      for (const times of runs) {
        yield blockOf(new Uint32Array(times.length), {
          timestamps: Float64Array.from(times),
          values: Float64Array.from(times, (time) => time * 10),
          stale: new Uint8Array(times.length),
        });
      }
    },
  };
}

test('reads again, without repetitions, where there are some, and remembers that of the set', async () => {
  const budget: Budget = { maxSamples: 100, maxBytes: 1e6, maxSeries: 1, heldSamples: 0, heldBytes: 0, peakSamples: 0 };
  const { signal } = new AbortController();
  const context = new QueryContext({
    catalog: new Catalog(undefined as never, signal),
    signal,
    annotations: new Annotations(''),
    budget,
    delayedNameRemoval: false,
    isRange: true,
  });
  const asked: boolean[] = [];
  const set = setOf(asked);
  for (let i = 0; i < 2; i++) {
    const { length, values } = (await readPart(set, { start: 0, end: 9 }, context)).samples(0);
    expect([...values.subarray(0, length)]).toEqual([10, 20, 30]);
  }
  expect(asked).toEqual([true, false, false]);
  // What was given up is not counted as held.
  expect(budget.heldSamples).toBe(6);
});
