import type { Labels } from '../../storage/labels.ts';
import type { BoardAlert, BoardGroup } from '../api/alert-board.ts';
import type { AggregationGroup } from './aggregation-group.ts';
import { compareAlertLabels, compareLabels } from './alert-order.ts';
import { alertAt, isResolved, type StoredAlert } from './stored-alert.ts';

/** What the view asks of the pipeline. */
export interface ViewSource {
  readonly now: number;
  readonly silenced: (labels: Labels) => readonly string[];
  readonly inhibiting: (labels: Labels) => readonly string[];
  readonly mutedBy: (group: AggregationGroup) => readonly string[];
}

/** The alerts that fire, each once, in the order of notifications. */
export function viewAlerts(all: Iterable<StoredAlert>, source: ViewSource): readonly BoardAlert[] {
  const byFingerprint = new Map<string, StoredAlert>();
  for (const stored of all) if (!isResolved(stored, source.now)) byFingerprint.set(stored.fingerprint, stored);
  return [...byFingerprint.values()]
    .map((stored) => viewAlert(stored, [...stored.groups], source))
    .sort((a, b) => compareAlertLabels(a.alert.labels, b.alert.labels));
}

/** The groups that have alerts which fire: by their labels, then by their receiver. */
export function viewGroups(groups: Iterable<AggregationGroup>, source: ViewSource): readonly BoardGroup[] {
  const views: { readonly labels: Labels; readonly receiver: string; readonly alerts: readonly BoardAlert[] }[] = [];
  for (const group of groups) {
    const alerts = group
      .snapshot(source.now)
      .filter(({ alert }) => alert.status === 'firing')
      .map(({ stored }) => viewAlert(stored, [group], source));
    if (alerts.length > 0) views.push({ labels: group.labels, receiver: group.receiver, alerts });
  }
  views.sort((a, b) => {
    const order = a.labels.size - b.labels.size || compareLabels(a.labels, b.labels);
    return order !== 0 ? order : a.receiver < b.receiver ? -1 : 1;
  });
  return views.map((view) => ({ ...view, labels: view.labels.toObject() }));
}

function viewAlert(stored: StoredAlert, groups: readonly AggregationGroup[], source: ViewSource): BoardAlert {
  const { labels } = stored.alert;
  const silencedBy = source.silenced(labels);
  const inhibitedBy = source.inhibiting(labels);
  const mutedBy = [...new Set(groups.flatMap((group) => source.mutedBy(group)))];
  const isSuppressed = silencedBy.length + inhibitedBy.length + mutedBy.length > 0;
  return {
    alert: alertAt(stored, source.now),
    fingerprint: stored.fingerprint,
    updatedAt: stored.updatedAt,
    receivers: [...new Set([...stored.groups].map(({ receiver }) => receiver))],
    state: isSuppressed ? 'suppressed' : 'active',
    silencedBy,
    inhibitedBy,
    mutedBy,
  };
}
