import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type Clock, SYSTEM_CLOCK } from '../../clock/clock.ts';
import type { Labels } from '../../storage/labels.ts';
import type { NotificationLog } from '../../storage/notification-log.ts';
import type { AlertBoard, BoardAlert, BoardGroup, PostedAlert } from '../api/alert-board.ts';
import { fingerprint } from '../fingerprint.ts';
import { alertKey, type NotifiableAlert } from '../notifiable-alert.ts';
import type { AggregationGroup, GroupTarget } from './aggregation-group.ts';
import { fingerprintsAtOtherLevels } from './alert-level.ts';
import { AlertStore, type Said, type Stored } from './alert-store.ts';
import { type ViewSource, viewAlerts, viewGroups } from './alert-view.ts';
import type { NotifyConfiguration } from './configuration/configuration.ts';
import { groupTargets } from './group-targets.ts';
import type { NotificationTemplates } from './integration.ts';
import { NotificationJournal } from './notification-journal.ts';
import { createNotifyMetrics, type NotifyMetrics } from './notify-metrics.ts';
import { merged, POSTED, type TimedAlert, timedAlert } from './posted-alert.ts';
import { RunningConfiguration } from './running-configuration.ts';
import { isResolved, mayBeInFlight, type StoredAlert } from './stored-alert.ts';

export interface NotifyLimits {
  /** Alerts that fire, or whose end has to be told. */
  readonly alerts: number;
  readonly groups: number;
  /** Estimated memory of the alerts. */
  readonly bytes: number;
}

export interface NotifierOptions {
  readonly configuration: NotifyConfiguration;
  readonly templates: NotificationTemplates;
  readonly notificationLog: NotificationLog;
  /** Ids of the silences that mute an alert with these labels now. */
  readonly silenced: (labels: Labels) => readonly string[];
  /** Whether this instance is the one that tells. Asked often. Default: always. */
  readonly isLeader?: () => boolean;
  readonly externalUrl: string;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Default: that of the system. */
  readonly clock?: Clock;
  /** Default: 100,000 alerts, 100,000 groups, 256 MiB. */
  readonly limits?: NotifyLimits;
  /** How long `stop` waits for what is under way, in milliseconds. Default: 2 s. */
  readonly stopWithin?: number;
  /** From 0 to 1, for pauses between attempts. Default: Math.random. */
  readonly random?: () => number;
}

export interface Notifier extends AlertBoard {
  /**
   * Takes the newest word on alerts of rules and policies. An end that nobody waits for is nothing new. After this instance has begun to
   * lead, all that fires and has lately ended is to be said again. Never throws.
   */
  notify(alerts: readonly NotifiableAlert[]): void;
  /** Begins to send. */
  start(): void;
  /** Replaces the configuration; alerts, and what was told of them, stay. Resolves when the new one is in force. */
  apply(configuration: NotifyConfiguration, templates: NotificationTemplates): Promise<void>;
  /** Begins nothing new and lets what is under way end, for a while. What was not told is told by the next run. */
  stop(): Promise<void>;
}

const LIMITS: NotifyLimits = { alerts: 100_000, groups: 100_000, bytes: 256 * 1024 ** 2 };
const STOP_WITHIN = 2_000;
const LOOK_FOR_LEADER = 1_000;
const LONGEST_PAUSE = 30_000;
const MAINTENANCE = 60_000;
/** How long an end is kept that has not been told: by one who stands by, and at all. */
const KEEP_STANDING_BY = 86_400_000;
const KEEP_UNTOLD = 7 * 86_400_000;
/** Complaints about a limit come at most so often. */
const COMPLAIN_EVERY = 5 * 60_000;

export function createNotifier(options: NotifierOptions): Notifier {
  return new AlertNotifier(options);
}

