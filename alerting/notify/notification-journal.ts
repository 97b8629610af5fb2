/**
 * What every integration was told last about every group: in memory, for the decision what to tell, and in the notification log, for a
 * restart or another instance to continue from. Memory is changed at once; the log is written in order, and again until it takes it.
 * While it does not, notifications go on: what a crash can make repeat is then each group's last one.
 */
import type { Logger } from 'pino';
import { type Clock, wait } from '../../clock/clock.ts';
import type { NotificationEvent, NotificationLog } from '../../storage/notification-log.ts';
import { withDeadline } from '../deadline.ts';
import type { ToldGroup } from './needs-update.ts';
import type { NotifyMetrics } from './notify-metrics.ts';

export interface JournalOptions {
  readonly log: NotificationLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<NotifyMetrics, 'logFailures' | 'logDropped'>;
}

/** As long as the log keeps what it was given. */
const REMEMBER = 90 * 86_400_000;
/** Groups that are no more may have been told of as firing; that is remembered for so long. */
const REMEMBER_LOST = 7 * 86_400_000;
/** When a group was told of is of interest for a short time only. */
const REMEMBER_TIME = 3_600_000;
const READ_TIMEOUT = 30_000;
const WRITE_TIMEOUT = 30_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
const MAX_PENDING = 50_000;
/** What a run before this one has tried in vain to tell is looked up so far back, and so much of it, the newest. */
const REMEMBER_TRIED = 86_400_000;
const MAX_TRIED = 2_000;
/** When the time of day is set back by no more than this, events keep the order in which they happened. */
const MAX_STEP = 86_400_000;
const PER_APPEND = 2_000;

export class NotificationJournal {
  readonly #options: JournalOptions;
  /** By receiver and group, then by integration. What was told with nothing firing is as if nothing had been. */
  #told = new Map<string, Map<string, ToldGroup>>();
  /** By receiver and group, then by integration: the alerts that it was to be told of last, in vain. */
  #tried = new Map<string, Map<string, ReadonlySet<string>>>();
  /** By receiver and group: when something was told of it last, for a while. */
  readonly #toldAt = new Map<string, number>();
  #pending: NotificationEvent[] = [];
  /** The newest timestamp in the log. */
  #newest = 0;
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  readonly #stop = new AbortController();

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Notifications that are not in the log yet. */
  get pending(): number {
    return this.#pending.length;
  }

  /** What the integration was told last about the group; undefined also when that was that all of it is resolved. */
  told(receiver: string, groupKey: string, integration: string): ToldGroup | undefined {
    return this.#told.get(keyOf(receiver, groupKey))?.get(integration);
  }

  /** When an integration of the receiver was told something of the group last; 0 when that is long ago. */
  toldAt(receiver: string, groupKey: string): number {
    return this.#toldAt.get(keyOf(receiver, groupKey)) ?? 0;
  }

  /** Whether an integration of the receiver was told that the alert fires, and not yet that it ended. */
  isBelievedFiring(receiver: string, groupKey: string, fingerprint: string): boolean {
    const integrations = this.#told.get(keyOf(receiver, groupKey));
    if (integrations === undefined) return false;
    for (const { firing } of integrations.values()) if (firing.has(fingerprint)) return true;
    return false;
  }

  /** Whether the integration, or any, was to be told of the alert last and did not say that it took that. It may have. */
  isTried(receiver: string, groupKey: string, fingerprint: string, integration?: string): boolean {
    const integrations = this.#tried.get(keyOf(receiver, groupKey));
    if (integrations === undefined) return false;
    if (integration !== undefined) return integrations.get(integration)?.has(fingerprint) === true;
    for (const tried of integrations.values()) if (tried.has(fingerprint)) return true;
    return false;
  }

