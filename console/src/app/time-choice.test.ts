import { expect, test } from 'vitest';
import { earlier, fromLocal, later, rangeLabel, toLocal, wider } from './time-choice.ts';
import { timeRangeOf } from './time-range.ts';

const NOW = 1_800_000_000;

test('a range that moves is named by its length', () => {
  expect(rangeLabel(timeRangeOf('now-1h', 'now', NOW))).toBe('Last 1 hour');
  expect(rangeLabel(timeRangeOf('now-90m', 'now', NOW))).toBe('Last 90 minutes');
  expect(rangeLabel(timeRangeOf(String(NOW - 600), 'now', NOW))).toMatch(/ – now$/);
  expect(rangeLabel(timeRangeOf(String(NOW - 600), String(NOW), NOW))).not.toMatch(/now|Last/);
});

test('earlier and later move by half of the range', () => {
  const range = timeRangeOf('1000000', '1003600', NOW);
  expect(earlier(range)).toEqual(['998200', '1001800']);
  expect(later(range, NOW)).toEqual(['1001800', '1005400']);
});

test('what reaches up to now moves with it again', () => {
  expect(later(timeRangeOf(String(NOW - 4000), String(NOW - 400), NOW), NOW)).toEqual(['now-1h', 'now']);
  expect(wider(timeRangeOf('now-1h', 'now', NOW), NOW)).toEqual(['now-2h', 'now']);
  expect(wider(timeRangeOf('1000000', '1003600', NOW), NOW)).toEqual(['998200', '1005400']);
});

test('a field for a moment gives back what it was given', () => {
  expect(fromLocal(toLocal(NOW))).toBe(NOW);
  expect(fromLocal('')).toBeUndefined();
});
