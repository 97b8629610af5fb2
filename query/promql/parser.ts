// A hand-written recursive-descent parser with precedence climbing. It follows Prometheus' grammar, in which almost every
// keyword is also a metric or label name: words are told apart by where they stand, never by the lexer.
import { RE2JS } from 're2js';
import { METRIC_NAME } from '../../storage/labels.ts';
import { Matcher, type MatchOp } from '../../storage/matcher.ts';
import { AGGREGATES } from './aggregates.ts';
import type {
  AggregateOp,
  AtModifier,
  BinaryOp,
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
import { DurationParser } from './duration-parser.ts';
import { FUNCTIONS } from './functions.ts';
import { goQuote, isWellFormed } from './go-quote.ts';
import { parseError, type Token } from './lexer.ts';
import { POWER, PRECEDENCE, SIGN } from './precedence.ts';
import { TokenCursor } from './token-cursor.ts';
import { typecheck, valueType } from './typecheck.ts';

export interface ParseOptions {
  /** Prometheus' feature flags that change the language, such as promql-experimental-functions. Default: none. */
  readonly features?: ReadonlySet<string>;
}

const NO_FEATURES: ReadonlySet<string> = new Set();
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
  readonly #tokens: TokenCursor;
  readonly #durations: DurationParser;
  /** In the second argument of info() a selector picks labels, so it may match everything. */
  #emptySelectors = false;

  constructor(text: string, features: ReadonlySet<string>) {
    this.#text = text;
    this.#tokens = new TokenCursor(text, features);
    this.#durations = new DurationParser(this.#tokens);
  }

  whole(): Expr {
    if (this.#tokens.peek().kind === 'end') throw parseError(this.#text, 0, 'no expression found in input');
    const expr = this.#expr(0);
    if (this.#tokens.peek().kind !== 'end') throw this.#tokens.unexpected('');
    return expr;
  }

  // Expressions

  #expr(minimum: number): Expr {
    this.#tokens.enter();
    let left = this.#signed();
    while (true) {
      const op = this.#binaryOp();
      if (op === undefined || PRECEDENCE[op] < minimum) break;
      this.#tokens.countOperator();
      const precedence = PRECEDENCE[op];
      const at = this.#tokens.next().span;
      const { returnBool, matching } = this.#binaryModifiers(op, at);
      const right = this.#expr(op === '^' ? POWER : precedence + 0.1);
      left = this.#binary({ op, left, right, returnBool, matching });
    }
    this.#tokens.leave();
    return left;
  }

  #binaryOp(): BinaryOp | undefined {
    const token = this.#tokens.peek();
    const text = token.kind === 'word' ? token.text.toLowerCase() : token.kind === 'op' ? token.text : '';
    return Object.hasOwn(PRECEDENCE, text) ? (text as BinaryOp) : undefined;
  }

  #signed(): Expr {
    const token = this.#tokens.peek();
    if (token.kind !== 'op' || (token.text !== '+' && token.text !== '-')) return this.#postfix();
    this.#tokens.next();
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
    if (fills && !this.#tokens.features.has('promql-binop-fill-modifiers')) {
      throw this.#tokens.error(span, 'binop fill modifiers are experimental and not enabled');
    }
    if (isSet && vectors) {
      if (matching.card !== 'one-to-one') throw this.#tokens.error(span, `no grouping allowed for "${op}" operation`);
      if (fills) throw this.#tokens.error(span, 'filling in missing series not allowed for set operators');
    }
    if (!vectors && this.#mayMatch(left, right)) {
      if (matching.labels.length > 0) {
        throw this.#tokens.error(span, 'vector matching only allowed between instant vectors');
      }
      if (fills) throw this.#tokens.error(span, 'filling in missing series only allowed between instant vectors');
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
    const returnBool = this.#tokens.takeWord('bool');
    if (returnBool && PRECEDENCE[op] !== PRECEDENCE['==']) {
      throw this.#tokens.error(start, 'bool modifier can only be used on comparison operators');
    }
    let matching = NO_MATCHING;
    const mode = this.#tokens.isWord('on') ? 'on' : this.#tokens.isWord('ignoring') ? 'ignoring' : undefined;
    if (mode !== undefined) {
      this.#tokens.next();
      matching = { ...matching, mode, labels: this.#labelList('grouping opts') };
      const group = this.#tokens.isWord('group_left')
        ? 'many-to-one'
        : this.#tokens.isWord('group_right')
          ? 'one-to-many'
          : undefined;
      if (group !== undefined) {
        this.#tokens.next();
        const include = this.#tokens.isOp('(') ? this.#labelList('grouping opts') : [];
        matching = { ...matching, card: group, include };
        const both = mode === 'on' ? include.find((label) => matching.labels.includes(label)) : undefined;
        if (both !== undefined) {
          throw this.#tokens.error(start, `label ${goQuote(both)} must not occur in ON and GROUP clause at once`);
        }
      }
    }
    while (this.#fillModifier() !== undefined) {
      const word = this.#fillModifier()!;
      this.#tokens.next();
      this.#tokens.expectOp('(', 'fill modifier');
      const value = this.#signedNumber('fill modifier');
      this.#tokens.expectOp(')', 'fill modifier');
      matching = {
        ...matching,
        fillLeft: word === 'fill_right' ? matching.fillLeft : value,
        fillRight: word === 'fill_left' ? matching.fillRight : value,
      };
    }
    return { returnBool, matching };
  }

  #fillModifier(): string | undefined {
    const token = this.#tokens.peek();
    if (token.kind !== 'word' || !this.#tokens.isOp('(', 1)) return undefined;
    const word = token.text.toLowerCase();
    return word === 'fill' || word === 'fill_left' || word === 'fill_right' ? word : undefined;
  }

  #signedNumber(context: string): number {
    const sign = this.#tokens.takeOp('-') ? -1 : 1;
    if (sign === 1) this.#tokens.takeOp('+');
    const token = this.#tokens.next();
    if (token.kind === 'number') return sign * token.value;
    if (token.kind === 'duration') return (sign * token.ms) / 1000;
    if (token.kind !== 'end' && token.kind !== 'error') this.#tokens.back();
    throw this.#tokens.unexpected(context, context === '@' ? 'timestamp' : 'number');
  }

  /** `(a, b, "c.d")`; a trailing comma is allowed. */
  #labelList(context: string): string[] {
    this.#tokens.expectOp('(', context);
    const labels: string[] = [];
    while (!this.#tokens.isOp(')')) {
      const token = this.#tokens.peek();
      if (token.kind === 'word') labels.push(token.text);
      else if (token.kind === 'string' && token.value !== '' && isWellFormed(token.value)) labels.push(token.value);
      else if (token.kind === 'string') {
        throw this.#tokens.error(token.span, `invalid label name for grouping: ${goQuote(token.value)}`);
      } else throw this.#tokens.unexpected(context, 'label');
      this.#tokens.next();
      if (!this.#tokens.takeOp(',') && !this.#tokens.isOp(')')) throw this.#tokens.unexpected(context, '"," or ")"');
    }
    this.#tokens.next();
    return labels;
  }

  /** A primary expression with its ranges, offsets and @ modifiers. */
  #postfix(): Expr {
    let expr = this.#primary();
    while (true) {
      if (this.#tokens.isOp('[')) {
        // Each nests what stands before it.
        this.#tokens.countOperator();
        expr = this.#bracket(expr);
      } else if (this.#tokens.takeWord('offset')) {
        const offset = this.#durations.offset();
        expr = this.#modify(expr, 'offset', (target, span) => {
          if (target.offset !== undefined) throw this.#tokens.error(span, 'offset may not be set multiple times');
          return { ...target, offset };
        });
      } else if (this.#tokens.takeOp('@')) {
        const at = this.#atModifier(expr.span);
        expr = this.#modify(expr, '@', (target, span) => {
          if (target.at !== undefined) throw this.#tokens.error(span, '@ <timestamp> may not be set multiple times');
          return { ...target, at };
        });
      } else if (this.#tokens.takeWord('anchored')) expr = this.#extend(expr, 'anchored');
      else if (this.#tokens.takeWord('smoothed')) expr = this.#extend(expr, 'smoothed');
      else return expr;
    }
  }

  #extend(expr: Expr, extension: Extension): Expr {
    if (!this.#tokens.features.has('promql-extended-range-selectors')) {
      throw this.#tokens.error(expr.span, `${extension} modifier is experimental and not enabled`);
    }
    if (expr.kind === 'subquery') {
      throw this.#tokens.error(expr.span, `${extension} modifier is not supported for subqueries`);
    }
    if (expr.kind !== 'vector-selector' && expr.kind !== 'matrix-selector') {
      throw this.#tokens.error(expr.span, `${extension} modifier not implemented`);
    }
    const selector = expr.kind === 'matrix-selector' ? expr.selector : expr;
    if (selector.extension !== undefined && selector.extension !== extension) {
      throw this.#tokens.error(expr.span, 'anchored and smoothed modifiers cannot be used together');
    }
    const span = this.#tokens.spanFrom(expr.span.start);
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
      return { ...apply(expr, expr.span), span: this.#tokens.spanFrom(expr.span.start) };
    }
    if (expr.kind === 'matrix-selector') {
      return { ...expr, selector: apply(expr.selector, expr.span), span: this.#tokens.spanFrom(expr.span.start) };
    }
    const message = 'must be preceded by an instant vector selector or range vector selector or a subquery';
    throw this.#tokens.error(expr.span, `${what === '@' ? '@ modifier' : 'offset modifier'} ${message}`);
  }

  #atModifier(target: Span): AtModifier {
    for (const kind of ['start', 'end'] as const) {
      if (!this.#tokens.takeWord(kind)) continue;
      for (const paren of ['(', ')']) if (!this.#tokens.takeOp(paren)) throw this.#tokens.unexpected('@', 'timestamp');
      return { kind };
    }
    const seconds = this.#signedNumber('@');
    const ms = Math.round(seconds * 1000);
    if (!Number.isSafeInteger(ms)) {
      throw this.#tokens.error(target, `timestamp out of bounds for @ modifier: ${fixed(seconds)}`);
    }
    return { kind: 'time', ms };
  }

  /** `[range]` after a selector, or `[range:step]` after any instant vector. */
  #bracket(expr: Expr): MatrixSelector | Subquery {
    const open = this.#tokens.next().span;
    const range = this.#durations.expr('subquery or range selector');
    this.#durations.requirePositive(range);
    if (this.#tokens.takeOp(':')) {
      const step = this.#tokens.isOp(']') ? undefined : this.#durations.expr('subquery selector');
      if (step !== undefined) this.#durations.requirePositive(step);
      this.#tokens.expectOp(']', 'subquery selector');
      const span = this.#tokens.spanFrom(expr.span.start);
      return { kind: 'subquery', expr, range, step, offset: undefined, at: undefined, span };
    }
    if (!this.#tokens.takeOp(']')) throw this.#tokens.unexpected('subquery or range', '":" or "]"');
    if (expr.kind !== 'vector-selector') throw this.#tokens.error(open, 'ranges only allowed for vector selectors');
    if (expr.offset !== undefined) throw this.#tokens.error(open, 'no offset modifiers allowed before range');
    if (expr.at !== undefined) throw this.#tokens.error(open, 'no @ modifiers allowed before range');
    return {
      kind: 'matrix-selector',
      selector: expr,
      range,
      span: this.#tokens.spanFrom(expr.span.start),
    };
  }

  // Primaries

  #primary(): Expr {
    const token = this.#tokens.peek();
    const { start } = token.span;
    switch (token.kind) {
      case 'number':
        this.#tokens.next();
        return { kind: 'number', value: token.value, duration: false, span: token.span };
      case 'duration':
        this.#tokens.next();
        return { kind: 'number', value: token.ms / 1000, duration: true, span: token.span };
      case 'string':
        this.#tokens.next();
        return { kind: 'string', value: token.value, span: token.span };
      case 'word':
        return this.#word(token);
      case 'op':
        if (token.text === '(') {
          this.#tokens.next();
          this.#tokens.enter();
          const expr = this.#expr(0);
          this.#tokens.leave();
          this.#tokens.expectOp(')', 'paren expression');
          return { kind: 'paren', expr, span: this.#tokens.spanFrom(start) };
        }
        if (token.text === '{') return this.#selector('', start);
        throw this.#tokens.unexpected('');
      case 'end':
      case 'error':
        throw this.#tokens.unexpected('');
      default:
        return token satisfies never;
    }
  }

  #word(token: Token): Expr {
    const { start } = token.span;
    const word = token.text.toLowerCase();
    if (
      AGGREGATES.has(word) &&
      (this.#tokens.isOp('(', 1) || this.#tokens.isWord('by', 1) || this.#tokens.isWord('without', 1))
    ) {
      return this.#aggregate(word as AggregateOp, token.span);
    }
    if (NEVER_METRIC.has(word)) throw this.#tokens.unexpected('');
    if (this.#tokens.isOp('(', 1) && !NEVER_FUNCTION.has(word)) return this.#call(token);
    this.#tokens.next();
    return this.#selector(token.text, start);
  }

  #call(token: Token): Expr {
    const { start } = token.span;
    const signature = FUNCTIONS.get(token.text);
    if (signature === undefined) {
      throw this.#tokens.error(token.span, `unknown function with name ${goQuote(token.text)}`);
    }
    if (signature.experimental && !this.#tokens.features.has('promql-experimental-functions')) {
      throw this.#tokens.error(token.span, `function ${JSON.stringify(token.text)} is not enabled`);
    }
    this.#tokens.next();
    const args = this.#arguments(`call to function ${JSON.stringify(token.text)}`, token.text);
    if (token.text === 'info' && args.length > 1) this.#checkLabelSelector(args[1]!);
    return { kind: 'call', func: token.text, args, span: this.#tokens.spanFrom(start) };
  }

  /** The second argument of info() picks labels; only a name in braces, by a matcher, picks the info metric. */
  #checkLabelSelector(expr: Expr): void {
    if (expr.kind !== 'vector-selector') throw this.#tokens.error(expr.span, 'expected label selectors only');
    if (expr.metric !== '' && this.#text[expr.span.start] !== '{') {
      throw this.#tokens.error(expr.span, 'expected label selectors only, got vector selector instead');
    }
  }

  /** `(a, b)`, without a trailing comma. */
  #arguments(context: string, func = ''): Expr[] {
    if (!this.#tokens.takeOp('(')) throw this.#tokens.unexpected(context);
    const args: Expr[] = [];
    if (this.#tokens.takeOp(')')) return args;
    this.#tokens.enter();
    while (true) {
      this.#emptySelectors = func === 'info' && args.length === 1;
      args.push(this.#expr(0));
      this.#emptySelectors = false;
      if (this.#tokens.takeOp(')')) break;
      const comma = this.#tokens.peek();
      if (!this.#tokens.takeOp(',')) throw this.#tokens.unexpected('');
      if (this.#tokens.isOp(')')) {
        throw this.#tokens.error(comma.span, 'trailing commas not allowed in function call args');
      }
    }
    this.#tokens.leave();
    return args;
  }

  #aggregate(op: AggregateOp, at: Span): Expr {
    if (EXPERIMENTAL_AGGREGATES.has(op)) {
      this.#tokens.requireFeature('promql-experimental-functions', at, `${op}() is experimental and`);
    }
    this.#tokens.next();
    let grouping = this.#grouping();
    const args = this.#arguments('aggregation');
    grouping ??= this.#grouping();
    const span = this.#tokens.spanFrom(at.start);
    if (args.length === 0) throw this.#tokens.error(span, 'no arguments for aggregate expression provided');
    const wanted = PARAMETERIZED.has(op) ? 2 : 1;
    if (args.length !== wanted) {
      const message = `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`;
      throw this.#tokens.error(span, message);
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
    const mode = this.#tokens.isWord('by') ? 'by' : this.#tokens.isWord('without') ? 'without' : undefined;
    if (mode === undefined) return undefined;
    this.#tokens.next();
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
    if (this.#tokens.takeOp('{')) {
      while (!this.#tokens.isOp('}')) {
        const matcher = this.#matcher();
        if (typeof matcher === 'string') {
          if (bareName !== '') otherName ??= matcher;
          if (metric === '') metric = matcher;
          matchers.push({ name: METRIC_NAME, op: '=', value: matcher, span: this.#tokens.last.span });
        } else {
          if (bareName !== '' && matcher.name === METRIC_NAME) otherName ??= matcher.value;
          matchers.push(matcher);
        }
        if (!this.#tokens.takeOp(',') && !this.#tokens.isOp('}'))
          throw this.#tokens.unexpected('label matching', '"," or "}"');
      }
      this.#tokens.next();
    }
    const span = this.#tokens.spanFrom(start);
    if (otherName !== undefined) {
      const names = `${goQuote(bareName)} or ${goQuote(otherName)}`;
      throw this.#tokens.error(span, `metric name must not be set twice: ${names}`);
    }
    if (!this.#emptySelectors && matchers.every(({ name, op, value }) => new Matcher(name, op, value).matchesEmpty)) {
      throw this.#tokens.error(span, 'vector selector must contain at least one non-empty matcher');
    }
    return { kind: 'vector-selector', metric, matchers, offset: undefined, at: undefined, extension: undefined, span };
  }

  /** `name op "value"`; a quoted string alone is the metric's name. */
  #matcher(): MatcherNode | string {
    const token = this.#tokens.peek();
    if (token.kind !== 'word' && token.kind !== 'string') {
      throw this.#tokens.unexpected('label matching', 'identifier or "}"');
    }
    this.#tokens.next();
    const name = token.kind === 'string' ? token.value : token.text;
    const opToken = this.#tokens.peek();
    if (opToken.kind !== 'op' || !MATCH_OPS.has(opToken.text)) {
      if (token.kind === 'string') return token.value;
      throw this.#tokens.unexpected('label matching', 'label matching operator');
    }
    this.#tokens.next();
    const value = this.#tokens.peek();
    if (value.kind !== 'string') throw this.#tokens.unexpected('label matching', 'string');
    this.#tokens.next();
    const op = opToken.text as MatchOp;
    try {
      new Matcher(name, op, value.value);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw this.#tokens.error(token.span, regexpProblem(value.value) ?? error.message);
    }
    return { name, op, value: value.value, span: this.#tokens.spanFrom(token.span.start) };
  }
}

const MATCH_OPS: ReadonlySet<string> = new Set(['=', '!=', '=~', '!~']);
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
