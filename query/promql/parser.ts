// A hand-written recursive-descent parser with precedence climbing. It follows Prometheus' grammar, in which almost every
// keyword is also a metric or label name: words are told apart by where they stand, never by the lexer.
import { RE2JS } from 're2js';
import { METRIC_NAME } from '../../storage/labels.ts';
import { Matcher, type MatchOp } from '../../storage/matcher.ts';
import type { QueryError } from '../query-result.ts';
import type {
  AggregateOp,
  ArithmeticOp,
  AtModifier,
  BinaryOp,
  DurationNode,
  Expr,
  Extension,
  Grouping,
  MatcherNode,
  Matching,
  MatrixSelector,
  Span,
  Subquery,
  VectorSelector,
} from './ast.ts';
import { FUNCTIONS } from './functions.ts';
import { goQuote, isWellFormed } from './go-quote.ts';
import { parseError, type Token, tokenize } from './lexer.ts';
import { typecheck, valueType } from './typecheck.ts';

export interface ParseOptions {
  /** Prometheus' feature flags that change the language, such as promql-experimental-functions. Default: none. */
  readonly features?: ReadonlySet<string>;
}

const NO_FEATURES: ReadonlySet<string> = new Set();
/** How deep expressions may nest, and how many operators one may have: what the stack surely holds. */
const MAX_DEPTH = 250;
const MAX_OPERATORS = 2000;

const AGGREGATES: ReadonlySet<string> = new Set([
  ...['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar', 'topk', 'bottomk', 'count_values', 'quantile'],
  ...['limitk', 'limit_ratio'],
]);
const PARAMETERIZED: ReadonlySet<string> = new Set([
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
]);
const EXPERIMENTAL_AGGREGATES: ReadonlySet<string> = new Set(['limitk', 'limit_ratio']);
/** Words that are no names of functions, though a parenthesis may follow. */
const NEVER_FUNCTION: ReadonlySet<string> = new Set([
  ...['by', 'without', 'offset', 'anchored', 'smoothed', 'and', 'or', 'unless', 'fill', 'fill_left', 'fill_right'],
]);
/** Words that can stand nowhere as a metric's name. */
const NEVER_METRIC: ReadonlySet<string> = new Set(['on', 'ignoring', 'group_left', 'group_right', 'bool', 'atan2']);

const PRECEDENCE: Readonly<Record<BinaryOp, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '</': 5,
  '>/': 5,
  '^': 6,
};
const POWER = PRECEDENCE['^'];
/** A sign binds weaker than `^` and stronger than `*`. */
const SIGN = PRECEDENCE['*'] + 0.5;

const NO_MATCHING: Matching = {
  card: 'one-to-one',
  mode: 'ignoring',
  labels: [],
  include: [],
  fillLeft: undefined,
  fillRight: undefined,
};

/**
 * The type-checked expression that a text means. Throws a bad_data QueryError in Prometheus' manner,
 * `line:column: parse error: …`.
 */
export function parseExpr(text: string, options: ParseOptions = {}): Expr {
  const parser = new Parser(text, options.features ?? NO_FEATURES);
  const expr = parser.whole();
  typecheck(expr, text);
  return expr;
}

/**
 * A series selector without modifiers, such as match[] takes. Throws a bad_data QueryError when the text is anything else.
 */
