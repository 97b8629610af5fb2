import { StorageError } from './errors.ts';
import {
  EVENT_FILTER_FIELDS,
  type EventFilter,
  type EventLog,
  type KubernetesEvent,
  type RecordedEvents,
} from './event-log.ts';
import { type MemoryLogCheck, NEVER } from './memory-log.ts';

/** An EventLog in a Map. */
export class MemoryEventLog implements EventLog {
  readonly #check: MemoryLogCheck;
  readonly #events = new Map<string, KubernetesEvent>();

  constructor(check: MemoryLogCheck) {
    this.#check = check;
  }

  async append(events: readonly KubernetesEvent[]): Promise<void> {
    this.#check(NEVER);
    const isWrong = (number: number) => !(number >= 0) || !Number.isInteger(number);
    for (const { timestamp, firstTimestamp, count } of events) {
      const wrong = [timestamp, firstTimestamp, count].find(isWrong);
      if (wrong === undefined) continue;
      throw new StorageError('bad_data', `the times and the count of an event must be whole, got ${wrong}`);
    }
    for (const event of events) this.#events.set(JSON.stringify([event.cluster, event.uid, event.count]), event);
  }

  async find(filter: EventFilter, signal: AbortSignal): Promise<readonly KubernetesEvent[]> {
    this.#check(signal);
    const found = [...this.#events.values()].filter(
      (event) =>
        event.timestamp >= filter.start &&
        event.timestamp <= filter.end &&
        EVENT_FILTER_FIELDS.every(
          (field) => (filter[field]?.length ?? 0) === 0 || filter[field]!.includes(event[field]),
        ),
    );
    found.sort((a, b) => b.timestamp - a.timestamp || b.count - a.count || (a.uid < b.uid ? -1 : 1));
    return found.slice(0, filter.limit);
  }

  async recorded(cluster: string, since: number, signal: AbortSignal): Promise<RecordedEvents> {
    this.#check(signal);
    const counts = new Map<string, number>();
    let newest = 0;
    for (const event of this.#events.values()) {
      if (event.cluster !== cluster || event.timestamp < since) continue;
      counts.set(event.uid, Math.max(counts.get(event.uid) ?? 0, event.count));
      newest = Math.max(newest, event.timestamp);
    }
    return { counts, newest };
  }
}
