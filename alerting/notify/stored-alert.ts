import type { NotifiableAlert } from '../notifiable-alert.ts';
import type { AggregationGroup } from './aggregation-group.ts';

/** An alert with what the pipeline knows of it. */
export interface StoredAlert {
  /** Of its rule and key: what makes it the same alert when its labels change. */
  readonly id: string;
  /** The newest word on it. */
  alert: NotifiableAlert;
  fingerprint: string;
  /** Fingerprints that it had before its level changed, the newest last. */
  former: readonly string[];
  updatedAt: number;
  /** From when on it counts as resolved; Infinity for one of a rule that fires, which ends only when the rule says so. */
  endsAt: number;
  /** Of a posted one: that end is only because nobody has posted it since. */
  isTimeout: boolean;
  /** An estimate. */
  bytes: number;
  /** Those that hold it. */
  readonly groups: Set<AggregationGroup>;
}

export function isResolved(stored: Pick<StoredAlert, 'endsAt'>, now: number): boolean {
  return stored.endsAt <= now;
}

/** The alert as it is at a time: a posted one ends by itself. */
export function alertAt({ alert, endsAt }: StoredAlert, now: number): NotifiableAlert {
  const status = endsAt <= now ? 'resolved' : 'firing';
  if (status === alert.status) return alert;
  return { ...alert, status, endsAt: status === 'firing' ? 0 : endsAt };
}
