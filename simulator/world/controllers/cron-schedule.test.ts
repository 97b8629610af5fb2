import { describe, expect, it } from 'vitest';
import { CronSchedule } from './cron-schedule.ts';

function next(schedule: string, after: string): string | undefined {
  const time = new CronSchedule(schedule).next(Date.parse(after));
  return time === undefined ? undefined : new Date(time).toISOString().slice(0, 16);
}

describe('a schedule', () => {
  it.each([
    ['*/5 * * * *', '2026-03-04T10:00:00Z', '2026-03-04T10:05'],
    ['*/5 * * * *', '2026-03-04T10:04:59Z', '2026-03-04T10:05'],
    ['15 2 * * *', '2026-03-04T10:00:00Z', '2026-03-05T02:15'],
    ['0 0 1 * *', '2026-12-31T10:00:00Z', '2027-01-01T00:00'],
    ['30 9-17/4 * * 1-5', '2026-03-06T18:00:00Z', '2026-03-09T09:30'],
    ['0 12 * * 7', '2026-03-04T10:00:00Z', '2026-03-08T12:00'],
    ['0 0 29 2 *', '2026-03-01T00:00:00Z', '2028-02-29T00:00'],
    ['0 0 13 * 5', '2026-03-04T00:00:00Z', '2026-03-06T00:00'],
    ['@hourly', '2026-03-04T10:00:00Z', '2026-03-04T11:00'],
    ['0 0 31 2 *', '2026-03-04T10:00:00Z', undefined],
  ])('%s after %s is at %s', (schedule, after, expected) => {
    expect(next(schedule, after)).toBe(expected);
  });

  it.each(['', '* * * *', '60 * * * *', 'x * * * *', '*/0 * * * *', '* * 0 * *'])('is not %j', (schedule) => {
    expect(() => new CronSchedule(schedule)).toThrow(RangeError);
  });
});
