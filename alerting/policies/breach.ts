import { type BySeverity, type Operator, SEVERITIES } from './policy.ts';

/** Values for the severities in order, NaN where there is none. */
export type SeverityValues = readonly [remind: number, warn: number, serious: number];

/** Severities as bits: 1 for the least, 2, 4. */
export type SeverityMask = number;

export function severityValues(values: BySeverity): SeverityValues {
  return SEVERITIES.map((severity) => values[severity] ?? Number.NaN) as unknown as SeverityValues;
}

/** Up to which values a severity that was reached holds: its recovery, or else its threshold. */
export function holdingValues(thresholds: BySeverity, recovery: BySeverity): SeverityValues {
  return severityValues(
    Object.fromEntries(
      Object.entries(thresholds).map(([severity, value]) => [severity, recovery[severity as 'warn'] ?? value]),
    ),
  );
}

/**
 * The severities whose value is reached. A change (`increase`, `decrease`) is given in percent, and reaches what it is at least;
 * NaN, which is no value, reaches none.
 */
export function breachMask(operator: Operator, value: number, [a, b, c]: SeverityValues): SeverityMask {
  switch (operator) {
    case 'gt':
      return (value > a ? 1 : 0) | (value > b ? 2 : 0) | (value > c ? 4 : 0);
    case 'ge':
    case 'increase':
      return (value >= a ? 1 : 0) | (value >= b ? 2 : 0) | (value >= c ? 4 : 0);
    case 'lt':
      return (value < a ? 1 : 0) | (value < b ? 2 : 0) | (value < c ? 4 : 0);
    case 'le':
      return (value <= a ? 1 : 0) | (value <= b ? 2 : 0) | (value <= c ? 4 : 0);
    case 'eq':
      return (value === a ? 1 : 0) | (value === b ? 2 : 0) | (value === c ? 4 : 0);
    case 'ne':
      // Either comparison is false of what is not there.
      return differs(value, a) | (differs(value, b) << 1) | (differs(value, c) << 2);
    case 'decrease':
      return (-value >= a ? 1 : 0) | (-value >= b ? 2 : 0) | (-value >= c ? 4 : 0);
    default:
      return operator satisfies never;
  }
}

function differs(value: number, other: number): 0 | 1 {
  return value < other || value > other ? 1 : 0;
}

/**
 * A condition on a value as one comparison: a severity is reached where direction * value > bound. Undefined for the operators of
 * which that cannot be said. NaN bounds, of severities that are not there, are never exceeded.
 */
export function asBounds(
  operator: Operator,
  values: SeverityValues,
): { readonly direction: 1 | -1; readonly bounds: SeverityValues } | undefined {
  const up = (bound: (value: number) => number) => ({ direction: 1 as const, bounds: values.map(bound) as never });
  const down = (bound: (value: number) => number) => ({ direction: -1 as const, bounds: values.map(bound) as never });
  switch (operator) {
    case 'gt':
      return up((value) => value);
    case 'ge':
    case 'increase':
      return up(nextBelow);
    case 'lt':
      return down((value) => -value);
    case 'le':
      return down((value) => nextBelow(-value));
    case 'decrease':
      return down(nextBelow);
    case 'eq':
    case 'ne':
      return undefined;
    default:
      return operator satisfies never;
  }
}

const DOUBLE = new Float64Array(1);
const BITS = new BigInt64Array(DOUBLE.buffer);

/** The largest double below a finite one. */
function nextBelow(value: number): number {
  if (!Number.isFinite(value)) return value;
  if (value === 0) return -Number.MIN_VALUE;
  DOUBLE[0] = value;
  BITS[0] = BITS[0]! + (value > 0 ? -1n : 1n);
  return DOUBLE[0];
}

/** The change in percent; NaN, so no value, where there is nothing before or it is zero. */
export function changeInPercent(value: number, before: number): number {
  if (before === 0) return Number.NaN;
  const change = ((value - before) / Math.abs(before)) * 100;
  return Number.isFinite(change) ? change : Number.NaN;
}

/** The highest severity as 1, 2 or 3; 0 for none. */
export function highest(mask: SeverityMask): number {
  return mask >= 4 ? 3 : mask >= 2 ? 2 : mask;
}
