import { formatGeneral } from './float-format.ts';
import { GoDuration } from './go-duration.ts';
import { GoTime } from './go-time.ts';
import { typeName, type Value, ValueError } from './value.ts';

/** What Prometheus' functions take for a number: numbers, texts that are one, and durations, in seconds. */
export function toFloat(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof GoDuration) return value.seconds;
  if (typeof value !== 'string') throw new ValueError(`can't convert ${typeName(value)} to float`);
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(value);
  if (special !== null) {
    if (/nan/i.test(special[2]!)) return Number.NaN;
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) {
    throw new ValueError(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  return Number(value);
}

const four = (value: number): string =>
  Number.isFinite(value) ? formatGeneral(value, 4) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';

function scaleDown(value: number, base: number, prefixes: readonly string[]): string {
  let scaled = value;
  let prefix = '';
  for (const next of prefixes) {
    if (Math.abs(scaled) < base) break;
    prefix = next;
    scaled /= base;
  }
  return four(scaled) + prefix;
}

function scaleUp(value: number): { scaled: number; prefix: string } {
  let scaled = value;
  let prefix = '';
  for (const next of ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']) {
    if (Math.abs(scaled) >= 1) break;
    prefix = next;
    scaled *= 1000;
  }
  return { scaled, prefix };
}

/** 1234567 is `1.235M`, 0.0012 is `1.2m`. */
export function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return four(value);
  if (Math.abs(value) >= 1) return scaleDown(value, 1000, ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']);
  const { scaled, prefix } = scaleUp(value);
  return four(scaled) + prefix;
}

/** 1048576 is `1Mi`. */
export function humanize1024(value: number): string {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return four(value);
  return scaleDown(value, 1024, ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']);
}

/** Seconds as `1d 2h 3m 4s`, `12.34s` or `5ms`. */
export function humanizeDuration(value: number): string {
  if (!Number.isFinite(value)) return four(value);
  if (value === 0) return `${four(value)}s`;
  if (Math.abs(value) < 1) {
    const { scaled, prefix } = scaleUp(value);
    return `${four(scaled)}${prefix}s`;
  }
  const sign = value < 0 ? '-' : '';
  const magnitude = Math.abs(value);
  const whole = Math.trunc(magnitude);
  const seconds = whole % 60;
  const minutes = Math.trunc(whole / 60) % 60;
  const hours = Math.trunc(whole / 3600) % 24;
  const days = Math.trunc(whole / 86_400);
  if (days !== 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`;
  if (hours !== 0) return `${sign}${hours}h ${minutes}m ${seconds}s`;
  if (minutes !== 0) return `${sign}${minutes}m ${seconds}s`;
  return `${sign}${four(magnitude)}s`;
}

/** 0.123 is `12.3%`. */
export function humanizePercentage(value: number): string {
  return `${four(value * 100)}%`;
}

/** Seconds since 1970 as `2015-11-05 19:00:00 +0000 UTC`. */
export function humanizeTimestamp(value: number): string {
  return Number.isFinite(value) ? secondsToTime(value).toString() : four(value);
}

/** Throws a ValueError for a number that is no time, or further away than 64 bits of nanoseconds reach. */
export function secondsToTime(value: number): GoTime {
  if (!Number.isFinite(value)) throw new ValueError('value is NaN or Inf');
  if (!(Math.abs(value) * 1e9 < 2 ** 63)) throw overflow(value, 'nanoseconds timestamp');
  return new GoTime(value * 1000);
}

/** Throws a ValueError for a number that is none, or longer than 64 bits of nanoseconds reach. */
export function secondsToDuration(value: number): GoDuration {
  if (!Number.isFinite(value)) throw new ValueError('value is NaN or Inf');
  if (!(Math.abs(value) * 1e9 < 2 ** 63)) throw overflow(value, 'nanoseconds duration');
  return GoDuration.ofMilliseconds(value * 1000);
}

function overflow(value: number, what: string): ValueError {
  return new ValueError(`${formatGeneral(value, -1)} cannot be represented as a ${what} since it overflows int64`);
}
