import { type Labels, METRIC_NAME } from '../../../storage/labels.ts';
import { isSelected, type LabelSelector } from '../label-selector.ts';
import { readingLabels } from './labels-reader.ts';
import type { MetricRun } from './metric-run.ts';
import { judgeRow, missing, newestOf, orHeld, type Verdict } from './verdict.ts';

/** A series of an external metric, and what may be said of it. */
export interface JudgedSeries {
  /** Without the metric's name. */
  readonly labels: Labels;
  readonly verdict: Verdict;
}

/** External metrics are about nothing that is created. */
const EVER = { created: Number.NEGATIVE_INFINITY };

/**
 * Judges all series of an external metric that are selected. One that is not there any more is among them as long as its last good value is
 * held: what an autoscaler adds up does not fall because a scrape was missed. Where nothing is held, it is for the metric to doubt what remains.
 */
export function judgeSeries(run: MetricRun, selector: LabelSelector): readonly JudgedSeries[] {
  const { labels } = run.found!;
  const judged: JudgedSeries[] = [];
  for (let row = 0; row < labels.length; row++) {
    if (!isSelected(selector, readingLabels(labels[row]!))) continue;
    judged.push({ labels: withoutName(labels[row]!), verdict: judgeRow(run, row, EVER) });
  }
  const isOne = run.metric.newestCounts === true;
  if (run.metric.hold > 0) {
    for (const gone of run.gone) {
      if (!isSelected(selector, readingLabels(gone.labels))) continue;
      const verdict = orHeld(run, gone, missing(run), EVER);
      if (verdict.kind === 'served') judged.push({ labels: withoutName(gone.labels), verdict });
    }
  }
  if (!isOne || judged.length < 2) return judged;
  const newest = newestOf(judged.map(({ verdict }) => verdict));
  return judged.filter(({ verdict }) => verdict === newest);
}

function withoutName(labels: Labels): Labels {
  return labels.has(METRIC_NAME) ? labels.with(METRIC_NAME, '') : labels;
}
