/**
 * A double's decimal digits as Go's strconv writes them. JavaScript's toFixed and toPrecision round an exact tie up
 * (2.5 to 3), Go rounds it to even (2.5 to 2), so the digits are computed exactly, in BigInt.
 */

const view = new DataView(new ArrayBuffer(8));

/** value = mantissa * 2^exponent, for a finite value without its sign. */
function split(value: number): { mantissa: bigint; exponent: number } {
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const biased = Number(bits >> 52n);
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 0x10_0000_0000_0000n, exponent: biased - 1075 };
}

function divideToEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  if (twice > denominator || (twice === denominator && quotient % 2n === 1n)) return quotient + 1n;
  return quotient;
}

/** |value| * 10^power, rounded half to even. */
function scaled(value: number, power: number): bigint {
  const { mantissa, exponent } = split(value);
  let numerator = mantissa;
  let denominator = 1n;
  if (power >= 0) numerator *= 10n ** BigInt(power);
  else denominator *= 10n ** BigInt(-power);
  if (exponent >= 0) numerator <<= BigInt(exponent);
  else denominator <<= BigInt(-exponent);
  return divideToEven(numerator, denominator);
}

const sign = (value: number): string => (value < 0 || Object.is(value, -0) ? '-' : '');

/** %f with `precision` digits after the point; a negative precision means as many as needed. */
export function formatFixed(value: number, precision: number): string {
  if (precision < 0) {
    const { digits, exponent } = shortest(value);
    if (exponent < 0) return `${sign(value)}0.${'0'.repeat(-exponent - 1)}${digits}`;
    const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
    const fraction = digits.slice(exponent + 1);
    return sign(value) + whole + (fraction === '' ? '' : '.' + fraction);
  }
  const digits = scaled(value, precision)
    .toString()
    .padStart(precision + 1, '0');
  const whole = digits.slice(0, digits.length - precision);
  return sign(value) + whole + (precision === 0 ? '' : '.' + digits.slice(digits.length - precision));
}

/** The fewest digits that read back as the same double, and the power of ten of the first. */
function shortest(value: number): { digits: string; exponent: number } {
  const [mantissa = '0', exponent = '0'] = Math.abs(value).toExponential().split('e');
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent) };
}

function rounded(value: number, significant: number): { digits: string; exponent: number } {
  if (value === 0) return { digits: '0'.repeat(significant), exponent: 0 };
  let { exponent } = shortest(value);
  let digits = scaled(value, significant - 1 - exponent).toString();
  if (digits.length > significant) {
    exponent++;
    digits = scaled(value, significant - 1 - exponent).toString();
  }
  return { digits, exponent };
}

function exponential(prefix: string, digits: string, exponent: number): string {
  const power = String(Math.abs(exponent)).padStart(2, '0');
  const fraction = digits.slice(1);
  return `${prefix}${digits[0]}${fraction === '' ? '' : '.' + fraction}e${exponent < 0 ? '-' : '+'}${power}`;
}

/** %e with `precision` digits after the point; a negative precision means as many as needed. */
export function formatExponent(value: number, precision: number): string {
  const { digits, exponent } = precision < 0 ? shortest(value) : rounded(value, precision + 1);
  return exponential(sign(value), digits, exponent);
}

/**
 * %g: `significant` digits without trailing zeros, with an exponent when that is below -4 or not below the digits.
 * A negative `significant` means as many as needed, and then an exponent from 10^6 on, as Go prints a float64.
 */
export function formatGeneral(value: number, significant: number): string {
  const wanted = significant === 0 ? 1 : significant;
  const { digits, exponent } = wanted < 0 ? shortest(value) : rounded(value, wanted);
  const trimmed = digits.replace(/0+$/, '') || '0';
  if (exponent < -4 || exponent >= (wanted < 0 ? 6 : wanted)) return exponential(sign(value), trimmed, exponent);
  if (exponent < 0) return `${sign(value)}0.${'0'.repeat(-exponent - 1)}${trimmed}`;
  const fraction = trimmed.slice(exponent + 1);
  const whole = trimmed.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return sign(value) + whole + (fraction === '' ? '' : '.' + fraction);
}
