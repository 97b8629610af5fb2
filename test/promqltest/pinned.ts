import type { Expr } from '../../query/promql/ast.ts';
import { ALL_FEATURES } from '../../query/promql/features.ts';
import { parseExpr } from '../../query/promql/parser.ts';

/** What depends on the step's own time rather than on the samples'. */
const TIME_FUNCTIONS: ReadonlySet<string> = new Set([
  ...['time', 'timestamp', 'predict_linear', 'start', 'end', 'range', 'step'],
  ...['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute', 'month', 'year'],
]);

/**
 * Queries that must have the same answer as `expr` at `time`, each with the time to ask them at: every selector and
 * subquery is pinned by `@ time`. None when the expression looks at the clock.
 */
export function pinned(expr: string, time: number): readonly (readonly [expr: string, time: number])[] {
  const ends: number[] = [];
  let usesTime = false;
  const visit = (node: Expr): void => {
    switch (node.kind) {
      case 'number':
      case 'string':
        return;
      case 'vector-selector':
      case 'matrix-selector':
      case 'subquery': {
        const at = node.kind === 'matrix-selector' ? node.selector.at : node.at;
        if (at === undefined) ends.push(node.span.end);
        if (node.kind === 'subquery' && usesTimeIn(node.expr)) usesTime = true;
        return;
      }
      case 'call':
        if (TIME_FUNCTIONS.has(node.func)) usesTime = true;
        node.args.forEach(visit);
        return;
      case 'aggregate':
        if (node.param !== undefined) visit(node.param);
        visit(node.expr);
        return;
      case 'binary':
        visit(node.left);
        visit(node.right);
        return;
      case 'unary':
      case 'paren':
        visit(node.expr);
        return;
      default:
        node satisfies never;
    }
  };
  visit(parseExpr(expr, { features: ALL_FEATURES }));
  if (usesTime || ends.length === 0) return [];
  let text = expr;
  for (const end of ends.sort((a, b) => b - a)) text = `${text.slice(0, end)} @ ${time / 1000}${text.slice(end)}`;
  return [-10 * time, 0, Math.trunc(time / 5), time, 10 * time].map((at) => [text, at] as const);
}

function usesTimeIn(expr: Expr): boolean {
  switch (expr.kind) {
    case 'call':
      return TIME_FUNCTIONS.has(expr.func) || expr.args.some(usesTimeIn);
    case 'aggregate':
      return usesTimeIn(expr.expr) || (expr.param !== undefined && usesTimeIn(expr.param));
    case 'binary':
      return usesTimeIn(expr.left) || usesTimeIn(expr.right);
    case 'unary':
    case 'paren':
    case 'subquery':
      return usesTimeIn(expr.expr);
    default:
      return false;
  }
}
