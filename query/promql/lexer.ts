import { QueryError } from '../query-result.ts';
import type { Span } from './ast.ts';
import { bytesToText } from './go-quote.ts';

/**
 * - `number` carries its value, `duration` its milliseconds, `string` its content
 * - `word` is any identifier or keyword; the parser decides, because keywords are names where a name is wanted
 * - `op` is everything else, as written
 */
export type Token =
  | { readonly kind: 'number'; readonly value: number; readonly text: string; readonly span: Span }
  | { readonly kind: 'duration'; readonly ms: number; readonly text: string; readonly span: Span }
  | { readonly kind: 'string'; readonly value: string; readonly text: string; readonly span: Span }
  | { readonly kind: 'word'; readonly text: string; readonly span: Span }
  | { readonly kind: 'op'; readonly text: string; readonly span: Span }
  | { readonly kind: 'end'; readonly text: ''; readonly span: Span };

/** Longest first: the first that fits is taken. */
const OPERATORS = ['==', '!=', '<=', '>=', '=~', '!~', '</', '>/'].concat([
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '<',
  '>',
  '=',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '@',
]);

const SPACE = /[ \t\n\r]/;
const WORD_START = /[a-zA-Z_:]/;
const WORD = /[a-zA-Z0-9_:]*/y;
const NUMBER = /0[xX][0-9a-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y;
const DURATION = /(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?/y;
const DURATION_PART = /(\d+)(ms|[ywdhms])/g;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
/** Go's time.Duration counts nanoseconds in 64 bits; longer durations are refused as Prometheus refuses them. */
const LONGEST_DURATION_MS = 9_223_372_036_854;

/** A bad_data error at an offset of the text: `1:7: parse error: …`, lines and columns counted from 1. */
export function parseError(text: string, offset: number, message: string): QueryError {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - (before.lastIndexOf('\n') + 1) + 1;
  return new QueryError('bad_data', `${line}:${column}: parse error: ${message}`);
}

/** The tokens of a text, the last of them `end`. Comments and space are left out. Throws a bad_data QueryError. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  /** How deep in `{}` and `[]`: a colon is part of a name everywhere but inside brackets after a duration. */
  let brackets = 0;
  while (at < text.length) {
    const char = text[at]!;
    if (SPACE.test(char)) {
      at++;
    } else if (char === '#') {
      while (at < text.length && text[at] !== '\n') at++;
    } else if (char === '"' || char === "'" || char === '`') {
      const string = readString(text, at);
      tokens.push(string);
      at = string.span.end;
    } else if (/\d/.test(char) || (char === '.' && /\d/.test(text[at + 1] ?? ''))) {
      const number = readNumber(text, at);
      tokens.push(number);
      at = number.span.end;
    } else if (WORD_START.test(char) && !(char === ':' && brackets > 0)) {
      WORD.lastIndex = at;
      let word = WORD.exec(text)![0];
      // In `[5m:step()]` and `[range():1m]` the colon separates.
      if (brackets > 0 && word.includes(':')) word = word.slice(0, word.indexOf(':'));
      tokens.push({ kind: 'word', text: word, span: { start: at, end: at + word.length } });
      at += word.length;
    } else {
      const op = OPERATORS.find((candidate) => text.startsWith(candidate, at));
      if (op === undefined) {
        throw parseError(text, at, `unexpected character: ${quoteChar(text, at)}`);
      }
      if (op === '[') brackets++;
      if (op === ']') brackets = Math.max(0, brackets - 1);
      tokens.push({ kind: 'op', text: op, span: { start: at, end: at + op.length } });
      at += op.length;
    }
  }
  tokens.push({ kind: 'end', text: '', span: { start: text.length, end: text.length } });
  return tokens;
}

function quoteChar(text: string, at: number): string {
  return `'${String.fromCodePoint(text.codePointAt(at)!)}'`;
}

function readNumber(text: string, start: number): Token {
  DURATION.lastIndex = start;
  const duration = DURATION.exec(text)![0];
  if (duration !== '') {
    const end = start + duration.length;
    if (/[a-zA-Z0-9_.]/.test(text[end] ?? '')) {
      throw parseError(text, start, `bad number or duration syntax: ${JSON.stringify(text.slice(start, end + 1))}`);
    }
    return { kind: 'duration', ms: durationMs(duration, text, start), text: duration, span: { start, end } };
  }
  NUMBER.lastIndex = start;
  const written = NUMBER.exec(text)![0];
  const end = start + written.length;
  const value = Number(written.replaceAll('_', ''));
  const misplaced = /__|_$|_\.|\._|_[eE]|[eE]_|0[xX]_?$/.test(written);
  if (misplaced || Number.isNaN(value) || /[a-zA-Z_.]/.test(text[end] ?? '')) {
    throw parseError(text, start, `bad number or duration syntax: ${JSON.stringify(text.slice(start, end + 1))}`);
  }
  // A leading zero means octal, as in Go, when all digits are octal.
  const octal = /^0[0-7]+$/.test(written);
  return { kind: 'number', value: octal ? Number.parseInt(written, 8) : value, text: written, span: { start, end } };
}

function durationMs(duration: string, text: string, start: number): number {
  let ms = 0;
  for (const [, count, unit] of duration.matchAll(DURATION_PART)) ms += Number(count) * UNIT_MS[unit!]!;
  if (ms > LONGEST_DURATION_MS) throw parseError(text, start, 'duration out of range');
  return ms;
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

function readString(text: string, start: number): Token {
  const quote = text[start]!;
  let at = start + 1;
  if (quote === '`') {
    const end = text.indexOf('`', at);
    if (end < 0) throw parseError(text, start, 'unterminated raw string');
    return {
      kind: 'string',
      value: text.slice(at, end),
      text: text.slice(start, end + 1),
      span: { start, end: end + 1 },
    };
  }
  let value = '';
  /** Bytes of consecutive \x and octal escapes, which together spell UTF-8. */
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length > 0) value += bytesToText(Uint8Array.from(bytes));
    bytes = [];
  };
  while (true) {
    const char = text[at];
    if (char === undefined || char === '\n') throw parseError(text, start, 'unterminated quoted string');
    if (char === quote) break;
    if (char !== '\\') {
      flush();
      value += char;
      at++;
      continue;
    }
    const escaped = text[at + 1] ?? '';
    const octal = /^[0-7]{3}/.exec(text.slice(at + 1, at + 4))?.[0];
    if (octal !== undefined) {
      const byte = Number.parseInt(octal, 8);
      if (byte > 255) throw parseError(text, at, 'escape sequence is an invalid Unicode code point');
      bytes.push(byte);
      at += 4;
    } else if (escaped === 'x' || escaped === 'u' || escaped === 'U') {
      const length = escaped === 'x' ? 2 : escaped === 'u' ? 4 : 8;
      const digits = text.slice(at + 2, at + 2 + length);
      if (!new RegExp(`^[0-9a-fA-F]{${length}}$`).test(digits)) {
        throw parseError(
          text,
          at,
          `illegal character in escape sequence \\${escaped}: wanted ${length} hexadecimal digits`,
        );
      }
      const code = Number.parseInt(digits, 16);
      if (escaped === 'x') {
        bytes.push(code);
      } else {
        if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
          throw parseError(text, at, 'escape sequence is an invalid Unicode code point');
        }
        flush();
        value += String.fromCodePoint(code);
      }
      at += 2 + length;
    } else {
      const simple = escaped === quote ? quote : SIMPLE_ESCAPES[escaped];
      if (simple === undefined) throw parseError(text, at, `unknown escape sequence ${JSON.stringify(`\\${escaped}`)}`);
      flush();
      value += simple;
      at += 2;
    }
  }
  flush();
  return { kind: 'string', value, text: text.slice(start, at + 1), span: { start, end: at + 1 } };
}
