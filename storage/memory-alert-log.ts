import type {
  AlertEvent,
  AlertEventFilter,
  AlertIdentity,
  AlertLog,
  AlertStateEvent,
  AlertStateFilter,
  FoundAlertEvent,
} from './alert-log.ts';
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
        isOfAny(event, alerts) &&
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

  async newestFrom(filter: AlertStateFilter, limit: number, signal: AbortSignal): Promise<number> {
    this.#check(signal);
    const times = this.#states(filter).map(({ timestamp }) => timestamp);
    const tooMany = times.sort((a, b) => b - a)[limit];
    return tooMany === undefined ? filter.start : tooMany + 1;
  }

  async *states(filter: AlertStateFilter, signal: AbortSignal): AsyncGenerator<AlertStateEvent> {
    this.#check(signal);
    for (const event of this.#states(filter)) {
      yield event;
      this.#check(signal);
    }
  }

  async *standing(filter: AlertStateFilter, signal: AbortSignal): AsyncGenerator<AlertStateEvent> {
    this.#check(signal);
    const last = new Map<string, AlertStateEvent>();
    for (const event of this.#states(filter)) last.set(JSON.stringify([event.rule, event.labels.key]), event);
    for (const event of last.values()) if (event.state !== 'inactive') yield event;
  }

  #states(filter: AlertStateFilter): readonly AlertStateEvent[] {
    const { labelSets = [], alerts = [], ruleNotEnding, start, end } = filter;
    const isWanted = (event: AlertEvent) =>
      event.timestamp >= start &&
      event.timestamp <= end &&
      (labelSets.length === 0 ||
        labelSets.some((matchers) => matchers.every((one) => one.matches(event.labels.get(one.name))))) &&
      isOfAny(event, alerts) &&
      (ruleNotEnding === undefined || !event.rule.endsWith(ruleNotEnding));
    return this.#events
      .filter(isWanted)
      .sort((a, b) => compareText(a.rule, b.rule) || a.timestamp - b.timestamp || a.sequence - b.sequence)
      .map(({ timestamp, rule, labels, annotations, state, activeAt, firedAt, value }) => ({
        ...{ timestamp, rule, labels, state, activeAt, firedAt, value },
        annotations: annotations.filter((name) => filter.annotations.includes(name)),
      }));
  }
}

function isOfAny(event: AlertEvent, alerts: readonly AlertIdentity[]): boolean {
  return alerts.length === 0 || alerts.some((one) => one.rule === event.rule && one.labels.equals(event.labels));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
