import { formatDuration } from '../../duration.ts';
import { isSelected, type LabelSelector, selectorText } from '../label-selector.ts';
import { objectText } from './answer-text.ts';
import type { JudgedObject } from './judged-objects.ts';
import type { JudgedSeries } from './judged-series.ts';
import { readingLabels } from './labels-reader.ts';
import type { MetricRun } from './metric-run.ts';
import { ageText, type Verdict } from './verdict.ts';

/** Objects, rows or series that are told of one by one. */
const MOST_TOLD = 20;
/** Milliseconds within which a rate may have one point only. */
const YOUNG = 120_000;

/** Lines about the evaluation of a metric. */
function aboutRun(run: MetricRun, interval: number, now: number): string[] {
  const { metric, failure } = run;
  const what = metric.api === 'external' ? 'an external metric' : `a metric of ${metric.resources.join(', ')}`;
  const selected = run.selector.length === 0 ? '' : `, with ${selectorText(run.selector)} as part of the evaluation`;
  const place = metric.namespace === undefined ? '' : ` for namespace ${metric.namespace}`;
  const lines = [
    `${metric.name} is ${what}${place}, from ${metric.origin}`,
    `evaluated every ${formatDuration(interval)} since ${timeText(run.since)}${selected}; last at ${timeText(run.evaluated)}, ${ageText(run.age(run.evaluated))} ago: ${run.rows} rows`,
    `the last evaluation took ${formatDuration(Math.round(run.took))}`,
  ];
  if (failure !== undefined) {
    lines.push(
      `evaluations fail since ${timeText(failure.since)}, ${ageText(now - failure.since)} ago: ${failure.reason}`,
    );
  }
  const hold = metric.hold === 0 ? 'not held beyond' : `held for ${formatDuration(metric.hold)} beyond`;
  lines.push(
    `a value may be ${formatDuration(metric.freshness)} old and is ${hold}; its window is ${formatDuration(metric.window)}`,
  );
  return lines;
}

/** Why objects have the values that they have, or none. */
export function explainObjects(
  run: MetricRun,
  resource: string,
  judged: readonly JudgedObject[],
  { interval, now }: { readonly interval: number; readonly now: number },
): string[] {
  const lines = aboutRun(run, interval, now);
  if (judged.length === 0) lines.push(`no ${resource} match`);
  for (const { object, rows, verdict } of judged.slice(0, MOST_TOLD)) {
    const what = objectText(resource, object);
    if (Number.isFinite(object.created))
      lines.push(`${what} was created at ${timeText(object.created)}, ${ageText(now - object.created)} ago`);
    for (const row of rows.slice(0, MOST_TOLD)) lines.push(`  row ${rowText(run, row)}`);
    if (rows.length > MOST_TOLD) lines.push(`  and ${rows.length - MOST_TOLD} more rows`);
    lines.push(`  ${verdictText(run, verdict)}`);
    const isYoung = now - object.created < YOUNG;
    if (rows.length === 0 && isYoung) lines.push('  it is young: what is a rate needs two scrapes');
  }
  if (judged.length > MOST_TOLD) lines.push(`and ${judged.length - MOST_TOLD} more ${resource}`);
  return lines;
}

/** Why the series of an external metric have the values that they have, or none, and which are gone. */
export function explainSeries(
  run: MetricRun,
  selector: LabelSelector,
  judged: readonly JudgedSeries[],
  { interval, now }: { readonly interval: number; readonly now: number },
): string[] {
  const lines = aboutRun(run, interval, now);
  lines.push(`${judged.length} series are selected${selector.length === 0 ? '' : ` by ${selectorText(selector)}`}`);
  for (const { labels, verdict } of judged.slice(0, MOST_TOLD)) lines.push(`  ${labels}: ${verdictText(run, verdict)}`);
  if (judged.length > MOST_TOLD) lines.push(`  and ${judged.length - MOST_TOLD} more`);
  const gone = run.gone.filter(({ labels }) => isSelected(selector, readingLabels(labels)));
  for (const { labels, value, timestamp } of gone.slice(0, MOST_TOLD)) {
    lines.push(`gone: ${labels}, last ${value} at ${timeText(timestamp)}, ${ageText(run.age(timestamp))} ago`);
  }
  if (gone.length > MOST_TOLD) lines.push(`and ${gone.length - MOST_TOLD} more are gone`);
  return lines;
}

function rowText(run: MetricRun, row: number): string {
  const { labels, values, timestamps, doubts } = run.found!;
  const timestamp = timestamps[row]!;
  const when = Number.isNaN(timestamp)
    ? 'without a time'
    : `of ${timeText(timestamp)}, ${ageText(run.age(timestamp))} old`;
  const doubt = doubts.get(row);
  return `${labels[row]}: ${values[row]} ${when}${doubt === undefined ? '' : `, in doubt: ${doubt}`}`;
}

function verdictText(run: MetricRun, verdict: Verdict): string {
  if (verdict.kind === 'lack') return `not served: it ${verdict.lack.text}`;
  const { value, timestamp, held } = verdict;
  const text = `served: ${value} of ${timeText(timestamp)}, ${ageText(run.age(timestamp))} old`;
  return held === undefined ? text : `${text}, held, because it ${held.text}`;
}

function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
