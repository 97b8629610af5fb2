import type { Metadata, MetricType } from '../../storage/series.ts';
import { resolveEscapes } from './series-text.ts';
import { BACKSLASH, isBlank, isMetricNameByte, QUOTE, type TextReader } from './text-reader.ts';

/** What a line `# HELP metric text` or `# TYPE metric type` says. */
export interface MetaLine {
  readonly metric: string;
  /** The type, or undefined on a HELP line. */
  readonly type: MetricType | undefined;
  /** The help, or undefined on a TYPE line. */
  readonly help: string | undefined;
}

const TYPES: ReadonlyMap<string, MetricType> = new Map([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['summary', 'summary'],
  ['untyped', 'unknown'],
]);

/**
 * Reads the META line from its `#` at `start` to `end`, its line's end. Throws an ExpositionError when the name is
 * missing, the type unknown or the text not UTF-8.
 */
export function parseMetaLine(reader: TextReader, start: number, end: number): MetaLine {
  const { bytes } = reader;
  let pos = start + 1;
  while (isBlank(bytes[pos]!)) pos++;
  const isType = bytes[pos] === 0x54;
  pos += 4;
  while (pos < end && isBlank(bytes[pos]!)) pos++;

  if (!reader.isUtf8(start, end)) throw reader.error(start, 'expected UTF-8 in the comment', pos);
  const nameStart = pos;
  let metric: string;
  if (bytes[pos] === QUOTE) {
    for (pos++; pos < end && bytes[pos] !== QUOTE; pos++) if (bytes[pos] === BACKSLASH) pos++;
    if (pos >= end) throw reader.error(start, 'expected a quote at the end of the metric name', nameStart);
    metric = resolveEscapes(reader.text(nameStart + 1, pos));
    pos++;
  } else {
    while (pos < end && isMetricNameByte(bytes[pos]!)) pos++;
    metric = reader.text(nameStart, pos);
  }
  if (metric === '' || /^[0-9]/.test(metric)) {
    throw reader.error(start, `expected a metric name after ${isType ? 'TYPE' : 'HELP'}`, nameStart);
  }
  while (pos < end && isBlank(bytes[pos]!)) pos++;
  const text = reader.text(pos, end);
  if (!isType) {
    return { metric, type: undefined, help: text.replace(/\\([\\n])/g, (_, c: string) => (c === 'n' ? '\n' : c)) };
  }
  const type = TYPES.get(text.replace(/[ \t]+$/, ''));
  if (type === undefined) {
    throw reader.error(start, 'expected the type counter, gauge, histogram, summary or untyped', pos);
  }
  return { metric, type, help: undefined };
}

/** Joins what several lines say of each metric; of two lines about the same the later counts. */
export class MetadataBuilder {
  readonly #byMetric = new Map<string, { type: MetricType; help: string }>();

  add(line: MetaLine): void {
    let known = this.#byMetric.get(line.metric);
    if (known === undefined) this.#byMetric.set(line.metric, (known = { type: 'unknown', help: '' }));
    known.type = line.type ?? known.type;
    known.help = line.help ?? known.help;
  }

  /** Those that `wanted` accepts. */
  finish(wanted: (metric: string) => boolean = () => true): Metadata[] {
    const all: Metadata[] = [];
    for (const [metric, { type, help }] of this.#byMetric) {
      if (wanted(metric)) all.push({ metric, type, help, unit: '' });
    }
    return all;
  }
}
