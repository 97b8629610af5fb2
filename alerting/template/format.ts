import { goQuote } from '../../query/promql/go-quote.ts';
import { formatExponent, formatFixed, formatGeneral } from './float-format.ts';
import { GoDuration } from './go-duration.ts';
import { GoHtml } from './go-html.ts';
import { GoTime } from './go-time.ts';
import type { Methods } from './method.ts';
import { GoMap, GoStruct, isList, typeName, type Value, ValueError } from './value.ts';

/** Go prints `%!d(BADWIDTH)` beyond a million; here it is an error, and sooner, because output is bounded. */
const MAX_WIDTH = 10_000;

interface Flags {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

const PLAIN: Flags = {
  minus: false,
  plus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
};

/** How {{ value }} shows: Go's %v. */
export function formatValue(value: Value): string {
  return formatVerb(value, 'v', PLAIN);
}

/** Go's Sprint: a space between two operands when neither is a string. */
export function sprint(values: readonly Value[]): string {
  let text = '';
  for (const [i, value] of values.entries()) {
    if (i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string') text += ' ';
    text += formatValue(value);
  }
  return text;
}

/** Go's Sprintln: spaces between all operands, a newline at the end. */
export function sprintln(values: readonly Value[]): string {
  return values.map(formatValue).join(' ') + '\n';
}

const DIRECTIVE = /%([-+# 0]*)(\*|\d+)?(?:(\.)(\*|\d+)?)?([\s\S])?/gu;

/**
 * Go's Sprintf for the verbs v T t d b o O x X c q U e E f F g G s %, with flags, width and precision, numbers or `*`.
 * A verb that does not fit its operand prints what Go prints, such as `%!d(float64=1.5)`. Explicit argument indexes
 * (`%[1]d`) are refused. Throws a ValueError for those and for a width or precision beyond the limit.
 */
export function sprintf(format: string, values: readonly Value[]): string {
  let next = 0;
  const result = format.replace(
    DIRECTIVE,
    (_all, flags: string, width?: string, point?: string, precision?: string, verb?: string) => {
      const minus = flags.includes('-');
      let bad = '';
      const count = (text: string | undefined, name: string): number | undefined => {
        if (text === undefined) return undefined;
        const value = text === '*' ? values[next++] : BigInt(text);
        if (typeof value !== 'bigint') {
          bad += `%!(BAD${name})`;
          return undefined;
        }
        if (value > MAX_WIDTH || value < -MAX_WIDTH) {
          throw new ValueError(`printf: ${name.toLowerCase()} must be at most ${MAX_WIDTH}, got ${value}`);
        }
        return Number(value);
      };
      const wide = count(width, 'WIDTH');
      const digits = point === undefined ? undefined : (count(precision, 'PREC') ?? 0);
      if (verb === undefined) return `${bad}%!(NOVERB)`;
      if (verb === '[') throw new ValueError('printf: explicit argument indexes such as %[1]d are not supported');
      if (verb === '%') return `${bad}%`;
      if (next >= values.length) return `${bad}%!${verb}(MISSING)`;
      return (
        bad +
        formatVerb(values[next++]!, verb, {
          minus: minus || (wide ?? 0) < 0,
          plus: flags.includes('+'),
          sharp: flags.includes('#'),
          space: flags.includes(' '),
          zero: flags.includes('0'),
          width: wide === undefined ? undefined : Math.abs(wide),
          precision: digits !== undefined && digits < 0 ? undefined : digits,
        })
      );
    },
  );
  if (next >= values.length) return result;
  const extra = values
    .slice(next)
    .map((value) => (value === null ? '<nil>' : `${typeName(value)}=${formatValue(value)}`));
  return `${result}%!(EXTRA ${extra.join(', ')})`;
}

function formatVerb(value: Value, verb: string, flags: Flags): string {
  if (verb === 'T') return pad(typeName(value), flags, false);
  if (value === null) return verb === 'v' ? pad('<nil>', flags, false) : `%!${verb}(<nil>)`;
  switch (typeof value) {
    case 'string':
      return formatString(value, verb, flags);
    case 'number':
      return formatFloat(value, verb, flags);
    case 'bigint':
      return formatInteger(value, verb, flags);
    case 'boolean':
      return verb === 't' || verb === 'v' ? pad(String(value), flags, false) : mismatch(value, verb);
  }
  if (value instanceof GoTime || value instanceof GoHtml) return formatString(value.toString(), verb, flags);
  if (value instanceof GoDuration) {
    return /^[vs]$/.test(verb)
      ? formatString(value.toString(), verb, flags)
      : formatInteger(value.nanoseconds, verb, flags);
  }
  if (isList(value)) {
    const own = ownText(value, value.methods, verb);
    if (own !== undefined) return formatString(own, verb, flags);
    return `[${value.map((item) => formatVerb(item, verb, flags)).join(' ')}]`;
  }
  if (value instanceof GoMap) {
    const own = ownText(value, value.type?.methods, verb);
    if (own !== undefined) return formatString(own, verb, flags);
    const items = value.sortedKeys().map((key) => {
      return `${formatVerb(key, verb, flags)}:${formatVerb(value.get(key), verb, flags)}`;
    });
    return `map[${items.join(' ')}]`;
  }
  if (value instanceof GoStruct) {
    const fields = [...value.fields.values()].map((field) => formatVerb(field, verb, flags));
    return `${value.typeName.startsWith('*') ? '&' : ''}{${fields.join(' ')}}`;
  }
  return value satisfies never;
}

/** What a type with a method String says for the verbs that ask it. */
function ownText(value: Value, methods: Methods | undefined, verb: string): string | undefined {
  if (!/^[vsqxX]$/.test(verb)) return undefined;
  return methods?.get('String')?.call(value, []) as string | undefined;
}

function mismatch(value: Value, verb: string): string {
  return `%!${verb}(${typeName(value)}=${formatValue(value)})`;
}

/** To the width; zeros go between a number's sign and its digits. */
function pad(text: string, flags: Flags, numeric: boolean): string {
  const missing = (flags.width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  if (flags.minus) return text + ' '.repeat(missing);
  if (!flags.zero || !numeric) return ' '.repeat(missing) + text;
  const signed = /^[+\- ]/.test(text) ? 1 : 0;
  return text.slice(0, signed) + '0'.repeat(missing) + text.slice(signed);
}

function formatString(value: string, verb: string, flags: Flags): string {
  const cut = flags.precision === undefined ? value : [...value].slice(0, flags.precision).join('');
  switch (verb) {
    case 'v':
    case 's':
      return pad(flags.sharp && verb === 'v' ? goQuote(cut) : cut, flags, false);
    case 'q':
      if (flags.sharp && !cut.includes('`') && !/[\n\r]/.test(cut)) return pad(`\`${cut}\``, flags, false);
      return pad(flags.plus ? asciiOnly(goQuote(cut)) : goQuote(cut), flags, false);
    case 'x':
    case 'X': {
      const bytes = Buffer.from(value).subarray(0, flags.precision);
      const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
      const prefix = flags.sharp ? '0x' : '';
      const text = flags.space ? pairs.map((pair) => prefix + pair).join(' ') : prefix + pairs.join('');
      return pad(verb === 'X' ? text.toUpperCase() : text, flags, false);
    }
    default:
      return mismatch(value, verb);
  }
}

/** With everything else as \u1234 or \U00012345. */
function asciiOnly(quoted: string): string {
  return quoted.replace(/[^\x00-\x7f]/gu, (char) => {
    const code = char.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}

function formatInteger(value: bigint, verb: string, flags: Flags): string {
  const magnitude = value < 0n ? -value : value;
  const signed = value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  const number = (radix: number, prefix: string): string => {
    const digits = magnitude.toString(radix).padStart(flags.precision ?? 0, '0');
    return pad(signed + prefix + digits, flags, flags.precision === undefined);
  };
  switch (verb) {
    case 'v':
    case 'd':
      return number(10, '');
    case 'b':
      return number(2, flags.sharp ? '0b' : '');
    case 'o':
      return number(8, flags.sharp ? '0' : '');
    case 'O':
      return number(8, '0o');
    case 'x':
      return number(16, flags.sharp ? '0x' : '');
    case 'X':
      return number(16, flags.sharp ? '0X' : '').toUpperCase();
    case 'c':
      return pad(rune(value), flags, false);
    case 'q':
      return pad(`'${rune(value).replace(/['\\]/, '\\$&')}'`, flags, false);
    case 'U':
      return pad(`U+${magnitude.toString(16).toUpperCase().padStart(4, '0')}`, flags, false);
    default:
      return mismatch(value, verb);
  }
}

function rune(value: bigint): string {
  const surrogate = value >= 0xd800n && value <= 0xdfffn;
  return value < 0n || value > 0x10ffffn || surrogate ? '\ufffd' : String.fromCodePoint(Number(value));
}

function formatFloat(value: number, verb: string, flags: Flags): string {
  if (!/^[vgGeEfFxXb]$/.test(verb)) return mismatch(value, verb);
  if (!Number.isFinite(value)) {
    const text = Number.isNaN(value) ? (flags.plus ? '+NaN' : 'NaN') : value < 0 ? '-Inf' : '+Inf';
    // Zeros would make no sense before these.
    return pad(flags.space && /^[N]/.test(text) ? ' ' + text : text, { ...flags, zero: false }, false);
  }
  const text = floatDigits(value, verb, flags.precision);
  const signed = text.startsWith('-') ? text : flags.plus ? '+' + text : flags.space ? ' ' + text : text;
  return pad(/[EGX]/.test(verb) ? signed.toUpperCase() : signed, flags, true);
}

function floatDigits(value: number, verb: string, precision: number | undefined): string {
  switch (verb) {
    case 'f':
    case 'F':
      return formatFixed(value, precision ?? 6);
    case 'e':
    case 'E':
      return formatExponent(value, precision ?? 6);
    case 'x':
    case 'X':
    case 'b':
      throw new ValueError(`printf: %${verb} of a float64 is not supported`);
    default:
      return formatGeneral(value, precision ?? -1);
  }
}
