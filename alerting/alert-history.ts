import type { AlertEvent, AlertEventFilter, AlertLog } from '../storage/alert-log.ts';
import type { AlertInstance } from './alert-instance.ts';
import type { Told } from './notifiable-alert.ts';

/** What of the log is needed to write it and to continue from it. */
export type WrittenAlertLog = Pick<AlertLog, 'append' | 'latest'>;

/** What is written: an alert's new state or, with a receiver, that the receiver accepted a notification about it. */
export interface HistoryEntry {
  /** Which rule the alert is of. */
  readonly rule: string;
  readonly alert: AlertInstance;
  readonly receiver?: string;
}

/** Selects the changes of state, and not what receivers accepted: see AlertHistory. */
export const TRANSITIONS: Pick<AlertEventFilter, 'ruleNotEnding'> = { ruleNotEnding: '"' };

/** What the log knows of one alert. */
export interface RememberedAlert {
  readonly newest: AlertEvent;
  /** By the receiver's name. */
  readonly told: ReadonlyMap<string, Told>;
}

/**
 * The alert log as the engine uses it. An event names its rule by the rule's id, which is a JSON array; that a receiver
 * accepted something, by the id with the receiver's name as one more JSON text behind it, so that the log keeps the
 * newest of each receiver. Writes happen one at a time: what `change` sees and does is not interleaved with another's.
 */
export class AlertHistory {
  readonly #log: WrittenAlertLog;
  readonly #now: () => number;
  #last = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(log: WrittenAlertLog, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** Runs after all changes before it; settles as `change` does. */
  change<T>(change: (append: (entries: readonly HistoryEntry[]) => Promise<void>) => Promise<T>): Promise<T> {
    const result = this.#tail.then(() => change((entries) => this.#append(entries)));
    this.#tail = result.catch(() => {});
    return result;
  }

  /** Resolves when no change is under way. */
  async settled(): Promise<void> {
    await this.#tail;
  }

  /** Everything known of alerts not older than `since`, by the rule's id. Rejects with a StorageError. */
  async remembered(since: number, signal: AbortSignal): Promise<Map<string, RememberedAlert[]>> {
    const events = await this.#log.latest(since, signal);
    const rules = new Map<string, Map<string, { newest: AlertEvent; told: Map<string, Told> }>>();
    for (const event of events) {
      const { rule, receiver } = readRule(event.rule);
      const alerts = rules.get(rule) ?? new Map<string, { newest: AlertEvent; told: Map<string, Told> }>();
      rules.set(rule, alerts);
      const known = alerts.get(event.labels.key) ?? { newest: event, told: new Map<string, Told>() };
      alerts.set(event.labels.key, known);
      if (event.timestamp > known.newest.timestamp) known.newest = event;
      if (receiver !== undefined && event.lastSentStatus !== '') {
        known.told.set(receiver, { at: event.lastSentAt, status: event.lastSentStatus });
      }
    }
    return new Map([...rules].map(([rule, alerts]) => [rule, [...alerts.values()]]));
  }

  async #append(entries: readonly HistoryEntry[]): Promise<void> {
    if (entries.length === 0) return;
    // Two entries of one alert in the same millisecond would have no order.
    this.#last = Math.max(this.#now(), this.#last + 1);
    const timestamp = this.#last;
    await this.#log.append(entries.map((entry) => eventOf(entry, timestamp)));
  }
}

function eventOf({ rule, alert, receiver }: HistoryEntry, timestamp: number): AlertEvent {
  const { told, valueIsCurrent: _, ...state } = alert;
  const accepted = receiver === undefined ? newestOf(told.values()) : told.get(receiver);
  return {
    ...state,
    timestamp,
    rule: receiver === undefined ? rule : rule + JSON.stringify(receiver),
    lastSentAt: accepted?.at ?? 0,
    lastSentStatus: accepted?.status ?? '',
  };
}

function newestOf(told: Iterable<Told>): Told | undefined {
  let newest: Told | undefined;
  for (const one of told) if (newest === undefined || one.at > newest.at) newest = one;
  return newest;
}

function readRule(text: string): { rule: string; receiver: string | undefined } {
  if (!text.endsWith('"')) return { rule: text, receiver: undefined };
  // The two characters may also be part of a name; only between the two JSON texts are both sides JSON.
  for (let at = text.indexOf(']"'); at !== -1; at = text.indexOf(']"', at + 1)) {
    try {
      JSON.parse(text.slice(0, at + 1));
      return { rule: text.slice(0, at + 1), receiver: JSON.parse(text.slice(at + 1)) as string };
    } catch {
      // Part of a name.
    }
  }
  return { rule: text, receiver: undefined };
}
