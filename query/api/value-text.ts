/**
 * A sample's value as the API writes it: the fewest digits that give the double back, never an exponent (Go's format 'f'
 * with precision -1), and NaN, +Inf, -Inf.
 */
export function valueText(value: number): string {
  const size = Math.abs(value);
  // Between these bounds JavaScript writes no exponent either.
  if (size < 1e21 && size >= 1e-6) return String(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  if (Number.isNaN(value)) return 'NaN';
  if (size === Number.POSITIVE_INFINITY) return value > 0 ? '+Inf' : '-Inf';
  const [mantissa = '', power = '0'] = size.toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(power);
  const text = exponent < 0 ? `0.${'0'.repeat(-exponent - 1)}${digits}` : digits.padEnd(exponent + 1, '0');
  return value < 0 ? `-${text}` : text;
}

const THOUSANDTHS = Array.from({ length: 1000 }, (_, ms) => (ms === 0 ? '' : `.${String(ms).padStart(3, '0')}`));

/** Milliseconds as a JSON number of seconds: whole, or with three decimals. */
export function secondsText(milliseconds: number): string {
  const size = Math.abs(Math.round(milliseconds));
  const fraction = size % 1000;
  const text = String((size - fraction) / 1000) + THOUSANDTHS[fraction]!;
  return milliseconds < 0 && size > 0 ? `-${text}` : text;
}
