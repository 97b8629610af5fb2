import { formatValue, sprint, sprintf, sprintln } from './format.ts';
import { GoDuration } from './go-duration.ts';
import { GoHtml } from './go-html.ts';
import { ArgumentError, ArityError, GoMap, isList, isTrue, typeName, type Value, ValueError } from './value.ts';

/** Throws a ValueError when the arguments do not suit. */
export type TemplateFunction = (args: readonly Value[]) => Value;

/** Arguments of the given types, or a ValueError that says what was wanted. */
export function strings(name: string, args: readonly Value[], count: number): string[] {
  arity(name, args, count);
  return args.map((arg, index) => {
    if (typeof arg === 'string') return arg;
    if (arg instanceof GoHtml) return arg.text;
    throw new ArgumentError(name, { index, wanted: 'string', got: arg });
  });
}

/** A ValueError unless there are exactly so many arguments, or between `count` and `most`. */
export function arity(name: string, args: readonly Value[], count: number, most = count): void {
  if (args.length >= count && args.length <= most) return;
  const wanted =
    count === most ? String(count) : most === Number.POSITIVE_INFINITY ? `at least ${count}` : `${count} to ${most}`;
  throw new ArityError(`wrong number of args for ${name}: want ${wanted} got ${args.length}`);
}

type BasicKind = 'bool' | 'int' | 'float' | 'string';

function kindOf(value: Value): BasicKind | undefined {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float';
    case 'string':
      return 'string';
    default:
      return undefined;
  }
}

/** Of a type that Go defines by a basic one, the value in that. */
function basic(value: Value): Value {
  if (value instanceof GoDuration) return value.nanoseconds;
  return value instanceof GoHtml ? value.text : value;
}

/** As in Go, an int and a float64 do not compare: `{{ if gt $value 1.0 }}`, not `1`. */
function equal(first: Value, second: Value): boolean {
  const [a, b] = [basic(first), basic(second)];
  if (a === null || b === null) return a === b;
  const [left, right] = [kindOf(a), kindOf(b)];
  if (left === undefined && right === undefined) throw new ValueError(`non-comparable type ${typeName(a)}`);
  if (left !== right) throw new ValueError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
  return a === b;
}

function less(first: Value, second: Value): boolean {
  const [a, b] = [basic(first), basic(second)];
  const [left, right] = [kindOf(a), kindOf(b)];
  if (left === undefined || left === 'bool' || right === undefined || right === 'bool') {
    throw new ValueError('invalid type for comparison');
  }
  if (left !== right) throw new ValueError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
  if (left === 'string') return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string)) < 0;
  return (a as number) < (b as number);
}

function two(name: string, compare: (a: Value, b: Value) => boolean): TemplateFunction {
  return (args) => {
    arity(name, args, 2);
    return compare(args[0]!, args[1]!);
  };
}

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\ufffd',
};

const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

/** Go's url.QueryEscape. */
export function queryEscape(text: string): string {
  const escaped = encodeURIComponent(Buffer.from(text).toString());
  return escaped.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%20', '+');
}

function indexInto(args: readonly Value[]): Value {
  arity('index', args, 1, Number.POSITIVE_INFINITY);
  let value: Value = args[0] ?? null;
  for (const key of args.slice(1)) {
    if (value instanceof GoMap) {
      if (typeof key !== 'string') throw new ValueError(`value has type ${typeName(key)}; should be string`);
      value = value.get(key);
    } else if (isList(value) || typeof value === 'string') {
      if (typeof key !== 'bigint') throw new ValueError(`cannot index slice/array with type ${typeName(key)}`);
      const items: readonly Value[] = typeof value === 'string' ? bytesOf(value) : value;
      if (key < 0n || key >= items.length) throw new ValueError(`index out of range: ${key}`);
      value = items[Number(key)] ?? null;
    } else if (value === null) throw new ValueError('index of untyped nil');
    else throw new ValueError(`can't index item of type ${typeName(value)}`);
  }
  return value;
}

/** Go's strings are bytes to `index`, `len` and `slice`. */
function bytesOf(text: string): bigint[] {
  return [...Buffer.from(text)].map(BigInt);
}

function slice(args: readonly Value[]): Value {
  arity('slice', args, 1, 3);
  const [value, from = 0n, to] = args;
  if (typeof value !== 'string' && !isList(value!))
    throw new ValueError(`can't slice item of type ${typeName(value!)}`);
  const items = typeof value === 'string' ? Buffer.from(value) : (value as readonly Value[]);
  const end = to ?? BigInt(items.length);
  for (const bound of [from, end]) {
    if (typeof bound !== 'bigint') throw new ValueError(`cannot index slice/array with type ${typeName(bound)}`);
    if (bound < 0n || bound > items.length) throw new ValueError(`index out of range: ${bound}`);
  }
  if (Number(from) > Number(end)) throw new ValueError(`invalid slice index: ${from} > ${end}`);
  const part = items.slice(Number(from), Number(end));
  return part instanceof Buffer ? part.toString() : (part as readonly Value[]);
}

function length(args: readonly Value[]): Value {
  arity('len', args, 1);
  const value = args[0]!;
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value));
  if (isList(value)) return BigInt(value.length);
  if (value instanceof GoMap) return BigInt(value.entries.size);
  throw new ValueError(value === null ? 'len of nil pointer' : `len of type ${typeName(value)}`);
}

/**
 * What Go's text/template has built in, except `call` (no value here is a function). `and` and `or` are also here for
 * their names; the evaluator evaluates their arguments one by one, as far as needed.
 */
export const GO_FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['and', (args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1) ?? null],
  ['or', (args) => args.find(isTrue) ?? args.at(-1) ?? null],
  [
    'not',
    (args) => {
      arity('not', args, 1);
      return !isTrue(args[0]!);
    },
  ],
  [
    'eq',
    (args) => {
      if (args.length < 2) throw new ValueError('missing argument for comparison');
      return args.slice(1).some((other) => equal(args[0]!, other));
    },
  ],
  ['ne', two('ne', (a, b) => !equal(a, b))],
  ['lt', two('lt', less)],
  ['le', two('le', (a, b) => less(a, b) || equal(a, b))],
  // As Go computes them, the negation of the opposite: with a NaN, gt and ge hold.
  ['gt', two('gt', (a, b) => !less(a, b) && !equal(a, b))],
  ['ge', two('ge', (a, b) => !less(a, b))],
  ['len', length],
  ['index', indexInto],
  ['slice', slice],
  ['print', sprint],
  ['println', sprintln],
  [
    'printf',
    (args) => {
      arity('printf', args, 1, Number.POSITIVE_INFINITY);
      return sprintf(strings('printf', args.slice(0, 1), 1)[0]!, args.slice(1));
    },
  ],
  ['html', (args) => escapable(args).replace(/[&<>"'\0]/g, (char) => HTML[char]!)],
  [
    'js',
    (args) =>
      escapable(args).replace(/[\\'"<>&=]|[\x00-\x1f]/g, (char) => {
        return JS[char] ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
      }),
  ],
  ['urlquery', (args) => queryEscape(escapable(args))],
]);

function escapable(args: readonly Value[]): string {
  return args.length === 1 && args[0] !== null ? formatValue(args[0]!) : sprint(args);
}
