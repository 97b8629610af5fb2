import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.ts';

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
});
