/** A set of numbers as Kubernetes' CronJobs write it; `isAny` when it began with `*` or `?` and had no step. */
interface Field {
  readonly values: ReadonlySet<number>;
  readonly isAny: boolean;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000 };
const MINUTE = 60_000;
const DAY = 86_400_000;
/** A schedule that is due later than this is never due: the 30th of February. */
const MAX_DAYS = 5 * 366;

/**
 * When a CronJob is due: `0,30 8-18 * * MON-FRI` in a time zone. Times that a zone leaves out when summer begins are skipped.
 * Where both day of month and day of week are given, either suffices.
 */
export class CronSchedule {
  readonly #minutes: readonly number[];
  readonly #hours: readonly number[];
  readonly #days: Field;
  readonly #months: Field;
  readonly #weekdays: Field;
  readonly #zone: Intl.DateTimeFormat | undefined;
  readonly #every: number | undefined;

  /** Throws an Error when the text is no schedule, or the zone is not known. Default zone: UTC. */
  constructor(text: string, zone?: string) {
    const [, named, written] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/s.exec(text.trim())!;
    const name = named ?? zone;
    this.#zone = name === undefined || name === 'UTC' || name === 'Etc/UTC' ? undefined : zoneFormat(name);
    const every = /^@every\s+((?:\d+(?:\.\d+)?[hms])+)$/.exec(written!)?.[1];
    this.#every = every === undefined ? undefined : parseEvery(every);
    const fields = (this.#every === undefined ? (NICKNAMES[written!] ?? written!) : '* * * * *').split(/\s+/);
    if (fields.length !== 5) {
      throw new Error(`a schedule must have five fields, @daily or the like, or @every, got ${JSON.stringify(text)}`);
    }
    this.#minutes = sorted(parseField(fields[0]!, { from: 0, to: 59 }));
    this.#hours = sorted(parseField(fields[1]!, { from: 0, to: 23 }));
    this.#days = parseField(fields[2]!, { from: 1, to: 31 });
    this.#months = parseField(fields[3]!, { from: 1, to: 12, names: MONTHS });
    this.#weekdays = parseField(fields[4]!, { from: 0, to: 7, names: DAYS });
  }

  /** The first time after this one, in Unix milliseconds; undefined when there is none. */
  next(after: number): number | undefined {
    if (this.#every !== undefined) return Math.floor(after / 1000) * 1000 + this.#every;
    // What a clock on the wall says, as if it were UTC.
    const wall = after + this.#offset(after);
    const firstDay = Math.floor(wall / DAY) * DAY;
    for (let day = firstDay; day <= firstDay + MAX_DAYS * DAY; day += DAY) {
      if (!this.#isDay(new Date(day))) continue;
      for (const hour of this.#hours) {
        for (const minute of this.#minutes) {
          const candidate = day + hour * 60 * MINUTE + minute * MINUTE;
          // Half a day more than any change of a zone's clock: earlier ones need no closer look.
          if (candidate < wall - DAY / 2) continue;
          const time = this.#timeOf(candidate);
          if (time !== undefined && time > after) return time;
        }
      }
    }
    return undefined;
  }

  #isDay(date: Date): boolean {
    if (!this.#months.values.has(date.getUTCMonth() + 1)) return false;
    const isDay = this.#days.values.has(date.getUTCDate());
    const weekday = date.getUTCDay();
    const isWeekday = this.#weekdays.values.has(weekday) || (weekday === 0 && this.#weekdays.values.has(7));
    return this.#days.isAny || this.#weekdays.isAny ? isDay && isWeekday : isDay || isWeekday;
  }

  /** The time at which the clock shows this; undefined when it never does. */
  #timeOf(wall: number): number | undefined {
    if (this.#zone === undefined) return wall;
    for (const guess of [wall - this.#offset(wall - DAY / 2), wall - this.#offset(wall + DAY / 2)]) {
      if (guess + this.#offset(guess) === wall) return guess;
    }
    return undefined;
  }

  /** How far the zone is ahead of UTC at a time. */
  #offset(time: number): number {
    if (this.#zone === undefined) return 0;
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#zone.formatToParts(time)) parts[type] = Number(value);
    const { year, month, day, hour, minute, second } = parts;
    return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) - Math.floor(time / 1000) * 1000;
  }
}

function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
}

function parseEvery(text: string): number {
  let milliseconds = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)([hms])/g))
    milliseconds += Number(number) * UNITS[unit!]!;
  return Math.max(1000, Math.floor(milliseconds / 1000) * 1000);
}

function sorted({ values }: Field): number[] {
  return [...values].sort((a, b) => a - b);
}

function parseField(
  text: string,
  { from, to, names = [] }: { readonly from: number; readonly to: number; readonly names?: readonly string[] },
): Field {
  const values = new Set<number>();
  let isAny = false;
  for (const part of text.split(',')) {
    const match = /^(?:([*?])|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part);
    const numberOf = (word: string): number => {
      const named = names.indexOf(word.toUpperCase());
      return named < 0 ? (/^\d+$/.test(word) ? Number(word) : Number.NaN) : named + from;
    };
    const step = match?.[4] === undefined ? 1 : Number(match[4]);
    const first = match?.[1] !== undefined ? from : numberOf(match?.[2] ?? '');
    const last =
      match?.[1] !== undefined || (match?.[3] === undefined && match?.[4] !== undefined)
        ? to
        : numberOf(match?.[3] ?? match?.[2] ?? '');
    if (!(first >= from && last <= to && first <= last && step >= 1)) {
      throw new Error(`a schedule's field must be of numbers from ${from} to ${to}, got ${JSON.stringify(text)}`);
    }
    if (match?.[1] !== undefined && step === 1) isAny = true;
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return { values, isAny };
}
