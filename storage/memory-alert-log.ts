import type { AlertEvent, AlertEventFilter, AlertLog, FoundAlertEvent } from './alert-log.ts';
import { StorageError } from './errors.ts';
import type { Labels } from './labels.ts';
import type { Matcher } from './matcher.ts';
import { findInMemory, type MemoryLogCheck, NEVER } from './memory-log.ts';

/** An AlertLog in an array. */
export class MemoryAlertLog implements AlertLog {
  readonly #check: MemoryLogCheck;
  readonly #events: FoundAlertEvent[] = [];

  constructor(check: MemoryLogCheck) {
    this.#check = check;
  }

  async append(events: readonly AlertEvent[]): Promise<void> {
    this.#check(NEVER);
    for (const event of events) this.#events.push({ ...event, sequence: this.#events.length + 1 });
  }

  async latest(since: number, signal: AbortSignal): Promise<readonly AlertEvent[]> {
    this.#check(signal);
    const newest = new Map<string, AlertEvent>();
    for (const { sequence: _, ...event } of this.#events) {
      if (event.timestamp < since) continue;
      const key = JSON.stringify([event.rule, event.labels.key]);
      const other = newest.get(key);
      if (other === undefined || other.timestamp <= event.timestamp) newest.set(key, event);
    }
    return [...newest.values()];
  }

  async find(filter: AlertEventFilter, signal: AbortSignal): Promise<readonly FoundAlertEvent[]> {
    this.#check(signal);
    const { matcherSets = [], labels = [], state = [], ruleNotEnding } = filter;
    const isMatched = (event: AlertEvent, matchers: readonly Matcher[]) =>
      matchers.every((matcher) => matcher.matches(event.labels.get(matcher.name)));
    return findInMemory(this.#events, filter, (event) => {
      return (
        (matcherSets.length === 0 || matcherSets.some((matchers) => isMatched(event, matchers))) &&
        (labels.length === 0 || labels.some((one) => one.equals(event.labels))) &&
        (state.length === 0 || state.includes(event.state)) &&
        (ruleNotEnding === undefined || !event.rule.endsWith(ruleNotEnding))
      );
    });
  }

  async labelSets(
    { start, end, limit }: Pick<AlertEventFilter, 'start' | 'end' | 'limit'>,
    signal: AbortSignal,
  ): Promise<readonly Labels[]> {
    this.#check(signal);
    const sets = new Map<string, Labels>();
    for (const { timestamp, labels } of this.#events) {
      if (timestamp >= start && timestamp <= end) sets.set(labels.key, labels);
    }
    if (sets.size > limit) throw new StorageError('limit', `there are events of more than ${limit} alerts`);
    return [...sets.values()];
  }
}
