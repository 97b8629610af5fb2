/**
 * Sorts alerts into groups and has each group flushed in time: first after the wait, or at once when an alert of it is older than that,
 * then at every interval. A group without alerts is no more.
 */
import type { Clock } from '../../clock/clock.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import { AggregationGroup, type FlushedAlert, type GroupTarget } from './aggregation-group.ts';
import { isResolved, type StoredAlert } from './stored-alert.ts';

export interface DispatcherOptions {
  readonly clock: Clock;
  readonly targets: (alert: NotifiableAlert) => readonly GroupTarget[];
  readonly maxGroups: number;
  /** Whether groups may be flushed now. Those that are due when they may not are flushed by the next `wake`. */
  readonly mayFlush: () => boolean;
  /** Tells of the alerts; resolves with whether resolved ones are done with. Never rejects. */
  readonly flush: (group: AggregationGroup, alerts: readonly FlushedAlert[], now: number) => Promise<boolean>;
  /** When a group that has been flushed is to be looked at again, if before its next interval; by the clock's `now`. */
  readonly earlier: (group: AggregationGroup) => number;
  /** An alert that no group holds any more. */
  readonly released: (stored: StoredAlert) => void;
  /** An alert for which no group can be made. */
  readonly refused: (stored: StoredAlert) => void;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #groups = new Map<string, AggregationGroup>();
  readonly #flushes = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#groups.size;
  }

  groups(): IterableIterator<AggregationGroup> {
    return this.#groups.values();
  }

  /** Puts an alert where it belongs, and takes it from where it no longer does. `wanted` leaves groups out. */
  place(stored: StoredAlert, wanted: (target: GroupTarget) => boolean = () => true): void {
    const targets = this.#options.targets(stored.alert).filter(wanted);
    const ids = new Set(targets.map(({ id }) => id));
    for (const group of [...stored.groups]) if (!ids.has(group.id)) this.#remove(group, stored);
    for (const target of targets) this.#insert(stored, target);
    if (stored.groups.size === 0) this.#options.released(stored);
  }

  /** Flushes the alert's groups at once where that is wanted. */
  prompt(stored: StoredAlert): void {
    for (const group of stored.groups) if (group.options.isPrompt && group.hasFlushed) this.#schedule(group, 0);
  }

  /** Takes the alert from a group, as if its end had been told there. */
  drop(group: AggregationGroup, stored: StoredAlert): void {
    this.#remove(group, stored);
    if (stored.groups.size === 0) this.#options.released(stored);
  }

  /** Flushes, at once, all groups that have waited long enough: after a time in which nothing could be. */
  wake(): void {
    for (const group of this.#groups.values()) if (group.hasFlushed) this.#schedule(group, 0);
  }

  /** Keeps the times of a group of the same id in another dispatcher. */
  continueFrom(other: Dispatcher): void {
    for (const [id, { hasFlushed, dueAt, options }] of other.#groups) {
      const group = this.#groups.get(id);
      if (group === undefined || options.interval !== group.options.interval) continue;
      group.hasFlushed = hasFlushed;
      this.#schedule(group, Math.max(dueAt - this.#options.clock.elapsed(), 0));
    }
  }

  /** Begins nothing more; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const group of this.#groups.values()) group.cancel?.();
    await Promise.all(this.#flushes);
  }

  #insert(stored: StoredAlert, target: GroupTarget): void {
    let group = this.#groups.get(target.id);
    if (group === undefined) {
      if (this.#groups.size >= this.#options.maxGroups) {
        this.#options.refused(stored);
        return;
      }
      group = new AggregationGroup(target);
      this.#groups.set(group.id, group);
      this.#schedule(group, target.options.wait);
    }
    group.options = target.options;
    group.add(stored);
    const isOld = stored.alert.startsAt + target.options.wait < this.#options.clock.now();
    if (!group.hasFlushed && isOld) this.#schedule(group, 0);
  }

  #remove(group: AggregationGroup, stored: StoredAlert): void {
    group.remove(stored);
    if (group.alerts.size > 0) return;
    group.cancel?.();
    this.#groups.delete(group.id);
  }

  #schedule(group: AggregationGroup, milliseconds: number): void {
    if (this.#isStopped) return;
    const { clock } = this.#options;
    const dueAt = clock.elapsed() + milliseconds;
    if (group.cancel !== undefined && group.dueAt === dueAt) return;
    group.cancel?.();
    group.dueAt = dueAt;
    group.cancel = clock.schedule(milliseconds, () => this.#due(group));
  }

  #due(group: AggregationGroup): void {
    group.cancel = undefined;
    group.hasFlushed = true;
    this.#schedule(group, group.options.interval);
    if (!this.#options.mayFlush()) return;
    if (group.isFlushing) {
      group.isDue = true;
      return;
    }
    const flush = this.#flush(group).finally(() => this.#flushes.delete(flush));
    this.#flushes.add(flush);
  }

  async #flush(group: AggregationGroup): Promise<void> {
    const { clock, flush, earlier } = this.#options;
    group.isFlushing = true;
    do {
      group.isDue = false;
      const now = clock.now();
      const alerts = group.snapshot(now);
      const isDone = alerts.length > 0 && (await flush(group, alerts, now));
      if (isDone) this.#forget(group, alerts, now);
    } while (group.isDue && !this.#isStopped);
    group.isFlushing = false;
    // Of a group that was emptied there may be a new one of the same id by now.
    if (this.#groups.get(group.id) !== group) return;
    const rest = earlier(group) - clock.now();
    if (clock.elapsed() + rest < group.dueAt) this.#schedule(group, Math.max(rest, 0));
  }

  /** Drops what was resolved, unless there has been another word on it meanwhile. */
  #forget(group: AggregationGroup, alerts: readonly FlushedAlert[], now: number): void {
    const resolved = new Map(
      alerts.filter(({ alert }) => alert.status === 'resolved').map(({ fingerprint, stored }) => [fingerprint, stored]),
    );
    // One by the same labels, of another rule, was told by the same words.
    for (const stored of [...group.alerts.values()]) {
      const told = resolved.get(stored.fingerprint);
      if (told === undefined || !isResolved(stored, now) || stored.updatedAt > now) continue;
      this.drop(group, stored);
    }
  }
}
