import type { Aggregate, Binary, Expr, NumberLiteral, Subquery } from './ast.ts';
import { print } from './printer.ts';

/** Bytes above which an expression is broken into lines. */
const MAX_LENGTH = 100;
/** Printed where an operand stands, to see what the printer writes around it. */
const ZERO: NumberLiteral = { kind: 'number', value: 0, duration: false, span: { start: 0, end: 0 } };

/**
 * The expression as `print` writes it, with what is longer than 100 bytes broken into indented lines, as Prometheus
 * does for people:
 *
 *     sum by (job) (rate(a_long_name[5m])) / sum by (job) (rate(another_long_name[5m]))
 *
 *       sum by (job) (rate(a_long_name[5m]))
 *     /
 *       sum by (job) (rate(another_long_name[5m]))
 */
export function pretty(expr: Expr): string {
  return lines(expr, 0);
}

/** Begins with the indentation of its level. */
function lines(expr: Expr, level: number): string {
  const indent = '  '.repeat(level);
  const text = print(expr);
  if (Buffer.byteLength(text) <= MAX_LENGTH) return indent + text;
  const block = (head: string, inner: readonly Expr[]): string =>
    `${indent}${head}(\n${inner.map((one) => lines(one, level + 1)).join(',\n')}\n${indent})`;
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'vector-selector':
    case 'matrix-selector':
      return indent + text;
    case 'paren':
      return block('', [expr.expr]);
    case 'unary':
      return indent + expr.op + lines(expr.expr, level).trimStart();
    case 'call':
      return block(expr.func, expr.args);
    case 'aggregate':
      return block(aggregateHead(expr), expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]);
    case 'binary':
      return `${lines(expr.left, level + 1)}\n${indent}${operator(expr)}\n${lines(expr.right, level + 1)}`;
    case 'subquery':
      return lines(expr.expr, level) + subqueryEnd(expr);
    default:
      return expr satisfies never;
  }
}

/** `sum by (a) ` of `sum by (a) (0)`. */
function aggregateHead(expr: Aggregate): string {
  return print({ ...expr, param: undefined, expr: ZERO }).slice(0, -'(0)'.length);
}

/** `/ on (a) group_left ()` of `0 / on (a) group_left () 0`. */
function operator(expr: Binary): string {
  return print({ ...expr, left: ZERO, right: ZERO }).slice('0 '.length, -' 0'.length);
}

/** `[1h:1m] offset 5m` of `0[1h:1m] offset 5m`. */
function subqueryEnd(expr: Subquery): string {
  return print({ ...expr, expr: ZERO }).slice('0'.length);
}
