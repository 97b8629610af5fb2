/**
 * Which rows of a result lack something. A sum over targets falls when the scrape of one of them fails, without that the load has
 * fallen; an autoscaler would take replicas away. So another expression is derived that finds series that went into an aggregation
 * within the last hour, and whose target is there and cannot be scraped now (its `up` is 0). Its rows have the labels of the
 * result's rows, and besides which target it is.
 *
 *     sum by (pod) (rate(a[2m]))
 *     max by (pod, __doubt_job, __doubt_instance) (… (last_over_time(a[1h]) and on (job, instance, cluster) (min by (…) (up) == 0)))
 *
 * A target that is gone has no `up`: its series are rightly missing. So are series without job and instance beyond judgement. What
 * no aggregation has gone over is missing itself as a row, which autoscalers know how to take. Where it cannot be said which rows
 * of the result it is about, it is about all of them.
 */
import type {
  Aggregate,
  Binary,
  Call,
  Expr,
  Grouping,
  Matching,
  MatrixSelector,
  VectorSelector,
} from '../../../query/promql/ast.ts';
import { FUNCTIONS } from '../../../query/promql/functions.ts';
import { valueType } from '../../../query/promql/typecheck.ts';
import { METRIC_NAME } from '../../../storage/labels.ts';
import { ALL_LABELS, aggregateNode, binaryNode, callNode, numberNode, stringNode } from './expression-nodes.ts';
import { OWN_PLACE } from './expression-template.ts';

/** Labels that a doubt has beside those of the rows that it is about. */
export const DOUBT_JOB = '__doubt_job';
export const DOUBT_INSTANCE = '__doubt_instance';
/** Has a value where a doubt is about all rows. */
export const DOUBT_WHOLE = '__doubt_whole';

const HIDDEN = [DOUBT_JOB, DOUBT_INSTANCE];
const TARGET = ['job', 'instance', 'cluster'];
/** How long ago a series may have been there: what was missing for an hour is taken for gone. As far back as samples are in memory. */
const REMEMBERED = 60 * 60_000;

const CHOOSING: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);
const NOWHERE = { start: 0, end: 0 };

/** What is missing because of one selector. */
interface Trace {
  readonly rows: Expr;
  /** Something has been aggregated of which it was a part. */
  readonly isAggregated: boolean;
  /** Its rows have lost their connection with those of the result. */
  readonly isWhole: boolean;
}

export interface MissingScrapesOptions {
  /** The rows of the result will be aggregated by whoever gets them. */
  readonly isSummed: boolean;
}

/** An expression for what is missing; undefined when nothing can be missing that matters. */
export function missingScrapes(expr: Expr, { isSummed }: MissingScrapesOptions): Expr | undefined {
  const traces = tracesOf(expr).filter(({ isAggregated }) => isAggregated || isSummed);
  const marked = traces.map(({ rows, isWhole }) =>
    isWhole
      ? labelled(aggregateNode('max', { mode: 'by', labels: HIDDEN }, rows), DOUBT_WHOLE, {
          from: DOUBT_JOB,
          as: 'yes',
        })
      : rows,
  );
  return marked.length === 0 ? undefined : marked.reduce((all, rows) => binaryNode(all, 'or', rows));
}

function tracesOf(expr: Expr): readonly Trace[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return [];
    case 'vector-selector':
      return ofSelector(expr);
    case 'matrix-selector':
      return ofSelector(expr.selector);
    case 'subquery':
    case 'unary':
    case 'paren':
      return tracesOf(expr.expr);
    case 'aggregate':
      return ofAggregate(expr);
    case 'binary':
      return ofBinary(expr);
    case 'call':
      return ofCall(expr);
    default:
      return expr satisfies never;
  }
}

