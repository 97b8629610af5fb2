import { Labels } from '../../storage/labels.ts';
import { parseNumber } from './parse-number.ts';

/** What lies at one place of a series: a value, a stale marker, a native histogram (as written), or nothing. */
export type Item =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'stale' }
  | { readonly kind: 'histogram'; readonly text: string }
  | { readonly kind: 'missing' };

export interface SeriesLine {
  readonly labels: Labels;
  /** Item k belongs to the k-th step. */
  readonly items: readonly Item[];
  /** True when the line gives start timestamps (`name{…}@st`) instead of samples. */
  readonly startTimestamps: boolean;
}

const MISSING: Item = { kind: 'missing' };

/** `name{label="value"} 1 2+3x4 _ stale`. Throws an Error that says what is wrong. */
export function parseSeriesLine(text: string): SeriesLine {
  const { labels, rest } = parseMetric(text);
  const startTimestamps = rest.startsWith('@st');
  const body = startTimestamps ? rest.slice(3) : rest;
  if (startTimestamps) return { labels, items: [], startTimestamps };
  const items: Item[] = [];
  for (const token of tokens(body)) items.push(...parseItem(token));
  return { labels, items, startTimestamps };
}

/** The metric at the start of the text, and what follows. */
export function parseMetric(text: string): { labels: Labels; rest: string } {
  const pairs: [string, string][] = [];
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(text)?.[0] ?? '';
  if (name !== '') pairs.push(['__name__', name]);
  let rest = text.slice(name.length).trimStart();
  if (!rest.startsWith('{') || rest.startsWith('{{')) {
    if (name === '') throw new Error(`not a series: ${text}`);
    return { labels: Labels.from(pairs), rest };
  }
  rest = rest.slice(1).trimStart();
  while (!rest.startsWith('}')) {
    const label = /^(?:([a-zA-Z_][a-zA-Z0-9_]*)|("(?:[^"\\]|\\.)*"))\s*/.exec(rest);
    if (label === null) throw new Error(`not a label: ${rest}`);
    rest = rest.slice(label[0].length);
    const labelName = label[1] ?? (JSON.parse(label[2]!) as string);
    const value = /^=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)\s*/.exec(rest);
    if (value !== null) {
      rest = rest.slice(value[0].length);
      const quoted = value[1]!;
      pairs.push([labelName, quoted[0] === '"' ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)]);
    } else {
      // A quoted name alone is the metric's.
      pairs.push(['__name__', labelName]);
    }
    if (rest.startsWith(',')) rest = rest.slice(1).trimStart();
    else if (!rest.startsWith('}')) throw new Error(`expected , or } at: ${rest}`);
  }
  return { labels: Labels.from(pairs), rest: rest.slice(1) };
}

/** Splits at spaces, but not within a histogram. */
function tokens(text: string): readonly string[] {
  return text.match(/\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x\d+)?|\S+/g) ?? [];
}

function parseItem(token: string): readonly Item[] {
  if (token === 'stale') return [{ kind: 'stale' }];
  const missing = /^_(?:x(\d+))?$/.exec(token);
  if (missing !== null) return repeated(MISSING, Number(missing[1] ?? 1));
  const histogram = /^(\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?)(?:x(\d+))?$/.exec(token);
  if (histogram !== null) {
    const item: Item = { kind: 'histogram', text: histogram[1]! };
    return repeated(item, histogram[2] === undefined ? 1 : Number(histogram[2]) + 1);
  }
  const series =
    /^([+-]?(?:inf|nan|[\d.]+(?:e[+-]?\d+)?))(?:([+-])((?:inf|nan|[\d.]+(?:e[+-]?\d+)?)))?(?:x(\d+))?$/i.exec(token);
  if (series === null) throw new Error(`not an item of a series: ${token}`);
  const [, first, sign, by, times] = series;
  let value = number(first!);
  if (times === undefined) return [{ kind: 'value', value }];
  const step = by === undefined ? 0 : number(by) * (sign === '-' ? -1 : 1);
  const items: Item[] = [];
  for (let i = 0; i <= Number(times); i++, value += step) items.push({ kind: 'value', value });
  return items;
}

function number(text: string): number {
  const value = parseNumber(text);
  if (Number.isNaN(value) && !/^[+-]?nan$/i.test(text)) throw new Error(`not a number: ${text}`);
  return value;
}

function repeated(item: Item, times: number): readonly Item[] {
  return Array.from({ length: times }, () => item);
}
