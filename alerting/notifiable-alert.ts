import type { Labels } from '../storage/labels.ts';
import type { Notice } from './notice.ts';

/** What a notification says of an alert. */
export type NotificationStatus = 'firing' | 'resolved';

/** The object that a policy's alert is about, and the condition that it breaches. */
export interface AlertSubject {
  readonly policyId: string;
  readonly policyName: string;
  /** cluster, node, namespace, workload, pod, container or service. */
  readonly objectLevel: string;
  /** Labels that say which object: cluster, node, namespace, workload_kind, workload_name, pod, container. */
  readonly object: Readonly<Record<string, string>>;
  readonly metric: string;
  /** gt, ge, lt, le, eq, ne, increase or decrease. */
  readonly operator: string;
  readonly threshold: number;
  readonly unit: string;
  /** The value now; at recovery too. NaN when there is none. */
  readonly value: number;
  /** Milliseconds. */
  readonly period: number;
  readonly periods: number;
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
  /** Until when it is known to fire; later it is not repeated, and external Alertmanagers take it for resolved. */
  readonly validUntil: number;
  readonly generatorUrl: string;
  /** What a policy says about telling it. The level of such an alert is a label that may change while `key` stays. */
  readonly notice?: Notice | undefined;
  /**
   * Of a rule: the value of its expression. At recovery the one that it has now, as far as the expression can tell; if it cannot,
   * the one of when the alert was active last, and `isCurrent` is false.
   */
  readonly measured?: { readonly value: number; readonly isCurrent: boolean } | undefined;
  /** Of a policy: what the alert is about and by which numbers, for bodies that name them. */
  readonly subject?: AlertSubject | undefined;
}

/** The key under which an alert is known: rule and labels. */
export function alertKey(alert: { readonly rule: string; readonly key: string }): string {
  return `${alert.rule}\n${alert.key}`;
}
