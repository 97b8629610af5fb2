import type { Expr, VectorSelector } from '../../query/promql/ast.ts';
import { ALL_FEATURES } from '../../query/promql/features.ts';
import { parseExpr } from '../../query/promql/parser.ts';
import { METRIC_NAME } from '../../storage/labels.ts';

/** The metric names that an expression selects; undefined when they cannot be told from its text. */
export function metricsRead(expr: string): ReadonlySet<string> | undefined {
  let parsed: Expr;
  try {
    parsed = parseExpr(expr, { features: ALL_FEATURES });
  } catch {
    return undefined;
  }
  const names = new Set<string>();
  return collect(parsed, names) ? names : undefined;
}

/** False when some selector may read any metric. */
function collect(expr: Expr, names: Set<string>): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return true;
    case 'vector-selector':
      return selector(expr, names);
    case 'matrix-selector':
      return selector(expr.selector, names);
    case 'call':
      return expr.args.every((arg) => collect(arg, names));
    case 'aggregate':
      return collect(expr.expr, names) && (expr.param === undefined || collect(expr.param, names));
    case 'binary':
      return collect(expr.left, names) && collect(expr.right, names);
    case 'subquery':
    case 'unary':
    case 'paren':
      return collect(expr.expr, names);
    default:
      return expr satisfies never;
  }
}

function selector(node: VectorSelector, names: Set<string>): boolean {
  const name = node.matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.op === '=')?.value;
  if (name !== undefined && name !== '') names.add(name);
  return name !== undefined && name !== '';
}
