import type { Labels } from '../../storage/labels.ts';

/** Alertmanager's order of the alerts in a notification: by job, by instance, then by the number of labels and the labels. */
export function compareAlertLabels(a: Labels, b: Labels): number {
  for (const name of ['job', 'instance']) {
    const inA = a.has(name);
    const inB = b.has(name);
    if (!inA && !inB) continue;
    if (!inA) return 1;
    if (!inB) return -1;
    const order = compareText(a.get(name), b.get(name));
    if (order !== 0) return order;
  }
  return a.size - b.size || compareLabels(a, b);
}

/** Of sets of the same size: by the first difference, where a set without the label comes first. */
export function compareLabels(a: Labels, b: Labels): number {
  const x = a.pairs;
  const y = b.pairs;
  for (let i = 0; i < x.length && i < y.length; i += 2) {
    // The lesser of two different names is missing in the other set, which is then the first.
    if (x[i] !== y[i]) return x[i]! < y[i]! ? 1 : -1;
    const order = compareText(x[i + 1]!, y[i + 1]!);
    if (order !== 0) return order;
  }
  return 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
