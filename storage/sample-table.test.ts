import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockOf } from './sample-block.ts';
import { SampleTable } from './sample-table.ts';

/** Rows of one block: series, time and stale flag; the value is derived from both. */
const rows = fc.array(fc.record({ series: fc.nat(3), time: fc.nat(200), stale: fc.boolean() }), { maxLength: 40 });

test('sees that runs overlap, or share a time', () => {
  const block = (series: number[], times: number[]) =>
    blockOf(Uint32Array.from(series), {
      timestamps: Float64Array.from(times),
      values: Float64Array.from(times),
      stale: new Uint8Array(times.length),
    });
  const tableOf = (...blocks: ReturnType<typeof block>[]) => {
    const table = new SampleTable(2);
    for (const one of blocks) table.add(one);
    return table;
  };
  expect(tableOf(block([0, 0, 1], [1, 5, 3]), block([1, 0], [4, 6])).overlaps).toBe(false);
  expect(tableOf(block([0, 0], [1, 5]), block([0], [3])).overlaps).toBe(true);
  expect(tableOf(block([1], [6]), block([1, 1], [5, 6])).overlaps).toBe(true);
  expect(tableOf(block([1, 1], [6, 6])).overlaps).toBe(true);
});

test('gives each series its samples in order of time, however blocks and runs come', () => {
  fc.assert(
    fc.property(fc.array(rows, { maxLength: 6 }), (blocks) => {
      const seen = new Set<string>();
      const table = new SampleTable(4);
      const wanted: { timestamp: number; value: number; stale: boolean }[][] = [[], [], [], []];
      for (const block of blocks) {
        const own = block.filter(({ series, time }) => !seen.has(`${series} ${time}`) && seen.add(`${series} ${time}`));
        for (const { series, time, stale } of own) {
          wanted[series]!.push({ timestamp: time, value: 1000 * series + time, stale });
        }
        table.add(
          blockOf(
            Uint32Array.from(own, ({ series }) => series),
            {
              timestamps: Float64Array.from(own, ({ time }) => time),
              values: Float64Array.from(own, ({ series, time }) => 1000 * series + time),
              stale: Uint8Array.from(own, ({ stale }) => (stale ? 1 : 0)),
            },
          ),
        );
      }
      expect(table.samples).toBe(wanted.flat().length);
      // Twice: reading leaves nothing behind.
      for (const series of [0, 1, 2, 3, 2, 1, 0]) {
        const { length, timestamps, values, stale, anyStale } = table.read(series);
        const found = Array.from({ length }, (_, i) => ({
          timestamp: timestamps[i]!,
          value: values[i]!,
          stale: stale[i] === 1,
        }));
        expect(found).toEqual(wanted[series]!.sort((a, b) => a.timestamp - b.timestamp));
        expect(anyStale).toBe(found.some((one) => one.stale));
      }
    }),
  );
});
