import { QueryError } from '../query-result.ts';
import type { Span } from './ast.ts';
import { bytesToText, goQuoteChar } from './go-quote.ts';
import { durationProblem, numberValue, scanNumber } from './number.ts';
import { position } from './position.ts';

/**
 * - `number` carries its value, `duration` its milliseconds, `string` its content
 * - `word` is any identifier or keyword; the parser decides, because keywords are names where a name is wanted
 * - `op` is everything else, as written
 * - `error` is where the text is not understood; it is the last token, and an error only when the parser comes to it
 */
export type Token =
  | { readonly kind: 'number'; readonly value: number; readonly text: string; readonly span: Span }
  | { readonly kind: 'duration'; readonly ms: number; readonly text: string; readonly span: Span }
  | { readonly kind: 'string'; readonly value: string; readonly text: string; readonly span: Span }
  | { readonly kind: 'word'; readonly text: string; readonly span: Span }
  | { readonly kind: 'op'; readonly text: string; readonly span: Span }
  | { readonly kind: 'error'; readonly message: string; readonly text: ''; readonly span: Span }
  | { readonly kind: 'end'; readonly text: ''; readonly span: Span };

/** A bad_data error at an offset of the text: `1:7: parse error: …`, lines and columns counted from 1. */
export function parseError(text: string, offset: number, message: string): QueryError {
  return new QueryError('bad_data', `${position(text, offset)}: parse error: ${message}`);
}

/** The tokens of a text, the last of them `end` or `error`. Comments and space are left out. */
export function tokenize(text: string): Token[] {
  return new Lexer(text).all();
}

const SPACE = /[ \t\n\r]/;
const WORD = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const DURATION_WORD = /(?:step|range|min_of|max_of)\b/iy;
/** Of those that begin alike the longer first. */
const OPERATORS = ['==', '<=', '>=', '</', '>/', '+', '-', '*', '/', '%', '^', '<', '>', '=', ',', '@'];
const MATCH_OPERATORS = ['=~', '!~', '!=', '=', ','];
const DURATION_OPERATORS = ['+', '-', '*', '/', '%', '^', ',', ':'];

/** Thrown inside the lexer, and turned into the error token. */
class Unreadable {
  readonly at: number;
  readonly message: string;

  constructor(at: number, message: string) {
    this.at = at;
    this.message = message;
  }
}

/**
 * What is a token depends on where it stands, as in Prometheus: in braces `=~` is an operator and nothing else is; from a
 * bracket on, up to the first number, the text is a duration; in brackets a colon separates, elsewhere it is part of names.
 */
