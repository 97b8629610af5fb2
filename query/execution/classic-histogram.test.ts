import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClassicBuckets } from './classic-histogram.ts';

function bucketsOf(pairs: readonly (readonly [bound: number, count: number])[]): ClassicBuckets {
  const buckets = new ClassicBuckets(pairs.length);
  for (const [bound, count] of pairs) buckets.push(bound, count);
  return buckets;
}

const INF = Number.POSITIVE_INFINITY;

/** Bounds rise, counts do not fall, and the last bucket is that of everything. */
const histograms = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 50 })), { minLength: 1, maxLength: 8 })
  .map((steps) => {
    let bound = -20;
    let count = 0;
    const pairs = steps.map(([width, more]): [number, number] => [(bound += width), (count += more)]);
    return [...pairs, [INF, count + 1] as [number, number]];
  });

describe('ClassicBuckets', () => {
  it('interpolates within a bucket', () => {
    const buckets = bucketsOf([
      [1, 1],
      [2, 3],
      [INF, 4],
    ]);
    expect(buckets.quantile(0.5)).toBe(1.5);
    expect(buckets.quantile(0.25)).toBe(1);
    expect(buckets.quantile(1)).toBe(2);
    expect(buckets.fraction(0, 1.5)).toBe(0.5);
  });

  it.each([
    [
      'without a +Inf bucket',
      [
        [1, 1],
        [2, 3],
      ],
    ],
    ['of one bucket', [[INF, 3]]],
    [
      'without observations',
      [
        [1, 0],
        [INF, 0],
      ],
    ],
    ['of nothing', []],
  ] as const)('has no quantile %s', (_, pairs) => {
    expect(bucketsOf(pairs).quantile(0.5)).toBeNaN();
  });

  it('adds up buckets that are written in two ways', () => {
    const buckets = bucketsOf([
      [1, 1],
      [1, 2],
      [INF, 3],
    ]);
    expect(buckets.length).toBe(2);
    expect(buckets.quantile(1)).toBe(1);
  });

  it('says when counts fall, but not for noise', () => {
    const falling = bucketsOf([
      [1, 5],
      [2, 3],
      [INF, 6],
    ]);
    expect(falling.forceMonotonic()).toBe(true);
    expect([...falling.counts]).toEqual([5, 5, 6]);
    expect(
      bucketsOf([
        [1, 5],
        [2, 5 - 1e-13],
        [INF, 6],
      ]).forceMonotonic(),
    ).toBe(false);
  });

  it('has quantiles that rise with q and stay within the bounds', () => {
    fc.assert(
      fc.property(
        histograms,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (pairs, p, q) => {
          const buckets = bucketsOf(pairs);
          const [low, high] = [Math.min(p, q), Math.max(p, q)].map((rank) => buckets.quantile(rank));
          expect(low).toBeLessThanOrEqual(high! + 1e-9);
          expect(high).toBeLessThanOrEqual(pairs.at(-2)![0]);
        },
      ),
    );
  });

  it('has fractions that add up', () => {
    fc.assert(
      fc.property(histograms, fc.integer({ min: -30, max: 30 }), (pairs, at) => {
        const buckets = bucketsOf(pairs);
        expect(buckets.fraction(-INF, at) + buckets.fraction(at, INF)).toBeCloseTo(1, 9);
      }),
    );
  });
});
