import { expect, test } from 'vitest';
import { formatDuration } from './format-time.ts';

test.each([
  [0, '0 s'],
  [0.2, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [3700, '1 h 1 min'],
  [86_400 * 3 + 3600 * 4 + 59, '3 d 4 h'],
  [86_401, '1 d'],
  [-5, '0 s'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
