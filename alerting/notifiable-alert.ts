import type { Labels } from '../storage/labels.ts';

/** What a notification says of an alert. */
export type NotificationStatus = 'firing' | 'resolved';

/** An alert that fires or has ceased to, as receivers get to see it. Immutable; times are milliseconds. */
export interface NotifiableAlert {
  /** Which rule; with `key` the alert's identity. */
  readonly rule: string;
  /** The key of the labels without the external ones. */
  readonly key: string;
  /** The external labels included. */
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly status: NotificationStatus;
  readonly startsAt: number;
  /** When it ended; 0 while it fires. */
  readonly endsAt: number;
  /** Until when it counts as firing if nobody says so again. */
  readonly validUntil: number;
  readonly generatorUrl: string;
  /** When every receiver last had been told, and what: what an earlier run has left. 0 and '' for never. */
  readonly lastSentAt: number;
  readonly lastSentStatus: '' | NotificationStatus;
}

/** The key under which an alert is known: rule and labels. */
export function alertKey(alert: { readonly rule: string; readonly key: string }): string {
  return `${alert.rule}\n${alert.key}`;
}
