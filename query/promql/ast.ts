import type { MatchOp } from '../../storage/matcher.ts';

/** Half-open range of UTF-16 offsets in the query text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string';

export type AggregateOp =
  | 'sum'
  | 'avg'
  | 'count'
  | 'min'
  | 'max'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'count_values'
  | 'quantile'
  | 'limitk'
  | 'limit_ratio';

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
export type ComparisonOp = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type SetOp = 'and' | 'or' | 'unless';
/** `</` and `>/` trim native histograms; of floats they make nothing. */
export type HistogramTrimOp = '</' | '>/';
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp | HistogramTrimOp;

/** A matcher as written; the regular expression is compiled and checked by the parser but kept as text here. */
export interface MatcherNode {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
  readonly span: Span;
}

/**
 * A duration in milliseconds, or, with the feature promql-duration-expr, arithmetic over durations that is resolved when
 * the query's range and step are known. Numbers in duration expressions are seconds.
 */
export type DurationNode =
  | { readonly kind: 'fixed'; readonly ms: number; readonly span: Span }
  | {
      readonly kind: 'binary';
      readonly op: ArithmeticOp;
      readonly left: DurationNode;
      readonly right: DurationNode;
      readonly span: Span;
    }
  | { readonly kind: 'negate'; readonly operand: DurationNode; readonly span: Span }
  | { readonly kind: 'paren'; readonly inner: DurationNode; readonly span: Span }
  | { readonly kind: 'call'; readonly name: 'step' | 'range'; readonly span: Span }
  | {
      readonly kind: 'extremum';
      readonly name: 'min' | 'max';
      readonly left: DurationNode;
      readonly right: DurationNode;
      readonly span: Span;
    };

/** What the `@` modifier says: a time in milliseconds, or a bound of the query. */
export type AtModifier =
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' };

export interface NumberLiteral {
  readonly kind: 'number';
  readonly value: number;
  /** True when it was written as a duration (`5m` means 300). */
  readonly duration: boolean;
  readonly span: Span;
}

export interface StringLiteral {
  readonly kind: 'string';
  readonly value: string;
  readonly span: Span;
}

/**
 * How a selector reaches beyond its window: `anchored` back to the sample before it, `smoothed` to the samples around
 * both of its ends, between which the value at the end is interpolated.
 */
export type Extension = 'anchored' | 'smoothed';

/** `name{…} anchored offset … @ …`, without a range. */
export interface VectorSelector {
  readonly kind: 'vector-selector';
  /** The name before the braces (or quoted inside them), '' when there is none; `matchers` contains it as well. */
  readonly metric: string;
  readonly matchers: readonly MatcherNode[];
  readonly offset: DurationNode | undefined;
  readonly at: AtModifier | undefined;
  readonly extension: Extension | undefined;
  readonly span: Span;
}

/** `selector[range]`; its modifiers are on the inner selector. */
export interface MatrixSelector {
  readonly kind: 'matrix-selector';
  readonly selector: VectorSelector;
  readonly range: DurationNode;
  readonly span: Span;
}

export interface Subquery {
  readonly kind: 'subquery';
  readonly expr: Expr;
  readonly range: DurationNode;
  /** Undefined means the default resolution. */
  readonly step: DurationNode | undefined;
  readonly offset: DurationNode | undefined;
  readonly at: AtModifier | undefined;
  readonly span: Span;
}

export interface Call {
  readonly kind: 'call';
  readonly func: string;
  readonly args: readonly Expr[];
  readonly span: Span;
}

export interface Grouping {
  readonly mode: 'by' | 'without';
  readonly labels: readonly string[];
}

export interface Aggregate {
  readonly kind: 'aggregate';
  readonly op: AggregateOp;
  readonly param: Expr | undefined;
  readonly expr: Expr;
  /** No grouping clause is `by ()`. */
  readonly grouping: Grouping;
  readonly span: Span;
}

export interface Matching {
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';
  /** `on` or `ignoring`; no clause is `ignoring ()`. */
  readonly mode: 'on' | 'ignoring';
  readonly labels: readonly string[];
  /** Labels to copy from the "one" side, from group_left or group_right. */
  readonly include: readonly string[];
  /** The fill modifiers: a value for a side without a match. */
  readonly fillLeft: number | undefined;
  readonly fillRight: number | undefined;
}

export interface Binary {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
  /** `bool` after a comparison. */
  readonly returnBool: boolean;
  /** Undefined unless both sides are vectors. */
  readonly matching: Matching | undefined;
  readonly span: Span;
}

export interface Unary {
  readonly kind: 'unary';
  readonly op: '+' | '-';
  readonly expr: Expr;
  readonly span: Span;
}

export interface Paren {
  readonly kind: 'paren';
  readonly expr: Expr;
  readonly span: Span;
}

/** A PromQL expression. Immutable; rewriting makes new nodes. */
export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregate
  | Binary
  | Unary
  | Paren;
