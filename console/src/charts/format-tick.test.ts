import { expect, test } from 'vitest';
import { formatTicks } from './format-tick.ts';

const MIDNIGHT = Date.UTC(2026, 0, 2) / 1000;

test('times, and the day where one begins', () => {
  const [before, midnight, after] = formatTicks([MIDNIGHT - 600, MIDNIGHT, MIDNIGHT + 600], 600, 'UTC');
  expect(before).toBe('23:50');
  expect(midnight).toMatch(/2/);
  expect(midnight).not.toMatch(/:/);
  expect(after).toBe('00:10');
});

test('seconds only where they tell ticks apart, and in the zone of the user', () => {
  expect(formatTicks([MIDNIGHT + 15], 15, 'UTC')).toEqual(['00:00:15']);
  expect(formatTicks([MIDNIGHT], 60, 'Asia/Shanghai')).toEqual(['08:00']);
});
