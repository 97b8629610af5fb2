import type { GridAggregate } from '../../storage/grid-request.ts';
import type { Matcher } from '../../storage/matcher.ts';
import type {
  AggregateOp,
  ArithmeticOp,
  ComparisonOp,
  Extension,
  Grouping,
  HistogramTrimOp,
  Matching,
  SetOp,
  Span,
} from '../promql/ast.ts';

/**
 * What is to be computed, with everything resolved that the query's own times decide: durations are numbers, `@ start()`
 * is a time. A plan says nothing of the steps it will run on; those come with the grid at execution, and a subquery gives
 * its operand a grid of its own. Nodes are immutable; an optimizer makes new ones.
 */
export type PlanNode = ScalarNode | VectorNode | StringNode | RangeNode;

/** One number per step. */
export type ScalarNode = NumberNode | TimeNode | ScalarCall | ScalarOfVector | ScalarBinary | ScalarNegate;

/** Any number of series, each with at most one value per step. */
export type VectorNode =
  | Select
  | SmoothedSelect
  | RangeCall
  | VectorOfScalar
  | VectorCall
  | LabelCall
  | Info
  | HistogramCall
  | Absent
  | Sort
  | Aggregate
  | VectorScalarBinary
  | VectorBinary
  | SetBinary
  | Trim
  | Negate
  | StepInvariant
  | Pushed;

export interface NumberNode {
  readonly kind: 'number';
  readonly value: number;
}

export interface StringNode {
  readonly kind: 'string';
  readonly value: string;
}

/** `time()`: the step's own time in seconds. */
export interface TimeNode {
  readonly kind: 'time';
}

/** `min_of` and `max_of`. */
export interface ScalarCall {
  readonly kind: 'scalar-call';
  readonly func: 'min_of' | 'max_of';
  readonly args: readonly ScalarNode[];
}

/** `scalar(v)`: the value of the only series, otherwise NaN. */
export interface ScalarOfVector {
  readonly kind: 'scalar-of';
  readonly expr: VectorNode;
}

export interface ScalarBinary {
  readonly kind: 'scalar-binary';
  readonly op: ArithmeticOp | ComparisonOp;
  readonly left: ScalarNode;
  readonly right: ScalarNode;
}

export interface ScalarNegate {
  readonly kind: 'scalar-negate';
  readonly expr: ScalarNode;
}

/** Where a selector looks: the step's time, or `at` instead, moved back by `offset`. */
export interface Window {
  readonly matchers: readonly Matcher[];
  readonly offset: number;
  readonly at: number | undefined;
  /**
   * How far before the reference time the samples are read. At least what the selector itself needs; more when it
   * shares the reading with another selector.
   */
  readonly readBack: number;
}

/** The newest sample of each series in (t - lookback, t], unless it is a stale marker. */
export interface Select extends Window {
  readonly kind: 'select';
  readonly lookback: number;
  /** What of the sample becomes the value; its timestamp (in seconds) for `timestamp(selector)`. */
  readonly output: 'value' | 'timestamp';
  readonly span: Span;
}

/**
 * The value of each series at t itself, on the line between the samples around t; of the newest sample when none follows.
 * Samples count that are at most the look-back away on either side.
 */
export interface SmoothedSelect extends Window {
  readonly kind: 'smoothed-select';
  readonly lookback: number;
  /** How far after the reference time the samples are read. */
  readonly readAhead: number;
  readonly span: Span;
}

/** All samples of each series in (t - range, t]. */
export interface RangeSelect extends Window {
  readonly kind: 'range-select';
  readonly range: number;
  readonly span: Span;
}

/**
 * The samples of each series in (t - range, t] and the ones around: in (t - range - lookback, t], and when smoothed in
 * (t - range - lookback, t + lookback].
 */
export interface ExtendedRangeSelect extends Window {
  readonly kind: 'extended-range-select';
  readonly extension: Extension;
  readonly range: number;
  readonly lookback: number;
  /** How far after the reference time the samples are read. */
  readonly readAhead: number;
  readonly span: Span;
}

/** `expr` at every multiple of `step` in (t - range, t]. */
export interface Subquery {
  readonly kind: 'subquery';
  readonly expr: VectorNode;
  readonly range: number;
  readonly step: number;
  readonly offset: number;
  readonly at: number | undefined;
  readonly span: Span;
}

export type RangeNode = RangeSelect | ExtendedRangeSelect | Subquery;

/** A function of each series' samples in a window. */
export interface RangeCall {
  readonly kind: 'range-call';
  readonly func: string;
  readonly source: RangeNode;
  readonly params: readonly ScalarNode[];
  /** Where each parameter is written, for annotations. */
  readonly paramSpans: readonly Span[];
}

/** `vector(s)`. */
export interface VectorOfScalar {
  readonly kind: 'vector-of';
  readonly expr: ScalarNode;
}

