import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('durations', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['15s', 15_000],
    ['1h30m', 5_400_000],
    ['90d', 90 * 86_400_000],
    ['1y2w3d4h5m6s7ms', 31_536_000_000 + 17 * 86_400_000 + 4 * 3_600_000 + 306_007],
    ['324ms', 324],
  ])('%s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '1', '1.5h', '-5s', '5 s', '5s ', '30m1h', '1s1s', '1min', '10m2', 's', '300y'])('not %j', (text) => {
    expect(() => parseDuration(text)).toThrow(JSON.stringify(text));
  });

  it.each([
    [0, '0s'],
    [90 * 86_400_000, '90d'],
    [14 * 86_400_000, '2w'],
    [5_400_000, '1h30m'],
    [90_061_000, '25h1m1s'],
    [1_500, '1s500ms'],
    [-5_000, '-5s'],
  ])('%d is printed as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('are read again as they are printed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_000_000_000_000 }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
      }),
    );
  });
});
