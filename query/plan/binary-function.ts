import type { ArithmeticOp, ComparisonOp } from '../promql/ast.ts';

export function isComparison(op: ArithmeticOp | ComparisonOp): op is ComparisonOp {
  return op === '==' || op === '!=' || op === '<' || op === '<=' || op === '>' || op === '>=';
}

/** The value of an arithmetic operator; of a comparison, 1 or 0. */
export type BinaryFunction = (left: number, right: number) => number;

const FUNCTIONS: Readonly<Record<ArithmeticOp | ComparisonOp, BinaryFunction>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '^': power,
  atan2: Math.atan2,
  '==': (left, right) => (left === right ? 1 : 0),
  '!=': (left, right) => (left !== right ? 1 : 0),
  '<': (left, right) => (left < right ? 1 : 0),
  '<=': (left, right) => (left <= right ? 1 : 0),
  '>': (left, right) => (left > right ? 1 : 0),
  '>=': (left, right) => (left >= right ? 1 : 0),
};

/** IEEE 754's pow; JavaScript's differs in 1 ** NaN and (±1) ** ±Infinity, which are 1. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY)) return 1;
  return base ** exponent;
}

export function binaryFunction(op: ArithmeticOp | ComparisonOp): BinaryFunction {
  return FUNCTIONS[op];
}