/** A function of each value on its own, like `abs` or `clamp_max`; it drops the metric's name. */
export interface VectorCall {
  readonly kind: 'vector-call';
  readonly func: string;
  readonly expr: VectorNode;
  readonly params: readonly ScalarNode[];
}

/** `label_replace` and `label_join`. */
export interface LabelCall {
  readonly kind: 'label-call';
  readonly func: 'label_replace' | 'label_join';
  readonly expr: VectorNode;
  readonly params: readonly string[];
}

/** `info`: the operand's series with the labels of the info series about them, as of `at` or the step's time less `offset`. */
export interface Info {
  readonly kind: 'info';
  readonly expr: VectorNode;
  /** What the info series' names must match; none means target_info. */
  readonly nameMatchers: readonly Matcher[];
  /** What their other labels must match; with any, only these labels are added. */
  readonly dataMatchers: readonly Matcher[];
  readonly at: number | undefined;
  readonly offset: number;
  readonly lookback: number;
  readonly span: Span;
}

/** A function of classic histogram buckets. */
export interface HistogramCall {
  readonly kind: 'histogram-call';
  readonly func: 'histogram_quantile' | 'histogram_fraction' | 'histogram_quantiles';
  readonly expr: VectorNode;
  readonly params: readonly ScalarNode[];
  readonly paramSpans: readonly Span[];
  /** The label that takes the quantile, for histogram_quantiles. */
  readonly label: string;
  readonly span: Span;
}

/** 1 at every step where the operand has no series; `labels` are what its selector pins down. */
export interface Absent {
  readonly kind: 'absent';
  readonly func: 'absent' | 'absent_over_time';
  readonly expr: VectorNode;
  readonly labels: readonly (readonly [name: string, value: string])[];
}

/** The order of an instant answer; without effect over a range. */
export interface Sort {
  readonly kind: 'sort';
  readonly by: 'value' | 'label';
  readonly descending: boolean;
  readonly labels: readonly string[];
  readonly expr: VectorNode;
  readonly span: Span;
}

export interface Aggregate {
  readonly kind: 'aggregate';
  readonly op: AggregateOp;
  readonly param: ScalarNode | StringNode | undefined;
  readonly paramSpan: Span;
  readonly expr: VectorNode;
  readonly grouping: Grouping;
  readonly span: Span;
}

export interface VectorScalarBinary {
  readonly kind: 'vector-scalar';
  readonly op: ArithmeticOp | ComparisonOp;
  readonly vector: VectorNode;
  readonly scalar: ScalarNode;
  /** True when the scalar is written on the left. */
  readonly swapped: boolean;
  readonly returnBool: boolean;
}

export interface VectorBinary {
  readonly kind: 'vector-binary';
  readonly op: ArithmeticOp | ComparisonOp;
  readonly left: VectorNode;
  readonly right: VectorNode;
  readonly matching: Matching;
  readonly returnBool: boolean;
}

export interface SetBinary {
  readonly kind: 'set-binary';
  readonly op: SetOp;
  readonly left: VectorNode;
  readonly right: VectorNode;
  readonly matching: Matching;
}

/** The operators `</` and `>/`: what the operand's pairs of values yield, which for floats is nothing. */
export interface Trim {
  readonly kind: 'trim';
  readonly op: HistogramTrimOp;
  /** Has a value wherever the operator meets a pair of values. */
  readonly expr: VectorNode;
  readonly span: Span;
}

export interface Negate {
  readonly kind: 'negate';
  readonly expr: VectorNode;
}

/** The operand has the same value at every step: it runs on one step, and the answer is repeated. */
export interface StepInvariant {
  readonly kind: 'step-invariant';
  readonly expr: VectorNode;
}

/** What the store is asked to compute itself; it stays what it is where the store cannot. */
export interface Pushed {
  readonly kind: 'pushed';
  readonly expr: Pushable;
}

/**
 * A selector, a function of a range selector, or an aggregation of one of those (which is a Pushed of its own, for the
 * case that only the series' values can be had from the store).
 */
export type Pushable =
  | Select
  | (RangeCall & { readonly source: RangeSelect })
  | (Aggregate & { readonly op: GridAggregate; readonly expr: Pushable | Pushed });

const SCALAR_KINDS: ReadonlySet<string> = new Set([
  'number',
  'time',
  'scalar-call',
  'scalar-of',
  'scalar-binary',
  'scalar-negate',
]);

export function isScalar(node: PlanNode): node is ScalarNode {
  return SCALAR_KINDS.has(node.kind);
}

export function isRange(node: PlanNode): node is RangeNode {
  return node.kind === 'range-select' || node.kind === 'extended-range-select' || node.kind === 'subquery';
}

export function isVector(node: PlanNode): node is VectorNode {
  return !isScalar(node) && !isRange(node) && node.kind !== 'string';
}
