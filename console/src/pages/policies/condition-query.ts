import type { DraftCondition, Selector } from './policy-draft.ts';

/** The values that a condition compares, as PromQL; `more` are further matchers, as they are written. */
export function conditionQuery(
  { metric, statistic, period }: Pick<DraftCondition, 'metric' | 'statistic' | 'period'>,
  objects: Selector,
  more: readonly string[] = [],
): string {
  const matchers = [...matchersOf(objects), ...more].join(', ');
  return `${statistic}_over_time(${metric}${matchers === '' ? '' : `{${matchers}}`}[${period}])`;
}

/** What chooses the objects of a policy, as matchers of PromQL. */
export function matchersOf({ include, exclude }: Selector): readonly string[] {
  return [
    ...Object.entries(include).map(([label, values]) => oneOf(label, values, '')),
    ...Object.entries(exclude).map(([label, values]) => oneOf(label, values, '!')),
  ].filter((matcher) => matcher !== '');
}

/** A matcher of a label that has one of the values, in which `*` stands for any characters. */
export function oneOf(label: string, values: readonly string[], not: '' | '!' = ''): string {
  if (values.length === 0) return '';
  const [only] = values;
  if (values.length === 1 && !only!.includes('*')) return `${label}${not}=${JSON.stringify(only)}`.replace('!==', '!=');
  const patterns = values.map((value) =>
    value
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*'),
  );
  return `${label}${not === '' ? '=~' : '!~'}${JSON.stringify(patterns.join('|'))}`;
}

const SIGNS = {
  gt: '>',
  ge: '≥',
  lt: '<',
  le: '≤',
  eq: '=',
  ne: '≠',
  increase: 'grew by',
  decrease: 'fell by',
} as const;

/** A condition in a line: `sum of k8s_pod_restart_total over 1m ≥ 1 (remind), 3 (warn), in 3 of 5 periods`. */
export function conditionText({
  metric,
  statistic,
  period,
  operator,
  comparison,
  thresholds,
  periods,
  outOf = periods,
}: DraftCondition): string {
  const values = Object.entries(thresholds).map(([severity, value]) => `${value} (${severity})`);
  const change =
    operator === 'increase' || operator === 'decrease' ? ` % since the ${comparison ?? 'period'} before` : '';
  const times =
    periods === 1 && outOf === 1
      ? ''
      : outOf === periods
        ? `, ${periods} periods in a row`
        : `, in ${periods} of ${outOf} periods`;
  return `${statistic} of ${metric} over ${period} ${SIGNS[operator]} ${values.join(', ')}${change}${times}`;
}
