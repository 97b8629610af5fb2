import type { Expr } from '../../query/promql/ast.ts';
import { parseExpr } from '../../query/promql/parser.ts';
import { print } from '../../query/promql/printer.ts';

/** Simpler expressions made of a part of this one, the simplest first; none when the text is no expression. */
export function smallerQueries(text: string, features: ReadonlySet<string>): readonly string[] {
  let expr: Expr;
  try {
    expr = parseExpr(text, { features });
  } catch {
    return [];
  }
  const smaller = [...new Set(reductions(expr).map(print))].filter((candidate) => candidate.length < text.length);
  return smaller.sort((a, b) => a.length - b.length);
}

/** The node's operands in its place, the node without one of its parts, and the same for every operand. */
function reductions(expr: Expr): Expr[] {
  const within = <T extends Expr>(child: Expr, rebuild: (child: Expr) => T): Expr[] => reductions(child).map(rebuild);
  switch (expr.kind) {
    case 'number':
    case 'string':
      return [];
    case 'vector-selector':
      return [
        ...(expr.offset === undefined ? [] : [{ ...expr, offset: undefined }]),
        ...(expr.at === undefined ? [] : [{ ...expr, at: undefined }]),
        ...expr.matchers
          .filter(({ name }) => name !== '__name__')
          .map((matcher) => ({ ...expr, matchers: expr.matchers.filter((other) => other !== matcher) })),
      ];
    case 'matrix-selector':
      return reductions(expr.selector).flatMap((selector) =>
        selector.kind === 'vector-selector' ? [{ ...expr, selector }] : [],
      );
    case 'subquery':
      return [
        ...(expr.offset === undefined ? [] : [{ ...expr, offset: undefined }]),
        ...(expr.at === undefined ? [] : [{ ...expr, at: undefined }]),
        ...within(expr.expr, (inner) => ({ ...expr, expr: inner })),
      ];
    case 'call':
      return [
        ...expr.args,
        ...expr.args.flatMap((arg, i) => within(arg, (inner) => ({ ...expr, args: expr.args.with(i, inner) }))),
      ];
    case 'aggregate':
      return [
        expr.expr,
        ...(expr.grouping.labels.length === 0 ? [] : [{ ...expr, grouping: { ...expr.grouping, labels: [] } }]),
        ...within(expr.expr, (inner) => ({ ...expr, expr: inner })),
        ...(expr.param === undefined ? [] : within(expr.param, (param) => ({ ...expr, param }))),
      ];
    case 'binary':
      return [
        expr.left,
        expr.right,
        ...within(expr.left, (left) => ({ ...expr, left })),
        ...within(expr.right, (right) => ({ ...expr, right })),
      ];
    case 'unary':
    case 'paren':
      return [expr.expr, ...within(expr.expr, (inner) => ({ ...expr, expr: inner }))];
    default:
      return expr satisfies never;
  }
}