  /** Takes over what the log says, in the place of what was known. Rejects when it cannot be read, and then changes nothing. */
  async read(signal: AbortSignal): Promise<void> {
    const { log, clock, metrics } = this.#options;
    try {
      const now = clock.now();
      const vain = { outcome: ['failed', 'refused'], start: now - REMEMBER_TRIED, end: now, limit: MAX_TRIED };
      const read = async (within: AbortSignal): Promise<NotificationEvent[]> => {
        const delivered = await log.latest(now - REMEMBER, within);
        return [...delivered, ...(await log.find(vain, within))];
      };
      const events = await withDeadline(read, {
        signal,
        timeout: READ_TIMEOUT,
        message: `the notification log gave no answer within ${READ_TIMEOUT / 1000} s`,
      });
      events.sort((a, b) => a.timestamp - b.timestamp);
      const told = new Map<string, Map<string, ToldGroup>>();
      const tried = new Map<string, Map<string, ReadonlySet<string>>>();
      // What has not been written yet is newer than what was read.
      for (const event of [...events, ...this.#pending]) {
        remember(told, event);
        rememberTried(tried, event);
        this.#stamp(event);
      }
      this.#told = told;
      this.#tried = tried;
      this.#newest = Math.max(this.#newest, events.at(-1)?.timestamp ?? 0);
    } catch (error) {
      metrics.logFailures.inc();
      throw error;
    }
  }

  /** Remembers how a notification ended, and brings it to the log. */
  note(event: NotificationEvent): void {
    remember(this.#told, event);
    rememberTried(this.#tried, event);
    this.#stamp(event);
    const { logger, metrics } = this.#options;
    this.#pending.push(this.#inOrder(event));
    if (this.#pending.length > MAX_PENDING) {
      const failed = this.#pending.findIndex(({ outcome }) => outcome !== 'delivered');
      this.#pending.splice(Math.max(failed, 0), 1);
      metrics.logDropped.inc();
      if (!this.#hasFailed) logger.warn(`more than ${MAX_PENDING} notifications wait for the notification log`);
    }
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Forgets groups that are no more and that nobody has been told of for long. */
  forget(isGroup: (receiver: string, groupKey: string) => boolean): void {
    const now = this.#options.clock.now();
    for (const [key, at] of this.#toldAt) if (at < now - REMEMBER_TIME) this.#toldAt.delete(key);
    for (const key of this.#tried.keys()) {
      const [receiver, groupKey] = JSON.parse(key) as [string, string];
      if (!isGroup(receiver, groupKey)) this.#tried.delete(key);
    }
    const oldest = now - REMEMBER_LOST;
    for (const [key, integrations] of this.#told) {
      if ([...integrations.values()].some(({ timestamp }) => timestamp >= oldest)) continue;
      const [receiver, groupKey] = JSON.parse(key) as [string, string];
      if (!isGroup(receiver, groupKey)) this.#told.delete(key);
    }
  }

  /** Resolves when everything is in the log, or nothing more is tried after so many milliseconds. */
  async close(within: number): Promise<void> {
    const giveUp = this.#options.clock.schedule(within, () => {
      this.#stop.abort(new Error('the notification log was closed'));
    });
    await this.#writing;
    giveUp();
    this.#stop.abort(new Error('the notification log was closed'));
    if (this.#pending.length > 0) {
      this.#options.logger.error(`${this.#pending.length} notifications could not be written to the notification log`);
    }
  }

  /** As it goes to the log, where the newest timestamp counts. */
  #inOrder(event: NotificationEvent): NotificationEvent {
    const { timestamp } = event;
    const isSetBack = timestamp <= this.#newest && this.#newest - timestamp < MAX_STEP;
    this.#newest = isSetBack ? this.#newest + 1 : timestamp;
    return isSetBack ? { ...event, timestamp: this.#newest } : event;
  }

  #stamp({ outcome, receiver, groupKey, timestamp }: NotificationEvent): void {
    if (outcome !== 'delivered' || timestamp < this.#options.clock.now() - REMEMBER_TIME) return;
    const key = keyOf(receiver, groupKey);
    this.#toldAt.set(key, Math.max(timestamp, this.#toldAt.get(key) ?? 0));
  }

  async #write(): Promise<void> {
    const { log, clock, logger, metrics } = this.#options;
    const { signal } = this.#stop;
    let pause = FIRST_PAUSE;
    // What is noted in the same turn is written together.
    await Promise.resolve();
    while (this.#pending.length > 0 && !signal.aborted) {
      const events = this.#pending.slice(0, PER_APPEND);
      try {
        const message = `the notification log took nothing within ${WRITE_TIMEOUT / 1000} s`;
        await withDeadline(() => log.append(events), { signal, timeout: WRITE_TIMEOUT, message });
        const written = new Set(events);
        this.#pending = this.#pending.filter((event) => !written.has(event));
        pause = FIRST_PAUSE;
        if (this.#hasFailed) logger.info('the notification log can be written again');
        this.#hasFailed = false;
      } catch (error) {
        if (signal.aborted) return;
        metrics.logFailures.inc();
        if (!this.#hasFailed) logger.error({ err: error }, 'the notification log cannot be written; it is tried again');
        this.#hasFailed = true;
        await wait(clock, pause, signal);
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      }
    }
  }
}

function keyOf(receiver: string, groupKey: string): string {
  return JSON.stringify([receiver, groupKey]);
}

function remember(told: Map<string, Map<string, ToldGroup>>, event: NotificationEvent): void {
  if (event.outcome !== 'delivered') return;
  const key = keyOf(event.receiver, event.groupKey);
  const integrations = told.get(key);
  if (event.firing.length === 0) {
    integrations?.delete(event.integration);
    if (integrations?.size === 0) told.delete(key);
    return;
  }
  const { timestamp, repeats } = event;
  const group = { firing: new Set(event.firing), resolved: new Set(event.resolved), timestamp, repeats };
  if (integrations === undefined) told.set(key, new Map([[event.integration, group]]));
  else integrations.set(event.integration, group);
}

function rememberTried(tried: Map<string, Map<string, ReadonlySet<string>>>, event: NotificationEvent): void {
  const key = keyOf(event.receiver, event.groupKey);
  const integrations = tried.get(key);
  if (event.outcome === 'delivered') {
    integrations?.delete(event.integration);
    if (integrations?.size === 0) tried.delete(key);
    return;
  }
  const alerts = new Set([...event.firing, ...event.resolved]);
  if (integrations === undefined) tried.set(key, new Map([[event.integration, alerts]]));
  else integrations.set(event.integration, alerts);
}
