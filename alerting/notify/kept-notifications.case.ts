import { StorageError } from '../../storage/errors.ts';
import type {
  FoundNotification,
  NotificationEvent,
  NotificationFilter,
  NotificationLog,
} from '../../storage/notification-log.ts';

/** A notification log in memory, which can be out of reach. */
export class KeptNotifications implements NotificationLog {
  readonly events: NotificationEvent[] = [];
  isAway = false;

  async append(events: readonly NotificationEvent[]): Promise<void> {
    this.#reach();
    this.events.push(...events);
  }

  async latest(since: number): Promise<readonly NotificationEvent[]> {
    this.#reach();
    const newest = new Map<string, NotificationEvent>();
    for (const event of this.events) {
      if (event.timestamp < since || event.outcome !== 'delivered') continue;
      const key = JSON.stringify([event.receiver, event.integration, event.groupKey]);
      if (event.timestamp >= (newest.get(key)?.timestamp ?? 0)) newest.set(key, event);
    }
    return [...newest.values()];
  }

  /** By outcome and time alone. */
  async find({ outcome = [], start, end, limit }: NotificationFilter): Promise<readonly FoundNotification[]> {
    this.#reach();
    return this.events
      .map((event, sequence) => ({ ...event, sequence }))
      .filter((event) => event.timestamp >= start && event.timestamp <= end && outcome.includes(event.outcome))
      .reverse()
      .slice(0, limit);
  }

  #reach(): void {
    if (this.isAway) throw new StorageError('unavailable', 'no answer');
  }
}
