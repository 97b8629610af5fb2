import type { AlertEvent, AlertLog } from '../storage/alert-log.ts';
import type { AlertInstance } from './alert-instance.ts';

/**
 * Writes to the alert log one at a time. What `change` sees and does is not interleaved with another's, so that the
 * newest entry of an alert always is the whole truth.
 */
export class AlertHistory {
  readonly #log: AlertLog;
  readonly #now: () => number;
  #last = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(log: AlertLog, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** Runs after all changes before it; settles as `change` does. */
  change<T>(
    change: (append: (rule: string, alerts: readonly AlertInstance[]) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const result = this.#tail.then(() => change((rule, alerts) => this.#append(rule, alerts)));
    this.#tail = result.catch(() => {});
    return result;
  }

  /** Resolves when no change is under way. */
  async settled(): Promise<void> {
    await this.#tail;
  }

  latest(since: number, signal: AbortSignal): Promise<readonly AlertEvent[]> {
    return this.#log.latest(since, signal);
  }

  async #append(rule: string, alerts: readonly AlertInstance[]): Promise<void> {
    if (alerts.length === 0) return;
    // Two entries of one alert in the same millisecond would have no order.
    this.#last = Math.max(this.#now(), this.#last + 1);
    const timestamp = this.#last;
    await this.#log.append(alerts.map((alert) => ({ ...alert, timestamp, rule })));
  }
}
