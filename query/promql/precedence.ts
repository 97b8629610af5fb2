import type { BinaryOp } from './ast.ts';

/** How strongly operators bind; all but `^` from left to right. */
export const PRECEDENCE: Readonly<Record<BinaryOp, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '</': 5,
  '>/': 5,
  '^': 6,
};
export const POWER = PRECEDENCE['^'];
/** A sign binds weaker than `^` and stronger than `*`. */
export const SIGN = PRECEDENCE['*'] + 0.5;
