/** Both ends are in it. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** Times that all of the given parts contain; a part that is undefined contains every time, one with no ranges none. */
export interface TimeInterval {
  /** Minutes of the day; the end is not in it. */
  readonly times: readonly Range[] | undefined;
  /** 0 is Sunday. */
  readonly weekdays: readonly Range[] | undefined;
  /** From 1; negative ones count from the month's end, -1 being its last day. */
  readonly daysOfMonth: readonly Range[] | undefined;
  /** From 1. */
  readonly months: readonly Range[] | undefined;
  readonly years: readonly Range[] | undefined;
  /** An IANA time zone, or `Local` for that of this machine. */
  readonly location: string;
}

interface Moment {
  readonly minute: number;
  readonly weekday: number;
  readonly day: number;
  readonly month: number;
  readonly year: number;
}

/** Whether one of the intervals contains the time, in milliseconds since 1970. */
export function inTimeIntervals(intervals: readonly TimeInterval[], time: number): boolean {
  return intervals.some((interval) => contains(interval, time));
}

/** Whether the runtime knows a time zone of that name. */
export function isLocation(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

function contains(interval: TimeInterval, time: number): boolean {
  const at = momentAt(time, interval.location);
  const within = (ranges: readonly Range[] | undefined, value: number): boolean =>
    ranges === undefined || ranges.some(({ begin, end }) => begin <= value && value <= end);
  return (
    (interval.times === undefined || interval.times.some(({ begin, end }) => begin <= at.minute && at.minute < end)) &&
    (interval.daysOfMonth === undefined || interval.daysOfMonth.some((range) => containsDay(range, at))) &&
    within(interval.months, at.month) &&
    within(interval.weekdays, at.weekday) &&
    within(interval.years, at.year)
  );
}

function containsDay({ begin, end }: Range, { day, month, year }: Moment): boolean {
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const first = begin < 0 ? days + begin + 1 : begin;
  const last = end < 0 ? days + end + 1 : end;
  return first <= day && day <= last;
}

const formats = new Map<string, Intl.DateTimeFormat>();
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function formatOf(location: string): Intl.DateTimeFormat {
  let format = formats.get(location);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      ...(location === 'Local' ? {} : { timeZone: location }),
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(location, format);
  }
  return format;
}

function momentAt(time: number, location: string): Moment {
  if (location === 'UTC') {
    const date = new Date(time);
    return {
      minute: date.getUTCHours() * 60 + date.getUTCMinutes(),
      weekday: date.getUTCDay(),
      day: date.getUTCDate(),
      month: date.getUTCMonth() + 1,
      year: date.getUTCFullYear(),
    };
  }
  const parts = new Map(
    formatOf(location)
      .formatToParts(time)
      .map(({ type, value }) => [type, value]),
  );
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  return {
    minute: number('hour') * 60 + number('minute'),
    weekday: WEEKDAYS.indexOf(parts.get('weekday')!),
    day: number('day'),
    month: number('month'),
    year: number('year'),
  };
}
