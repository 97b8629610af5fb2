import { StorageError } from '../../storage/errors.ts';
import type { NotificationEvent, NotificationLog } from '../../storage/notification-log.ts';

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
      newest.set(JSON.stringify([event.receiver, event.integration, event.groupKey]), event);
    }
    return [...newest.values()];
  }

  async find(): Promise<never> {
    throw new StorageError('unavailable', 'nobody looks here');
  }

  #reach(): void {
    if (this.isAway) throw new StorageError('unavailable', 'no answer');
  }
}
