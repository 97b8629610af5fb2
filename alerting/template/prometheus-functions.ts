import { isIP } from 'node:net';
import { RE2JS } from 're2js';
import { durationProblem } from '../../query/promql/number.ts';
import { parseDuration } from '../duration.ts';
import { arity, queryEscape, strings, type TemplateFunction } from './go-functions.ts';
import {
  humanize,
  humanize1024,
  humanizeDuration,
  humanizePercentage,
  humanizeTimestamp,
  secondsToDuration,
  secondsToTime,
  toFloat,
} from './humanize.ts';
import { ArgumentError, GoMap, GoStruct, isList, type Value, ValueError } from './value.ts';

/** What the functions know of the world outside. */
export interface FunctionContext {
  /** The time of the evaluation, in milliseconds. */
  readonly now: number;
  readonly externalUrl: string;
  /** The result of a PromQL expression at `now`, as a list of samples. */
  readonly query: (expr: string) => Value;
}

/** The names alone, for the parser. */
export const PROMETHEUS_FUNCTION_NAMES: readonly string[] = [
  ...['query', 'first', 'label', 'value', 'strvalue', 'sortByLabel', 'args', 'reReplaceAll', 'match', 'safeHtml'],
  ...['title', 'toUpper', 'toLower', 'graphLink', 'tableLink', 'stripPort', 'stripDomain', 'urlQueryEscape'],
  ...['humanize', 'humanize1024', 'humanizeDuration', 'humanizePercentage', 'humanizeTimestamp', 'toTime'],
  ...['toDuration', 'parseDuration', 'now', 'externalURL', 'pathPrefix'],
];

/** Prometheus' own template functions. */
export function prometheusFunctions(context: FunctionContext): ReadonlyMap<string, TemplateFunction> {
  const text = (name: string, convert: (text: string) => Value): [string, TemplateFunction] => [
    name,
    (args) => convert(strings(name, args, 1)[0]!),
  ];
  const number = (name: string, convert: (value: number) => Value): [string, TemplateFunction] => [
    name,
    (args) => {
      arity(name, args, 1);
      return convert(toFloat(args[0]!));
    },
  ];
  const constant = (name: string, value: () => Value): [string, TemplateFunction] => [
    name,
    (args) => {
      arity(name, args, 0);
      return value();
    },
  ];
  return new Map<string, TemplateFunction>([
    text('query', context.query),
    ['first', first],
    ['label', label],
    ['value', (args) => sampleOf('value', args, 0, 1).fields.get('Value')!],
    ['strvalue', (args) => labelOf(sampleOf('strvalue', args, 0, 1), '__value__')],
    ['sortByLabel', sortByLabel],
    ['args', (args) => new GoMap(new Map(args.map((arg, i) => [`arg${i}`, arg])), null)],
    ['match', match],
    ['reReplaceAll', replaceAll],
    text('safeHtml', (value) => value),
    text('title', title),
    text('toUpper', (value) => mapCharacters(value, (char) => char.toUpperCase())),
    text('toLower', (value) => mapCharacters(value, (char) => char.toLowerCase())),
    text('graphLink', (expr) => `/graph?g0.expr=${queryEscape(expr)}&g0.tab=0`),
    text('tableLink', (expr) => tableLink(expr)),
    text('urlQueryEscape', queryEscape),
    text('stripPort', (value) => splitHostPort(value)?.host ?? value),
    text('stripDomain', stripDomain),
    number('humanize', humanize),
    number('humanize1024', humanize1024),
    number('humanizeDuration', humanizeDuration),
    number('humanizePercentage', humanizePercentage),
    number('humanizeTimestamp', humanizeTimestamp),
    number('toTime', secondsToTime),
    number('toDuration', secondsToDuration),
    text('parseDuration', durationSeconds),
    constant('now', () => context.now / 1000),
    constant('externalURL', () => context.externalUrl),
    constant('pathPrefix', () => pathOf(context.externalUrl)),
  ]);
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.replace(/\/$/, '') : '';
}

/** Where Prometheus' page shows an expression as a table; also an alert's generator URL. */
export function tableLink(expr: string): string {
  return `/graph?g0.expr=${queryEscape(expr)}&g0.tab=1`;
}

