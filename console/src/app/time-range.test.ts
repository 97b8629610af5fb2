import { describe, expect, test } from 'vitest';
import { parseTime, timeRangeOf } from './time-range.ts';

const NOW = 1_800_000_000;

test.each([
  ['now', NOW],
  ['now-90m', NOW - 5400],
  ['now-7d', NOW - 604_800],
  ['now-2w', NOW - 1_209_600],
  ['1700000000', 1_700_000_000],
  ['1700000000.5', 1_700_000_000.5],
  ['1700000000000', 1_700_000_000],
])('%s is %d', (text, seconds) => {
  expect(parseTime(text, NOW)).toBe(seconds);
});

test.each(['', ' ', 'yesterday', 'now+1h', 'now-1y', 'now-', '-Infinity'])('"%s" is no time', (text) => {
  expect(parseTime(text, NOW)).toBeUndefined();
});

describe('timeRangeOf', () => {
  test('is the last hour by default', () => {
    expect(timeRangeOf(null, null, NOW)).toEqual({
      start: NOW - 3600,
      end: NOW,
      from: 'now-1h',
      to: 'now',
      isLive: true,
    });
  });

  test('stands still between two moments', () => {
    expect(timeRangeOf('1700000000', '1700003600', NOW)).toMatchObject({
      start: 1_700_000_000,
      end: 1_700_003_600,
      isLive: false,
    });
  });

  test('is never empty or backwards', () => {
    expect(timeRangeOf('now', 'now-1h', NOW)).toMatchObject({ start: NOW - 7200, end: NOW - 3600 });
    expect(timeRangeOf('nonsense', 'nonsense', NOW)).toMatchObject({ start: NOW - 3600, end: NOW });
  });
});
