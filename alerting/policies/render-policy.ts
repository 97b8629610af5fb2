import { formatDuration } from '../duration.ts';
import { type WrittenForm, writeNames } from '../written-form.ts';
import type { MetricCatalogue } from './metric-catalogue.ts';
import type { AlertPolicy, BySeverity, Condition } from './policy.ts';
import { POLICY_DEFINITION } from './policy-definition.ts';

/**
 * A policy as it is written in a form, complete with its defaults: reading it gives the same policy. Of a Kubernetes resource it is
 * with what the resource's place adds.
 */
export function renderPolicy(
  policy: AlertPolicy,
  { form, catalogue }: { readonly form: WrittenForm; readonly catalogue: MetricCatalogue },
): Readonly<Record<string, unknown>> {
  const { source: _, conditions, noData, overrides, notice, ...rest } = policy;
  const written = {
    ...rest,
    conditions: conditions.map((condition) => writtenCondition(condition, policy, catalogue)),
    noData: { ...noData, after: formatDuration(noData.after) },
    overrides: overrides.map((override) => ({
      objects: override.objects,
      disabled: override.disabled,
      conditions: Object.entries(override.conditions).map(([index, change]) => ({
        condition: Number(index),
        thresholds: change.thresholds,
        ...(change.recovery !== undefined && { recoveryThresholds: change.recovery }),
      })),
    })),
    notice: {
      receivers: notice.receivers,
      ...(notice.groupBy !== undefined && { groupBy: notice.groupBy }),
      ...(notice.repeat !== undefined && { repeat: writtenRepeat(notice.repeat) }),
    },
  };
  return writeNames(POLICY_DEFINITION, written, form) as Readonly<Record<string, unknown>>;
}

function writtenCondition(condition: Condition, { level }: AlertPolicy, catalogue: MetricCatalogue): object {
  const { metric, period, operator, comparison, recovery, ...rest } = condition;
  const isChange = operator === 'increase' || operator === 'decrease';
  return {
    metric,
    ...(metric.startsWith('k8s_') && !catalogue.has(level, metric) && { custom: true }),
    period: formatDuration(period),
    operator,
    ...(isChange && { comparison }),
    ...rest,
    ...(hasAny(recovery) && { recoveryThresholds: recovery }),
  };
}

function writtenRepeat(repeat: NonNullable<AlertPolicy['notice']['repeat']>): object {
  switch (repeat.kind) {
    case 'once':
      return repeat;
    case 'every':
      return { ...repeat, interval: formatDuration(repeat.interval) };
    case 'exponential':
      return { ...repeat, first: formatDuration(repeat.first), longest: formatDuration(repeat.longest) };
    default:
      return repeat satisfies never;
  }
}

function hasAny(values: BySeverity): boolean {
  return Object.keys(values).length > 0;
}
