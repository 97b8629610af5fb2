import { StorageError } from './errors.ts';
import type { Labels } from './labels.ts';
import type { LogPosition } from './log-position.ts';

/** A notification, as one row of history and as what a restart continues from. Times are Unix milliseconds. */
export interface NotificationEvent {
  /** When it was over. */
  readonly timestamp: number;
  readonly receiver: string;
  /** Which of the receiver's integrations: its kind and index, such as `webhook/0`. */
  readonly integration: string;
  /** Which group of alerts at which route. */
  readonly groupKey: string;
  readonly groupLabels: Labels;
  readonly status: 'firing' | 'resolved';
  /** `refused`: given up for good; `failed`: given up for now. */
  readonly outcome: 'delivered' | 'refused' | 'failed';
  /** Why not; without secrets. */
  readonly reason: string;
  /** 0 where none was made because the receiver had asked for a pause, or wants no ends. */
  readonly attempts: number;
  /** From the beginning of the first attempt; milliseconds. */
  readonly duration: number;
  /** How often the same was told before without a change in between. */
  readonly repeats: number;
  /** Fingerprints of the alerts that it said are firing, and resolved. */
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
}

/** An event with its place in the log. */
export interface FoundNotification extends NotificationEvent {
  readonly sequence: number;
}

/** What must hold of a notification; of several values one, and no value is no condition. */
export interface NotificationFilter {
  readonly receiver?: readonly string[];
  /** In `firing` or `resolved`. */
  readonly fingerprint?: readonly string[];
  readonly outcome?: readonly string[];
  /** start <= timestamp <= end. */
  readonly start: number;
  readonly end: number;
  /** Only what is older than this. */
  readonly before?: LogPosition | undefined;
  /** At most so many, the newest. */
  readonly limit: number;
}

/** The history of notifications. Every method rejects with a StorageError. */
export interface NotificationLog {
  /** Adds events, all or none; resolves when they are durable. */
  append(events: readonly NotificationEvent[]): Promise<void>;
  /** The newest delivered event of each receiver, integration and group that is not older than `since`. Sees every appended event. */
  latest(since: number, signal: AbortSignal): Promise<readonly NotificationEvent[]>;
  /** The newest first. What was just appended may be missing. */
  find(filter: NotificationFilter, signal: AbortSignal): Promise<readonly FoundNotification[]>;
}

/** What is wrong with an event, for every NotificationLog to refuse alike; undefined when nothing is. */
export function mistakeOfNotification(event: NotificationEvent): StorageError | undefined {
  const counts = { timestamp: event.timestamp, attempts: event.attempts, repeats: event.repeats };
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    return new StorageError('bad_data', `${name} of a notification must be a whole number from 0, got ${value}`);
  }
  return undefined;
}
