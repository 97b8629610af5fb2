import type { BySeverity } from './policy.ts';
import type { WrittenThresholds } from './policy-definition.ts';

/** Both forms of writing thresholds as one; `recovery` is undefined when nothing is written of it. */
export function bySeverity({ threshold, thresholds, recoveryThreshold, recoveryThresholds }: WrittenThresholds): {
  readonly thresholds: BySeverity;
  readonly recovery: BySeverity | undefined;
} {
  return {
    thresholds: given(threshold, thresholds) ?? {},
    recovery: given(recoveryThreshold, recoveryThresholds),
  };
}

type Written = WrittenThresholds['thresholds'];

function given(short: number | undefined, long: Written): BySeverity | undefined {
  if (short !== undefined) return { warn: short };
  if (long === undefined) return undefined;
  const set = Object.entries(long).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set);
}
