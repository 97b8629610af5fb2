import type { DurationNode, Expr, VectorSelector } from '../../../query/promql/ast.ts';
import { METRIC_NAME } from '../../../storage/labels.ts';
import type { MetricRead } from '../served-metric.ts';
import { operandsOf } from './operands-of.ts';

/** How far back a selector looks whose expression does not say it, in milliseconds. */
const LOOKBACK = 5 * 60_000;

/**
 * What expressions read of metrics that they name, each as far back as any of them looks. Of a selector with a fixed time, or without
 * the metric's name, nothing is known.
 *
 *     rate(a[2m]) + a offset 1m    a: 6m
 *     max_over_time(a[10m:1m])     a: 15m
 */
export function expressionReads(expressions: readonly Expr[]): readonly MetricRead[] {
  const furthest = new Map<string, number>();
  const read = (selector: VectorSelector, back: number): void => {
    const name = selector.matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.op === '=')?.value;
    if (name === undefined || selector.at !== undefined) return;
    furthest.set(name, Math.max(furthest.get(name) ?? 0, back + Math.max(0, milliseconds(selector.offset))));
  };
  const visit = (expr: Expr, back: number): void => {
    if (expr.kind === 'vector-selector') read(expr, back + LOOKBACK);
    else if (expr.kind === 'matrix-selector') read(expr.selector, back + milliseconds(expr.range));
    else if (expr.kind === 'subquery') {
      visit(expr.expr, back + milliseconds(expr.range) + Math.max(0, milliseconds(expr.offset)));
    } else for (const operand of operandsOf(expr)) visit(operand, back);
  };
  for (const expr of expressions) visit(expr, 0);
  return [...furthest].map(([metric, back]) => ({ metric, back }));
}

function milliseconds(duration: DurationNode | undefined): number {
  return duration?.kind === 'fixed' ? duration.ms : 0;
}
