import { describe, expect, it } from 'vitest';
import { amount, bytes, cores } from './quantity.ts';

describe('quantities', () => {
  it('stand for numbers', () => {
    expect(['500m', '2', '1.5', '16397216Ki', '1Gi', '2k', '3M', '1e3', '250u'].map((text) => amount(text))).toEqual([
      0.5,
      2,
      1.5,
      16_397_216 * 1024,
      2 ** 30,
      2000,
      3e6,
      1000,
      0.00025,
    ]);
    expect(amount(undefined)).toBeUndefined();
    for (const text of ['', 'x', '1K', '1Ti2', '--1']) expect(() => amount(text)).toThrow(RangeError);
  });

  it('are written in their largest unit', () => {
    expect([0.25, 2, 0.0001].map(cores)).toEqual(['250m', '2', '1m']);
    expect([2 ** 30, 3 * 2 ** 20, 1000, 0].map(bytes)).toEqual(['1Gi', '3Mi', '1000', '0']);
  });
});
