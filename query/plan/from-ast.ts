import { Matcher } from '../../storage/matcher.ts';
import type {
  ArithmeticOp,
  AtModifier,
  Binary,
  BinaryOp,
  Call,
  ComparisonOp,
  DurationNode,
  Expr,
  MatcherNode,
  SetOp,
  Span,
  Subquery as SubqueryExpr,
  VectorSelector,
} from '../promql/ast.ts';
import { QueryError } from '../query-result.ts';
import { type QueryTimes, resolveDuration, resolvePositiveDuration } from './durations.ts';
import {
  isRange,
  isScalar,
  isVector,
  type PlanNode,
  type RangeNode,
  type RangeSelect,
  type ScalarNode,
  type Select,
  type Sort,
  type VectorNode,
} from './nodes.ts';

/** What a plan is made for. */
export interface PlanOptions extends QueryTimes {
  /** How far back an instant selector looks. */
  readonly lookback: number;
  /** The resolution of a subquery that names none. */
  readonly evaluationInterval: number;
}

/**
 * The plan of a type-checked expression. Parentheses are gone, durations are numbers, `@ start()` and the functions
 * start, end, step and range are the query's own times. Throws a QueryError for what is well-typed but not served.
 */
export function planFromAst(expr: Expr, options: PlanOptions): PlanNode {
  return new Planner(options).plan(expr);
}

