import type { Labels } from '../../storage/labels.ts';
import type { BoardAlert } from './alert-board.ts';

type LabelPairs = Readonly<Record<string, string>>;

/**
 * Alertmanager's order of sets of labels, negative when `a` comes first: fewer labels, then by the first name of either that not both
 * have with the same value. A set that lacks the name comes first.
 */
export function labelsBefore(a: LabelPairs, b: LabelPairs): number {
  const [ofA, ofB] = [Object.keys(a), Object.keys(b)];
  if (ofA.length !== ofB.length) return ofA.length - ofB.length;
  for (const name of [...new Set([...ofA, ...ofB])].sort()) {
    if (!Object.hasOwn(a, name)) return -1;
    if (!Object.hasOwn(b, name)) return 1;
    if (a[name] !== b[name]) return a[name]! < b[name]! ? -1 : 1;
  }
  return 0;
}

/** The order of alerts in a group: by job and instance, those without last, then by all labels. */
export function beforeInGroup(a: BoardAlert, b: BoardAlert): number {
  for (const name of ['job', 'instance']) {
    const [ofA, ofB] = [labelOf(a.alert.labels, name), labelOf(b.alert.labels, name)];
    if (ofA === ofB) continue;
    if (ofA === undefined) return 1;
    if (ofB === undefined) return -1;
    return ofA < ofB ? -1 : 1;
  }
  return labelsBefore(a.alert.labels.toObject(), b.alert.labels.toObject());
}

function labelOf(labels: Labels, name: string): string | undefined {
  return labels.has(name) ? labels.get(name) : undefined;
}