function ofSelector(selector: VectorSelector): readonly Trace[] {
  // What is read of a fixed time does not go missing.
  if (selector.at !== undefined) return [];
  const recent: MatrixSelector = {
    kind: 'matrix-selector',
    selector: { ...selector, extension: undefined },
    range: { kind: 'fixed', ms: REMEMBERED, span: NOWHERE },
    span: NOWHERE,
  };
  const up: VectorSelector = {
    kind: 'vector-selector',
    metric: 'up',
    matchers: [{ name: METRIC_NAME, op: '=', value: 'up', span: NOWHERE }, OWN_PLACE],
    offset: selector.offset,
    at: undefined,
    extension: undefined,
    span: NOWHERE,
  };
  const down = binaryNode(aggregateNode('min', { mode: 'by', labels: TARGET }, up), '==', numberNode(0));
  const missing = binaryNode(callNode('last_over_time', recent), 'and', down, {
    ...ALL_LABELS,
    mode: 'on',
    labels: TARGET,
  });
  const rows = labelled(labelled(missing, DOUBT_JOB, { from: 'job' }), DOUBT_INSTANCE, { from: 'instance' });
  return [{ rows, isAggregated: false, isWhole: false }];
}

function ofAggregate({ op, param, expr, grouping }: Aggregate): readonly Trace[] {
  const params = param === undefined ? [] : tracesOf(param).map(whole);
  if (CHOOSING.has(op)) return [...params, ...tracesOf(expr)];
  const traces = tracesOf(expr).map((trace) => ({ ...trace, isAggregated: true }));
  if (op === 'count_values') return [...params, ...traces.map(whole)];
  return [...params, ...traces.map((trace) => grouped(trace, grouping))];
}

/** As rows of the result after its labels have been taken together. */
function grouped(trace: Trace, { mode, labels }: Grouping): Trace {
  if (trace.isWhole) return trace;
  if (labels.includes(METRIC_NAME)) return whole(trace);
  const grouping: Grouping = { mode, labels: mode === 'by' ? [...labels, ...HIDDEN] : labels };
  return { ...trace, rows: aggregateNode('max', grouping, trace.rows) };
}

function ofBinary({ op, left, right, matching }: Binary): readonly Trace[] {
  if (matching === undefined) {
    const traces = [left, right].map((side) => {
      const found = tracesOf(side);
      return valueType(side) === 'vector' ? found : found.map(whole);
    });
    return traces.flat();
  }
  if (op === 'or') return [...tracesOf(left), ...tracesOf(right)];
  if (op === 'and' || op === 'unless') return [...tracesOf(left), ...tracesOf(right).map(whole)];
  return [
    ...tracesOf(left).map((trace) => matched(trace, matching, 'many-to-one')),
    ...tracesOf(right).map((trace) => matched(trace, matching, 'one-to-many')),
  ];
}

/** As rows of the result after a side has been matched; `several` is the cardinality with which the side has several. */
function matched(trace: Trace, { card, mode, labels, include }: Matching, several: Matching['card']): Trace {
  if (card === 'one-to-one') return grouped(trace, { mode: mode === 'on' ? 'by' : 'without', labels });
  return card === several && include.length === 0 ? trace : whole(trace);
}

function ofCall(call: Call): readonly Trace[] {
  const { func, args } = call;
  const traces = args.flatMap((arg, i) => {
    const found = tracesOf(arg);
    const { args: types } = FUNCTIONS.get(func)!;
    return types[Math.min(i, types.length - 1)] === 'scalar' ? found.map(whole) : found;
  });
  switch (func) {
    case 'scalar':
    case 'absent':
    case 'absent_over_time':
    case 'info':
    case 'histogram_quantiles':
      return traces.map(whole);
    case 'histogram_quantile':
    case 'histogram_fraction':
      return traces.map((trace) => grouped(trace, { mode: 'without', labels: ['le'] }));
    case 'label_replace':
    case 'label_join': {
      const [, ...texts] = args;
      if (texts.some((text) => text.kind === 'string' && text.value === METRIC_NAME)) return traces.map(whole);
      return traces.map((trace) => (trace.isWhole ? trace : { ...trace, rows: callNode(func, trace.rows, ...texts) }));
    }
    default:
      return traces;
  }
}

function whole(trace: Trace): Trace {
  return { ...trace, isWhole: true };
}

/** With one more label: a text, or another label's value. */
function labelled(
  expr: Expr,
  name: string,
  { from, as = '$1' }: { readonly from: string; readonly as?: string },
): Expr {
  return callNode('label_replace', expr, ...[name, as, from, '(.*)'].map(stringNode));
}
