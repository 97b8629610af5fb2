import { compileAnchored, Matcher, type MatchOp } from '../storage/matcher.ts';

/**
 * Alertmanager has two notations of matchers. The classic one takes names of letters, digits, `_` and `:`, and for a value nearly
 * any text up to the next comma; in the UTF-8 one names and values are any text, in double quotes when it has spaces or characters
 * that mean something. Text that both accept is read the classic way, as Alertmanager does where they differ.
 */

const NAME_AND_OPERATOR = /^[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)/;
const SPACE_BEFORE = /^[\t\n\f\r ]+/;
const OPERATORS: readonly MatchOp[] = ['=~', '!=', '!~', '='];
/** What of the UTF-8 notation is not part of a bare name or value. */
const RESERVED = /[{}!=~,\\"'`\s\u0085]/;

/** Longer text is refused. */
const MAX_LENGTH = 65_536;

/**
 * The matchers of a comma-separated list, braces around it allowed: `{severity="warn", pod=~"web-.*"}`. Throws a SyntaxError,
 * worded as Alertmanager's, when it is none.
 */
export function parseMatchers(text: string): Matcher[] {
  checkLength(text);
  return either(() => classicParts(text).map(classicMatcher), text);
}

/** The only matcher of a text without braces. Throws a SyntaxError, worded as Alertmanager's, when it is none. */
export function parseMatcher(text: string): Matcher {
  checkLength(text);
  if (text.startsWith('{') || text.endsWith('}')) {
    throw new SyntaxError(`unexpected open or close brace: ${text}`);
  }
  return either(
    () => [classicMatcher(text)],
    text,
    (matchers) => matchers.length === 1,
  )[0]!;
}

function checkLength(text: string): void {
  if (text.length > MAX_LENGTH) {
    throw new SyntaxError(`matchers must have at most ${MAX_LENGTH} characters, got ${text.length}`);
  }
}

/** What the classic notation says, or else what the UTF-8 one does; if neither, the classic one's complaint. */
function either(
  classic: () => Matcher[],
  text: string,
  isWanted: (matchers: Matcher[]) => boolean = () => true,
): Matcher[] {
  try {
    return classic();
  } catch (error) {
    const matchers = new Utf8Reader(text).matchers();
    if (matchers !== undefined && isWanted(matchers)) return matchers;
    throw error;
  }
}

/** The list's parts: commas in quotes do not separate. */
function classicParts(text: string): string[] {
  const inner = text.replace(/^\{/, '').replace(/\}$/, '');
  const parts: string[] = [];
  let part = '';
  let isQuoted = false;
  let isEscaped = false;
  for (const char of inner) {
    if (char === ',' && !isQuoted) {
      parts.push(part);
      part = '';
      continue;
    }
    if (char === '"') {
      if (!isEscaped) isQuoted = !isQuoted;
      isEscaped = false;
    } else {
      isEscaped = char === '\\' && !isEscaped;
    }
    part += char;
  }
  if (part.trim() !== '') parts.push(part.trim());
  return parts;
}

function classicMatcher(text: string): Matcher {
  const match = NAME_AND_OPERATOR.exec(text);
  if (match === null) throw new SyntaxError(`bad matcher format: ${text}`);
  const raw = trimEnd(text.slice(match[0].length).replace(SPACE_BEFORE, ''));
  return matcher(match[1]!, match[2] as MatchOp, classicValue(raw));
}

function matcher(name: string, op: MatchOp, value: string): Matcher {
  try {
    // Alertmanager's complaint quotes the expression with its anchors.
    if (op === '=~' || op === '!~') compileAnchored(`^(?:${value})$`);
    return new Matcher(name, op, value);
  } catch (error) {
    throw error instanceof SyntaxError ? new SyntaxError(problemOfPattern(error)) : error;
  }
}

/** What is wrong with a regular expression, as Go says it, from the error that `compileAnchored` throws. */
export function problemOfPattern({ message }: SyntaxError): string {
  const start = message.indexOf('error parsing regexp: ');
  return start < 0 ? message : message.slice(start);
}

/** Without the white space of Go's regular expressions, in linear time. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && '\t\n\f\r '.includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}

function classicValue(raw: string): string {
  const isQuoted = raw.startsWith('"');
  const text = isQuoted ? raw.slice(1) : raw;
  const refused = () => new SyntaxError(`matcher value contains unescaped double quote: ${raw}`);
  let value = '';
  let isClosed = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const next = text[i + 1];
    if (char === '\\' && next !== undefined) {
      i++;
      // A backslash before anything else stands for itself.
      value += next === 'n' ? '\n' : next === '"' || next === '\\' ? next : char + next;
    } else if (char === '"') {
      if (!isQuoted || next !== undefined) throw refused();
      isClosed = true;
    } else {
      value += char;
    }
  }
  if (isQuoted && !isClosed) throw refused();
  return value;
}

/** Reads the UTF-8 notation. */
class Utf8Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Undefined when the text is not in this notation. Throws a SyntaxError for a bad regular expression. */
  matchers(): Matcher[] | undefined {
    const hasBrace = this.#take('{');
    const found: Matcher[] = [];
    while (!this.#atEnd() && !this.#isNext('}')) {
      const name = this.#word();
      const op = name === undefined ? undefined : OPERATORS.find((operator) => this.#take(operator));
      const value = op === undefined ? undefined : this.#word();
      if (value === undefined) return undefined;
      found.push(matcher(name!, op!, value));
      if (!this.#take(',')) break;
    }
    if (this.#take('}') !== hasBrace || !this.#atEnd()) return undefined;
    return found;
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && /[\s\u0085]/.test(this.#text[this.#at]!)) this.#at++;
  }

  #atEnd(): boolean {
    this.#skipSpace();
    return this.#at === this.#text.length;
  }

  #isNext(token: string): boolean {
    this.#skipSpace();
    return this.#text.startsWith(token, this.#at);
  }

  #take(token: string): boolean {
    const isNext = this.#isNext(token);
    if (isNext) this.#at += token.length;
    return isNext;
  }

  /** A name or a value, bare or in double quotes. */
  #word(): string | undefined {
    if (this.#take('"')) return this.#quoted();
    const start = this.#at;
    while (this.#at < this.#text.length && !RESERVED.test(this.#text[this.#at]!)) this.#at++;
    return this.#at === start ? undefined : this.#text.slice(start, this.#at);
  }

  /** The rest of a word after its opening quote. */
  #quoted(): string | undefined {
    const start = this.#at;
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at]!;
      if (char === '\\') this.#at++;
      else if (char === '"') return unescaped(this.#text.slice(start, this.#at++));
    }
    return undefined;
  }
}

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  '"': 34,
};
const NUMERIC_ESCAPE = /^\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What stands between the quotes of a Go string; undefined when that is none, or no UTF-8. */
function unescaped(text: string): string | undefined {
  if (text.includes('\n')) return undefined;
  if (!text.includes('\\')) return text;
  const bytes: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    if (text[at] !== '\\') {
      const end = text.indexOf('\\', at);
      bytes.push(Buffer.from(text.slice(at, end < 0 ? text.length : end)));
      at = end < 0 ? text.length : end;
      continue;
    }
    const simple = SIMPLE_ESCAPES[text[at + 1] ?? ''];
    if (simple !== undefined) {
      bytes.push(Buffer.from([simple]));
      at += 2;
      continue;
    }
    const match = NUMERIC_ESCAPE.exec(text.slice(at, at + 10));
    if (match === null) return undefined;
    const [whole, hex, octal, short, long] = match;
    const code = octal !== undefined ? Number.parseInt(octal, 8) : Number.parseInt((hex ?? short ?? long)!, 16);
    if (octal !== undefined && code > 255) return undefined;
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    bytes.push(
      hex !== undefined || octal !== undefined ? Buffer.from([code]) : Buffer.from(String.fromCodePoint(code)),
    );
    at += whole.length;
  }
  try {
    return decoder.decode(Buffer.concat(bytes));
  } catch {
    return undefined;
  }
}