class AlertNotifier implements Notifier {
  readonly #options: NotifierOptions;
  readonly #clock: Clock;
  readonly #limits: NotifyLimits;
  readonly #metrics: NotifyMetrics;
  readonly #store: AlertStore;
  readonly #journal: NotificationJournal;
  /** Ends of alerts that are not in the store, until the journal can say whether anybody waits for them. */
  readonly #ends = new Map<string, NotifiableAlert>();
  readonly #stop = new AbortController();
  #running: RunningConfiguration;
  /** Whether the journal is what the log says, which holds while this instance leads. */
  #isRead = false;
  /** When it began to lead; not before anything that it has heard of since. */
  #leadsSince = 0;
  #reading: Promise<void> | undefined;
  #readPause = LOOK_FOR_LEADER;
  #nextRead = 0;
  #cancels: (() => void)[] = [];
  #applying: Promise<void> = Promise.resolve();
  readonly #complained = new Map<string, number>();

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#limits = options.limits ?? LIMITS;
    this.#store = new AlertStore(this.#limits);
    this.#metrics = createNotifyMetrics(options.registry, {
      alerts: () => this.#store.size,
      groups: () => this.#running.dispatcher.size,
      bytes: () => this.#store.bytes,
      unnoted: () => this.#journal.pending,
    });
    const { notificationLog: log, logger } = options;
    this.#journal = new NotificationJournal({ log, clock: this.#clock, logger, metrics: this.#metrics });
    this.#running = this.#run(options.configuration, options.templates);
  }

  notify(alerts: readonly NotifiableAlert[]): void {
    if (this.#stop.signal.aborted) return;
    this.#turn();
    const now = this.#clock.now();
    for (const alert of alerts) {
      try {
        this.#take(alert, now);
      } catch (error) {
        this.#options.logger.error({ err: error, alert: alert.labels.toString() }, 'an alert could not be taken');
      }
    }
  }

  post(alerts: readonly PostedAlert[]): void {
    if (this.#stop.signal.aborted) return;
    const now = this.#clock.now();
    for (const posted of alerts) {
      const timed = timedAlert(posted, now, this.#running.configuration.resolveTimeout);
      const before = this.#store.get(alertKey(timed.alert));
      this.#putPosted(before === undefined ? timed : merged(before, timed, now), now);
    }
  }

  start(): void {
    this.#look();
    this.#maintain();
  }

  apply(configuration: NotifyConfiguration, templates: NotificationTemplates): Promise<void> {
    const applied = this.#applying.then(async () => {
      if (this.#stop.signal.aborted) return;
      const next = this.#run(configuration, templates);
      const before = this.#running;
      await before.end();
      this.#running = next;
      for (const stored of this.#store.values()) {
        stored.groups.clear();
        next.inhibitor.set(stored);
        const isOver = isResolved(stored, this.#clock.now());
        next.dispatcher.place(stored, (target) => !isOver || this.#isAwaited(target, stored));
      }
      next.dispatcher.continueFrom(before.dispatcher);
    });
    this.#applying = applied.catch(() => {});
    return applied;
  }

  async stop(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new Error('the notifier was stopped'));
    for (const cancel of this.#cancels) cancel();
    await this.#applying;
    await this.#running.end();
    await this.#reading;
    await this.#journal.close(this.#options.stopWithin ?? STOP_WITHIN);
  }

  alerts(): readonly BoardAlert[] {
    return viewAlerts(this.#store.values(), this.#view());
  }

  groups(): readonly BoardGroup[] {
    return viewGroups(this.#running.dispatcher.groups(), this.#view());
  }

  receivers(): readonly string[] {
    return this.#running.configuration.receivers.map(({ name }) => name);
  }

  config(): string {
    return this.#running.configuration.text;
  }

  #view(): ViewSource {
    const { inhibitor, pipeline } = this.#running;
    const now = this.#clock.now();
    return {
      now,
      silenced: this.#options.silenced,
      inhibiting: (labels) => inhibitor.inhibiting(labels, now),
      mutedBy: (group) => pipeline.mutedBy(group, now),
    };
  }

  #run(configuration: NotifyConfiguration, templates: NotificationTemplates): RunningConfiguration {
    const { silenced, externalUrl, logger, random, stopWithin = STOP_WITHIN } = this.#options;
    return new RunningConfiguration({
      ...{ configuration, templates, silenced, externalUrl, logger, random, stopWithin },
      ...{ clock: this.#clock, metrics: this.#metrics, journal: this.#journal, maxGroups: this.#limits.groups },
      leads: () => this.#leads(),
      leadsSince: () => this.#leadsSince,
      mayFlush: () => this.#isRead && this.#leads(),
      released: (stored) => this.#store.delete(stored),
      refused: () => this.#refuse('groups', this.#limits.groups),
    });
  }

  #leads(): boolean {
    return this.#options.isLeader?.() ?? true;
  }

  #take(alert: NotifiableAlert, now: number): void {
    const id = alertKey(alert);
    const isOver = alert.status === 'resolved';
    this.#ends.delete(id);
    const before = this.#store.get(id);
    if (before === undefined && isOver) {
      if (this.#isRead) this.#takeEnd(alert, now);
      else if (this.#ends.size < this.#limits.alerts) this.#ends.set(id, alert);
      return;
    }
    const wasOver = before !== undefined && isResolved(before, now);
    const leaving = before === undefined || before.alert.labels.equals(alert.labels) ? undefined : { ...before };
    const put = this.#put(alert, {
      now,
      endsAt: isOver ? Math.min(alert.endsAt, now) : Number.POSITIVE_INFINITY,
    });
    if (put === undefined) return;
    const { stored } = put;
    if (put.kind === 'updated' && !(wasOver && !isOver)) return;
    const { inhibitor, dispatcher } = this.#running;
    inhibitor.set(stored);
    const groupsBefore = [...stored.groups];
    dispatcher.place(stored);
    if (leaving === undefined) return;
    this.#endElsewhere(leaving, { stored, groupsBefore, now });
    if (!isOver) dispatcher.prompt(stored);
  }

  /** An end of an alert that is not known: it is told where its beginning was told. */
  #takeEnd(alert: NotifiableAlert, now: number): void {
    const end = { alert, fingerprint: fingerprint(alert.labels), endsAt: Math.min(alert.endsAt, now) };
    const targets = groupTargets(alert, this.#running.configuration.route);
    if (!targets.some((target) => this.#isAwaited(target, end))) return;
    const put = this.#put(alert, { now, endsAt: end.endsAt });
    if (put === undefined) return;
    this.#running.dispatcher.place(put.stored, (target) => this.#isAwaited(target, end));
  }

  /** Tells receivers that an alert has ended for them when, at its new level, its routes lead to others. */
  #endElsewhere(
    before: StoredAlert,
    {
      stored,
      groupsBefore,
      now,
    }: { readonly stored: StoredAlert; readonly groupsBefore: readonly AggregationGroup[]; readonly now: number },
  ): void {
    const receivers = new Set([...stored.groups].map(({ receiver }) => receiver));
    const left = groupsBefore.filter(
      ({ receiver, groupKey }) =>
        !receivers.has(receiver) && this.#journal.isBelievedFiring(receiver, groupKey, before.fingerprint),
    );
    if (left.length === 0) return;
    const alert = {
      ...before.alert,
      key: `${before.alert.key}\n${before.fingerprint}`,
      status: 'resolved',
      endsAt: now,
    } as const;
    const put = this.#put(alert, { now, endsAt: now });
    if (put === undefined) return;
    const ids = new Set(left.map(({ id }) => id));
    this.#running.dispatcher.place(put.stored, ({ id }) => ids.has(id));
  }

  #putPosted({ alert, endsAt, isTimeout }: TimedAlert, now: number): void {
    const put = this.#put(alert, { now, endsAt, isTimeout });
    if (put === undefined) return;
    this.#running.inhibitor.set(put.stored);
    this.#running.dispatcher.place(put.stored);
  }

  /** Whether the group's receiver may have to be told that the alert has ended. */
  #isAwaited(
    { receiver, groupKey, options: { wait } }: Pick<GroupTarget, 'receiver' | 'groupKey' | 'options'>,
    { alert, fingerprint: own, endsAt }: Pick<StoredAlert, 'alert' | 'fingerprint' | 'endsAt'>,
  ): boolean {
    if (!this.#isRead) return true;
    const fingerprints = [own, ...fingerprintsAtOtherLevels(alert)];
    const journal = this.#journal;
    const mayBeKnown = (one: string): boolean =>
      journal.isBelievedFiring(receiver, groupKey, one) || journal.isTried(receiver, groupKey, one);
    if (fingerprints.some(mayBeKnown)) return true;
    const toldAt = journal.toldAt(receiver, groupKey);
    return mayBeInFlight(alert, { endsAt, wait, leadsSince: this.#leadsSince, toldAt });
  }

  #put(alert: NotifiableAlert, said: Said): Exclude<Stored, { readonly kind: 'full' }> | undefined {
    const put = this.#store.put(alert, said);
    if (put.kind !== 'full') return put;
    this.#refuse(put.limit, this.#limits[put.limit]);
    return undefined;
  }

  #refuse(limit: keyof NotifyLimits, value: number): void {
    this.#metrics.dropped.inc({ limit });
    const now = this.#clock.elapsed();
    if (now - (this.#complained.get(limit) ?? Number.NEGATIVE_INFINITY) < COMPLAIN_EVERY) return;
    this.#complained.set(limit, now);
    this.#options.logger.error(`alerts are not told: the limit of ${value} ${limit} is reached`);
  }

  /** Looks whether this instance leads, and reads the log when it begins to. */
  #look(): void {
    this.#later(LOOK_FOR_LEADER, () => this.#look());
    if (!this.#turn()) return;
    if (this.#isRead || this.#reading !== undefined || this.#clock.elapsed() < this.#nextRead) return;
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
    });
  }

  /**
   * Whether this instance leads. When that changes, what was said of rules and policies no longer counts: who evaluates them says it all
   * again. Of what has ended the journal will say whether anybody waits for it.
   */
  #turn(): boolean {
    const leads = this.#leads();
    if (leads === this.#leadsSince > 0) return leads;
    for (const stored of [...this.#store.values()]) {
      const { alert, groups } = stored;
      if (alert.rule === POSTED) continue;
      if (alert.status === 'resolved' && this.#ends.size < this.#limits.alerts) this.#ends.set(stored.id, alert);
      for (const group of [...groups]) this.#running.dispatcher.drop(group, stored);
    }
    this.#leadsSince = leads ? this.#clock.now() : 0;
    this.#isRead = false;
    this.#nextRead = 0;
    return leads;
  }

  async #read(): Promise<void> {
    const { logger } = this.#options;
    try {
      await this.#journal.read(this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      if (this.#nextRead === 0) logger.error(`nothing is told until the notification log can be read: ${message}`);
      this.#nextRead = this.#clock.elapsed() + this.#readPause;
      this.#readPause = Math.min(2 * this.#readPause, LONGEST_PAUSE);
      return;
    }
    if (this.#nextRead > 0) logger.info('the notification log can be read again');
    this.#nextRead = 0;
    this.#readPause = LOOK_FOR_LEADER;
    if (this.#stop.signal.aborted || !this.#leads()) return;
    this.#isRead = true;
    const now = this.#clock.now();
    // Ends that whoever led before has told, or that nobody waits for.
    for (const group of [...this.#running.dispatcher.groups()]) {
      for (const stored of [...group.alerts.values()]) {
        if (isResolved(stored, now) && !this.#isAwaited(group, stored)) {
          this.#running.dispatcher.drop(group, stored);
        }
      }
    }
    for (const alert of this.#ends.values()) this.#takeEnd(alert, now);
    this.#ends.clear();
    this.#running.dispatcher.wake();
  }

  #maintain(): void {
    this.#later(MAINTENANCE, () => this.#maintain());
    const now = this.#clock.now();
    const groups = new Set<string>();
    const oldest = now - (this.#isRead ? KEEP_UNTOLD : KEEP_STANDING_BY);
    for (const group of [...this.#running.dispatcher.groups()]) {
      groups.add(JSON.stringify([group.receiver, group.groupKey]));
      for (const stored of [...group.alerts.values()]) {
        if (stored.endsAt < oldest) this.#running.dispatcher.drop(group, stored);
      }
    }
    for (const [id, { endsAt }] of this.#ends) if (endsAt < oldest) this.#ends.delete(id);
    this.#journal.forget((receiver, groupKey) => groups.has(JSON.stringify([receiver, groupKey])));
  }

  #later(milliseconds: number, call: () => void): void {
    const cancel = this.#clock.schedule(milliseconds, () => {
      this.#cancels = this.#cancels.filter((one) => one !== cancel);
      call();
    });
    this.#cancels.push(cancel);
  }
}
