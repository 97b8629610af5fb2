import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Accumulator, newAccumulator } from './accumulators.ts';
import { quantile } from './quantile.ts';

const sum = (numbers: readonly number[]) => numbers.reduce((total, value) => total + value, 0);
const mean = (numbers: readonly number[]) => sum(numbers) / numbers.length;
const variance = (numbers: readonly number[]) => mean(numbers.map((value) => (value - mean(numbers)) ** 2));

const REFERENCES = {
  sum,
  avg: mean,
  count: (numbers: readonly number[]) => numbers.length,
  min: (numbers: readonly number[]) => Math.min(...numbers),
  max: (numbers: readonly number[]) => Math.max(...numbers),
  group: () => 1,
  stdvar: variance,
  stddev: (numbers: readonly number[]) => Math.sqrt(variance(numbers)),
} as const;

function addAll(accumulator: Accumulator, numbers: readonly number[]): number | undefined {
  for (const value of numbers) {
    accumulator.add({ values: Float64Array.of(value), present: Uint8Array.of(1) }, 0, { at: 0, steps: 1 });
  }
  const { values, present } = accumulator.finish();
  return present[0] === 1 ? values[0] : undefined;
}

describe('accumulators', () => {
  it.each(Object.entries(REFERENCES))('%s agrees with its definition at every step', (op, reference) => {
    const cell = fc.option(fc.integer({ min: -1000, max: 1000 }), { nil: undefined });
    const rows = fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 12 });
    fc.assert(
      fc.property(rows, (series) => {
        const accumulator = newAccumulator(op as keyof typeof REFERENCES, 3);
        for (const row of series) {
          const block = {
            values: Float64Array.from(row, (value) => value ?? Number.NaN),
            present: Uint8Array.from(row, (value) => (value === undefined ? 0 : 1)),
          };
          const added = accumulator.add(block, 0, { at: 0, steps: 3 });
          expect(added).toBe(row.some((value) => value !== undefined));
        }
        const { values, present } = accumulator.finish();
        for (let step = 0; step < 3; step++) {
          const numbers = series.map((row) => row[step]).filter((value) => value !== undefined);
          expect(present[step]).toBe(numbers.length > 0 ? 1 : 0);
          if (numbers.length > 0) expect(values[step]).toBeCloseTo(reference(numbers), 6);
        }
      }),
    );
  });

  it('keeps small terms beside large ones', () => {
    expect(addAll(newAccumulator('sum', 1), [1, 1e100, 1, -1e100])).toBe(2);
    expect(addAll(newAccumulator('avg', 1), [1, 1e100, 1, -1e100])).toBe(0.5);
  });

  it('has a mean of numbers whose sum overflows', () => {
    const huge = 1.5e308;
    expect(addAll(newAccumulator('avg', 1), [huge, huge, huge])).toBeCloseTo(huge, -300);
    expect(addAll(newAccumulator('sum', 1), [huge, huge])).toBe(Number.POSITIVE_INFINITY);
  });

  it('has infinities and NaN as values', () => {
    const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
    expect(addAll(newAccumulator('sum', 1), [inf, 1])).toBe(inf);
    expect(addAll(newAccumulator('sum', 1), [inf, -inf])).toBeNaN();
    expect(addAll(newAccumulator('avg', 1), [inf, 1, 2])).toBe(inf);
    expect(addAll(newAccumulator('max', 1), [nan, 1])).toBe(1);
    expect(addAll(newAccumulator('min', 1), [nan])).toBeNaN();
    expect(addAll(newAccumulator('stdvar', 1), [1, inf])).toBeNaN();
  });
});

describe('quantile', () => {
  it('agrees with its definition', () => {
    const inputs = fc.tuple(
      fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 30 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(inputs, ([numbers, q]) => {
        const sorted = [...numbers].sort((a, b) => a - b);
        const rank = q * (sorted.length - 1);
        const [low, high] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!];
        expect(quantile(q, Float64Array.from(numbers))).toBeCloseTo(low + (high - low) * (rank - Math.floor(rank)), 6);
      }),
    );
  });

  it('has NaN as the smallest value', () => {
    expect(quantile(1, Float64Array.of(2, Number.NaN, 1))).toBe(2);
    expect(quantile(0, Float64Array.of(2, Number.NaN, 1))).toBeNaN();
    expect(quantile(0.5, new Float64Array(0))).toBeNaN();
  });
});
