import { formatDuration } from '../../duration.ts';
import { type LabelSelector, selectorText } from '../label-selector.ts';
import { MetricsError } from '../metrics-error.ts';
import type { ObjectQuestion } from '../metrics-provider.ts';
import type { JudgedObject } from './judged-objects.ts';
import type { JudgedSeries } from './judged-series.ts';
import type { MetricRun } from './metric-run.ts';
import { ageText, type Lack } from './verdict.ts';

interface Lacking {
  /** `pod web/a`. */
  readonly what: string;
  readonly lack: Lack;
}

/** The answer when an object, or all objects, have no value that may be served. One at least is given. */
export function noValueOfObjects(
  run: MetricRun,
  question: ObjectQuestion,
  judged: readonly JudgedObject[],
): MetricsError {
  const lacking = judged.flatMap(({ object, verdict }) =>
    verdict.kind === 'lack' ? { what: objectText(question.resource, object), lack: verdict.lack } : [],
  );
  if (question.name !== undefined) {
    const { lack, what } = lacking[0]!;
    if (lack.reason !== 'ambiguous') return new MetricsError('noValue', `${what} ${lack.text}`);
    return new MetricsError('invalid', `${what} ${lack.text}: a selector over the labels of the metric must choose`);
  }
  return new MetricsError('noValue', sentence(run, lacking, `the ${objectsText(question, judged.length)}`));
}

/** The answer when series of an external metric have no value that may be served, or when there are none. */
export function noValueOfSeries(
  run: MetricRun,
  selector: LabelSelector,
  judged: readonly JudgedSeries[],
): MetricsError {
  const { name } = run.metric;
  const which = selector.length === 0 ? '' : ` that match ${selectorText(selector)}`;
  if (judged.length === 0) return new MetricsError('noValue', `there are no series of ${name}${which}`);
  const lacking = judged.flatMap(({ labels, verdict }) =>
    verdict.kind === 'lack' ? { what: labels.toString(), lack: verdict.lack } : [],
  );
  const all = judged.length === 1 ? `the one series${which}` : `the ${judged.length} series${which}`;
  if (lacking.length === judged.length) return new MetricsError('noValue', sentence(run, lacking, all));
  const text = `${lacking.length} of ${all} of ${name} have no value that may be served, and without them the sum would be too small: `;
  return new MetricsError('noValue', text + grouped(lacking));
}

/** The answer when evaluations fail, and what was found before does not do any more. */
export function unavailable({ metric, failure }: MetricRun, now: number): MetricsError {
  const since = ageText(now - failure!.since);
  return new MetricsError(
    'unavailable',
    `metric ${metric.name} cannot be evaluated since ${since}, and nothing that was found before may be served any more: ${failure!.reason}`,
  );
}

/** `pod web/a`, `deployment web/a`, `node n1`. */
export function objectText(
  resource: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  const kind = resource.split('.', 1)[0]!.replace(/s$/, '');
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

function objectsText({ resource, namespace, selector }: ObjectQuestion, count: number): string {
  const place = namespace === '' ? '' : ` in namespace ${namespace}`;
  const match = count === 1 ? ' that matches' : ' that match';
  const which = selector.length === 0 ? '' : `${match} ${selectorText(selector)}`;
  return `${count === 1 ? `one of the ${resource}` : `${count} ${resource}`}${which}${place}`;
}

/** How old the newest value is, if there is any, and why others lack one. */
function sentence(run: MetricRun, lacking: readonly Lacking[], all: string): string {
  const { name, freshness, hold } = run.metric;
  const old = lacking.filter(({ lack }) => lack.reason === 'tooOld');
  if (old.length === 0) return `no value of ${name} of ${all} may be served: ${grouped(lacking)}`;
  const age = ageText(run.age(Math.max(...old.map(({ lack }) => lack.timestamp))));
  const text = `the newest value of ${name} of ${all} is ${age} old, and may be ${formatDuration(freshness + hold)} old at most`;
  const others = lacking.filter(({ lack }) => lack.reason !== 'tooOld');
  return others.length === 0 ? text : `${text}; of the others, ${grouped(others)}`;
}

/** `pod web/a has no sample of up (and 3 more); pod web/b has …`: one of each reason. */
function grouped(lacking: readonly Lacking[]): string {
  const byReason = new Map<string, Lacking[]>();
  for (const one of lacking) {
    const same = byReason.get(one.lack.reason);
    if (same === undefined) byReason.set(one.lack.reason, [one]);
    else same.push(one);
  }
  return [...byReason.values()]
    .map(
      ([first, ...more]) =>
        `${first!.what} ${first!.lack.text}${more.length === 0 ? '' : ` (and ${more.length} more)`}`,
    )
    .join('; ');
}
