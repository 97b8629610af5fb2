import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inTimeIntervals, type TimeInterval } from './time-interval.ts';

const ALWAYS: TimeInterval = {
  ...{ times: undefined, weekdays: undefined, daysOfMonth: undefined, months: undefined, years: undefined },
  location: 'UTC',
};
const contains = (interval: Partial<TimeInterval>, time: string): boolean =>
  inTimeIntervals([{ ...ALWAYS, ...interval }], Date.parse(time));

describe('time intervals', () => {
  it.each<[string, Partial<TimeInterval>, string, boolean]>([
    ['no part: always', {}, '2026-03-03T12:00:00Z', true],
    ['no range: never', { years: [] }, '2026-03-03T12:00:00Z', false],
    ['the first minute', { times: [{ begin: 720, end: 721 }] }, '2026-03-03T12:00:59Z', true],
    ['the end is not in it', { times: [{ begin: 720, end: 721 }] }, '2026-03-03T12:01:00Z', false],
    ['until midnight', { times: [{ begin: 1380, end: 1440 }] }, '2026-03-03T23:59:59Z', true],
    ['a Tuesday', { weekdays: [{ begin: 1, end: 5 }] }, '2026-03-03T12:00:00Z', true],
    ['a Sunday', { weekdays: [{ begin: 1, end: 5 }] }, '2026-03-01T12:00:00Z', false],
    ['the last day', { daysOfMonth: [{ begin: -1, end: -1 }] }, '2026-02-28T12:00:00Z', true],
    ['of a leap year', { daysOfMonth: [{ begin: -1, end: -1 }] }, '2028-02-28T12:00:00Z', false],
    ['the last three', { daysOfMonth: [{ begin: -3, end: -1 }] }, '2026-04-28T12:00:00Z', true],
    ['a day that the month has not', { daysOfMonth: [{ begin: 31, end: 31 }] }, '2026-04-30T12:00:00Z', false],
    ['to the end of a short month', { daysOfMonth: [{ begin: 27, end: 31 }] }, '2026-02-28T12:00:00Z', true],
    ['from a day to the last but one', { daysOfMonth: [{ begin: 10, end: -2 }] }, '2026-02-28T12:00:00Z', false],
    ['a month', { months: [{ begin: 3, end: 4 }] }, '2026-03-03T12:00:00Z', true],
    ['a year', { years: [{ begin: 2025, end: 2025 }] }, '2026-03-03T12:00:00Z', false],
    [
      'elsewhere it is later',
      { times: [{ begin: 0, end: 60 }], weekdays: [{ begin: 3, end: 3 }], location: 'Asia/Shanghai' },
      '2026-03-03T16:30:00Z',
      true,
    ],
    ['summer time', { times: [{ begin: 840, end: 841 }], location: 'Europe/Paris' }, '2026-07-03T12:00:30Z', true],
  ])('%s', (_name, interval, time, expected) => {
    expect(contains(interval, time)).toBe(expected);
  });

  it('agrees with a plain reading of the calendar in any zone', () => {
    const range = (least: number, most: number) =>
      fc
        .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
        .map(([a, b]) => ({ begin: Math.min(a, b), end: Math.max(a, b) }));
    const part = (least: number, most: number) =>
      fc.option(fc.array(range(least, most), { maxLength: 2 }), { nil: undefined });
    const zones = { UTC: 0, 'Asia/Kolkata': 330, 'America/Phoenix': -420 } as const;
    fc.assert(
      fc.property(
        fc.record({
          times: part(0, 1440),
          weekdays: part(0, 6),
          daysOfMonth: part(1, 31),
          months: part(1, 12),
          years: part(2024, 2027),
          location: fc.constantFrom(...(Object.keys(zones) as (keyof typeof zones)[])),
        }),
        fc.date({ min: new Date('2024-01-01'), max: new Date('2027-12-31'), noInvalidDate: true }),
        (interval, date) => {
          const local = new Date(date.getTime() + zones[interval.location] * 60_000);
          const within = (ranges: readonly { begin: number; end: number }[] | undefined, value: number): boolean =>
            ranges === undefined || ranges.some(({ begin, end }) => value >= begin && value <= end);
          const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
          const expected =
            (interval.times === undefined ||
              interval.times.some(({ begin, end }) => minute >= begin && minute < end)) &&
            within(interval.weekdays, local.getUTCDay()) &&
            within(interval.daysOfMonth, local.getUTCDate()) &&
            within(interval.months, local.getUTCMonth() + 1) &&
            within(interval.years, local.getUTCFullYear());
          expect(inTimeIntervals([interval], date.getTime())).toBe(expected);
        },
      ),
    );
  });
});
