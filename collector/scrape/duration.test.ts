import { expect, it } from 'vitest';
import { formatDurationLabel, parseDurationLabel } from './duration.ts';

it.each([
  ['0s', 0],
  ['15s', 15_000],
  ['1m30s', 90_000],
  ['1h', 3_600_000],
  ['1d', 86_400_000],
  ['1s500ms', 1_500],
  ['1y', 31_536_000_000],
])('reads and writes %s', (text, milliseconds) => {
  expect(parseDurationLabel(text)).toBe(milliseconds);
  expect(formatDurationLabel(milliseconds)).toBe(text);
});

it.each(['', '15', '-1s', '1.5s', '1s1m', '1s ', 's'])('refuses %j', (text) => {
  expect(() => parseDurationLabel(text)).toThrow('expected a duration such as 15s or 1m30s');
});

it('takes 0 and a day of hours', () => {
  expect(parseDurationLabel('0')).toBe(0);
  expect(parseDurationLabel('24h')).toBe(86_400_000);
});
