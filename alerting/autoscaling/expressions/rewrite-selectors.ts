import type { Expr, VectorSelector } from '../../../query/promql/ast.ts';

/** The expression with each of its selectors replaced by what `change` makes of it. Spans stay what they were. */
export function rewriteSelectors(expr: Expr, change: (selector: VectorSelector) => VectorSelector): Expr {
  const rewrite = (inner: Expr): Expr => rewriteSelectors(inner, change);
  switch (expr.kind) {
    case 'number':
    case 'string':
      return expr;
    case 'vector-selector':
      return change(expr);
    case 'matrix-selector':
      return { ...expr, selector: change(expr.selector) };
    case 'subquery':
    case 'unary':
    case 'paren':
      return { ...expr, expr: rewrite(expr.expr) };
    case 'call':
      return { ...expr, args: expr.args.map(rewrite) };
    case 'aggregate':
      return { ...expr, param: expr.param && rewrite(expr.param), expr: rewrite(expr.expr) };
    case 'binary':
      return { ...expr, left: rewrite(expr.left), right: rewrite(expr.right) };
    default:
      return expr satisfies never;
  }
}

/** Every selector of an expression, from left to right. */
export function selectorsOf(expr: Expr): readonly VectorSelector[] {
  const found: VectorSelector[] = [];
  rewriteSelectors(expr, (selector) => {
    found.push(selector);
    return selector;
  });
  return found;
}
