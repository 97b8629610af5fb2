import type { Labels } from '../storage/labels.ts';

/** What a notification says of an alert. */
export type NotificationStatus = 'firing' | 'resolved';

/** What a receiver last accepted about an alert, and when. */
export interface Told {
  readonly at: number;
  readonly status: NotificationStatus;
}

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
  /** What each receiver last accepted, by its name; an earlier run may have left it. */
  readonly told: ReadonlyMap<string, Told>;
}

/** The key under which an alert is known: rule and labels. */
export function alertKey(alert: { readonly rule: string; readonly key: string }): string {
  return `${alert.rule}\n${alert.key}`;
}
