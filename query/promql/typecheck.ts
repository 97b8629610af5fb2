import type { Expr, Span, ValueType } from './ast.ts';
import { FUNCTIONS } from './functions.ts';
import { parseError } from './lexer.ts';

const TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
};
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const SETS: ReadonlySet<string> = new Set(['and', 'or', 'unless']);

/** The type of an expression's value. */
export function valueType(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'vector-selector':
    case 'aggregate':
      return 'vector';
    case 'matrix-selector':
    case 'subquery':
      return 'matrix';
    case 'call':
      return FUNCTIONS.get(expr.func)?.returns ?? 'vector';
    case 'unary':
    case 'paren':
      return valueType(expr.expr);
    case 'binary':
      return valueType(expr.left) === 'scalar' && valueType(expr.right) === 'scalar' ? 'scalar' : 'vector';
    default:
      return expr satisfies never;
  }
}

/** Throws a bad_data QueryError, worded as Prometheus does, for the first node whose operands have wrong types. */
export function typecheck(expr: Expr, text: string): void {
  check(expr, text);
}

/** Checks the node and all below it, bottom up; returns its type, so that each is computed once. */
function check(expr: Expr, text: string): ValueType {
  const failAt = (offset: number, message: string): never => {
    throw parseError(text, offset, message);
  };
  const fail = (span: Span, message: string): never => failAt(span.start, message);
  const expect = (child: Expr, wanted: ValueType, context: string): void => {
    const got = check(child, text);
    if (got !== wanted) fail(child.span, `expected type ${TYPE_NAMES[wanted]} in ${context}, got ${TYPE_NAMES[got]}`);
  };
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'vector-selector':
      return 'vector';
    case 'matrix-selector':
      return 'matrix';
    case 'paren':
      return check(expr.expr, text);
    case 'subquery': {
      const type = check(expr.expr, text);
      if (type !== 'vector') fail(expr.span, `subquery is only allowed on instant vector, got ${type} instead`);
      return 'matrix';
    }
    case 'unary': {
      const type = check(expr.expr, text);
      if (type !== 'scalar' && type !== 'vector') {
        const message = `unary expression only allowed on expressions of type scalar or instant vector, got ${JSON.stringify(TYPE_NAMES[type])}`;
        fail(expr.span, message);
      }
      return type;
    }
    case 'aggregate':
      expect(expr.expr, 'vector', 'aggregation expression');
      if (expr.param !== undefined) {
        expect(expr.param, expr.op === 'count_values' ? 'string' : 'scalar', 'aggregation parameter');
      }
      return 'vector';
    case 'call': {
      const signature = FUNCTIONS.get(expr.func)!;
      const { args, optional } = signature;
      const most = optional < 0 ? Number.POSITIVE_INFINITY : optional === 0 ? args.length : args.length - 1 + optional;
      const least = optional === 0 ? args.length : args.length - 1;
      const given = expr.args.length;
      if (given < least || given > most) {
        const bound = least === most ? '' : given < least ? 'at least ' : 'at most ';
        const wanted = given < least ? least : most;
        fail(expr.span, `expected ${bound}${wanted} argument(s) in call to ${JSON.stringify(expr.func)}, got ${given}`);
      }
      for (let i = 0; i < given; i++) {
        expect(expr.args[i]!, args[Math.min(i, args.length - 1)]!, `call to function ${JSON.stringify(expr.func)}`);
      }
      return signature.returns;
    }
    case 'binary': {
      const left = check(expr.left, text);
      const right = check(expr.right, text);
      for (const [side, type] of [
        [expr.left, left],
        [expr.right, right],
      ] as const) {
        if (type !== 'scalar' && type !== 'vector') {
          fail(side.span, 'binary expression must contain only scalar and instant vector types');
        }
      }
      if (left === 'scalar' && right === 'scalar' && COMPARISONS.has(expr.op) && !expr.returnBool) {
        failAt(
          expr.left.span.end + /^\s*/.exec(text.slice(expr.left.span.end))![0].length,
          'comparisons between scalars must use BOOL modifier',
        );
      }
      if ((left === 'scalar' || right === 'scalar') && SETS.has(expr.op)) {
        fail(expr.span, `set operator ${JSON.stringify(expr.op)} not allowed in binary scalar expression`);
      }
      return left === 'scalar' && right === 'scalar' ? 'scalar' : 'vector';
    }
    default:
      return expr satisfies never;
  }
}