/** Vector functions of one value and scalar parameters. The kernels are in execution/value-functions.ts. */
const VALUE_FUNCTIONS: ReadonlySet<string> = new Set([
  ...['abs', 'ceil', 'floor', 'exp', 'ln', 'log2', 'log10', 'sqrt', 'sgn', 'round', 'clamp', 'clamp_min', 'clamp_max'],
  ...['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'deg', 'rad'],
  ...['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute', 'month', 'year', 'timestamp'],
]);
/** Those that take the step's time when they are called without arguments. */
const DATE_FUNCTIONS: ReadonlySet<string> = new Set(
  ['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour'].concat(['minute', 'month', 'year']),
);

class Planner {
  readonly #options: PlanOptions;

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  plan(expr: Expr): PlanNode {
    switch (expr.kind) {
      case 'number':
        return { kind: 'number', value: expr.value };
      case 'string':
        return { kind: 'string', value: expr.value };
      case 'paren':
        return this.plan(expr.expr);
      case 'vector-selector':
        return this.#select(expr, 'value');
      case 'matrix-selector':
        if (expr.modifier !== undefined) {
          throw new QueryError('execution', `modifier "${expr.modifier}" is not supported yet`);
        }
        return this.#rangeSelect(expr.selector, expr.range, expr.span);
      case 'subquery':
        return this.#subquery(expr);
      case 'unary': {
        const operand = this.plan(expr.expr);
        if (expr.op === '+') return operand;
        return isScalar(operand)
          ? { kind: 'scalar-negate', expr: operand }
          : { kind: 'negate', expr: asVector(operand, 'unary minus') };
      }
      case 'binary':
        return this.#binary(expr);
      case 'aggregate': {
        const param = expr.param === undefined ? undefined : this.plan(expr.param);
        if (param !== undefined && !isScalar(param) && param.kind !== 'string') {
          throw new QueryError('bad_data', `${expr.op} takes a scalar or a string as its parameter`);
        }
        return {
          kind: 'aggregate',
          op: expr.op,
          param,
          paramSpan: expr.param?.span ?? expr.span,
          expr: this.#vector(expr.expr, expr.op),
          grouping: expr.grouping,
        };
      }
      case 'call':
        return this.#call(expr);
      default:
        return expr satisfies never;
    }
  }

  #vector(expr: Expr, user: string): VectorNode {
    return asVector(this.plan(expr), user);
  }

  #scalar(expr: Expr, user: string): ScalarNode {
    const node = this.plan(expr);
    if (!isScalar(node)) throw new QueryError('bad_data', `${user} takes a scalar here`);
    return node;
  }

  #string(expr: Expr | undefined, user: string): string {
    const node = expr === undefined ? undefined : this.plan(expr);
    if (node?.kind !== 'string') throw new QueryError('bad_data', `${user} takes a string here`);
    return node.value;
  }

  #select(selector: VectorSelector, output: Select['output']): Select {
    const { lookback } = this.#options;
    const common = this.#window(selector);
    return { kind: 'select', ...common, lookback, readBack: lookback, output, span: selector.span };
  }

  #rangeSelect(selector: VectorSelector, duration: DurationNode, span: Span): RangeSelect {
    const range = resolvePositiveDuration(duration, this.#options);
    return { kind: 'range-select', ...this.#window(selector), range, readBack: range, span };
  }

  #window(selector: VectorSelector): { matchers: readonly Matcher[]; offset: number; at: number | undefined } {
    return {
      matchers: selector.matchers.map(compile),
      offset: selector.offset === undefined ? 0 : resolveDuration(selector.offset, this.#options),
      at: this.#at(selector.at),
    };
  }

  #at(at: AtModifier | undefined): number | undefined {
    switch (at?.kind) {
      case undefined:
        return undefined;
      case 'time':
        return at.ms;
      case 'start':
        return this.#options.start;
      case 'end':
        return this.#options.end;
      default:
        return at satisfies never;
    }
  }

  #subquery(expr: SubqueryExpr): RangeNode {
    return {
      kind: 'subquery',
      expr: vectorOf(this.plan(expr.expr)),
      range: resolvePositiveDuration(expr.range, this.#options),
      step:
        expr.step === undefined ? this.#options.evaluationInterval : resolvePositiveDuration(expr.step, this.#options),
      offset: expr.offset === undefined ? 0 : resolveDuration(expr.offset, this.#options),
      at: this.#at(expr.at),
      span: expr.span,
    };
  }

  #binary(expr: Binary): PlanNode {
    const { op, returnBool } = expr;
    const left = this.plan(expr.left);
    const right = this.plan(expr.right);
    const none: readonly string[] = [];
    const matching = expr.matching ?? {
      card: 'one-to-one',
      mode: 'ignoring',
      labels: none,
      include: none,
      fillLeft: undefined,
      fillRight: undefined,
    };
    if (isSetOp(op)) {
      return { kind: 'set-binary', op, left: asVector(left, op), right: asVector(right, op), matching };
    }
    if (!isValueOp(op)) throw new QueryError('execution', `operator "${op}" is not supported yet: native histograms`);
    if (isScalar(left) && isScalar(right)) return { kind: 'scalar-binary', op, left, right };
    if (isScalar(left)) {
      return { kind: 'vector-scalar', op, vector: asVector(right, op), scalar: left, swapped: true, returnBool };
    }
    if (isScalar(right)) {
      return { kind: 'vector-scalar', op, vector: asVector(left, op), scalar: right, swapped: false, returnBool };
    }
    return { kind: 'vector-binary', op, left: asVector(left, op), right: asVector(right, op), matching, returnBool };
  }

  #call(call: Call): PlanNode {
    const { func, args } = call;
    const { start, end, step } = this.#options;
    switch (func) {
      case 'time':
        return { kind: 'time' };
      case 'pi':
        return { kind: 'number', value: Math.PI };
      case 'start':
        return { kind: 'number', value: start / 1000 };
      case 'end':
        return { kind: 'number', value: end / 1000 };
      case 'step':
        return { kind: 'number', value: step / 1000 };
      case 'range':
        return { kind: 'number', value: (end - start) / 1000 };
      case 'min_of':
      case 'max_of':
        return { kind: 'scalar-call', func, args: args.map((arg) => this.#scalar(arg, func)) };
      case 'scalar':
        return { kind: 'scalar-of', expr: this.#vector(args[0]!, func) };
      case 'vector':
        return { kind: 'vector-of', expr: this.#scalar(args[0]!, func) };
      case 'label_replace':
      case 'label_join': {
        const params = args.slice(1).map((arg) => this.#string(arg, func));
        return { kind: 'label-call', func, expr: this.#vector(args[0]!, func), params };
      }
      case 'absent':
        return { kind: 'absent', func, expr: this.#vector(args[0]!, func), labels: absentLabels(args[0]!) };
      case 'absent_over_time':
        return { kind: 'absent', func, expr: this.#rangeCall(call), labels: absentLabels(args[0]!) };
      case 'sort':
      case 'sort_desc':
      case 'sort_by_label':
      case 'sort_by_label_desc':
        return this.#sort(call);
      case 'histogram_quantile':
      case 'histogram_fraction':
      case 'histogram_quantiles':
        return this.#histogramCall(call);
      default:
        return VALUE_FUNCTIONS.has(func) ? this.#valueCall(call) : this.#rangeCall(call);
    }
  }

  #sort(call: Call): Sort {
    const { func, args, span } = call;
    const labels = args.slice(1).map((arg) => this.#string(arg, func));
    const by = func.startsWith('sort_by_label') ? 'label' : 'value';
    const descending = func.endsWith('_desc');
    return { kind: 'sort', by, descending, labels, expr: this.#vector(args[0]!, func), span };
  }

  #valueCall({ func, args }: Call): VectorNode {
    if (args.length === 0 && DATE_FUNCTIONS.has(func)) {
      return { kind: 'vector-call', func, expr: { kind: 'vector-of', expr: { kind: 'time' } }, params: [] };
    }
    const inner = withoutParens(args[0]!);
    const params = args.slice(1).map((arg) => this.#scalar(arg, func));
    // Only here does a selector tell the time of its sample; any other vector has the step's time.
    const stamped = func === 'timestamp' && inner.kind === 'vector-selector';
    const expr = stamped ? this.#select(inner, 'timestamp') : this.#vector(args[0]!, func);
    return { kind: 'vector-call', func: stamped ? 'sample_timestamp' : func, expr, params };
  }

  #histogramCall({ func, args, span }: Call): VectorNode {
    if (func === 'histogram_quantiles') {
      const quantiles = args.slice(2);
      return {
        kind: 'histogram-call',
        func,
        expr: this.#vector(args[0]!, func),
        params: quantiles.map((arg) => this.#scalar(arg, func)),
        paramSpans: quantiles.map((arg) => arg.span),
        label: this.#string(args[1], func),
        span: args[0]!.span,
      };
    }
    const params = args.slice(0, -1);
    const operand = args.at(-1)!;
    return {
      kind: 'histogram-call',
      func: func as 'histogram_quantile' | 'histogram_fraction',
      expr: this.#vector(operand, func),
      params: params.map((arg) => this.#scalar(arg, func)),
      paramSpans: params.map((arg) => arg.span),
      label: '',
      span: operand.span ?? span,
    };
  }

  /** A call of a function that takes a range; whether it is one that is served shows when its kernel is looked up. */
  #rangeCall({ func, args }: Call): VectorNode {
    const planned = args.map((arg) => this.plan(arg));
    const source = planned.find(isRange);
    const params = planned.filter(isScalar);
    if (source === undefined || params.length !== args.length - 1) {
      throw new QueryError('execution', `function "${func}" is not supported yet`);
    }
    const paramSpans = args.filter((_, i) => isScalar(planned[i]!)).map((arg) => arg.span);
    return { kind: 'range-call', func, source, params, paramSpans };
  }
}

function withoutParens(expr: Expr): Expr {
  return expr.kind === 'paren' ? withoutParens(expr.expr) : expr;
}

function asVector(node: PlanNode, user: string): VectorNode {
  if (!isVector(node)) throw new QueryError('bad_data', `${user} takes an instant vector here`);
  return node;
}

/** What a subquery repeats: a vector, or a scalar as the one series without labels. */
function vectorOf(node: PlanNode): VectorNode {
  return isScalar(node) ? { kind: 'vector-of', expr: node } : asVector(node, 'a subquery');
}

function isSetOp(op: BinaryOp): op is SetOp {
  return op === 'and' || op === 'or' || op === 'unless';
}

function isValueOp(op: BinaryOp): op is ArithmeticOp | ComparisonOp {
  return !isSetOp(op) && op !== '</' && op !== '>/';
}

function compile(node: MatcherNode): Matcher {
  try {
    return new Matcher(node.name, node.op, node.value);
  } catch (error) {
    throw new QueryError('bad_data', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * The labels that the series which are absent would have: those that the selector demands by exactly one `=`.
 * `absent(up{job="a", mode=~"x"})` -> {job="a"}
 */
function absentLabels(expr: Expr): readonly (readonly [string, string])[] {
  const inner = withoutParens(expr);
  const selector = inner.kind === 'matrix-selector' ? inner.selector : inner;
  if (selector.kind !== 'vector-selector') return [];
  const labels = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, op, value } of selector.matchers) {
    if (name === '__name__') continue;
    if (op === '=' && !seen.has(name)) labels.set(name, value);
    else labels.delete(name);
    if (op === '=') seen.add(name);
  }
  return [...labels].sort((a, b) => (a[0] < b[0] ? -1 : 1));
}
