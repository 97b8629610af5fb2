import { TemplateError } from './template-error.ts';

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'identifier'
  | 'field'
  | 'variable'
  | 'dot'
  | 'number'
  | 'string'
  | 'char'
  | 'pipe'
  | 'left-paren'
  | 'right-paren'
  | 'declare'
  | 'assign'
  | 'comma'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The text as written; of `field` the name without its dot; of `string` and `char` the unquoted value. */
  readonly text: string;
  readonly offset: number;
  /** White space stood before it: `.a .b` are two operands, `.a.b` is one. */
  readonly spaced: boolean;
}

const IDENTIFIER = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const VARIABLE = /\$[\p{L}\p{Nd}_]*/uy;
const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F_]+(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?\d+)?|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y;
const SPACE = /[ \t\r\n]+/y;
const SIMPLE: Readonly<Record<string, TokenKind>> = {
  '|': 'pipe',
  '(': 'left-paren',
  ')': 'right-paren',
  '=': 'assign',
  ',': 'comma',
};

/**
 * The tokens of a template: text outside `{{ }}`, and what stands inside. Comments are gone and the trim markers
 * `{{- ` and ` -}}` have done their work. Throws a TemplateError.
 */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  let trimNext = false;
  while (position < source.length) {
    const open = source.indexOf('{{', position);
    const end = open === -1 ? source.length : open;
    const trims = open !== -1 && source[open + 2] === '-' && isSpace(source[open + 3]);
    let text = source.slice(position, end);
    if (trimNext) text = text.replace(/^[ \t\r\n]+/, '');
    if (trims) text = text.replace(/[ \t\r\n]+$/, '');
    if (text !== '') tokens.push({ kind: 'text', text, offset: position, spaced: false });
    if (open === -1) break;
    const inside = open + (trims ? 3 : 2);
    const comment = commentAt(source, inside, open);
    if (comment !== undefined) {
      position = comment.end;
      trimNext = comment.trims;
      continue;
    }
    tokens.push({ kind: 'open', text: '{{', offset: open, spaced: false });
    ({ position, trimNext } = tokenizeAction(source, inside, tokens));
  }
  tokens.push({ kind: 'end', text: '', offset: source.length, spaced: false });
  return tokens;
}

function isSpace(char: string | undefined): boolean {
  return char === ' ' || char === '\t' || char === '\r' || char === '\n';
}

/** A comment must fill its action: `{{/* … *\/}}`, with a trim marker on either side if wanted. */
function commentAt(source: string, inside: number, open: number): { end: number; trims: boolean } | undefined {
  const start = source.startsWith('/*', inside) ? inside : inside + spacesAt(source, inside);
  if (!source.startsWith('/*', start) || (start !== inside && source[inside - 1] !== '-')) return undefined;
  const close = source.indexOf('*/', start + 2);
  if (close === -1) throw new TemplateError('unclosed comment', source, open);
  const rest = close + 2;
  if (source.startsWith('}}', rest)) return { end: rest + 2, trims: false };
  if (isSpace(source[rest]) && source.startsWith('-}}', rest + spacesAt(source, rest))) {
    return { end: rest + spacesAt(source, rest) + 3, trims: true };
  }
  throw new TemplateError('comment ends before closing delimiter', source, rest);
}

function spacesAt(source: string, position: number): number {
  SPACE.lastIndex = position;
  return SPACE.exec(source)?.[0].length ?? 0;
}

function tokenizeAction(source: string, start: number, tokens: Token[]): { position: number; trimNext: boolean } {
  let position = start;
  let depth = 0;
  for (;;) {
    const spaces = spacesAt(source, position);
    const spaced = spaces > 0;
    position += spaces;
    const offset = position;
    const add = (kind: TokenKind, text: string, length = text.length): void => {
      tokens.push({ kind, text, offset, spaced });
      position += length;
    };
    const trims = spaced && source.startsWith('-}}', position);
    if (trims || source.startsWith('}}', position)) {
      if (depth > 0) throw new TemplateError('unclosed left paren', source, offset);
      add('close', '}}', trims ? 3 : 2);
      return { position, trimNext: trims };
    }
    const char = source[position];
    if (char === undefined) throw new TemplateError('unclosed action', source, start);
    const number = match(NUMBER, source, position);
    if (source.startsWith(':=', position)) add('declare', ':=');
    else if (char === '"') add('string', ...unquote(source, position));
    else if (char === '`') add('string', ...unquoteRaw(source, position));
    else if (char === "'") add('char', ...unquote(source, position));
    else if (number !== undefined && /\d/.test(number)) {
      const next = source[position + number.length];
      if (next !== undefined && /[\p{L}\p{Nd}_]/u.test(next)) {
        throw new TemplateError(`bad number syntax: ${JSON.stringify(number + next)}`, source, offset);
      }
      add('number', number);
    } else if (char === '.') {
      const name = match(IDENTIFIER, source, position + 1);
      if (name === undefined) add('dot', '.');
      else add('field', name, name.length + 1);
    } else if (char === '$') add('variable', match(VARIABLE, source, position)!);
    else if (SIMPLE[char] !== undefined) {
      if (char === '(') depth++;
      if (char === ')' && --depth < 0) throw new TemplateError('unexpected right paren', source, offset);
      add(SIMPLE[char], char);
    } else {
      const name = match(IDENTIFIER, source, position);
      if (name === undefined) {
        const shown = JSON.stringify(String.fromCodePoint(source.codePointAt(position)!));
        throw new TemplateError(`unexpected character ${shown} in action`, source, offset);
      }
      add('identifier', name);
    }
  }
}

function match(pattern: RegExp, source: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(source)?.[0];
}

function unquoteRaw(source: string, start: number): [value: string, length: number] {
  const end = source.indexOf('`', start + 1);
  if (end === -1) throw new TemplateError('unterminated raw quoted string', source, start);
  return [source.slice(start + 1, end).replaceAll('\r', ''), end + 1 - start];
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};
const NUMERIC_ESCAPE = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})/y;

/** A Go string in double quotes, or a character in single ones. */
function unquote(source: string, start: number): [value: string, length: number] {
  const quote = source[start]!;
  let value = '';
  for (let i = start + 1; ; i++) {
    const char = source[i];
    if (char === undefined || char === '\n') {
      throw new TemplateError(`unterminated ${quote === '"' ? 'quoted string' : 'character constant'}`, source, start);
    }
    if (char === quote) return [value, i + 1 - start];
    if (char !== '\\') {
      value += char;
      continue;
    }
    const escaped = source[++i] ?? '';
    const numeric = match(NUMERIC_ESCAPE, source, i);
    if (numeric !== undefined) {
      const code = /^[xuU]/.test(numeric) ? Number.parseInt(numeric.slice(1), 16) : Number.parseInt(numeric, 8);
      if (code > 0x10ffff) throw new TemplateError('escape sequence is no Unicode character', source, i - 1);
      value += String.fromCodePoint(code);
      i += numeric.length - 1;
    } else if (ESCAPES[escaped] !== undefined) value += ESCAPES[escaped];
    else throw new TemplateError(`unknown escape sequence \\${escaped}`, source, i - 1);
  }
}
