/** A schedule of five fields, in UTC. */
export class CronSchedule {
  readonly #fields: readonly ReadonlySet<number>[];
  readonly #anyDay: boolean;

  /** Throws a RangeError on what is none. */
  constructor(text: string) {
    const fields = (ALIASES[text] ?? text).trim().split(/\s+/);
    if (fields.length !== 5) throw new RangeError(`a schedule must have five fields, got ${text}`);
    this.#fields = fields.map((field, index) => parseField(field, BOUNDS[index]!));
    this.#anyDay = fields[2]!.startsWith('*') || fields[4]!.startsWith('*');
  }

  /** The first time after this one, in Unix milliseconds; undefined when there is none within five years. */
  next(after: number): number | undefined {
    const [minutes, hours, , months] = this.#fields;
    let time = Math.floor(after / MINUTE + 1) * MINUTE;
    const end = after + 5 * 366 * DAY;
    while (time < end) {
      const date = new Date(time);
      if (!months!.has(date.getUTCMonth() + 1)) time = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
      else if (!this.#isDay(date)) time = (Math.floor(time / DAY) + 1) * DAY;
      else if (!hours!.has(date.getUTCHours())) time = (Math.floor(time / HOUR) + 1) * HOUR;
      else if (!minutes!.has(date.getUTCMinutes())) time += MINUTE;
      else return time;
    }
    return undefined;
  }

  /** When neither day field is a star, either of them is enough. */
  #isDay(date: Date): boolean {
    const day = this.#fields[2]!.has(date.getUTCDate());
    const weekday = this.#fields[4]!.has(date.getUTCDay());
    return this.#anyDay ? day && weekday : day || weekday;
  }
}

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
const BOUNDS: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
];
const ALIASES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

function parseField(field: string, [low, high]: readonly [number, number]): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [, star, first, last, step] = /^(?:(\*|\?)|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? [];
    if (star === undefined && first === undefined)
      throw new RangeError(`a field of a schedule must be like */5 or 1-3, got ${field}`);
    const from = star === undefined ? Number(first) : low;
    const to = star !== undefined || (last === undefined && step !== undefined) ? high : Number(last ?? first);
    if (from < low || to > high || Number(step ?? 1) < 1)
      throw new RangeError(`a field of a schedule must be in ${low}-${high}, got ${field}`);
    // Sunday is 0 and 7.
    for (let value = from; value <= to; value += Number(step ?? 1)) values.add(high === 7 ? value % 7 : value);
  }
  return values;
}
