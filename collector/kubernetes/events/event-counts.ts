import type { KubernetesEvent, RecordedEvents } from '../../../storage/event-log.ts';

/** Events that are remembered; the API keeps them for an hour after they were said last. */
const MAX_REMEMBERED = 200_000;
/** An event this much older than the newest that is recorded, and not recorded, was shed: components' clocks differ by less. */
const CLOCK_SKEW = 60_000;

/**
 * How often each event was said as far as it has been counted, so that neither a list that is read again nor a restart counts
 * anything twice. What was counted before a restart is known from the log.
 */
export class EventCounts {
  readonly #counts = new Map<string, number>();
  #recorded: RecordedEvents = { counts: new Map(), newest: 0 };

  /** Begins anew, from what the log has; the first list comes next. */
  begin(recorded: RecordedEvents): void {
    this.#counts.clear();
    this.#recorded = recorded;
  }

  /** The first list has been seen: what comes from now on is new. */
  listed(): void {
    this.#recorded = { counts: new Map(), newest: Number.NEGATIVE_INFINITY };
  }

  /** How often it was said since it was last counted, and whether the log has it as it is. `key` tells events apart. */
  count(entry: KubernetesEvent, key: string): { readonly said: number; readonly isRecorded: boolean } {
    const recorded = this.#recorded.counts.get(entry.uid);
    const before = this.#counts.get(key) ?? recorded ?? this.#countBefore(entry);
    this.#counts.delete(key);
    if (this.#counts.size >= MAX_REMEMBERED) {
      for (const oldest of this.#counts.keys()) {
        this.#counts.delete(oldest);
        break;
      }
    }
    this.#counts.set(key, Math.max(before, entry.count));
    return { said: Math.max(0, entry.count - before), isRecorded: recorded !== undefined && recorded >= entry.count };
  }

  forget(key: string): void {
    this.#counts.delete(key);
  }

  get size(): number {
    return this.#counts.size;
  }

  /** Of an event that is met for the first time. */
  #countBefore({ timestamp, count }: KubernetesEvent): number {
    const { newest } = this.#recorded;
    // In the first list, with nothing in the log, all is history; so is what is older than what the log has.
    const isHistory = newest === 0 || timestamp <= newest - CLOCK_SKEW;
    return isHistory ? count : 0;
  }
}
