import type { AlertEvent, AlertEventFilter, AlertLog } from '../storage/alert-log.ts';
import type { AlertInstance } from './alert-instance.ts';

/** What of the log is needed to write it and to continue from it. */
export type WrittenAlertLog = Pick<AlertLog, 'append' | 'latest'>;

/** What is written: an alert's new state. */
export interface HistoryEntry {
  /** Which rule the alert is of. */
  readonly rule: string;
  readonly alert: AlertInstance;
}

/** Selects the changes of state, and not what earlier versions kept beside them: what receivers had been told. */
export const TRANSITIONS: Pick<AlertEventFilter, 'ruleNotEnding'> = { ruleNotEnding: '"' };

/** When the time of day was set back by no more than this, what is written comes after what is remembered all the same. */
const MAX_STEP = 86_400_000;

/** The alert log as the engine uses it. Writes happen one at a time: what `change` sees and does is not interleaved with another's. */
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

  /** The newest entry about each alert not older than `since`, by the rule's id. Rejects with a StorageError. */
  async remembered(since: number, signal: AbortSignal): Promise<Map<string, AlertEvent[]>> {
    const rules = new Map<string, AlertEvent[]>();
    const horizon = this.#now() + MAX_STEP;
    for (const event of await this.#log.latest(since, signal)) {
      if (event.timestamp < horizon) this.#last = Math.max(this.#last, event.timestamp);
      // Ids of rules are JSON arrays. See TRANSITIONS for the others.
      if (!event.rule.endsWith(']')) continue;
      const events = rules.get(event.rule);
      if (events === undefined) rules.set(event.rule, [event]);
      else events.push(event);
    }
    return rules;
  }

  async #append(entries: readonly HistoryEntry[]): Promise<void> {
    if (entries.length === 0) return;
    // Two entries of one alert in the same millisecond would have no order.
    this.#last = Math.max(this.#now(), this.#last + 1);
    const timestamp = this.#last;
    await this.#log.append(entries.map((entry) => eventOf(entry, timestamp)));
  }
}

function eventOf({ rule, alert }: HistoryEntry, timestamp: number): AlertEvent {
  const { valueIsCurrent: _, ...state } = alert;
  return { ...state, timestamp, rule, lastSentAt: 0, lastSentStatus: '' };
}
