import { methodsOf } from './method.ts';
import { typeName, type Value, ValueError } from './value.ts';

const UNITS = [
  [1_000_000n, 'ms', 6],
  [1_000n, 'µs', 3],
  [1n, 'ns', 0],
] as const;
const SECOND = 1_000_000_000n;

/** Go's time.Duration, which is an int64 of nanoseconds. */
export class GoDuration {
  readonly nanoseconds: bigint;
  readonly typeName = 'time.Duration';

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }

  static ofMilliseconds(ms: number): GoDuration {
    return new GoDuration(BigInt(Math.round(ms * 1000)) * 1000n);
  }

  get seconds(): number {
    return Number(this.nanoseconds) / 1e9;
  }

  get isTrue(): boolean {
    return this.nanoseconds !== 0n;
  }

  /** As Go prints it: `1h2m3.5s`, `250ms`, `0s`. */
  toString(): string {
    const sign = this.nanoseconds < 0n ? '-' : '';
    const all = this.nanoseconds < 0n ? -this.nanoseconds : this.nanoseconds;
    if (all === 0n) return '0s';
    if (all < SECOND) {
      const [size, unit, digits] = UNITS.find(([least]) => all >= least)!;
      return `${sign}${decimal(all, size, digits)}${unit}`;
    }
    const minutes = all / (60n * SECOND);
    const rest = decimal(all % (60n * SECOND), SECOND, 9);
    if (minutes === 0n) return `${sign}${rest}s`;
    const hours = minutes / 60n;
    return `${sign}${hours === 0n ? '' : `${hours}h`}${minutes % 60n}m${rest}s`;
  }
}

function decimal(value: bigint, size: bigint, digits: number): string {
  const fraction = String(value % size)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return digits === 0 || fraction === '' ? String(value / size) : `${value / size}.${fraction}`;
}

/** A duration, or a whole number of nanoseconds: `28800e9` is a float here and eight hours in Go. Throws a ValueError. */
export function toNanoseconds(value: Value): bigint {
  if (value instanceof GoDuration) return value.nanoseconds;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  throw new ValueError(`wanted a duration in nanoseconds, got ${typeName(value)}`);
}

function truncated(value: bigint, unit: bigint): bigint {
  return unit <= 0n ? value : value - (value % unit);
}

/** Half away from zero. */
function rounded(value: bigint, unit: bigint): bigint {
  if (unit <= 0n) return value;
  const half = value < 0n ? -(unit / 2n) : unit / 2n;
  return truncated(value + half, unit);
}

/** What templates may call on a duration. */
export const DURATION_METHODS = methodsOf<GoDuration>({
  String: [0, (duration) => duration.toString()],
  Nanoseconds: [0, (duration) => duration.nanoseconds],
  Microseconds: [0, (duration) => duration.nanoseconds / 1_000n],
  Milliseconds: [0, (duration) => duration.nanoseconds / 1_000_000n],
  Seconds: [0, (duration) => duration.seconds],
  Minutes: [0, (duration) => duration.seconds / 60],
  Hours: [0, (duration) => duration.seconds / 3600],
  Round: [1, (duration, [unit]) => new GoDuration(rounded(duration.nanoseconds, toNanoseconds(unit!)))],
  Truncate: [1, (duration, [unit]) => new GoDuration(truncated(duration.nanoseconds, toNanoseconds(unit!)))],
});
