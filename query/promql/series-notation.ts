/**
 * How Prometheus' tests write series: `name{label="value"} 1 2+3x4 _ stale`. An item is a number, `_` for no sample, `stale`, or a
 * native histogram in double braces; `axn` repeats and `a+bxn` counts on, n times after the first.
 */
import { Labels, METRIC_NAME } from '../../storage/labels.ts';
import { QueryError } from '../query-result.ts';
import { type Token, tokenize } from './lexer.ts';
import { numberValue } from './number.ts';

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
/** Items of one series at most: what a slip of the keyboard must not exceed. */
const MAX_ITEMS = 5_000_000;

/** A whole line. Throws an Error that says what is wrong. */
export function parseSeriesLine(text: string): SeriesLine {
  const { labels, rest } = parseMetric(text);
  const startTimestamps = rest.startsWith('@st');
  return { labels, items: startTimestamps ? [] : parseItems(rest), startTimestamps };
}

/** The items alone, `1 2+3x4 _ stale`. Throws an Error that says what is wrong. */
export function parseItems(text: string): readonly Item[] {
  const items: Item[] = [];
  for (const token of tokensOf(text)) {
    const { make, count } = parseItem(token);
    if (items.length + count > MAX_ITEMS) throw new Error(`a series must have at most ${MAX_ITEMS} items`);
    for (let i = 0; i < count; i++) items.push(make());
  }
  return items;
}

/** The metric at the start of the text, and what follows. Throws an Error that says what is wrong. */
export function parseMetric(text: string): { labels: Labels; rest: string } {
  const end = endOfMetric(text);
  const tokens = tokenize(text.slice(0, end));
  const pairs: [string, string][] = [];
  let at = 0;
  const next = (): Token => tokens[Math.min(at++, tokens.length - 1)]!;
  const unexpected = (token: Token): Error => {
    if (token.kind === 'error') return new Error(`not a series: ${token.message}: ${text}`);
    return new Error(
      `not a series: unexpected ${token.kind === 'end' ? 'end' : JSON.stringify(token.text)} in ${text}`,
    );
  };
  let token = next();
  if (token.kind === 'word') {
    pairs.push([METRIC_NAME, token.text]);
    token = next();
  }
  if (token.kind === 'op' && token.text === '{') {
    token = next();
    while (!(token.kind === 'op' && token.text === '}')) {
      const name = token.kind === 'word' ? token.text : token.kind === 'string' ? token.value : undefined;
      if (name === undefined) throw unexpected(token);
      const quoted = token.kind === 'string';
      token = next();
      if (token.kind === 'op' && token.text === '=') {
        token = next();
        if (token.kind !== 'string') throw unexpected(token);
        pairs.push([name, token.value]);
        token = next();
      } else if (quoted) {
        // A quoted name alone is the metric's.
        pairs.push([METRIC_NAME, name]);
      } else throw unexpected(token);
      if (token.kind === 'op' && token.text === ',') token = next();
      else if (!(token.kind === 'op' && token.text === '}')) throw unexpected(token);
    }
    token = next();
  }
  if (token.kind !== 'end') throw unexpected(token);
  return { labels: Labels.from(pairs), rest: text.slice(end) };
}

/** Where the name and the braces behind it end. */
function endOfMetric(text: string): number {
  const name = /^\s*(?:[a-zA-Z_:][a-zA-Z0-9_:]*)?/.exec(text)![0].length;
  const brace = name + /^\s*/.exec(text.slice(name))![0].length;
  if (text[brace] !== '{' || text[brace + 1] === '{') {
    if (text.slice(0, name).trim() === '' && text.trim() !== '') throw new Error(`not a series: ${text}`);
    return name;
  }
  for (let at = brace + 1; at < text.length; at++) {
    const char = text[at]!;
    if (char === '}') return at + 1;
    if (char !== '"' && char !== "'" && char !== '`') continue;
    for (at++; at < text.length && text[at] !== char; at++) if (text[at] === '\\' && char !== '`') at++;
  }
  throw new Error(`not a series: a closing brace is missing in ${text}`);
}

/** Splits at spaces, but not within a histogram. */
function tokensOf(text: string): readonly string[] {
  return text.match(/\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x\d+)?|\S+/g) ?? [];
}

interface Repeated {
  /** Gives the next one. */
  readonly make: () => Item;
  readonly count: number;
}

const NUMBER = String.raw`(?:\d[\d_]*\.?[\d_]*|\.\d+)(?:[eE][+-]?\d+)?`;
const WORDS = '[iI][nN][fF]|[nN][aA][nN]';
// Behind a word `x3` would be part of the word.
const VALUES = new RegExp(
  `^([+-]?)(?:(${NUMBER})(?:([+-])(?:(${NUMBER}))(?:x(\\d+))|x(\\d+))?|(${WORDS})(?:([+-])(${NUMBER})x(\\d+))?)$`,
);

function parseItem(token: string): Repeated {
  if (token === 'stale') return { make: () => ({ kind: 'stale' }), count: 1 };
  const missing = /^_(?:x(\d+))?$/.exec(token);
  if (missing !== null) return { make: () => MISSING, count: Number(missing[1] ?? 1) };
  const histogram = /^(\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?)(?:x(\d+))?$/.exec(token);
  if (histogram !== null) {
    const item: Item = { kind: 'histogram', text: histogram[1]! };
    return { make: () => item, count: Number(histogram[2] ?? 0) + 1 };
  }
  const match = VALUES.exec(token);
  if (match === null) throw new Error(`not an item of a series: ${token}`);
  const [, sign, first, plus, by, counted, repeated, word, wordPlus, wordBy, wordCounted] = match;
  const start = (sign === '-' ? -1 : 1) * number((first ?? word)!);
  const step = (by ?? wordBy) === undefined ? 0 : number((by ?? wordBy)!) * ((plus ?? wordPlus) === '-' ? -1 : 1);
  let value = start;
  let made = 0;
  const make = (): Item => {
    // Added up one by one, as Prometheus does: sums round otherwise than products.
    if (made++ > 0) value += step;
    return { kind: 'value', value };
  };
  return { make, count: Number(counted ?? repeated ?? wordCounted ?? 0) + 1 };
}

function number(text: string): number {
  if (/^inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  const value = numberValue(text);
  if (value === undefined) throw new QueryError('bad_data', `not a number: ${text}`);
  return value;
}
