import { isSelected, type LabelSelector } from '../label-selector.ts';
import { MetricsError } from '../metrics-error.ts';
import type { ObjectQuestion } from '../metrics-provider.ts';
import type { KnownObject, ObjectDirectory } from '../object-directory.ts';
import { readingLabels } from './labels-reader.ts';
import type { MetricRun } from './metric-run.ts';
import { judgeRows, missing, orHeld, type Verdict } from './verdict.ts';

/** An object that was asked for, and what may be said of it. */
export interface JudgedObject {
  readonly object: KnownObject;
  /** Of the last evaluation. */
  readonly rows: readonly number[];
  readonly verdict: Verdict;
}

/** The objects that are asked for, as they are there now. Throws a MetricsError, of a single one that is not there too. */
export function objectsAskedFor(directory: ObjectDirectory, question: ObjectQuestion): readonly KnownObject[] {
  const { resource, namespace, name, selector } = question;
  if (name === undefined) {
    return resource === 'pods' ? directory.pods(namespace, selector) : directory.select(resource, namespace, selector);
  }
  // Of what is not watched nobody can say that it is not there; a value about it says that it is.
  if (!directory.knows(resource)) return [{ namespace, name, labels: {}, created: Number.NEGATIVE_INFINITY }];
  const object = directory.get(resource, namespace, name);
  if (object !== undefined) return [object];
  const place = namespace === '' ? '' : ` in namespace ${namespace}`;
  throw new MetricsError('unknownObject', `there is no ${name} among the ${resource}${place}`);
}

/** Judges what was found of an object; `selector` is over the metric's labels. */
export function judgeObject(
  run: MetricRun,
  object: KnownObject,
  { resource, selector }: { readonly resource: string; readonly selector: LabelSelector },
): JudgedObject {
  let rows = run.rowsOf(resource, object);
  if (selector.length > 0) rows = rows.filter((row) => isSelected(selector, readingLabels(run.found!.labels[row]!)));
  const verdict = rows.length === 0 ? ({ kind: 'lack', lack: missing(run) } as const) : judgeRows(run, rows, object);
  if (verdict.kind === 'served' || verdict.lack.reason === 'ambiguous' || run.metric.hold === 0) {
    return { object, rows, verdict };
  }
  const gone = run.goneOf(resource, object).filter(({ labels }) => isSelected(selector, readingLabels(labels)));
  if (gone.length === 0 || (gone.length > 1 && run.metric.newestCounts !== true)) return { object, rows, verdict };
  const newest = gone.reduce((best, row) => (row.timestamp > best.timestamp ? row : best));
  return { object, rows, verdict: orHeld(run, newest, verdict.lack, object) };
}
