import { type Labels, METRIC_NAME } from '../../storage/labels.ts';

const LEGACY_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** How names that are not ASCII identifiers are written: as they are, in quotes, or with underscores in place. */
export type NameEscaping = 'allow-utf-8' | 'underscores';

/** A sample to be written; the timestamp is in milliseconds. */
export interface ExposedSample {
  readonly labels: Labels;
  readonly value: number;
  readonly timestamp: number;
}

/**
 * A line of Prometheus' text format 0.0.4. `more` are labels, sorted by name, that are put behind the series' own where
 * the series has none of that name; empty values included.
 */
export function sampleLine(
  { labels, value, timestamp }: ExposedSample,
  more: readonly (readonly [name: string, value: string])[],
  escaping: NameEscaping,
): string {
  const metric = escapeName(labels.metric, escaping);
  const bare = LEGACY_NAME.test(metric);
  const inner: string[] = bare ? [] : [quote(metric)];
  for (const [name, text] of labels) if (name !== METRIC_NAME) inner.push(labelText(name, text, escaping));
  for (const [name, text] of more) if (!labels.has(name)) inner.push(labelText(name, text, escaping));
  const set = inner.length === 0 ? '' : `{${inner.join(',')}}`;
  return `${bare ? metric : ''}${set} ${floatText(value)} ${timestamp}\n`;
}

/** The comment before a metric's samples. */
export function typeLine(metric: string, type: string, escaping: NameEscaping): string {
  const name = escapeName(metric, escaping);
  return `# TYPE ${LEGACY_NAME.test(name) ? name : quote(name)} ${type}\n`;
}

/** As Go's format 'g' has it: the fewest digits, with an exponent of two digits from 1e+06 on and below 0.0001. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function labelText(name: string, value: string, escaping: NameEscaping): string {
  const escaped = escapeName(name, escaping);
  return `${LEGACY_NAME.test(escaped) ? escaped : quote(escaped)}=${quote(value)}`;
}

function escapeName(name: string, escaping: NameEscaping): string {
  if (escaping === 'allow-utf-8' || LEGACY_NAME.test(name)) return name;
  return [...name].map((char, i) => (/[a-zA-Z_:]/.test(char) || (i > 0 && /\d/.test(char)) ? char : '_')).join('');
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
