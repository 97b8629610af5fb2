import type { BinaryOp, Expr } from '../../query/promql/ast.ts';
import { ALL_FEATURES } from '../../query/promql/features.ts';
import { parseExpr } from '../../query/promql/parser.ts';
import { valueType } from '../../query/promql/typecheck.ts';

const COMPARISONS: ReadonlySet<BinaryOp> = new Set(['==', '!=', '>', '<', '>=', '<=']);

/**
 * What an alert's expression measures, without the comparison that decides: it has a value when the alert is over too.
 *
 *     cpu > 0.9                       cpu
 *     (1 - idle) > 0.9 and on () day  (1 - idle)
 *     absent(up)                      undefined: only the whole has a value
 */
export function measuredExpression(text: string): string | undefined {
  let expr: Expr;
  try {
    expr = parseExpr(text, { features: ALL_FEATURES });
  } catch {
    return undefined;
  }
  const measured = measuredBy(expr);
  return measured === undefined ? undefined : text.slice(measured.span.start, measured.span.end);
}

function measuredBy(expr: Expr): Expr | undefined {
  if (expr.kind === 'paren') return measuredBy(expr.expr);
  if (expr.kind !== 'binary') return undefined;
  // Both keep of the left side what they keep.
  if (expr.op === 'and' || expr.op === 'unless') return measuredBy(expr.left);
  if (!COMPARISONS.has(expr.op) || expr.returnBool) return undefined;
  return valueType(expr.left) === 'vector' ? expr.left : expr.right;
}
