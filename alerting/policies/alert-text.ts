import { formatDuration } from '../duration.ts';
import { humanize, humanize1024 } from '../template/humanize.ts';
import { LEVEL_LABELS } from './object-level.ts';
import { isChange } from './period-track.ts';
import type { AlertPolicy, Condition, ObjectLevel, Statistic } from './policy.ts';
import type { PolicyAlert } from './policy-alert.ts';

/** What people want to know of a metric. */
export interface MetricInfo {
  /** '%', 'bytes', ...; '1' or '' for plain numbers. */
  readonly unit: string;
  /** What it is, in a few words. */
  readonly help: string;
}

/** Undefined for a metric that nothing is known of. */
export type MetricInfoFunc = (metric: string) => MetricInfo | undefined;

const STATISTIC_WORDS: Readonly<Record<Statistic, string>> = {
  avg: 'average',
  min: 'lowest value',
  max: 'highest value',
  sum: 'sum',
  last: 'last value',
};

/** The unit of a condition's values: a change is in percent. */
export function unitOf(condition: Condition, info: MetricInfo | undefined): string {
  if (isChange(condition)) return '%';
  return info?.unit === '1' ? '' : (info?.unit ?? '');
}

/** `95.2 %`, `1.5 GiB`, `no value`. */
export function valueText(value: number, unit: string): string {
  if (Number.isNaN(value)) return 'no value';
  if (unit === 'bytes' || unit === 'bytes/s')
    return `${humanize1024(value).replace(/([A-Za-z]+)?$/, ' $1')}B${unit.slice(5)}`;
  if (unit === '') return Math.abs(value) < 10_000 ? plain(value) : humanize(value);
  return `${plain(value)} ${unit}`;
}

function plain(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : value > 0 ? '+Inf' : '-Inf';
}

/** The object's name as people write it: `shop/cart-7d9f (cluster prod)`. */
export function objectName(labels: { get(name: string): string }, level: ObjectLevel): string {
  const names = LEVEL_LABELS[level].identity.filter((name) => name !== 'cluster').map((name) => labels.get(name));
  const cluster = labels.get('cluster');
  if (names.length === 0) return cluster;
  return names.join('/') + (cluster === '' ? '' : ` (cluster ${cluster})`);
}

/** The annotations `summary` and `description` of an alert whose policy says nothing of them. */
export function defaultAnnotations(
  alert: PolicyAlert,
  { policy, info }: { readonly policy: AlertPolicy; readonly info: MetricInfo | undefined },
): { readonly summary: string; readonly description: string } {
  const condition = policy.conditions[alert.condition] ?? policy.conditions[0]!;
  const unit = unitOf(condition, info);
  const name = objectName(alert.labels, policy.level);
  const object = name === '' ? `The ${policy.level}` : `${capital(policy.level)} ${name}`;
  const metric = info === undefined || info.help === '' ? condition.metric : info.help.replace(/\.$/, '');
  const bound = boundText(condition, valueText(alert.threshold, unit));
  const value = valueText(alert.value, unit);
  const what = `the ${STATISTIC_WORDS[condition.statistic]} of ${condition.metric} over ${formatDuration(condition.period)}`;
  const since = alert.absentSince > 0 ? ` since ${new Date(alert.absentSince).toISOString()}` : '';
  const more = policy.description === '' ? '' : ` ${policy.description}`;
  const said = (summary: string, description: string) => ({
    summary: `${object}: ${summary}`,
    description: `${description}${more}`,
  });
  if (alert.absence === 'gone')
    return said('is no more', 'The object does not exist any more, so its alert has ended.');
  if (alert.absence === 'unselected') {
    return said('is not watched any more', 'The policy is not about this object any more, so its alert has ended.');
  }
  if (alert.absence === 'policy')
    return said('is not watched any more', 'The policy was changed or removed, so its alert has ended.');
  if (alert.absence === 'silent') {
    const fate =
      alert.state === 'inactive'
        ? 'By the policy this counts as fine, so its alert has ended, though nobody knows its state.'
        : alert.isAbsent
          ? 'Nobody knows its state.'
          : 'Its alert stays as it was, since nobody knows its state.';
    return said(`no value of "${metric}"${since}`, `There is no value of ${condition.metric}${since}. ${fate}`);
  }
  if (alert.state === 'inactive') {
    return said(`"${metric}" is ${value} again`, `Now ${what} is ${value}; the alert was for ${bound}.`);
  }
  return said(
    `"${metric}" is ${value}, ${bound}`,
    `In ${periodsText(condition, alert.breached)} ${what} was ${bound}; now it is ${value}.`,
  );
}

function boundText({ operator, comparison }: Condition, threshold: string): string {
  const against = comparison === 'period' ? 'the period before' : `the same period a ${comparison} before`;
  switch (operator) {
    case 'gt':
      return `above ${threshold}`;
    case 'ge':
      return `${threshold} or more`;
    case 'lt':
      return `below ${threshold}`;
    case 'le':
      return `${threshold} or less`;
    case 'eq':
      return `equal to ${threshold}`;
    case 'ne':
      return `other than ${threshold}`;
    case 'increase':
      return `up by ${threshold} or more against ${against}`;
    case 'decrease':
      return `down by ${threshold} or more against ${against}`;
    default:
      return operator satisfies never;
  }
}

function periodsText({ periods, outOf }: Condition, breached: number): string {
  if (periods === 1 && outOf === 1) return 'the last period';
  if (periods === outOf) return `the last ${Math.max(breached, 1)} periods in a row`;
  return `${Math.max(breached, 1)} of the last ${outOf} periods`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
