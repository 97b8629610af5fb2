import type { CheckContext } from './check-context.ts';
import { type Operator, SEVERITIES, type Severity } from './policy.ts';
import type { WrittenCondition, WrittenThresholds } from './policy-definition.ts';
import { bySeverity } from './thresholds.ts';

/** Operators for which a larger value is worse (1), for which a smaller one is (-1), and for which neither is (0). */
const DIRECTION: Readonly<Record<Operator, 1 | -1 | 0>> = {
  gt: 1,
  ge: 1,
  increase: 1,
  decrease: 1,
  lt: -1,
  le: -1,
  eq: 0,
  ne: 0,
};

/** Thresholds that rise with the severity, recoveries on their good side; each written in one of its two forms. */
export function checkThresholds(
  given: WrittenThresholds,
  operator: Operator,
  path: readonly PropertyKey[],
  { name, report }: CheckContext,
): void {
  for (const [short, long] of [
    ['threshold', 'thresholds'],
    ['recoveryThreshold', 'recoveryThresholds'],
  ] as const) {
    if (given[short] !== undefined && given[long] !== undefined) {
      report([...path, short], `expected only one of ${name(short)} and ${name(long)}, got both`);
      return;
    }
  }
  const { thresholds, recovery } = bySeverity(given);
  const long = given.threshold === undefined ? 'thresholds' : 'threshold';
  const set = SEVERITIES.filter((severity) => thresholds[severity] !== undefined);
  if (set.length === 0) {
    report(
      [...path, long],
      `expected ${name('threshold')}, or ${name('thresholds')} with at least one of ${SEVERITIES.join(', ')}, got none`,
    );
  }
  const at = (key: 'threshold' | 'recoveryThreshold', severity: Severity): readonly PropertyKey[] =>
    given[key] === undefined ? [...path, `${key}s`, severity] : [...path, key];
  const direction = DIRECTION[operator];
  const isChange = operator === 'increase' || operator === 'decrease';
  for (const [i, severity] of set.entries()) {
    const value = thresholds[severity]!;
    if (isChange && value <= 0)
      report(at('threshold', severity), `expected a change of more than 0 percent, got ${value}`);
    const milder = set[i - 1];
    if (milder === undefined) continue;
    const mild = thresholds[milder]!;
    const wrong = direction === 0 ? value === mild : (value - mild) * direction <= 0;
    if (!wrong) continue;
    const side = direction === 0 ? 'another value than' : direction > 0 ? 'more than' : 'less than';
    report(
      at('threshold', severity),
      `expected ${side} that of ${milder}, ${mild}, with the operator ${operator}, got ${value}`,
    );
  }
  for (const severity of SEVERITIES) {
    const value = recovery?.[severity];
    if (value !== undefined) {
      const problem = recoveryProblem(value, thresholds[severity], { operator, severity });
      if (problem !== undefined) report(at('recoveryThreshold', severity), problem);
    }
  }
}

/** Why a value cannot be the recovery of a threshold, if it cannot. */
function recoveryProblem(
  value: number,
  threshold: number | undefined,
  { operator, severity }: { readonly operator: Operator; readonly severity: Severity },
): string | undefined {
  const direction = DIRECTION[operator];
  if (direction === 0) return `expected none with the operator ${operator}, got ${value}`;
  if (threshold === undefined) return `expected none without a threshold of ${severity}, got ${value}`;
  if ((threshold - value) * direction > 0) return undefined;
  const side = direction > 0 ? 'less' : 'more';
  return `expected ${side} than the threshold of ${severity}, ${threshold}, with the operator ${operator}, got ${value}`;
}

/** Where only the thresholds are replaced, the recoveries of the policy must still fit. */
export function checkInheritedRecovery(
  change: WrittenThresholds,
  original: WrittenCondition,
  path: readonly PropertyKey[],
  { name, report }: CheckContext,
): void {
  const { thresholds, recovery } = bySeverity(change);
  if (recovery !== undefined) return;
  const inherited = bySeverity(original).recovery ?? {};
  for (const severity of SEVERITIES) {
    const value = inherited[severity];
    if (value === undefined || thresholds[severity] === undefined) continue;
    const problem = recoveryProblem(value, thresholds[severity], { operator: original.operator, severity });
    if (problem !== undefined) {
      report(
        [...path, 'recoveryThresholds', severity],
        `${problem} of the policy; give ${name('recoveryThresholds')} too`,
      );
    }
  }
}
