import { getJson } from '../../api/get-json.ts';
import type { AlertLabels } from './current-alerts.ts';
import { measuredPart } from './measured-part.ts';

/** Why there is an alert: the rule or policy, and what of it can be drawn. */
export interface AlertCause {
  readonly kind: 'rule' | 'policy';
  /** Where it is written. */
  readonly source: string;
  /** As people read it. */
  readonly text: string;
  /** Its page; undefined for a rule. */
  readonly path: string | undefined;
  /** What is measured of the alert's object. */
  readonly charts: readonly {
    readonly query: string;
    readonly metric: string;
    readonly thresholds: readonly { readonly value: number; readonly severity: string | undefined }[];
  }[];
}

interface Rule {
  readonly query: string;
  readonly duration: number;
  readonly labels: AlertLabels;
}

interface Policy {
  readonly name: string;
  readonly source: string;
  readonly policy: {
    readonly conditions: readonly {
      readonly metric: string;
      readonly statistic: string;
      readonly period: string;
      readonly thresholds: Readonly<Record<string, number>>;
    }[];
  };
}

/** The policy or rule of an alert with these labels; undefined when there is none any more. `about` are those that say which object it is. */
export async function loadCause(
  labels: AlertLabels,
  about: AlertLabels,
  signal: AbortSignal,
): Promise<AlertCause | undefined> {
  const name = labels.alertname ?? '';
  const { policies } = await getJson<{ readonly policies: readonly { readonly id: string; readonly name: string }[] }>(
    `/api/v1/policies?${new URLSearchParams({ search: name, limit: '100' })}`,
    { signal },
  );
  const found = policies.find(({ id }) => id === labels.policy);
  if (found !== undefined) {
    const path = `/policies/${encodeURIComponent(found.id)}`;
    return policyCause(await getJson<Policy>(`/api/v1${path}`, { signal }), path, about);
  }
  const params = new URLSearchParams({ type: 'alert', 'rule_name[]': name, exclude_alerts: 'true' });
  const { groups } = await getJson<{
    readonly groups: readonly { readonly name: string; readonly file: string; readonly rules: readonly Rule[] }[];
  }>(`/api/v1/rules?${params}`, { signal });
  const rules = groups.flatMap((group) => group.rules.map((rule) => ({ rule, group })));
  const written = rules.find(({ rule }) => isOf(rule, labels)) ?? rules[0];
  if (written === undefined) return undefined;
  const { query, threshold } = measuredPart(written.rule.query);
  return {
    kind: 'rule',
    source: `${written.group.file}, group ${written.group.name}`,
    text: written.rule.query,
    path: undefined,
    charts: [
      {
        query,
        metric: '',
        thresholds: threshold === undefined ? [] : [{ value: threshold, severity: labels.severity }],
      },
    ],
  };
}

function policyCause({ source, policy }: Policy, path: string, about: AlertLabels): AlertCause {
  const matchers = Object.entries(about).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return {
    kind: 'policy',
    source: source === 'api' ? 'written in the console or over the API' : source,
    text: policy.conditions
      .map(({ metric, statistic, period }) => `${statistic} of ${metric} over ${period}`)
      .join('\n'),
    path,
    charts: policy.conditions.map(({ metric, statistic, period, thresholds }) => ({
      query: `${statistic}_over_time(${metric}{${matchers.join(', ')}}[${period}])`,
      metric,
      thresholds: Object.entries(thresholds).map(([severity, value]) => ({ value, severity })),
    })),
  };
}

/** Labels of a rule that are templates may be anything. */
function isOf({ labels: written }: Rule, labels: AlertLabels): boolean {
  return Object.entries(written).every(([name, value]) => value.includes('{{') || labels[name] === value);
}
