import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BestValues } from './best-values.ts';

function best(which: 'largest' | 'smallest', limit: number, values: readonly number[]): number[] {
  const found = new BestValues(which);
  found.reset(limit);
  for (const [id, value] of values.entries()) found.offer(id, value);
  return found.ranked();
}

it('keeps the best values, as sorting all of them does', () => {
  const value = fc.oneof(fc.double(), fc.integer({ min: 0, max: 5 }));
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 60 }),
      fc.integer({ min: 1, max: 70 }),
      fc.boolean(),
      (values, limit, largest) => {
        const rank = (x: number) => (Number.isNaN(x) ? Number.POSITIVE_INFINITY : largest ? -x : x);
        const wanted = values
          .filter((x) => !Number.isNaN(x))
          .sort((a, b) => rank(a) - rank(b) || 0)
          .concat(values.filter(Number.isNaN))
          .slice(0, limit);
        const ids = best(largest ? 'largest' : 'smallest', limit, values);
        expect(new Set(ids).size).toBe(ids.length);
        // 0 and -0 are equal values.
        expect(ids.map((id) => values[id]! + 0)).toEqual(wanted.map((x) => x + 0));
      },
    ),
  );
});

it('gives up the oldest of equal values when a better one comes', () => {
  expect(best('largest', 3, [1, 1, 1, 2])).toEqual([3, 1, 2]);
  expect(best('smallest', 2, [1, 1, 0])).toEqual([2, 1]);
});

it('gives up NaN first', () => {
  expect(best('largest', 2, [Number.NaN, 1, Number.NEGATIVE_INFINITY])).toEqual([1, 2]);
  expect(best('smallest', 3, [Number.NaN, 1])).toEqual([1, 0]);
});
