/**
 * Kubernetes' quantities, written exactly: digits are moved as decimals, never multiplied as doubles, because a metric of 0.07
 * is `70m` and not `70.00000000000001m`. They are written in Kubernetes' own canonical form: without fractions, with the
 * largest suffix.
 */

/** A number as digits / 10^places. */
interface Decimal {
  readonly digits: bigint;
  /** At least 0. */
  readonly places: number;
}

/** Autoscalers count in thousandths, in 64 bits. */
const LIMIT = 2n ** 63n;
const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/**
 * The value of a metric: exact to the thousandth, as `1500m`, `2`, `3k`. What is finer is rounded away from zero, as Kubernetes
 * does it: 0.0001 is `1m`, not nothing. Throws a RangeError for what is not finite and what cannot be counted in thousandths in
 * 64 bits.
 */
export function metricQuantity(value: number): string {
  const thousandths = scaled(value, 3, 'away');
  const magnitude = thousandths < 0n ? -thousandths : thousandths;
  if (magnitude >= LIMIT) throw new RangeError(`a metric must be below 2^63 thousandths to be counted, got ${value}`);
  return canonical(thousandths, 2);
}

/** Cores, to the nearest billionth, as `12345n`, `250m`, `2`. The same errors, for negative ones too. */
export function cpuQuantity(cores: number): string {
  return canonical(counted(cores, 9, 'a use of CPU'), 0);
}

/** Bytes, to the nearest, as `20Mi`, `123Ki`, `4097`. The same errors, for negative ones too. */
export function memoryQuantity(bytes: number): string {
  let count = counted(bytes, 0, 'a use of memory');
  // As Kubernetes writes them, which has no binary suffix for what is smaller.
  if (count < 1024n) return canonical(count, 3);
  let suffix = 0;
  while (count % 1024n === 0n && suffix < BINARY_SUFFIXES.length - 1) {
    count /= 1024n;
    suffix++;
  }
  return `${count}${BINARY_SUFFIXES[suffix]}`;
}

function counted(value: number, places: number, what: string): bigint {
  const count = scaled(value, places, 'nearest');
  if (count < 0n || count >= LIMIT)
    throw new RangeError(`${what} must be at least 0 and fit into 64 bits, got ${value}`);
  return count;
}

/** value * 10^places as a whole number. */
function scaled(value: number, places: number, rounding: 'away' | 'nearest'): bigint {
  if (!Number.isFinite(value)) throw new RangeError(`a quantity must be a finite number, got ${value}`);
  const decimal = decimalOf(value);
  const missing = places - decimal.places;
  if (missing >= 0) return decimal.digits * 10n ** BigInt(missing);
  const divisor = 10n ** BigInt(-missing);
  const negative = decimal.digits < 0n;
  const magnitude = negative ? -decimal.digits : decimal.digits;
  const rounded =
    rounding === 'away' ? (magnitude + divisor - 1n) / divisor : (2n * magnitude + divisor) / (2n * divisor);
  return negative ? -rounded : rounded;
}

/** The shortest decimal that reads back as the double: what a person would say that it is. */
function decimalOf(value: number): Decimal {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!;
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const places = fraction.length - Number(exponent);
  return places >= 0 ? { digits, places } : { digits: digits * 10n ** BigInt(-places), places: 0 };
}

/** With the largest suffix that leaves no fraction. */
function canonical(count: bigint, unit: number): string {
  if (count === 0n) return '0';
  let suffix = unit;
  while (count % 1000n === 0n && suffix < DECIMAL_SUFFIXES.length - 1) {
    count /= 1000n;
    suffix++;
  }
  return `${count}${DECIMAL_SUFFIXES[suffix]}`;
}
