import { type Labels, METRIC_NAME } from '../../../storage/labels.ts';

/** Reads a row's labels for a selector: the metric's name is none of them. */
export function readingLabels(labels: Labels): (key: string) => string | undefined {
  return (key) => (key === METRIC_NAME ? undefined : labels.get(key) || undefined);
}
