import type {
  Aggregate,
  AggregateOp,
  Binary,
  BinaryOp,
  Call,
  Expr,
  Grouping,
  Matching,
  NumberLiteral,
  Paren,
  Span,
  StringLiteral,
} from '../../../query/promql/ast.ts';

/** Nodes of expressions that nobody has written. */

const NOWHERE: Span = { start: 0, end: 0 };

/** All labels alike but a metric's name. */
export const ALL_LABELS: Matching = {
  card: 'one-to-one',
  mode: 'ignoring',
  labels: [],
  include: [],
  fillLeft: undefined,
  fillRight: undefined,
};

export function numberNode(value: number): NumberLiteral {
  return { kind: 'number', value, duration: false, span: NOWHERE };
}

export function stringNode(value: string): StringLiteral {
  return { kind: 'string', value, span: NOWHERE };
}

export function callNode(func: string, ...args: readonly Expr[]): Call {
  return { kind: 'call', func, args, span: NOWHERE };
}

export function aggregateNode(op: AggregateOp, grouping: Grouping, expr: Expr): Aggregate {
  return { kind: 'aggregate', op, param: undefined, expr, grouping, span: NOWHERE };
}

/** In parentheses wherever it stands. Of a set operator the cardinality of the matching counts for nothing. */
export function binaryNode(left: Expr, op: BinaryOp, right: Expr, matching?: Matching): Paren {
  const isSet = op === 'and' || op === 'or' || op === 'unless';
  const binary: Binary = {
    kind: 'binary',
    op,
    left: parenthesized(left),
    right: parenthesized(right),
    returnBool: false,
    matching: isSet ? { ...(matching ?? ALL_LABELS), card: 'many-to-many', include: [] } : matching,
    span: NOWHERE,
  };
  return { kind: 'paren', expr: binary, span: NOWHERE };
}

/** What needs no parentheses as it is stays so. */
export function parenthesized(expr: Expr): Expr {
  return expr.kind === 'binary' || expr.kind === 'unary' ? { kind: 'paren', expr, span: NOWHERE } : expr;
}
