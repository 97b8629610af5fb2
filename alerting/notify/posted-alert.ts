import { Labels } from '../../storage/labels.ts';
import type { PostedAlert } from '../api/alert-board.ts';
import { fingerprint } from '../fingerprint.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import { isResolved, type StoredAlert } from './stored-alert.ts';

/** The rule of alerts that were posted, whose key is their fingerprint. Ids of rules are other texts. */
export const POSTED = 'posted';

/** A posted alert as one of our own, with when it ends by itself. */
export interface TimedAlert {
  readonly alert: NotifiableAlert;
  readonly endsAt: number;
  /** That end is only because nobody has posted it since. */
  readonly isTimeout: boolean;
}

/** As Alertmanager fills in what a client does not say. */
export function timedAlert(posted: PostedAlert, now: number, resolveTimeout: number): TimedAlert {
  const labels = Labels.from(posted.labels);
  const endsAt = posted.endsAt ?? now + resolveTimeout;
  return {
    alert: {
      rule: POSTED,
      key: fingerprint(labels),
      labels,
      annotations: Labels.from(posted.annotations),
      status: endsAt > now ? 'firing' : 'resolved',
      startsAt: posted.startsAt ?? posted.endsAt ?? now,
      endsAt: endsAt > now ? 0 : endsAt,
      validUntil: endsAt,
      generatorUrl: posted.generatorUrl,
    },
    endsAt,
    isTimeout: posted.endsAt === undefined,
  };
}

/**
 * The newer word on an alert together with the older one, if their times overlap: the earlier beginning counts, and an end that
 * somebody has said more than one that only a timeout has made.
 */
export function merged(before: StoredAlert, newer: TimedAlert, now: number): TimedAlert {
  const { startsAt } = before.alert;
  const within = (time: number): boolean => time > startsAt && time < before.endsAt;
  if (!within(newer.endsAt) && !within(newer.alert.startsAt)) return newer;
  const wasResolved = isResolved(before, now);
  const keepsEnd = before.endsAt > newer.endsAt && (newer.endsAt <= now ? wasResolved : !before.isTimeout);
  const endsAt = keepsEnd ? before.endsAt : newer.endsAt;
  return {
    alert: {
      ...newer.alert,
      startsAt: Math.min(startsAt, newer.alert.startsAt),
      status: endsAt > now ? 'firing' : 'resolved',
      endsAt: endsAt > now ? 0 : endsAt,
      validUntil: endsAt,
    },
    endsAt,
    isTimeout: keepsEnd ? before.isTimeout : newer.isTimeout,
  };
}
