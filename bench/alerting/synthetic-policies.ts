import { type AlertPolicy, type ObjectLevel, OPERATORS, STATISTICS } from '../../alerting/policies/policy.ts';

/** What made-up policies are about. */
export interface SyntheticMetric {
  readonly metric: string;
  readonly level: ObjectLevel;
  /** Between which values it mostly is. */
  readonly low: number;
  readonly high: number;
}

export interface SyntheticOptions {
  /** Milliseconds. Default: 1 min. */
  readonly period?: number;
  /** Of the objects of a metric, about which part breaches its thresholds where values are evenly spread. Default: 0.01. */
  readonly breached?: number;
}

/**
 * So many policies over these metrics, for measuring: of all operators of more and less and all statistics but sums, with one or two conditions, severities,
 * recoveries, M of N, selectors and overrides. The same for the same arguments.
 */
export function syntheticPolicies(
  count: number,
  metrics: readonly SyntheticMetric[],
  { period = 60_000, breached = 0.01 }: SyntheticOptions = {},
): AlertPolicy[] {
  const operators = OPERATORS.filter((operator) => operator !== 'eq' && operator !== 'ne');
  const statistics = STATISTICS.filter((statistic) => statistic !== 'sum');
  return Array.from({ length: count }, (_, i) => {
    const main = metrics[i % metrics.length]!;
    const others = metrics.filter(({ level, metric }) => level === main.level && metric !== main.metric);
    const about = i % 5 === 4 && others.length > 0 ? [main, others[i % others.length]!] : [main];
    return {
      id: `synthetic-${i}`,
      name: `Synthetic${i}`,
      description: '',
      enabled: true,
      level: main.level,
      objects: {
        include: i % 3 === 1 ? { cluster: ['*'] } : {},
        exclude: i % 4 === 3 ? { namespace: ['kube-*'] } : {},
      },
      conditions: about.map((metric, c) => {
        const operator = operators[(i + c) % operators.length]!;
        const span = metric.high - metric.low;
        const isLow = operator === 'lt' || operator === 'le';
        const isChange = operator === 'increase' || operator === 'decrease';
        const at = (part: number): number =>
          isChange ? 100 / part : isLow ? metric.low + span * part : metric.high - span * part;
        const periods = 1 + (i % 3);
        return {
          metric: metric.metric,
          period: period * (i % 10 === 9 ? 5 : 1),
          statistic: statistics[i % statistics.length]!,
          operator,
          comparison: 'period' as const,
          thresholds: { warn: at(breached), ...(i % 2 === 0 && { serious: at(breached / 4) }) },
          recovery: i % 6 === 5 ? { warn: at(breached * 2) } : {},
          periods,
          outOf: periods + (i % 7 === 6 ? 2 : 0),
        };
      }),
      union: i % 10 === 4 ? 'all' : 'any',
      noData: { mode: (['keep', 'ok', 'alert'] as const)[i % 3]!, after: 10 * period, severity: 'remind' },
      overrides:
        i % 8 === 7
          ? [{ objects: { include: { namespace: ['ns-1*'] }, exclude: {} }, disabled: i % 16 === 15, conditions: {} }]
          : [],
      notice: { receivers: [], groupBy: undefined, repeat: undefined },
      labels: i % 5 === 0 ? { team: '{{ $labels.namespace }}' } : {},
      annotations: {},
      source: 'api',
    };
  });
}
