import type { Labels } from '../../storage/labels.ts';
import type { LogPosition } from '../../storage/log-position.ts';
import { Matcher } from '../../storage/matcher.ts';
import { parseMatchers } from '../matcher-text.ts';
import { invalidParameter } from './api-error.ts';

/** What time of a history is asked for, and how much of it. */
export interface HistoryRange {
  readonly start: number;
  readonly end: number;
  readonly before: LogPosition | undefined;
  readonly limit: number;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MAX_VALUES = 100;
const MAX_SETS = 200;
/** The end of the last day that a JavaScript Date knows, and of what stores take. */
const LAST_TIME = Date.UTC(2100, 0, 1) - 1;
const SECONDS = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
const POSITION = /^(\d{1,15})-(\d{1,16})$/;

/** Throws an ApiError that names the first parameter that is none of these. */
export function onlyKnown(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) {
    if (!known.includes(name)) throw invalidParameter(name, `expected one of ${known.join(', ')}`);
  }
}

/** start, end, limit and before; without a start it is `span` milliseconds before the end, which is now unless given. */
export function historyRange(
  query: URLSearchParams,
  times: { readonly now: number; readonly span: number },
): HistoryRange {
  const limit = wholeNumber(query, 'limit', { fallback: DEFAULT_LIMIT, min: 1, max: MAX_LIMIT });
  return { ...timeRange(query, times), before: position(query.get('before') ?? ''), limit };
}

/** start and end; without a start it is `span` milliseconds before the end, which is now unless given. */
export function timeRange(
  query: URLSearchParams,
  { now, span }: { readonly now: number; readonly span: number },
): Pick<HistoryRange, 'start' | 'end'> {
  const end = time(query, 'end') ?? now;
  const start = time(query, 'start') ?? end - span;
  if (end < start) throw invalidParameter('end', 'the end must not be before the start');
  return { start, end };
}

/** A whole number of the query; `fallback` when there is none. */
export function wholeNumber(
  query: URLSearchParams,
  name: string,
  { fallback, min, max }: { readonly fallback: number; readonly min: number; readonly max: number },
): number {
  const text = query.get(name) ?? '';
  if (text === '') return fallback;
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= min && number <= max) return number;
  throw invalidParameter(name, `expected a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`);
}

/** A place in a history, for `before`. */
export function positionText({ timestamp, sequence }: LogPosition): string {
  return `${timestamp}-${sequence}`;
}

/** All values of a parameter; with `known`, only these may be given. */
export function valuesOf(query: URLSearchParams, name: string, known?: readonly string[]): readonly string[] {
  const values = query.getAll(name).filter((value) => value !== '');
  if (values.length > MAX_VALUES)
    throw invalidParameter(name, `at most ${MAX_VALUES} may be given, got ${values.length}`);
  const wrong = known === undefined ? undefined : values.find((value) => !known.includes(value));
  if (wrong === undefined) return values;
  throw invalidParameter(name, `expected one of ${known!.join(', ')}, got ${JSON.stringify(wrong)}`);
}

/** 16 hex digits; undefined is not given. */
export function fingerprintsOf(values: readonly string[]): readonly string[] {
  for (const value of values) {
    if (/^[0-9a-f]{16}$/.test(value)) continue;
    throw invalidParameter('fingerprint', `expected 16 hex digits in lower case, got ${JSON.stringify(value)}`);
  }
  return values;
}

/**
 * The sets of match[], for labels that lack the external ones: a label that an alert does not have counts as the external label of
 * that name, as in what the alert's receivers see.
 *
 *     match[]=pod="a", cluster=~"e.*" with the external label cluster="east" -> pod="a", cluster=~"e.*" or pod="a", cluster=""
 */
export function matcherSets(query: URLSearchParams, externalLabels: Labels): readonly (readonly Matcher[])[] {
  const sets = valuesOf(query, 'match[]').flatMap((text) => {
    let matchers: readonly Matcher[];
    try {
      matchers = parseMatchers(text);
    } catch (error) {
      if (error instanceof SyntaxError) throw invalidParameter('match[]', error.message);
      throw error;
    }
    if (matchers.length === 0) throw invalidParameter('match[]', `expected a matcher such as {pod="a"}, got ${text}`);
    return matchers.reduce<readonly Matcher[][]>(
      (found, matcher) =>
        found.flatMap((set) => alternatives(matcher, externalLabels).map((more) => [...set, ...more])),
      [[]],
    );
  });
  if (sets.length > MAX_SETS) throw invalidParameter('match[]', 'fewer matchers on external labels must be given');
  return sets;
}

/** What must hold of the alert's own labels: all of one of the lists. */
function alternatives(matcher: Matcher, externalLabels: Labels): readonly (readonly Matcher[])[] {
  const { name } = matcher;
  if (!externalLabels.has(name)) return [[matcher]];
  const own = [new Matcher(name, '!=', ''), matcher];
  return matcher.matches(externalLabels.get(name)) ? [own, [new Matcher(name, '=', '')]] : [own];
}

/** Seconds since 1970 or RFC 3339, to milliseconds; undefined when absent. */
function time(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  const milliseconds = SECONDS.test(text)
    ? Math.round(Number(text) * 1000)
    : RFC3339.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (Math.abs(milliseconds) <= LAST_TIME) return milliseconds;
  throw invalidParameter(
    name,
    `expected seconds since 1970 or a time such as 2026-01-15T12:00:00Z, got ${JSON.stringify(text)}`,
  );
}

function position(text: string): LogPosition | undefined {
  if (text === '') return undefined;
  const match = POSITION.exec(text);
  const [timestamp, sequence] = [Number(match?.[1]), Number(match?.[2])];
  if (timestamp <= LAST_TIME && Number.isSafeInteger(sequence)) return { timestamp, sequence };
  throw invalidParameter(
    'before',
    `expected the position of an entry, such as 1768478400000-1, got ${JSON.stringify(text)}`,
  );
}
