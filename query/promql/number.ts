/** What stands at a digit, and where it ends; of something bad, where it was seen to be. */
export interface ScannedNumber {
  readonly kind: 'number' | 'duration' | 'bad';
  readonly end: number;
}

const DECIMAL = '0123456789';
const HEXADECIMAL = `${DECIMAL}abcdefABCDEF`;

/** Reads along a text, a character of a set at a time. */
class Scanner {
  readonly #text: string;
  at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  get char(): string {
    return this.#text[this.at] ?? '';
  }

  is(set: string): boolean {
    return this.char !== '' && set.includes(this.char);
  }

  take(set: string): boolean {
    if (!this.is(set)) return false;
    this.at++;
    return true;
  }

  takeAll(set: string): void {
    while (this.take(set));
  }

  get atWord(): boolean {
    return /[a-zA-Z0-9_]/.test(this.char);
  }
}

/**
 * Follows Prometheus' scanner to the character, so that its messages show the same text: digits with dots, exponents and
 * underscores between them, or 0x; failing that, units of time go on from where the number ended (`1h30m`, and `1.5m`,
 * which is a duration that cannot be read).
 */
export function scanNumber(text: string, start: number): ScannedNumber {
  const scan = new Scanner(text, start);
  if (isNumber(scan)) return { kind: 'number', end: scan.at };
  const isDuration = takeUnits(scan);
  if (isDuration && !scan.atWord) return { kind: 'duration', end: scan.at };
  if (isDuration) scan.at++;
  return { kind: 'bad', end: scan.at };
}

function isNumber(scan: Scanner): boolean {
  const isHexadecimal = scan.take('0') && scan.take('xX');
  if (isHexadecimal) scan.take('_');
  const digits = isHexadecimal ? HEXADECIMAL : DECIMAL;
  scan.take('.');
  scan.take(digits);
  let dot = false;
  let exponent = false;
  while (scan.is(`${digits}._eE`)) {
    if (scan.is('.')) {
      scan.at++;
      if (dot || scan.take('_.') || isHexadecimal) return false;
      dot = true;
    } else if (!isHexadecimal && scan.is('eE')) {
      scan.at++;
      if (exponent) return false;
      exponent = true;
      scan.take('+-');
      if (scan.take('._eE') || scan.char === '') return false;
    } else if (scan.take('_')) {
      if (scan.take('._eE') || scan.char === '') return false;
    } else scan.takeAll(digits);
  }
  return !scan.atWord;
}

/** `m`, `ms`, `h30m`: a unit, and more numbers with units. */
function takeUnits(scan: Scanner): boolean {
  if (!scan.take('smhdwy')) return false;
  scan.take('s');
  while (scan.take(DECIMAL)) {
    scan.takeAll(DECIMAL);
    if (!scan.take('smhdw')) return false;
    scan.take('s');
  }
  return true;
}

/** Go's reading of a number without its underscores: a leading 0 means octal when all digits are; undefined for `0x`. */
export function numberValue(text: string): number | undefined {
  const digits = text.replaceAll('_', '');
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return Number.isNaN(value) ? undefined : value;
}

/** Milliseconds of the units, from the largest to the smallest: the order they must come in. */
const UNITS = new Map([
  ['y', 31_536_000_000],
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]);
/** Go's time.Duration counts nanoseconds in 64 bits; longer durations are refused as Prometheus refuses them. */
export const LONGEST_DURATION = 9_223_372_036_854;

/** A duration in milliseconds, or what is wrong with it. */
export function durationProblem(text: string): number | string {
  let total = 0;
  let previous = Number.POSITIVE_INFINITY;
  for (const [, count, unit] of text.matchAll(/(\d+)(\D+)/g)) {
    const size = UNITS.get(unit!);
    if (size === undefined) return `unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`;
    if (size >= previous) return `not a valid duration string: ${JSON.stringify(text)}`;
    previous = size;
    total += Number(count) * size;
  }
  return total > LONGEST_DURATION ? 'duration out of range' : total;
}
