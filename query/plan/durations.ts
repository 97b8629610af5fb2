import type { DurationNode } from '../promql/ast.ts';
import { QueryError } from '../query-result.ts';

/** The times of a query that a duration expression may name, in milliseconds. */
export interface QueryTimes {
  readonly start: number;
  readonly end: number;
  /** 0 for an instant query. */
  readonly step: number;
}

/** The value in whole milliseconds. Throws a QueryError (bad_data) for a division by zero or a result that is no duration. */
export function resolveDuration(node: DurationNode, times: QueryTimes): number {
  if (node.kind === 'fixed') return node.ms;
  const seconds = inSeconds(node, times);
  const ms = Math.round(seconds * 1000);
  // 2^63 nanoseconds: what Prometheus can hold.
  if (!Number.isFinite(ms) || Math.abs(ms) > 9_223_372_036_854) {
    throw new QueryError('bad_data', `duration out of range: want a duration below 292 years, got ${seconds}s`);
  }
  return ms;
}

/** As resolveDuration, for a range or a resolution, which must be positive. */
export function resolvePositiveDuration(node: DurationNode, times: QueryTimes): number {
  const ms = resolveDuration(node, times);
  // As in Prometheus, the place is in characters from the start, not in lines and columns.
  const place = `${node.span.start}:${node.span.end}`;
  if (ms <= 0) throw new QueryError('bad_data', `${place}: duration must be greater than 0`);
  return ms;
}

function inSeconds(node: DurationNode, times: QueryTimes): number {
  switch (node.kind) {
    case 'fixed':
      return node.ms / 1000;
    case 'paren':
      return inSeconds(node.inner, times);
    case 'negate':
      return -inSeconds(node.operand, times);
    case 'call':
      return (node.name === 'step' ? times.step : times.end - times.start) / 1000;
    case 'extremum': {
      const left = inSeconds(node.left, times);
      const right = inSeconds(node.right, times);
      return node.name === 'min' ? Math.min(left, right) : Math.max(left, right);
    }
    case 'binary':
      return arithmetic(node, times);
    default:
      return node satisfies never;
  }
}

function arithmetic(node: DurationNode & { kind: 'binary' }, times: QueryTimes): number {
  const left = inSeconds(node.left, times);
  const right = inSeconds(node.right, times);
  switch (node.op) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      if (right === 0) throw new QueryError('bad_data', 'division by zero');
      return left / right;
    case '%':
      if (right === 0) throw new QueryError('bad_data', 'modulo by zero');
      return left % right;
    case '^':
      return left ** right;
    case 'atan2':
      throw new QueryError('bad_data', 'a duration takes + - * / % ^, got atan2');
    default:
      return node.op satisfies never;
  }
}
