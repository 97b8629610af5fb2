import { describe, expect, it } from 'vitest';
import { CronSchedule } from './cron-schedule.ts';

const next = (schedule: string, after: string, zone?: string): string | undefined => {
  const time = new CronSchedule(schedule, zone).next(Date.parse(after));
  return time === undefined ? undefined : new Date(time).toISOString().slice(0, 19);
};

describe('CronSchedule', () => {
  it.each([
    ['* * * * *', '2024-05-01T10:00:00Z', '2024-05-01T10:01:00'],
    ['* * * * *', '2024-05-01T10:00:30Z', '2024-05-01T10:01:00'],
    ['*/15 * * * *', '2024-05-01T10:15:00Z', '2024-05-01T10:30:00'],
    ['5/20 * * * *', '2024-05-01T10:26:00Z', '2024-05-01T10:45:00'],
    ['0 9-17/4 * * *', '2024-05-01T10:00:00Z', '2024-05-01T13:00:00'],
    ['30 2 1 * *', '2024-05-01T10:00:00Z', '2024-06-01T02:30:00'],
    ['0 0 29 2 *', '2024-03-01T00:00:00Z', '2028-02-29T00:00:00'],
    ['0 12 * JAN,jul mon-fri', '2024-05-01T10:00:00Z', '2024-07-01T12:00:00'],
    // Both days given: either suffices. The 13th or a Friday.
    ['0 0 13 * 5', '2024-05-01T10:00:00Z', '2024-05-03T00:00:00'],
    ['0 0 13 * FRI', '2024-05-10T00:00:00Z', '2024-05-13T00:00:00'],
    ['0 0 ? * 7', '2024-05-01T10:00:00Z', '2024-05-05T00:00:00'],
    ['@hourly', '2024-05-01T10:00:00Z', '2024-05-01T11:00:00'],
    ['@daily', '2024-12-31T10:00:00Z', '2025-01-01T00:00:00'],
    ['@weekly', '2024-05-01T10:00:00Z', '2024-05-05T00:00:00'],
    ['@monthly', '2024-05-01T00:00:00Z', '2024-06-01T00:00:00'],
    ['@yearly', '2024-05-01T00:00:00Z', '2025-01-01T00:00:00'],
    ['@every 1h30m', '2024-05-01T10:00:00Z', '2024-05-01T11:30:00'],
    ['CRON_TZ=Asia/Tokyo 0 9 * * *', '2024-05-01T10:00:00Z', '2024-05-02T00:00:00'],
  ])('%s after %s is %s', (schedule, after, wanted) => {
    expect(next(schedule, after)).toBe(wanted);
  });

  it('knows zones and their summer', () => {
    expect(next('0 9 * * *', '2024-01-15T10:00:00Z', 'America/New_York')).toBe('2024-01-15T14:00:00');
    expect(next('0 9 * * *', '2024-07-15T10:00:00Z', 'America/New_York')).toBe('2024-07-15T13:00:00');
    expect(next('0 0 * * *', '2024-05-01T10:00:00Z', 'Pacific/Kiritimati')).toBe('2024-05-02T10:00:00');
    // On 2024-03-31 Berlin had no 02:30.
    expect(next('30 2 * * *', '2024-03-30T12:00:00Z', 'Europe/Berlin')).toBe('2024-04-01T00:30:00');
    // On 2024-10-27 it had two; the first one counts.
    expect(next('30 2 * * *', '2024-10-26T12:00:00Z', 'Europe/Berlin')).toBe('2024-10-27T00:30:00');
  });

  it('is never due when there is no such day', () => {
    expect(next('0 0 30 2 *', '2024-05-01T10:00:00Z')).toBeUndefined();
  });

  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '5-1 * * * *',
    '*/0 * * * *',
    'a * * * *',
    '1,,2 * * * *',
    '@often',
    '@every x',
  ])('refuses %j', (schedule) => {
    expect(() => new CronSchedule(schedule)).toThrow(/^a schedule/);
  });

  it('refuses a zone that there is not', () => {
    expect(() => new CronSchedule('@daily', 'Mars/Olympus')).toThrow('Mars/Olympus');
  });
});
