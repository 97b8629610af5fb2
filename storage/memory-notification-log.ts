import { findInMemory, type MemoryLogCheck, NEVER } from './memory-log.ts';
import {
  type FoundNotification,
  mistakeOfNotification,
  type NotificationEvent,
  type NotificationFilter,
  type NotificationLog,
} from './notification-log.ts';

/** A NotificationLog in an array. */
export class MemoryNotificationLog implements NotificationLog {
  readonly #check: MemoryLogCheck;
  readonly #events: FoundNotification[] = [];

  constructor(check: MemoryLogCheck) {
    this.#check = check;
  }

  async append(events: readonly NotificationEvent[]): Promise<void> {
    this.#check(NEVER);
    for (const event of events) {
      const mistake = mistakeOfNotification(event);
      if (mistake !== undefined) throw mistake;
    }
    for (const event of events) this.#events.push({ ...event, sequence: this.#events.length + 1 });
  }

  async latest(since: number, signal: AbortSignal): Promise<readonly NotificationEvent[]> {
    this.#check(signal);
    const newest = new Map<string, NotificationEvent>();
    for (const { sequence: _, ...event } of this.#events) {
      if (event.timestamp < since || event.outcome !== 'delivered') continue;
      const key = JSON.stringify([event.receiver, event.integration, event.groupKey]);
      const other = newest.get(key);
      if (other === undefined || other.timestamp <= event.timestamp) newest.set(key, event);
    }
    return [...newest.values()];
  }

  async find(filter: NotificationFilter, signal: AbortSignal): Promise<readonly FoundNotification[]> {
    this.#check(signal);
    const { receiver = [], fingerprint = [], outcome = [] } = filter;
    return findInMemory(this.#events, filter, (event) => {
      const about = [...event.firing, ...event.resolved];
      return (
        (receiver.length === 0 || receiver.includes(event.receiver)) &&
        (fingerprint.length === 0 || fingerprint.some((one) => about.includes(one))) &&
        (outcome.length === 0 || outcome.includes(event.outcome))
      );
    });
  }
}
