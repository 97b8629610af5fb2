import type { NotifiableAlert } from '../notifiable-alert.ts';
import type { AggregationGroup } from './aggregation-group.ts';

/** An alert with what the pipeline knows of it. */
export interface StoredAlert {
  /** Of its rule and key: what makes it the same alert when its labels change. */
  readonly id: string;
  /** The newest word on it. */
  alert: NotifiableAlert;
  fingerprint: string;
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

/**
 * For so long before and after an instance has begun to lead, ends are told that nobody was told the beginning of, as far as is known.
 */
const TAKEOVER = 10 * 60_000;

/**
 * Whether whoever led before may have told that the alert fires without having noted it: it could have been told then, nothing that is
 * noted has been told of its group since (`toldAt`; 0 when nothing was for long), and it ended around the time at which this instance
 * began to lead. Better an end without a beginning than the other way round.
 */
export function mayBeInFlight(
  { startsAt }: Pick<NotifiableAlert, 'startsAt'>,
  {
    endsAt,
    wait,
    leadsSince,
    toldAt,
  }: { readonly endsAt: number; readonly wait: number; readonly leadsSince: number; readonly toldAt: number },
): boolean {
  const due = startsAt + wait;
  // A group that is there already does not wait for a new alert.
  const earliest = toldAt > 0 ? startsAt : due;
  if (toldAt >= due || earliest > leadsSince || endsAt < earliest) return false;
  return Math.abs(endsAt - leadsSince) < TAKEOVER;
}
