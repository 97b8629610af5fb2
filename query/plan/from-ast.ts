import { METRIC_NAME } from '../../storage/labels.ts';
import { Matcher } from '../../storage/matcher.ts';
import type {
  AtModifier,
  Binary,
  BinaryOp,
  Call,
  DurationNode,
  Expr,
  Extension,
  MatcherNode,
  SetOp,
  Span,
  Subquery as SubqueryExpr,
  VectorSelector,
} from '../promql/ast.ts';
import { QueryError } from '../query-result.ts';
import { type QueryTimes, resolveDuration, resolvePositiveDuration } from './durations.ts';
import {
  type ExtendedRangeSelect,
  isRange,
  isScalar,
  isVector,
  type PlanNode,
  type RangeNode,
  type RangeSelect,
  type ScalarNode,
  type Select,
  type SmoothedSelect,
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
  ...['histogram_avg', 'histogram_count', 'histogram_sum', 'histogram_stddev', 'histogram_stdvar'],
  'start_timestamp',
]);
/** Those that take the step's time when they are called without arguments. */
const DATE_FUNCTIONS: ReadonlySet<string> = new Set(
  ['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour'].concat(['minute', 'month', 'year']),
);

/** A time: `at`, or the step's own, less `offset`. */
interface Reference {
  readonly at: number | undefined;
  readonly offset: number;
}

const STEP_TIME: Reference = { at: undefined, offset: 0 };

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
        return expr.extension === 'smoothed' ? this.#smoothedSelect(expr) : this.#select(expr, 'value');
      case 'matrix-selector':
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
          paramSpan: expr.param === undefined ? expr.span : withoutParens(expr.param).span,
          expr: this.#vector(expr.expr, expr.op),
          grouping: expr.grouping,
          span: expr.span,
        };
      }
      case 'call':
        // Messages say where the argument stands within its parentheses.
        return this.#call({ ...expr, args: expr.args.map(withoutParens) });
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

  #smoothedSelect(selector: VectorSelector): SmoothedSelect {
    const { lookback } = this.#options;
    const common = this.#window(selector);
    return {
      kind: 'smoothed-select',
      ...common,
      lookback,
      readBack: lookback,
      readAhead: lookback,
      span: selector.span,
    };
  }

  #rangeSelect(selector: VectorSelector, duration: DurationNode, span: Span): RangeSelect | ExtendedRangeSelect {
    const range = resolvePositiveDuration(duration, this.#options);
    const { extension } = selector;
    if (extension !== undefined) {
      const { lookback } = this.#options;
      const readAhead = extension === 'smoothed' ? lookback : 0;
      const beyond = { lookback, readBack: range + lookback, readAhead };
      return { kind: 'extended-range-select', ...this.#window(selector), extension, range, ...beyond, span };
    }
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
    if (op === '</' || op === '>/') {
      if (isScalar(left) && isScalar(right)) {
        throw new QueryError('execution', `operator "${op}" not allowed for Scalar operations`);
      }
      const vectors = [left, right].filter(isVector);
      const [first, second] = vectors;
      const pairs: VectorNode =
        second === undefined
          ? first!
          : { kind: 'vector-binary', op: '==', left: first!, right: second, matching, returnBool: true };
      return { kind: 'trim', op, expr: pairs, span: expr.span };
    }
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
      case 'info':
        return this.#info(call);
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

  #info({ func, args, span }: Call): VectorNode {
    const matchers = args[1]?.kind === 'vector-selector' ? args[1].matchers.map(compile) : undefined;
    return {
      kind: 'info',
      expr: this.#vector(args[0]!, func),
      nameMatchers: infoNames(matchers),
      dataMatchers: matchers?.filter(({ name }) => name !== METRIC_NAME) ?? [],
      ...(this.#firstReference(args[0]!, STEP_TIME) ?? STEP_TIME),
      lookback: this.#options.lookback,
      span,
    };
  }

  /** Where the first selector of an expression looks, given where the expression does; undefined when it has none. */
  #firstReference(expr: Expr, outer: Reference): Reference | undefined {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return undefined;
      case 'vector-selector':
        return this.#moved(outer, expr);
      case 'matrix-selector':
        return this.#moved(outer, expr.selector);
      case 'subquery':
        return this.#firstReference(expr.expr, this.#moved(outer, expr));
      case 'call':
        return this.#firstOf(expr.args, outer);
      case 'aggregate':
        return this.#firstOf(expr.param === undefined ? [expr.expr] : [expr.expr, expr.param], outer);
      case 'binary':
        return this.#firstOf([expr.left, expr.right], outer);
      case 'unary':
      case 'paren':
        return this.#firstReference(expr.expr, outer);
      default:
        return expr satisfies never;
    }
  }

  #firstOf(exprs: readonly Expr[], outer: Reference): Reference | undefined {
    for (const expr of exprs) {
      const found = this.#firstReference(expr, outer);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #moved(outer: Reference, { at, offset }: VectorSelector | SubqueryExpr): Reference {
    const own = offset === undefined ? 0 : resolveDuration(offset, this.#options);
    return at === undefined ? { at: outer.at, offset: outer.offset + own } : { at: this.#at(at), offset: own };
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
    const inner = args[0]!;
    const params = args.slice(1).map((arg) => this.#scalar(arg, func));
    // Only here does a selector tell the time of its sample; any other vector has the step's time.
    const stamped = func === 'timestamp' && inner.kind === 'vector-selector';
    const expr = stamped ? this.#select(inner, 'timestamp') : this.#vector(inner, func);
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
    if (source.kind === 'extended-range-select') checkExtension(source.extension, func);
    const paramSpans = args.filter((_, i) => isScalar(planned[i]!)).map((arg) => arg.span);
    return { kind: 'range-call', func, source, params, paramSpans };
  }
}

/** What the names of info() must match. Matchers that only say what a name is not leave all metrics that end in _info. */
function infoNames(matchers: readonly Matcher[] | undefined): readonly Matcher[] {
  if (matchers === undefined) return [new Matcher(METRIC_NAME, '=', 'target_info')];
  const names = matchers.filter(({ name }) => name === METRIC_NAME);
  const onlyNegative = names.length > 0 && names.every(({ op }) => op === '!=' || op === '!~');
  return onlyNegative ? [...names, new Matcher(METRIC_NAME, '=~', '.+_info')] : names;
}

/** The functions that know what to do with a range that reaches beyond its window. */
const EXTENDED_FUNCTIONS: Readonly<Record<Extension, readonly string[]>> = {
  anchored: ['changes', 'delta', 'increase', 'rate', 'resets'],
  smoothed: ['delta', 'increase', 'rate'],
};

function checkExtension(extension: Extension, func: string): void {
  const served = EXTENDED_FUNCTIONS[extension];
  if (served.includes(func)) return;
  const list = served.join(', ');
  throw new QueryError('execution', `${extension} modifier can only be used with: ${list} - not with ${func}`);
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
