import type { AlertEvent, AlertEventFilter, AlertIdentity, AlertLog, FoundAlertEvent } from './alert-log.ts';
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
    const { matcherSets = [], alerts = [], state = [], ruleNotEnding } = filter;
    const isMatched = (event: AlertEvent, matchers: readonly Matcher[]) =>
      matchers.every(({ name }, i) => matchers[i]!.matches(event.labels.get(name) || event.annotations.get(name)));
    return findInMemory(this.#events, filter, (event) => {
      return (
        (matcherSets.length === 0 || matcherSets.some((matchers) => isMatched(event, matchers))) &&
        (alerts.length === 0 || alerts.some((one) => one.rule === event.rule && one.labels.equals(event.labels))) &&
        (state.length === 0 || state.includes(event.state)) &&
        (ruleNotEnding === undefined || !event.rule.endsWith(ruleNotEnding))
      );
    });
  }

  async *alerts(
    { start, end, ruleNotEnding }: Pick<AlertEventFilter, 'start' | 'end' | 'ruleNotEnding'>,
    signal: AbortSignal,
  ): AsyncGenerator<AlertIdentity> {
    this.#check(signal);
    const seen = new Set<string>();
    for (const { timestamp, rule, labels } of [...this.#events]) {
      if (timestamp < start || timestamp > end) continue;
      if (ruleNotEnding !== undefined && rule.endsWith(ruleNotEnding)) continue;
      const key = JSON.stringify([rule, labels.key]);
      if (seen.has(key)) continue;
      seen.add(key);
      yield { rule, labels };
      this.#check(signal);
    }
  }
}