class Lexer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #parens = 0;
  #inBraces = false;
  #inBrackets = false;
  #inDuration = false;
  #colonSeen = false;

  constructor(text: string) {
    this.#text = text;
  }

  all(): Token[] {
    try {
      while (this.#next());
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const { at, message } = error;
      this.#tokens.push({ kind: 'error', message, text: '', span: { start: at, end: this.#text.length } });
    }
    return this.#tokens;
  }

  /** Reads a token; false after the last. */
  #next(): boolean {
    const text = this.#text;
    while (true) {
      if (SPACE.test(text[this.#at] ?? '')) this.#at++;
      else if (text[this.#at] === '#') while (this.#at < text.length && text[this.#at] !== '\n') this.#at++;
      else break;
    }
    if (this.#at >= text.length) {
      this.#end();
      return false;
    }
    if (this.#inBraces) this.#braces(text[this.#at]!);
    else if (this.#inDuration) this.#duration(text[this.#at]!);
    else this.#statement(text[this.#at]!);
    return true;
  }

  #end(): void {
    const at = this.#text.length;
    if (this.#inBraces) throw new Unreadable(at, 'unexpected end of input inside braces');
    if (this.#inDuration) throw new Unreadable(at, 'unexpected end of input in duration expression');
    if (this.#parens > 0) throw new Unreadable(at, 'unclosed left parenthesis');
    if (this.#inBrackets) throw new Unreadable(at, 'unclosed left bracket');
    this.#tokens.push({ kind: 'end', text: '', span: { start: at, end: at } });
  }

  #statement(char: string): void {
    if (this.#isNumber(char)) this.#number();
    else if (isQuote(char)) this.#string(char);
    else if (this.#inBrackets && char === ':') {
      if (this.#colonSeen) throw new Unreadable(this.#at, "unexpected colon ':'");
      this.#colonSeen = true;
      this.#op(':');
    } else if (this.#inBrackets && /[a-zA-Z_]/.test(char)) this.#durationWord();
    else if (/[a-zA-Z_:]/.test(char)) this.#word(WORD);
    else if (char === '!') {
      if (this.#text[this.#at + 1] !== '=') {
        throw new Unreadable(this.#at, `unexpected character after '!': ${goQuoteChar(this.#text, this.#at + 1)}`);
      }
      this.#op('!=');
    } else if (char === '=' && this.#text[this.#at + 1] === '~') {
      throw new Unreadable(this.#at, "unexpected character after '=': '~'");
    } else if (char === '{') {
      this.#op('{');
      this.#inBraces = true;
    } else if (char === '[') {
      if (this.#inBrackets) throw new Unreadable(this.#at, "unexpected left bracket '['");
      this.#op('[');
      this.#inBrackets = true;
      this.#inDuration = true;
      this.#colonSeen = false;
    } else if (char === ']') this.#closeBracket();
    else if (!this.#paren(char)) this.#operator(OPERATORS, 'unexpected character');
  }

  #duration(char: string): void {
    if (this.#isNumber(char)) {
      this.#inDuration = false;
      this.#number();
    } else if (char === ']') this.#closeBracket();
    else if (/[a-zA-Z_]/.test(char)) {
      this.#inDuration = false;
      this.#durationWord();
    } else if (!this.#paren(char)) this.#operator(DURATION_OPERATORS, 'unexpected character in duration expression');
  }

  #braces(char: string): void {
    if (isQuote(char)) this.#string(char);
    else if (/[a-zA-Z_]/.test(char)) this.#word(NAME);
    else if (char === '{') throw new Unreadable(this.#at, "unexpected left brace '{'");
    else if (char === '}') {
      this.#op('}');
      this.#inBraces = false;
    } else if (char === '!' && !/[=~]/.test(this.#text[this.#at + 1] ?? '')) {
      const after = goQuoteChar(this.#text, this.#at + 1);
      throw new Unreadable(this.#at, `unexpected character after '!' inside braces: ${after}`);
    } else this.#operator(MATCH_OPERATORS, 'unexpected character inside braces');
  }

  #closeBracket(): void {
    if (!this.#inBrackets) throw new Unreadable(this.#at, "unexpected right bracket ']'");
    this.#op(']');
    this.#inBrackets = false;
    this.#inDuration = false;
  }

  /** Takes a parenthesis; false when there is none. */
  #paren(char: string): boolean {
    if (char === '(') this.#parens++;
    else if (char === ')') {
      // Prometheus says so after it has taken the parenthesis.
      if (--this.#parens < 0) throw new Unreadable(this.#at + 1, "unexpected right parenthesis ')'");
    } else return false;
    this.#op(char);
    return true;
  }

  #operator(candidates: readonly string[], otherwise: string): void {
    const op = candidates.find((candidate) => this.#text.startsWith(candidate, this.#at));
    if (op === undefined) throw new Unreadable(this.#at, `${otherwise}: ${goQuoteChar(this.#text, this.#at)}`);
    this.#op(op);
  }

  #op(text: string): void {
    this.#tokens.push({ kind: 'op', text, span: this.#take(text.length) });
  }

  #take(length: number): Span {
    const start = this.#at;
    this.#at += length;
    return { start, end: this.#at };
  }

  #word(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)![0];
    const span = this.#take(text.length);
    const value = this.#inBraces ? undefined : numberWord(text);
    this.#tokens.push(value === undefined ? { kind: 'word', text, span } : { kind: 'number', value, text, span });
  }

  #durationWord(): void {
    DURATION_WORD.lastIndex = this.#at;
    if (!DURATION_WORD.test(this.#text)) {
      const char = goQuoteChar(this.#text, this.#at);
      throw new Unreadable(this.#at, `unexpected character in duration expression: ${char}`);
    }
    this.#word(NAME);
  }

  #isNumber(char: string): boolean {
    return /\d/.test(char) || (char === '.' && /\d/.test(this.#text[this.#at + 1] ?? ''));
  }

  #number(): void {
    const { kind, end } = scanNumber(this.#text, this.#at);
    const text = this.#text.slice(this.#at, end);
    if (kind === 'bad') throw new Unreadable(this.#at, `bad number or duration syntax: ${JSON.stringify(text)}`);
    if (kind === 'duration') {
      const read = durationProblem(text);
      if (typeof read === 'string') throw new Unreadable(this.#at, read);
      this.#tokens.push({ kind: 'duration', ms: read, text, span: this.#take(text.length) });
      return;
    }
    const value = numberValue(text);
    if (value === undefined) {
      const problem = `strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`;
      throw new Unreadable(this.#at, `error parsing number: ${problem}`);
    }
    this.#tokens.push({ kind: 'number', value, text, span: this.#take(text.length) });
  }

  #string(quote: string): void {
    const start = this.#at;
    const { value, end } = quote === '`' ? this.#rawString() : readString(this.#text, start);
    const text = this.#text.slice(start, end);
    this.#tokens.push({ kind: 'string', value, text, span: this.#take(end - start) });
  }

  #rawString(): { value: string; end: number } {
    const end = this.#text.indexOf('`', this.#at + 1);
    if (end < 0) throw new Unreadable(this.#at, 'unterminated raw string');
    return { value: this.#text.slice(this.#at + 1, end), end: end + 1 };
  }
}

function isQuote(char: string): boolean {
  return char === '"' || char === "'" || char === '`';
}

function numberWord(word: string): number | undefined {
  const lower = word.toLowerCase();
  if (lower === 'inf') return Number.POSITIVE_INFINITY;
  return lower === 'nan' ? Number.NaN : undefined;
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

/** The content of a string in quotes, and where it ends. */
function readString(text: string, start: number): { value: string; end: number } {
  const quote = text[start]!;
  let at = start + 1;
  let value = '';
  /** Bytes of consecutive \x and octal escapes, which together spell UTF-8. */
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length > 0) value += bytesToText(Uint8Array.from(bytes));
    bytes = [];
  };
  while (text[at] !== quote) {
    const char = text[at];
    if (char === undefined || char === '\n') throw new Unreadable(start, 'unterminated quoted string');
    if (char !== '\\') {
      flush();
      value += char;
      at++;
      continue;
    }
    const escaped = text[at + 1] ?? '';
    const simple = escaped === quote ? quote : SIMPLE_ESCAPES[escaped];
    if (simple !== undefined) {
      flush();
      value += simple;
      at += 2;
      continue;
    }
    const { code, end, isByte } = readEscape(text, at + 1, start);
    if (isByte) bytes.push(code);
    else {
      flush();
      value += String.fromCodePoint(code);
    }
    at = end;
  }
  flush();
  return { value, end: at + 1 };
}

/** The number behind a backslash: `\x41`, `\101`, `\u00e9`, `\U0001f600`. Errors stand at the start of the string. */
function readEscape(text: string, at: number, start: number): { code: number; end: number; isByte: boolean } {
  const letter = text[at] ?? '';
  const octal = /[0-7]/.test(letter);
  const length = octal ? 3 : letter === 'x' ? 2 : letter === 'u' ? 4 : letter === 'U' ? 8 : 0;
  if (letter === '') throw new Unreadable(start, 'escape sequence not terminated');
  if (length === 0) throw new Unreadable(start, `unknown escape sequence ${named(text, at)}`);
  const first = octal ? at : at + 1;
  for (let i = first; i < first + length; i++) {
    if (text[i] === undefined) throw new Unreadable(start, 'escape sequence not terminated');
    if (!(octal ? /[0-7]/ : /[0-9a-fA-F]/).test(text[i]!)) {
      throw new Unreadable(start, `illegal character ${named(text, i)} in escape sequence`);
    }
  }
  const code = Number.parseInt(text.slice(first, first + length), octal ? 8 : 16);
  const isByte = octal || letter === 'x';
  if (isByte ? code > 255 : code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
    throw new Unreadable(start, 'escape sequence is an invalid Unicode code point');
  }
  return { code, end: first + length, isByte };
}

/** `U+0071 'q'`. */
function named(text: string, at: number): string {
  const code = text.codePointAt(at)!;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
}
