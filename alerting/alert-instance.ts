import type { AlertEvent, AlertStateName } from '../storage/alert-log.ts';
import type { Labels } from '../storage/labels.ts';
import type { AlertingRule } from './rules/rule.ts';

/** One alert of a rule. Immutable: an evaluation computes new ones and puts them in place at its end. */
export interface AlertInstance {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: AlertStateName;
  readonly activeAt: number;
  readonly firedAt: number;
  readonly resolvedAt: number;
  readonly keepFiringSince: number;
  readonly value: number;
  /**
   * Whether `value`, and what annotations say of it, is of the newest evaluation. False of an ended alert whose expression cannot
   * tell its value: it keeps that of when it was active last.
   */
  readonly valueIsCurrent: boolean;
}

/** A row of a rule's result with its templates expanded. */
export interface AlertCandidate {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly value: number;
}

/** How long an ended alert is kept and said to have ended. */
const KEEP_ENDED = 15 * 60_000;

/**
 * Every alert of the rule after an evaluation at `now` gave `candidates`, by the key of its labels. Active alerts whose keys are in
 * `held` stay as they are when they are not among them. Default: none.
 */
export function advance(
  current: ReadonlyMap<string, AlertInstance>,
  candidates: ReadonlyMap<string, AlertCandidate>,
  options: {
    readonly rule: Pick<AlertingRule, 'for' | 'keepFiringFor'>;
    readonly now: number;
    readonly held?: ReadonlySet<string>;
  },
): Map<string, AlertInstance> {
  const { rule, now, held } = options;
  const next = new Map<string, AlertInstance>();
  for (const [key, candidate] of candidates) {
    const before = current.get(key);
    const active: AlertInstance =
      before === undefined || before.state === 'inactive'
        ? {
            ...candidate,
            state: 'pending',
            activeAt: now,
            firedAt: 0,
            resolvedAt: 0,
            keepFiringSince: 0,
            valueIsCurrent: true,
          }
        : {
            ...{ ...before, ...candidate },
            // The time of day may have been set back.
            activeAt: Math.min(before.activeAt, now),
            keepFiringSince: 0,
            valueIsCurrent: true,
          };
    const fires = active.state === 'pending' && now - active.activeAt >= rule.for;
    next.set(key, fires ? { ...active, state: 'firing', firedAt: now } : active);
  }
  for (const [key, alert] of current) {
    if (next.has(key)) continue;
    if (alert.state === 'inactive') {
      if (now - alert.resolvedAt < KEEP_ENDED) next.set(key, alert);
      continue;
    }
    if (held?.has(key)) {
      next.set(key, alert);
      continue;
    }
    const since = Math.min(alert.keepFiringSince || now, now);
    const kept = alert.state === 'firing' && rule.keepFiringFor > 0 && now - since < rule.keepFiringFor;
    next.set(key, kept ? { ...alert, keepFiringSince: since, valueIsCurrent: false } : ended(alert, now));
  }
  return next;
}

/** The alert after its condition ended, with its last value. */
export function ended(alert: AlertInstance, now: number): AlertInstance {
  return { ...alert, state: 'inactive', resolvedAt: now, keepFiringSince: 0, valueIsCurrent: false };
}

/** The alert of an entry of the alert log, as it was then. */
export function recorded({
  timestamp: _,
  rule: __,
  lastSentAt: ___,
  lastSentStatus: ____,
  ...alert
}: AlertEvent): AlertInstance {
  return { ...alert, valueIsCurrent: false };
}

/**
 * The alert to go on with after a restart, by the log's newest entry about it; undefined when it has ended. Of a pending alert only the
 * time counts in which it was watched, so up to `lastSeen`, and it does not fire before `holdUntil`: until then what was stored before
 * the interruption may be all there is. When nobody knows until when it was watched, it begins anew.
 */
export function restored(
  event: AlertEvent,
  options: {
    readonly rule: Pick<AlertingRule, 'for'>;
    readonly now: number;
    readonly lastSeen?: number | undefined;
    readonly holdUntil?: number;
  },
): AlertInstance | undefined {
  const alert = recorded(event);
  switch (event.state) {
    case 'firing':
      return alert;
    case 'pending': {
      const { rule, now, lastSeen = 0, holdUntil = now } = options;
      const watched = Math.max(0, lastSeen - alert.activeAt);
      const earliest = holdUntil - rule.for;
      return { ...alert, activeAt: Math.min(now, Math.max(now - watched, earliest)) };
    }
    case 'inactive':
      return undefined;
    default:
      return event.state satisfies never;
  }
}