export function parseSelector(text: string): VectorSelector {
  const expr = parseExpr(text);
  if (expr.kind !== 'vector-selector' || expr.offset !== undefined || expr.at !== undefined) {
    throw parseError(text, 0, 'expected a series selector such as name{label="value"}');
  }
  return expr;
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #features: ReadonlySet<string>;
  #at = 0;
  #depth = 0;
  #operators = 0;
  /** In the second argument of info() a selector picks labels, so it may match everything. */
  #emptySelectors = false;

  constructor(text: string, features: ReadonlySet<string>) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#features = features;
  }

  whole(): Expr {
    if (this.#peek().kind === 'end') throw parseError(this.#text, 0, 'no expression found in input');
    const expr = this.#expr(0);
    if (this.#peek().kind !== 'end') throw this.#unexpected('');
    return expr;
  }

  // Tokens

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  #next(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  #isOp(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === 'op' && token.text === text;
  }

  #isWord(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === 'word' && token.text.toLowerCase() === text;
  }

  #takeOp(text: string): boolean {
    if (!this.#isOp(text)) return false;
    this.#at++;
    return true;
  }

  #takeWord(text: string): boolean {
    if (!this.#isWord(text)) return false;
    this.#at++;
    return true;
  }

  #expectOp(text: string, context: string): Token {
    if (!this.#isOp(text)) throw this.#unexpected(context, JSON.stringify(text));
    return this.#next();
  }

  get #lastEnd(): number {
    return this.#tokens[this.#at - 1]?.span.end ?? 0;
  }

  #spanFrom(start: number): Span {
    return { start, end: this.#lastEnd };
  }

  #error(span: Span, message: string): QueryError {
    return parseError(this.#text, span.start, message);
  }

  #unexpected(context: string, expected = ''): QueryError {
    const token = this.#peek();
    if (token.kind === 'error') return this.#error(token.span, token.message);
    const where = context === '' ? '' : ` in ${context}`;
    const wanted = expected === '' ? '' : `, expected ${expected}`;
    return this.#error(token.span, `unexpected ${describe(token)}${where}${wanted}`);
  }

  #requireFeature(name: string, span: Span, what: string): void {
    if (this.#features.has(name)) return;
    throw this.#error(span, `${what} must be enabled with --enable-feature=${name}`);
  }

  // Expressions

  #expr(minimum: number): Expr {
    this.#enter();
    let left = this.#signed();
    while (true) {
      const op = this.#binaryOp();
      if (op === undefined || PRECEDENCE[op] < minimum) break;
      this.#countOperator();
      const precedence = PRECEDENCE[op];
      const at = this.#next().span;
      const { returnBool, matching } = this.#binaryModifiers(op, at);
      const right = this.#expr(op === '^' ? POWER : precedence + 0.1);
      left = this.#binary({ op, left, right, returnBool, matching });
    }
    this.#depth--;
    return left;
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH) {
      throw this.#error(this.#peek().span, `expression nests deeper than ${MAX_DEPTH} levels`);
    }
  }

  #countOperator(): void {
    if (++this.#operators > MAX_OPERATORS) {
      throw this.#error(this.#peek().span, `expression has more than ${MAX_OPERATORS} operators`);
    }
  }

  #binaryOp(): BinaryOp | undefined {
    const token = this.#peek();
    const text = token.kind === 'word' ? token.text.toLowerCase() : token.kind === 'op' ? token.text : '';
    return Object.hasOwn(PRECEDENCE, text) ? (text as BinaryOp) : undefined;
  }

  #signed(): Expr {
    const token = this.#peek();
    if (token.kind !== 'op' || (token.text !== '+' && token.text !== '-')) return this.#postfix();
    this.#at++;
    const expr = this.#expr(SIGN);
    const span = { start: token.span.start, end: expr.span.end };
    if (expr.kind === 'number') return { ...expr, value: token.text === '-' ? -expr.value : expr.value, span };
    return { kind: 'unary', op: token.text, expr, span };
  }

  #binary(parts: { op: BinaryOp; left: Expr; right: Expr; returnBool: boolean; matching: Matching }): Expr {
    const { op, left, right, returnBool, matching } = parts;
    const span = { start: left.span.start, end: right.span.end };
    const isSet = op === 'and' || op === 'or' || op === 'unless';
    const vectors = valueType(left) === 'vector' && valueType(right) === 'vector';
    const fills = matching.fillLeft !== undefined || matching.fillRight !== undefined;
    if (fills && !this.#features.has('promql-binop-fill-modifiers')) {
      throw this.#error(span, 'binop fill modifiers are experimental and not enabled');
    }
    if (isSet && vectors) {
      if (matching.card !== 'one-to-one') throw this.#error(span, `no grouping allowed for "${op}" operation`);
      if (fills) throw this.#error(span, 'filling in missing series not allowed for set operators');
    }
    if (!vectors && this.#mayMatch(left, right)) {
      if (matching.labels.length > 0) {
        throw this.#error(span, 'vector matching only allowed between instant vectors');
      }
      if (fills) throw this.#error(span, 'filling in missing series only allowed between instant vectors');
    }
    const resolved: Matching = isSet ? { ...matching, card: 'many-to-many' } : matching;
    return { kind: 'binary', op, left, right, returnBool, matching: vectors ? resolved : undefined, span };
  }

  /** Of operands that are no vectors or scalars at all the type check has more to say. */
  #mayMatch(...operands: readonly Expr[]): boolean {
    return operands.every((operand) => valueType(operand) === 'scalar' || valueType(operand) === 'vector');
  }

  /** What stands behind an operator; `start` is the operator's place. */
  #binaryModifiers(op: BinaryOp, start: Span): { returnBool: boolean; matching: Matching } {
    const returnBool = this.#takeWord('bool');
    if (returnBool && PRECEDENCE[op] !== PRECEDENCE['==']) {
      throw this.#error(start, 'bool modifier can only be used on comparison operators');
    }
    let matching = NO_MATCHING;
    const mode = this.#isWord('on') ? 'on' : this.#isWord('ignoring') ? 'ignoring' : undefined;
    if (mode !== undefined) {
      this.#at++;
      matching = { ...matching, mode, labels: this.#labelList('grouping opts') };
      const group = this.#isWord('group_left')
        ? 'many-to-one'
        : this.#isWord('group_right')
          ? 'one-to-many'
          : undefined;
      if (group !== undefined) {
        this.#at++;
        const include = this.#isOp('(') ? this.#labelList('grouping opts') : [];
        matching = { ...matching, card: group, include };
        const both = mode === 'on' ? include.find((label) => matching.labels.includes(label)) : undefined;
        if (both !== undefined) {
          throw this.#error(start, `label ${goQuote(both)} must not occur in ON and GROUP clause at once`);
        }
      }
    }
    while (this.#fillModifier() !== undefined) {
      const word = this.#fillModifier()!;
      this.#at++;
      this.#expectOp('(', 'fill modifier');
      const value = this.#signedNumber('fill modifier');
      this.#expectOp(')', 'fill modifier');
      matching = {
        ...matching,
        fillLeft: word === 'fill_right' ? matching.fillLeft : value,
        fillRight: word === 'fill_left' ? matching.fillRight : value,
      };
    }
    return { returnBool, matching };
  }

  #fillModifier(): string | undefined {
    const token = this.#peek();
    if (token.kind !== 'word' || !this.#isOp('(', 1)) return undefined;
    const word = token.text.toLowerCase();
    return word === 'fill' || word === 'fill_left' || word === 'fill_right' ? word : undefined;
  }

  #signedNumber(context: string): number {
    const sign = this.#takeOp('-') ? -1 : 1;
    if (sign === 1) this.#takeOp('+');
    const token = this.#next();
    if (token.kind === 'number') return sign * token.value;
    if (token.kind === 'duration') return (sign * token.ms) / 1000;
    if (this.#at > 0 && token.kind !== 'end' && token.kind !== 'error') this.#at--;
    throw this.#unexpected(context, context === '@' ? 'timestamp' : 'number');
  }

  /** `(a, b, "c.d")`; a trailing comma is allowed. */
  #labelList(context: string): string[] {
    this.#expectOp('(', context);
    const labels: string[] = [];
    while (!this.#isOp(')')) {
      const token = this.#peek();
      if (token.kind === 'word') labels.push(token.text);
      else if (token.kind === 'string' && token.value !== '' && isWellFormed(token.value)) labels.push(token.value);
      else if (token.kind === 'string') {
        throw this.#error(token.span, `invalid label name for grouping: ${goQuote(token.value)}`);
      } else throw this.#unexpected(context, 'label');
      this.#at++;
      if (!this.#takeOp(',') && !this.#isOp(')')) throw this.#unexpected(context, '"," or ")"');
    }
    this.#at++;
    return labels;
  }

  /** A primary expression with its ranges, offsets and @ modifiers. */
  #postfix(): Expr {
    let expr = this.#primary();
    while (true) {
      if (this.#isOp('[')) {
        // Each nests what stands before it.
        this.#countOperator();
        expr = this.#bracket(expr);
      } else if (this.#takeWord('offset')) {
        const offset = this.#offsetDuration();
        expr = this.#modify(expr, 'offset', (target, span) => {
          if (target.offset !== undefined) throw this.#error(span, 'offset may not be set multiple times');
          return { ...target, offset };
        });
      } else if (this.#takeOp('@')) {
        const at = this.#atModifier(expr.span);
        expr = this.#modify(expr, '@', (target, span) => {
          if (target.at !== undefined) throw this.#error(span, '@ <timestamp> may not be set multiple times');
          return { ...target, at };
        });
      } else if (this.#takeWord('anchored')) expr = this.#extend(expr, 'anchored');
      else if (this.#takeWord('smoothed')) expr = this.#extend(expr, 'smoothed');
      else return expr;
    }
  }

  #extend(expr: Expr, extension: Extension): Expr {
    if (!this.#features.has('promql-extended-range-selectors')) {
      throw this.#error(expr.span, `${extension} modifier is experimental and not enabled`);
    }
    if (expr.kind === 'subquery') {
      throw this.#error(expr.span, `${extension} modifier is not supported for subqueries`);
    }
    if (expr.kind !== 'vector-selector' && expr.kind !== 'matrix-selector') {
      throw this.#error(expr.span, `${extension} modifier not implemented`);
    }
    const selector = expr.kind === 'matrix-selector' ? expr.selector : expr;
    if (selector.extension !== undefined && selector.extension !== extension) {
      throw this.#error(expr.span, 'anchored and smoothed modifiers cannot be used together');
    }
    const span = this.#spanFrom(expr.span.start);
    return expr.kind === 'matrix-selector'
      ? { ...expr, selector: { ...expr.selector, extension }, span }
      : { ...expr, extension, span };
  }

  /** Applies a modifier to the selector or subquery it follows, and widens the spans to take it in. */
  #modify(
    expr: Expr,
    what: 'offset' | '@',
    apply: <T extends VectorSelector | Subquery>(target: T, span: Span) => T,
  ): Expr {
    if (expr.kind === 'vector-selector' || expr.kind === 'subquery') {
      return { ...apply(expr, expr.span), span: this.#spanFrom(expr.span.start) };
    }
    if (expr.kind === 'matrix-selector') {
      return { ...expr, selector: apply(expr.selector, expr.span), span: this.#spanFrom(expr.span.start) };
    }
    const message = 'must be preceded by an instant vector selector or range vector selector or a subquery';
    throw this.#error(expr.span, `${what === '@' ? '@ modifier' : 'offset modifier'} ${message}`);
  }

  #atModifier(target: Span): AtModifier {
    for (const kind of ['start', 'end'] as const) {
      if (!this.#takeWord(kind)) continue;
      for (const paren of ['(', ')']) if (!this.#takeOp(paren)) throw this.#unexpected('@', 'timestamp');
      return { kind };
    }
    const seconds = this.#signedNumber('@');
    const ms = Math.round(seconds * 1000);
    if (!Number.isSafeInteger(ms)) {
      throw this.#error(target, `timestamp out of bounds for @ modifier: ${fixed(seconds)}`);
    }
    return { kind: 'time', ms };
  }

  /** `[range]` after a selector, or `[range:step]` after any instant vector. */
  #bracket(expr: Expr): MatrixSelector | Subquery {
    const open = this.#next().span;
    const range = this.#durationExpr(0, 'subquery or range selector');
    this.#requirePositive(range);
    if (this.#takeOp(':')) {
      const step = this.#isOp(']') ? undefined : this.#durationExpr(0, 'subquery selector');
      if (step !== undefined) this.#requirePositive(step);
      this.#expectOp(']', 'subquery selector');
      const span = this.#spanFrom(expr.span.start);
      return { kind: 'subquery', expr, range, step, offset: undefined, at: undefined, span };
    }
    if (!this.#takeOp(']')) throw this.#unexpected('subquery or range', '":" or "]"');
    if (expr.kind !== 'vector-selector') throw this.#error(open, 'ranges only allowed for vector selectors');
    if (expr.offset !== undefined) throw this.#error(open, 'no offset modifiers allowed before range');
    if (expr.at !== undefined) throw this.#error(open, 'no @ modifiers allowed before range');
    return {
      kind: 'matrix-selector',
      selector: expr,
      range,
      span: this.#spanFrom(expr.span.start),
    };
  }

  #requirePositive(duration: DurationNode): void {
    if (duration.kind !== 'fixed' || duration.ms > 0) return;
    throw this.#error(duration.span, 'duration must be greater than 0');
  }

  // Durations

  /** What follows `offset`: one operand with an optional sign; arithmetic needs parentheses there. */
  #offsetDuration(): DurationNode {
    return this.#durationSigned('offset', () => this.#durationOperand('offset'));
  }

  #durationExpr(minimum: number, context: string): DurationNode {
    this.#enter();
    let left = this.#durationSigned(context, () => this.#durationExpr(SIGN, context));
    while (true) {
      const token = this.#peek();
      const op = token.kind === 'op' ? DURATION_OPS.get(token.text) : undefined;
      if (op === undefined || PRECEDENCE[op] < minimum) break;
      this.#requireDurationFeature(left.span);
      this.#countOperator();
      this.#at++;
      const right = this.#durationExpr(op === '^' ? POWER : PRECEDENCE[op] + 0.1, context);
      if ((op === '/' || op === '%') && right.kind === 'fixed' && right.ms === 0) {
        throw this.#error(token.span, op === '/' ? 'division by zero' : 'modulo by zero');
      }
      left = { kind: 'binary', op, left, right, span: { start: left.span.start, end: right.span.end } };
    }
    this.#depth--;
    return left;
  }

  #requireDurationFeature(span: Span): void {
    if (this.#features.has('promql-duration-expr')) return;
    throw this.#error(span, 'experimental duration expression is not enabled');
  }

  /** An operand, or a sign and what `signed` reads behind it. */
  #durationSigned(context: string, signed: () => DurationNode): DurationNode {
    const token = this.#peek();
    const negative = this.#isOp('-');
    if (!negative && !this.#isOp('+')) return this.#durationOperand(context);
    this.#at++;
    const operand = signed();
    const span = { start: token.span.start, end: operand.span.end };
    if (operand.kind === 'fixed') return { kind: 'fixed', ms: negative ? -operand.ms : operand.ms, span };
    return negative ? { kind: 'negate', operand, span } : operand;
  }

  #durationOperand(context: string): DurationNode {
    const token = this.#peek();
    const { start } = token.span;
    if (token.kind === 'duration') {
      this.#at++;
      return { kind: 'fixed', ms: token.ms, span: token.span };
    }
    if (token.kind === 'number') {
      this.#at++;
      const ms = Math.round(token.value * 1000);
      if (!(Math.abs(ms) <= 9_223_372_036_854)) throw this.#error(token.span, 'duration out of range');
      return { kind: 'fixed', ms, span: token.span };
    }
    if (this.#takeOp('(')) {
      const inner = this.#durationExpr(0, context);
      this.#requireDurationFeature(inner.span);
      this.#expectOp(')', context);
      return { kind: 'paren', inner, span: this.#spanFrom(start) };
    }
    if (token.kind === 'word' && this.#isOp('(', 1)) {
      const word = token.text.toLowerCase();
      if (word === 'step' || word === 'range') {
        this.#requireDurationFeature(token.span);
        this.#at += 2;
        this.#expectOp(')', context);
        return { kind: 'call', name: word, span: this.#spanFrom(start) };
      }
      if (word === 'min_of' || word === 'max_of') {
        this.#requireDurationFeature(token.span);
        this.#at += 2;
        const left = this.#durationExpr(0, context);
        this.#expectOp(',', context);
        const right = this.#durationExpr(0, context);
        this.#expectOp(')', context);
        return { kind: 'extremum', name: word === 'min_of' ? 'min' : 'max', left, right, span: this.#spanFrom(start) };
      }
    }
    throw this.#unexpected(context, 'number, duration, step(), or range()');
  }

  // Primaries

  #primary(): Expr {
    const token = this.#peek();
    const { start } = token.span;
    switch (token.kind) {
      case 'number':
        this.#at++;
        return { kind: 'number', value: token.value, duration: false, span: token.span };
      case 'duration':
        this.#at++;
        return { kind: 'number', value: token.ms / 1000, duration: true, span: token.span };
      case 'string':
        this.#at++;
        return { kind: 'string', value: token.value, span: token.span };
      case 'word':
        return this.#word(token);
      case 'op':
        if (token.text === '(') {
          this.#at++;
          this.#enter();
          const expr = this.#expr(0);
          this.#depth--;
          this.#expectOp(')', 'paren expression');
          return { kind: 'paren', expr, span: this.#spanFrom(start) };
        }
        if (token.text === '{') return this.#selector('', start);
        throw this.#unexpected('');
      case 'end':
      case 'error':
        throw this.#unexpected('');
      default:
        return token satisfies never;
    }
  }

  #word(token: Token): Expr {
    const { start } = token.span;
    const word = token.text.toLowerCase();
    if (AGGREGATES.has(word) && (this.#isOp('(', 1) || this.#isWord('by', 1) || this.#isWord('without', 1))) {
      return this.#aggregate(word as AggregateOp, token.span);
    }
    if (NEVER_METRIC.has(word)) throw this.#unexpected('');
    if (this.#isOp('(', 1) && !NEVER_FUNCTION.has(word)) return this.#call(token);
    this.#at++;
    return this.#selector(token.text, start);
  }

  #call(token: Token): Expr {
    const { start } = token.span;
    const signature = FUNCTIONS.get(token.text);
    if (signature === undefined) {
      throw this.#error(token.span, `unknown function with name ${goQuote(token.text)}`);
    }
    if (signature.experimental && !this.#features.has('promql-experimental-functions')) {
      throw this.#error(token.span, `function ${JSON.stringify(token.text)} is not enabled`);
    }
    this.#at++;
    const args = this.#arguments(`call to function ${JSON.stringify(token.text)}`, token.text);
    if (token.text === 'info' && args.length > 1) this.#checkLabelSelector(args[1]!);
    return { kind: 'call', func: token.text, args, span: this.#spanFrom(start) };
  }

  /** The second argument of info() picks labels; only a name in braces, by a matcher, picks the info metric. */
  #checkLabelSelector(expr: Expr): void {
    if (expr.kind !== 'vector-selector') throw this.#error(expr.span, 'expected label selectors only');
    if (expr.metric !== '' && this.#text[expr.span.start] !== '{') {
      throw this.#error(expr.span, 'expected label selectors only, got vector selector instead');
    }
  }

  /** `(a, b)`, without a trailing comma. */
  #arguments(context: string, func = ''): Expr[] {
    if (!this.#takeOp('(')) throw this.#unexpected(context);
    const args: Expr[] = [];
    if (this.#takeOp(')')) return args;
    this.#enter();
    while (true) {
      this.#emptySelectors = func === 'info' && args.length === 1;
      args.push(this.#expr(0));
      this.#emptySelectors = false;
      if (this.#takeOp(')')) break;
      const comma = this.#peek();
      if (!this.#takeOp(',')) throw this.#unexpected('');
      if (this.#isOp(')')) {
        throw this.#error(comma.span, 'trailing commas not allowed in function call args');
      }
    }
    this.#depth--;
    return args;
  }

  #aggregate(op: AggregateOp, at: Span): Expr {
    if (EXPERIMENTAL_AGGREGATES.has(op)) {
      this.#requireFeature('promql-experimental-functions', at, `${op}() is experimental and`);
    }
    this.#at++;
    let grouping = this.#grouping();
    const args = this.#arguments('aggregation');
    grouping ??= this.#grouping();
    const span = this.#spanFrom(at.start);
    if (args.length === 0) throw this.#error(span, 'no arguments for aggregate expression provided');
    const wanted = PARAMETERIZED.has(op) ? 2 : 1;
    if (args.length !== wanted) {
      const message = `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`;
      throw this.#error(span, message);
    }
    return {
      kind: 'aggregate',
      op,
      param: wanted === 2 ? args[0] : undefined,
      expr: args[wanted - 1]!,
      grouping: grouping ?? { mode: 'by', labels: [] },
      span,
    };
  }

  #grouping(): Grouping | undefined {
    const mode = this.#isWord('by') ? 'by' : this.#isWord('without') ? 'without' : undefined;
    if (mode === undefined) return undefined;
    this.#at++;
    return { mode, labels: this.#labelList('grouping opts') };
  }

  #selector(bareName: string, start: number): VectorSelector {
    const matchers: MatcherNode[] = [];
    if (bareName !== '') {
      const span = { start, end: start + bareName.length };
      matchers.push({ name: METRIC_NAME, op: '=', value: bareName, span });
    }
    let metric = bareName;
    let otherName: string | undefined;
    if (this.#takeOp('{')) {
      while (!this.#isOp('}')) {
        const matcher = this.#matcher();
        if (typeof matcher === 'string') {
          if (bareName !== '') otherName ??= matcher;
          if (metric === '') metric = matcher;
          matchers.push({ name: METRIC_NAME, op: '=', value: matcher, span: this.#tokens[this.#at - 1]!.span });
        } else {
          if (bareName !== '' && matcher.name === METRIC_NAME) otherName ??= matcher.value;
          matchers.push(matcher);
        }
        if (!this.#takeOp(',') && !this.#isOp('}')) throw this.#unexpected('label matching', '"," or "}"');
      }
      this.#at++;
    }
    const span = this.#spanFrom(start);
    if (otherName !== undefined) {
      const names = `${goQuote(bareName)} or ${goQuote(otherName)}`;
      throw this.#error(span, `metric name must not be set twice: ${names}`);
    }
    if (!this.#emptySelectors && matchers.every(({ name, op, value }) => new Matcher(name, op, value).matchesEmpty)) {
      throw this.#error(span, 'vector selector must contain at least one non-empty matcher');
    }
    return { kind: 'vector-selector', metric, matchers, offset: undefined, at: undefined, extension: undefined, span };
  }

  /** `name op "value"`; a quoted string alone is the metric's name. */
  #matcher(): MatcherNode | string {
    const token = this.#peek();
    if (token.kind !== 'word' && token.kind !== 'string') {
      throw this.#unexpected('label matching', 'identifier or "}"');
    }
    this.#at++;
    const name = token.kind === 'string' ? token.value : token.text;
    const opToken = this.#peek();
    if (opToken.kind !== 'op' || !MATCH_OPS.has(opToken.text)) {
      if (token.kind === 'string') return token.value;
      throw this.#unexpected('label matching', 'label matching operator');
    }
    this.#at++;
    const value = this.#peek();
    if (value.kind !== 'string') throw this.#unexpected('label matching', 'string');
    this.#at++;
    const op = opToken.text as MatchOp;
    try {
      new Matcher(name, op, value.value);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw this.#error(token.span, regexpProblem(value.value) ?? error.message);
    }
    return { name, op, value: value.value, span: this.#spanFrom(token.span.start) };
  }
}

const MATCH_OPS: ReadonlySet<string> = new Set(['=', '!=', '=~', '!~']);
const DURATION_OPS: ReadonlyMap<string, ArithmeticOp> = new Map(
  (['+', '-', '*', '/', '%', '^'] as const).map((op) => [op, op]),
);

/** Words that are tokens of their own to Prometheus, and shown as such. */
const KEYWORDS: ReadonlySet<string> = new Set([
  ...['offset', 'smoothed', 'anchored', 'by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'bool'],
  ...['fill', 'fill_left', 'fill_right'],
]);
const WORD_OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'atan2']);

/** A token as Prometheus' messages name it. */
function describe(token: Token): string {
  switch (token.kind) {
    case 'number':
    case 'duration':
    case 'string':
      return `${token.kind} ${shown(token.text)}`;
    case 'word':
      return describeWord(token.text);
    case 'op':
      return /^(?:[-+*/%^<>@]|==|=~|!)/.test(token.text) ? `<op:${token.text}>` : shown(token.text);
    case 'end':
      return 'end of input';
    case 'error':
      return token.message;
    default:
      return token satisfies never;
  }
}

function describeWord(text: string): string {
  const word = text.toLowerCase();
  if (AGGREGATES.has(word)) return `<aggr:${text}>`;
  if (KEYWORDS.has(word)) return `<${text}>`;
  if (WORD_OPERATORS.has(word)) return `<op:${text}>`;
  if (word === 'start' || word === 'end') return goQuote(text);
  return `${text.includes(':') ? 'metric identifier' : 'identifier'} ${goQuote(text)}`;
}

/** In quotes, cut after ten characters. */
function shown(text: string): string {
  const characters = [...text];
  return characters.length > 10 ? `${goQuote(characters.slice(0, 10).join(''))}...` : goQuote(text);
}

/** A number as Go's %f writes it. */
function fixed(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}

/** What is wrong with a regular expression as it is written, without what a matcher puts around it. */
function regexpProblem(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : undefined;
  }
}
