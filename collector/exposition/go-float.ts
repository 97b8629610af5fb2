const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITY = /^[+-]?inf(?:inity)?$/i;
const NAN = /^nan$/i;

/**
 * The number that Go's strconv.ParseFloat reads, as far as Prometheus lets it: decimals with an exponent, `Inf`,
 * `Infinity` and `NaN` in any case, no hexadecimals, no underscores. Undefined when it is none or too large for a double.
 */
export function parseGoFloat(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  if (INFINITY.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return NAN.test(text) ? Number.NaN : undefined;
}

/**
 * The one spelling of a bucket's bound or a quantile, as OpenMetrics wants it: `1` and `1e0` become `1.0`, `1000000`
 * becomes `1e+06`, and what is no number stays. Prometheus 3 stores `le` and `quantile` so.
 */
export function canonicalFloat(text: string): string {
  const value = parseGoFloat(text);
  if (value === undefined) return text;
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  // Go's shortest %g has an exponent below 1e-4 and from 1e+06 on, of two digits at least.
  if (power < -4 || power >= 6) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  const plain = Object.is(value, -0) ? '-0' : String(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}
