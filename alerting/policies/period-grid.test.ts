import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PeriodGrid } from './period-grid.ts';
import { STATISTICS } from './policy.ts';

interface Row {
  readonly time: number;
  readonly value: number;
}

const rows = (samples: readonly Row[]) => ({
  timestamps: Float64Array.from(samples, ({ time }) => time),
  values: Float64Array.from(samples, ({ value }) => value),
  stale: Uint8Array.from(samples, ({ value }) => (value === -1 ? 1 : 0)),
  from: 0,
  to: samples.length,
});

it('has the statistics of all samples of an object in (end - period, end]', () => {
  const sample = fc.record({
    time: fc.integer({ min: 1, max: 60 }),
    value: fc.constantFrom(-1, Number.NaN, 0, 1, 2, 5),
  });
  const series = fc.array(fc.uniqueArray(sample, { selector: ({ time }) => time, maxLength: 20 }), { maxLength: 3 });
  fc.assert(
    fc.property(series, fc.constantFrom(5, 10), (all, period) => {
      const grid = new PeriodGrid(period, { first: 2 * period, last: 50, statistics: STATISTICS });
      grid.reserve(3);
      for (const one of all) grid.add(1, rows([...one].sort((a, b) => a.time - b.time)));
      for (let end = 2 * period; end <= 50; end += period) {
        const found = all
          .flat()
          .filter(({ time, value }) => time > end - period && time <= end && value !== -1 && !Number.isNaN(value))
          .sort((a, b) => a.time - b.time || a.value - b.value)
          .map(({ value }) => value);
        const sum = found.reduce((total, value) => total + value, 0);
        const wanted =
          found.length === 0
            ? [NaN, NaN, NaN, NaN, NaN]
            : [sum / found.length, Math.min(...found), Math.max(...found), sum, found.at(-1)!];
        const values = STATISTICS.map((statistic) => {
          const into = new Float64Array(4).fill(7);
          grid.values(statistic, end, into);
          expect(into[0]).toBe(NaN);
          expect(into[3]).toBe(NaN);
          return into[1];
        });
        expect(values).toEqual(wanted);
        const last = all.flatMap((one) =>
          [...one]
            .filter(({ time }) => time > end - period && time <= end)
            .sort((a, b) => b.time - a.time)
            .slice(0, 1),
        );
        expect(grid.hasEnded(1, end)).toBe(last.length === 0 ? undefined : last.every(({ value }) => value === -1));
      }
    }),
  );
});
