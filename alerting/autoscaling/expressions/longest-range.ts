import type { DurationNode, Expr } from '../../../query/promql/ast.ts';
import { operandsOf } from './operands-of.ts';

/** Milliseconds: what an expression looks back over, where ranges within ranges add up. */
export function longestRange(expr: Expr): number {
  const inner = Math.max(0, ...operandsOf(expr).map(longestRange));
  return expr.kind === 'matrix-selector' || expr.kind === 'subquery' ? inner + milliseconds(expr.range) : inner;
}

function milliseconds(duration: DurationNode): number {
  return duration.kind === 'fixed' ? duration.ms : 0;
}