function listOf(name: string, args: readonly Value[], index: number, count: number): readonly Value[] {
  arity(name, args, count);
  const list = args[index]!;
  if (!isList(list)) {
    throw new ArgumentError(name, { index, wanted: 'template.queryResult', got: list });
  }
  return list;
}

function sampleOf(name: string, args: readonly Value[], index: number, count: number): GoStruct {
  arity(name, args, count);
  const sample = args[index]!;
  if (sample instanceof GoStruct && sample.fields.has('Value')) return sample;
  throw new ArgumentError(name, { index, wanted: '*template.sample', got: sample });
}

function labelOf(sample: Value, name: string): string {
  const labels = sample instanceof GoStruct ? sample.fields.get('Labels') : undefined;
  return labels instanceof GoMap ? (labels.get(name) as string) : '';
}

function first(args: readonly Value[]): Value {
  const list = listOf('first', args, 0, 1);
  if (list.length === 0) throw new ValueError('first() called on vector with no elements');
  return list[0]!;
}

function label(args: readonly Value[]): Value {
  const sample = sampleOf('label', args, 1, 2);
  return labelOf(sample, strings('label', args.slice(0, 1), 1)[0]!);
}

function sortByLabel(args: readonly Value[]): Value {
  const list = listOf('sortByLabel', args, 1, 2);
  const name = strings('sortByLabel', args.slice(0, 1), 1)[0]!;
  return [...list].sort((a, b) => {
    const [x, y] = [labelOf(a, name), labelOf(b, name)];
    return x < y ? -1 : x > y ? 1 : 0;
  });
}

function compile(pattern: string, before = ''): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new ValueError(before + (error instanceof Error ? error.message : String(error)));
  }
}

/** Whether a regular expression, which comes first, is found in a text. */
export function match(args: readonly Value[]): Value {
  const [pattern, text] = strings('match', args, 2) as [string, string];
  return compile(pattern).matcher(text).find();
}

/** `reReplaceAll`: in the replacement, `$1`, `$name` and `${name}` are the groups, `$$` is a dollar. */
export function replaceAll(args: readonly Value[]): Value {
  const [pattern, replacement, text] = strings('reReplaceAll', args, 3) as [string, string, string];
  const compiled = compile(pattern, `regexp: Compile(\`${pattern}\`): `);
  const matcher = compiled.matcher(text);
  const groups = compiled.groupCount();
  const named = compiled.namedGroups() as Readonly<Record<string, number>>;
  const expand = (): string =>
    replacement.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (all, braced?: string, bare?: string) => {
      if (all === '$$') return '$';
      const name = (braced ?? bare)!;
      const group = /^\d+$/.test(name) ? Number(name) : named[name];
      return group === undefined || group > groups ? '' : (matcher.group(group) ?? '');
    });
  let result = '';
  let end = 0;
  let replaced = false;
  while (matcher.find()) {
    // As in Go, no empty match right behind another match.
    if (replaced && matcher.start() === matcher.end() && matcher.start() === end) continue;
    replaced = true;
    result += text.slice(end, matcher.start()) + expand();
    end = matcher.end();
  }
  return result + text.slice(end);
}

/** As Go does: a character whose other case is several characters stays. */
export function mapCharacters(text: string, convert: (char: string) => string): string {
  let result = '';
  for (const char of text) {
    const converted = convert(char);
    result += converted.length === char.length ? converted : char;
  }
  return result;
}

/** The first letter of each word in upper case, the others as they are. */
function title(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}\p{M}_'’.])\p{L}/gu, (letter) => letter.toUpperCase());
}

/** Go's net.SplitHostPort; undefined where that gives an error. */
function splitHostPort(text: string): { host: string; port: string } | undefined {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(text);
  return match === null ? undefined : { host: match[1] ?? match[2]!, port: match[3]! };
}

function stripDomain(text: string): string {
  const split = splitHostPort(text);
  const host = split?.host ?? text;
  if (isIP(host) !== 0) return text;
  const short = host.split('.')[0]!;
  return split === undefined || split.port === '' ? short : `${short}:${split.port}`;
}

function durationSeconds(text: string): number {
  const duration = parseDuration(text);
  if (duration !== undefined) return duration / 1000;
  const problem = /^\d+\D/.test(text) ? durationProblem(text) : undefined;
  throw new ValueError(typeof problem === 'string' ? problem : `not a valid duration string: ${JSON.stringify(text)}`);
}
