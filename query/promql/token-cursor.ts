import type { QueryError } from '../query-result.ts';
import type { Span } from './ast.ts';
import { describeToken } from './describe-token.ts';
import { parseError, type Token, tokenize } from './lexer.ts';

/** How deep expressions may nest, and how many operators one may have: what the stack surely holds. */
const MAX_DEPTH = 250;
const MAX_OPERATORS = 2000;

/**
 * Where a parser stands in the tokens of a text, what it may take next, and how it says what is wrong there. Words are
 * compared without regard to case.
 */
export class TokenCursor {
  readonly features: ReadonlySet<string>;
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  #operators = 0;

  constructor(text: string, features: ReadonlySet<string>) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.features = features;
  }

  /** The token that comes next, or one after it; at the end the token `end`, again and again. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  /** Takes the next token, which the end is not. */
  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  /** One token back, unless this is the first. */
  back(): void {
    if (this.#at > 0) this.#at--;
  }

  /** The token that was taken last. There must be one. */
  get last(): Token {
    return this.#tokens[this.#at - 1]!;
  }

  isOp(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'op' && token.text === text;
  }

  isWord(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'word' && token.text.toLowerCase() === text;
  }

  /** True when it was there, and has been taken. */
  takeOp(text: string): boolean {
    if (!this.isOp(text)) return false;
    this.#at++;
    return true;
  }

  /** As takeOp. */
  takeWord(text: string): boolean {
    if (!this.isWord(text)) return false;
    this.#at++;
    return true;
  }

  /** Takes it, or throws; `context` says in what, for the message. */
  expectOp(text: string, context: string): Token {
    if (!this.isOp(text)) throw this.unexpected(context, JSON.stringify(text));
    return this.next();
  }

  /** From `start` to the end of what was taken last. */
  spanFrom(start: number): Span {
    return { start, end: this.#tokens[this.#at - 1]?.span.end ?? 0 };
  }

  /** A parse error at a place. */
  error(span: Span, message: string): QueryError {
    return parseError(this.#text, span.start, message);
  }

  /** The error that the next token does not belong here. */
  unexpected(context: string, expected = ''): QueryError {
    const token = this.peek();
    if (token.kind === 'error') return this.error(token.span, token.message);
    const where = context === '' ? '' : ` in ${context}`;
    const wanted = expected === '' ? '' : `, expected ${expected}`;
    return this.error(token.span, `unexpected ${describeToken(token)}${where}${wanted}`);
  }

  /** Throws when a feature flag is off that `what` needs. */
  requireFeature(name: string, span: Span, what: string): void {
    if (this.features.has(name)) return;
    throw this.error(span, `${what} must be enabled with --enable-feature=${name}`);
  }

  /** Goes one level deeper; throws when that is too deep. */
  enter(): void {
    if (++this.#depth > MAX_DEPTH) {
      throw this.error(this.peek().span, `expression nests deeper than ${MAX_DEPTH} levels`);
    }
  }

  /** Throws when there are too many. */
  countOperator(): void {
    if (++this.#operators > MAX_OPERATORS) {
      throw this.error(this.peek().span, `expression has more than ${MAX_OPERATORS} operators`);
    }
  }

  /** After `enter`. */
  leave(): void {
    this.#depth--;
  }
}
