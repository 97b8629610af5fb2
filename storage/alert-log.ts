import type { Labels } from './labels.ts';
import type { LogPosition } from './log-position.ts';
import type { Matcher } from './matcher.ts';

export type AlertStateName = 'inactive' | 'pending' | 'firing';

/**
 * One step in an alert's life: a change of state, or a notification that a receiver accepted. The log of these is the
 * alert history, and its newest entry per alert is what a restart continues from.
 */
export interface AlertEvent {
  /** When it happened. Milliseconds, as every time here. */
  readonly timestamp: number;
  /** Which rule: file, group and rule name, joined by the writer in a way of its own choosing. */
  readonly rule: string;
  /** The alert's full labels, alertname included: with `rule` its identity. */
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: AlertStateName;
  /** When the condition was first seen true in this episode. */
  readonly activeAt: number;
  /** When it began to fire in this episode; 0 when it has not. */
  readonly firedAt: number;
  /** When it ended; 0 while it is active. */
  readonly resolvedAt: number;
  /** Since when the alert is only kept firing by keep_firing_for; 0 when it is not. */
  readonly keepFiringSince: number;
  /** The value of the expression at the last evaluation. */
  readonly value: number;
  /** When a receiver last accepted a notification about this alert; 0 when none has. */
  readonly lastSentAt: number;
  /** What that notification said. */
  readonly lastSentStatus: '' | 'firing' | 'resolved';
}

/** Which alert an event is of. */
export type AlertIdentity = Pick<AlertEvent, 'rule' | 'labels'>;

/** An event with its place in the log. */
export interface FoundAlertEvent extends AlertEvent {
  readonly sequence: number;
}

/** What must hold of an event; of several values one, and no value is no condition. */
export interface AlertEventFilter {
  /** Conditions on labels, or on the annotation where there is no label of the name; all of one of the sets must hold. */
  readonly matcherSets?: readonly (readonly Matcher[])[];
  /** Of exactly these. */
  readonly alerts?: readonly AlertIdentity[];
  readonly state?: readonly AlertStateName[];
  /** Only rules that do not end with this; what that means is the writer's business. */
  readonly ruleNotEnding?: string;
  /** start <= timestamp <= end. */
  readonly start: number;
  readonly end: number;
  /** Only what is older than this. */
  readonly before?: LogPosition | undefined;
  /** At most so many, the newest. */
  readonly limit: number;
}

/** What an event says of its alert's state; of its annotations only those that were asked for. */
export type AlertStateEvent = Pick<
  AlertEvent,
  'timestamp' | 'rule' | 'labels' | 'annotations' | 'state' | 'activeAt' | 'firedAt' | 'value'
>;

/** Events that say how alerts were in a time: of an alert all of them or none. */
export interface AlertStateFilter extends Pick<AlertEventFilter, 'alerts' | 'ruleNotEnding' | 'start' | 'end'> {
  /** Conditions on labels alone; all of one of the sets must hold. Default: none. */
  readonly labelSets?: readonly (readonly Matcher[])[];
  /** Names of the annotations that are read. */
  readonly annotations: readonly string[];
}

/** Alert history. Every method rejects with a StorageError. */
export interface AlertLog {
  /** Adds events, all or none; resolves when they are durable. */
  append(events: readonly AlertEvent[]): Promise<void>;
  /** The newest event of each alert, whatever its state, not older than `since`. Sees every appended event. */
  latest(since: number, signal: AbortSignal): Promise<readonly AlertEvent[]>;
  /** The newest first. What was just appended may be missing. */
  find(filter: AlertEventFilter, signal: AbortSignal): Promise<readonly FoundAlertEvent[]>;
  /** The alerts that have such events, each once, in no order. What was just appended may be missing. */
  alerts(
    range: Pick<AlertEventFilter, 'start' | 'end' | 'ruleNotEnding'>,
    signal: AbortSignal,
  ): AsyncIterable<AlertIdentity>;
  /** From when on the range has at most `limit` such events: its start, or a later time when it has more. */
  newestFrom(filter: AlertStateFilter, limit: number, signal: AbortSignal): Promise<number>;
  /** All such events, by rule, of one rule in the order of time. What was just appended may be missing. */
  states(filter: AlertStateFilter, signal: AbortSignal): AsyncIterable<AlertStateEvent>;
  /** Of each alert the last such event, unless that says that it has ended; in no order. What was just appended may be missing. */
  standing(filter: AlertStateFilter, signal: AbortSignal): AsyncIterable<AlertStateEvent>;
}
