import type { Labels } from '../../storage/labels.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import { compareAlertLabels } from './alert-order.ts';
import { alertAt, isResolved, type StoredAlert } from './stored-alert.ts';

/** How a group is told of. Durations are milliseconds. */
export interface GroupOptions {
  readonly wait: number;
  readonly interval: number;
  /** How long after it was told for the n-th time, counting from 0, an unchanged group is told again. */
  readonly repeatAfter: (repeats: number) => number;
  /** A policy's: what is due is told at once and not only at multiples of the interval. */
  readonly isPrompt: boolean;
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
}

/** Where an alert is told. */
export interface GroupTarget {
  /** Unique among all groups. */
  readonly id: string;
  readonly receiver: string;
  /** As Alertmanager has it; groups of different receivers may have the same. */
  readonly groupKey: string;
  readonly labels: Labels;
  readonly options: GroupOptions;
}

/** An alert as it was when the group was looked at. */
export interface FlushedAlert {
  readonly stored: StoredAlert;
  readonly alert: NotifiableAlert;
  readonly fingerprint: string;
}

/** Alerts that are told together, and when. */
export class AggregationGroup {
  readonly id: string;
  readonly receiver: string;
  readonly groupKey: string;
  readonly labels: Labels;
  options: GroupOptions;
  /** By id. */
  readonly alerts = new Map<string, StoredAlert>();
  hasFlushed = false;
  /** A flush is under way. */
  isFlushing = false;
  /** Another flush has become due meanwhile. */
  isDue = false;
  /** When the next flush is due, by the clock's elapsed time. */
  dueAt = Number.POSITIVE_INFINITY;
  /** Prevents it. */
  cancel: (() => void) | undefined;

  constructor({ id, receiver, groupKey, labels, options }: GroupTarget) {
    this.id = id;
    this.receiver = receiver;
    this.groupKey = groupKey;
    this.labels = labels;
    this.options = options;
  }

  /**
   * The alerts as of now, in the order of notifications. Alerts with the same labels, of different rules, are one: the one that fires,
   * or else the one that began first.
   */
  snapshot(now: number): readonly FlushedAlert[] {
    const byFingerprint = new Map<string, StoredAlert>();
    for (const stored of this.alerts.values()) {
      const other = byFingerprint.get(stored.fingerprint);
      if (other === undefined || isBefore(stored, other, now)) byFingerprint.set(stored.fingerprint, stored);
    }
    return [...byFingerprint.values()]
      .sort((a, b) => compareAlertLabels(a.alert.labels, b.alert.labels))
      .map((stored) => ({ stored, alert: alertAt(stored, now), fingerprint: stored.fingerprint }));
  }

  add(stored: StoredAlert): void {
    this.alerts.set(stored.id, stored);
    stored.groups.add(this);
  }

  remove(stored: StoredAlert): void {
    this.alerts.delete(stored.id);
    stored.groups.delete(this);
  }
}

function isBefore(a: StoredAlert, b: StoredAlert, now: number): boolean {
  const resolved = isResolved(a, now);
  if (resolved !== isResolved(b, now)) return !resolved;
  return a.alert.startsAt < b.alert.startsAt;
}
