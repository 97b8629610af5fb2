import type { ArithmeticOp, DurationNode, Span } from './ast.ts';
import { POWER, PRECEDENCE, SIGN } from './precedence.ts';
import type { TokenCursor } from './token-cursor.ts';

const DURATION_OPS: ReadonlyMap<string, ArithmeticOp> = new Map(
  (['+', '-', '*', '/', '%', '^'] as const).map((op) => [op, op]),
);

/** Reads durations, and with the feature promql-duration-expr arithmetic over them. */
export class DurationParser {
  readonly #tokens: TokenCursor;

  constructor(tokens: TokenCursor) {
    this.#tokens = tokens;
  }

  /** A duration in brackets; `context` is for messages. */
  expr(context: string): DurationNode {
    return this.#expr(0, context);
  }

  /** Throws when it is known to be zero or less. */
  requirePositive(duration: DurationNode): void {
    if (duration.kind !== 'fixed' || duration.ms > 0) return;
    throw this.#tokens.error(duration.span, 'duration must be greater than 0');
  }

  /** What follows `offset`: one operand with an optional sign; arithmetic needs parentheses there. */
  offset(): DurationNode {
    return this.#signed('offset', () => this.#operand('offset'));
  }

  #expr(minimum: number, context: string): DurationNode {
    this.#tokens.enter();
    let left = this.#signed(context, () => this.#expr(SIGN, context));
    while (true) {
      const token = this.#tokens.peek();
      const op = token.kind === 'op' ? DURATION_OPS.get(token.text) : undefined;
      if (op === undefined || PRECEDENCE[op] < minimum) break;
      this.#requireFeature(left.span);
      this.#tokens.countOperator();
      this.#tokens.next();
      const right = this.#expr(op === '^' ? POWER : PRECEDENCE[op] + 0.1, context);
      if ((op === '/' || op === '%') && right.kind === 'fixed' && right.ms === 0) {
        throw this.#tokens.error(token.span, op === '/' ? 'division by zero' : 'modulo by zero');
      }
      left = { kind: 'binary', op, left, right, span: { start: left.span.start, end: right.span.end } };
    }
    this.#tokens.leave();
    return left;
  }

  #requireFeature(span: Span): void {
    if (this.#tokens.features.has('promql-duration-expr')) return;
    throw this.#tokens.error(span, 'experimental duration expression is not enabled');
  }

  /** An operand, or a sign and what `signed` reads behind it. */
  #signed(context: string, signed: () => DurationNode): DurationNode {
    const token = this.#tokens.peek();
    const negative = this.#tokens.isOp('-');
    if (!negative && !this.#tokens.isOp('+')) return this.#operand(context);
    this.#tokens.next();
    const operand = signed();
    const span = { start: token.span.start, end: operand.span.end };
    if (operand.kind === 'fixed') return { kind: 'fixed', ms: negative ? -operand.ms : operand.ms, span };
    return negative ? { kind: 'negate', operand, span } : operand;
  }

  #operand(context: string): DurationNode {
    const token = this.#tokens.peek();
    const { start } = token.span;
    if (token.kind === 'duration') {
      this.#tokens.next();
      return { kind: 'fixed', ms: token.ms, span: token.span };
    }
    if (token.kind === 'number') {
      this.#tokens.next();
      const ms = Math.round(token.value * 1000);
      if (!(Math.abs(ms) <= 9_223_372_036_854)) throw this.#tokens.error(token.span, 'duration out of range');
      return { kind: 'fixed', ms, span: token.span };
    }
    if (this.#tokens.takeOp('(')) {
      const inner = this.#expr(0, context);
      this.#requireFeature(inner.span);
      this.#tokens.expectOp(')', context);
      return { kind: 'paren', inner, span: this.#tokens.spanFrom(start) };
    }
    if (token.kind === 'word' && this.#tokens.isOp('(', 1)) {
      const word = token.text.toLowerCase();
      if (word === 'step' || word === 'range') {
        this.#requireFeature(token.span);
        this.#tokens.next();
        this.#tokens.next();
        this.#tokens.expectOp(')', context);
        return { kind: 'call', name: word, span: this.#tokens.spanFrom(start) };
      }
      if (word === 'min_of' || word === 'max_of') {
        this.#requireFeature(token.span);
        this.#tokens.next();
        this.#tokens.next();
        const left = this.#expr(0, context);
        this.#tokens.expectOp(',', context);
        const right = this.#expr(0, context);
        this.#tokens.expectOp(')', context);
        return {
          kind: 'extremum',
          name: word === 'min_of' ? 'min' : 'max',
          left,
          right,
          span: this.#tokens.spanFrom(start),
        };
      }
    }
    throw this.#tokens.unexpected(context, 'number, duration, step(), or range()');
  }
}
