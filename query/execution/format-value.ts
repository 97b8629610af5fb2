import { goQuote } from '../promql/go-quote.ts';

/** A float without an exponent, in the fewest digits that give it back: Go's format 'f' with precision -1. */
export function formatPlain(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = '', lead = '', fraction = ''] = match;
  const exponent = Number(match[4]);
  const digits = lead + fraction;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return sign + digits.padEnd(exponent + 1, '0');
}

/** A float as Go's format 'g' writes it in a message: an exponent below 1e-4 and from 1e6 on. */
export function formatGo(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || !Number.isFinite(value) || (size >= 1e-4 && size < 1e6)) return formatPlain(value);
  const [mantissa, exponent = '0'] = value.toExponential().split('e');
  const power = Math.abs(Number(exponent));
  return `${mantissa}e${Number(exponent) < 0 ? '-' : '+'}${power < 10 ? '0' : ''}${power}`;
}

/** Labels as an error message shows them: every label in the braces, the metric's name as well. */
export function formatLabels(labels: Iterable<readonly [name: string, value: string]>): string {
  const inner = [...labels].map(([name, value]) => {
    const written = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : goQuote(name);
    return `${written}=${goQuote(value)}`;
  });
  return `{${inner.join(', ')}}`;
}
