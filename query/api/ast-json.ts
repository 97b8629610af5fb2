import { METRIC_NAME } from '../../storage/labels.ts';
import type { DurationNode, Expr, Subquery, VectorSelector } from '../promql/ast.ts';
import { FUNCTIONS } from '../promql/functions.ts';
import { valueText } from './value-text.ts';

/**
 * An expression as parse_query answers it, in the shape that Prometheus' page draws trees from. Durations are whole
 * milliseconds; one that is an expression, whose value depends on the query, is 0.
 */
export function astJson(expr: Expr): Record<string, unknown> {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: valueText(expr.value) };
    case 'string':
      return { type: 'stringLiteral', val: expr.value };
    case 'paren':
      return { type: 'parenExpr', expr: astJson(expr.expr) };
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: astJson(expr.expr) };
    case 'vector-selector':
      return { type: 'vectorSelector', ...selectorJson(expr) };
    case 'matrix-selector':
      return { type: 'matrixSelector', ...selectorJson(expr.selector), range: fixed(expr.range) };
    case 'subquery':
      return {
        type: 'subquery',
        expr: astJson(expr.expr),
        range: fixed(expr.range),
        step: fixed(expr.step),
        ...modifiersJson(expr),
      };
    case 'call': {
      const { args, optional, returns } = FUNCTIONS.get(expr.func)!;
      const func = { name: expr.func, argTypes: args, variadic: optional, returnType: returns };
      return { type: 'call', func, args: expr.args.map(astJson) };
    }
    case 'aggregate':
      return {
        type: 'aggregation',
        op: expr.op,
        expr: astJson(expr.expr),
        param: expr.param === undefined ? null : astJson(expr.param),
        grouping: expr.grouping.labels,
        without: expr.grouping.mode === 'without',
      };
    case 'binary': {
      const { matching } = expr;
      return {
        type: 'binaryExpr',
        op: expr.op,
        lhs: astJson(expr.left),
        rhs: astJson(expr.right),
        matching:
          matching === undefined
            ? null
            : {
                card: matching.card,
                labels: matching.labels,
                on: matching.mode === 'on',
                include: matching.include,
                fillValues: { lhs: matching.fillLeft ?? null, rhs: matching.fillRight ?? null },
              },
        bool: expr.returnBool,
      };
    }
    default:
      return expr satisfies never;
  }
}

function selectorJson(selector: VectorSelector): Record<string, unknown> {
  const { metric, matchers } = selector;
  const isName = ({ name, op, value }: (typeof matchers)[number]) =>
    metric !== '' && name === METRIC_NAME && op === '=' && value === metric;
  // The metric's name comes last, wherever it was written.
  const ordered = [...matchers.filter((matcher) => !isName(matcher)), ...matchers.filter(isName)];
  return {
    name: metric,
    matchers: ordered.map(({ name, op, value }) => ({ name, type: op, value })),
    ...modifiersJson(selector),
    anchored: selector.extension === 'anchored',
    smoothed: selector.extension === 'smoothed',
  };
}

function modifiersJson({ offset, at }: VectorSelector | Subquery): Record<string, unknown> {
  return {
    offset: fixed(offset),
    timestamp: at?.kind === 'time' ? at.ms : null,
    startOrEnd: at === undefined || at.kind === 'time' ? null : at.kind,
  };
}

function fixed(duration: DurationNode | undefined): number {
  return duration?.kind === 'fixed' ? duration.ms : 0;
}
