import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

it.each([
  [0, '0s'],
  [90 * 86_400_000, '90d'],
  [14 * 86_400_000, '2w'],
  [5_400_000, '1h30m'],
  [90_061_000, '1d1h1m1s'],
  [1_500, '1s500ms'],
  [-5_000, '-5s'],
])('%d is printed as %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

it('is read again as it is printed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9_000_000_000_000 }), (milliseconds) => {
      expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
    }),
  );
});
