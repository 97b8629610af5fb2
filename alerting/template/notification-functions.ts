import type { Clock } from '../../clock/clock.ts';
import { GoDuration } from './go-duration.ts';
import { arity, strings, type TemplateFunction } from './go-functions.ts';
import { GoHtml } from './go-html.ts';
import { toJson } from './go-json.ts';
import { GoTime } from './go-time.ts';
import { humanize, humanize1024, humanizeDuration, humanizePercentage, toFloat } from './humanize.ts';
import { mapCharacters, match, replaceAll } from './prometheus-functions.ts';
import { timeZone } from './time-zone.ts';
import { isList, typeName, type Value, ValueError } from './value.ts';

/** The functions that Alertmanager's templates have, and Prometheus' for numbers besides. `now` is for `since`. */
export function notificationFunctions(clock: Pick<Clock, 'now'>): ReadonlyMap<string, TemplateFunction> {
  return new Map<string, TemplateFunction>([
    ...TEXTS,
    ...NUMBERS,
    ['match', match],
    ['reReplaceAll', replaceAll],
    ['join', join],
    ['stringSlice', (args) => strings('stringSlice', args, args.length)],
    ['list', (args) => args],
    ['append', append],
    ['date', (args) => timeOf('date', args).format(strings('date', args.slice(0, 1), 1)[0]!)],
    ['tz', (args) => new GoTime(timeOf('tz', args).ms, timeZone(strings('tz', args.slice(0, 1), 1)[0]!))],
    [
      'since',
      (args) => {
        arity('since', args, 1);
        return GoDuration.ofMilliseconds(clock.now() - timeOf('since', ['', ...args]).ms);
      },
    ],
    [
      'toJson',
      (args) => {
        arity('toJson', args, 1);
        return toJson(args[0]!);
      },
    ],
  ]);
}

const TEXTS: readonly (readonly [string, TemplateFunction])[] = (
  [
    ['toUpper', (text) => mapCharacters(text, (char) => char.toUpperCase())],
    ['toLower', (text) => mapCharacters(text, (char) => char.toLowerCase())],
    ['title', titleCase],
    ['trimSpace', (text) => text.trim()],
    ['safeHtml', (text) => new GoHtml(text)],
    // A URL that is given as safe is not looked at again either.
    ['safeUrl', (text) => new GoHtml(text)],
    ['urlUnescape', unescapeQuery],
  ] satisfies [string, (text: string) => Value][]
).map(([name, convert]) => [name, (args) => convert(strings(name, args, 1)[0]!)]);

const NUMBERS: readonly (readonly [string, TemplateFunction])[] = Object.entries({
  humanizeDuration,
  humanize,
  humanize1024,
  humanizePercentage,
}).map(([name, convert]) => [
  name,
  (args) => {
    arity(name, args, 1);
    return convert(toFloat(args[0]!));
  },
]);

/** The first letter of each word in upper case, the others in lower case. */
function titleCase(text: string): string {
  return text.replace(/[\p{L}\p{N}\p{M}_'’.]+/gu, (word) => {
    const [first = '', ...rest] = word;
    return first.toUpperCase() + rest.join('').toLowerCase();
  });
}

function unescapeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new ValueError(`invalid URL escape in ${JSON.stringify(text)}`);
  }
}

/** The separator first, so that the list can come down a pipeline. */
function join(args: readonly Value[]): Value {
  arity('join', args, 2);
  const [separator] = strings('join', args.slice(0, 1), 1);
  return strings('join', listOf('join', args[1]!), listOf('join', args[1]!).length).join(separator);
}

function append(args: readonly Value[]): Value {
  arity('append', args, 1, Number.POSITIVE_INFINITY);
  return [...listOf('append', args[0]!), ...args.slice(1)];
}

function listOf(name: string, value: Value): readonly Value[] {
  if (isList(value)) return value;
  throw new ValueError(`wrong type of argument for ${name}: wanted a list, got ${typeName(value)}`);
}

/** The second argument. */
function timeOf(name: string, args: readonly Value[]): GoTime {
  arity(name, args, 2);
  const time = args[1]!;
  if (time instanceof GoTime) return time;
  throw new ValueError(`wrong type of argument for ${name}: wanted time.Time, got ${typeName(time)}`);
}
