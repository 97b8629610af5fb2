import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Dispatcher } from 'undici';
import type { Labels } from '../../storage/labels.ts';
import { withDeadline } from '../deadline.ts';
import { alertKey, type NotifiableAlert, type NotificationStatus } from '../notifiable-alert.ts';
import { deliver } from './delivery.ts';
import { webhookBody } from './webhook-body.ts';

/** One webhook. Times are milliseconds. */
export interface WebhookReceiver {
  /** Unique: under it the alert log remembers what was told. */
  readonly name: string;
  /** Text, or how to get it each time; it may hold a secret. */
  readonly url: string | (() => string | Promise<string>);
  readonly sendResolved: boolean;
  /** Of one attempt. */
  readonly timeout: number;
  /** 0 for any number. */
  readonly maxAlerts: number;
  /** `...` alone means that each alert is a notification of its own. */
  readonly groupBy: readonly string[];
  /** How long a new group waits for more alerts. Default 30 s. */
  readonly groupWait?: number;
  /** How long after a notification the group's changes are told. Default 5 min. */
  readonly groupInterval?: number;
  /** After how long what still fires is told again. Default 4 h. */
  readonly repeatInterval?: number;
  /** Read anew for each attempt. */
  readonly headers: () => Promise<Record<string, string>>;
  /** The connections to use; undici's own when undefined. */
  readonly dispatcher?: Dispatcher;
}

export interface WebhookNotifierOptions {
  readonly receivers: readonly WebhookReceiver[];
  readonly externalUrl: string;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Default: Date.now. */
  readonly now?: () => number;
  /** The first pause before a retry. Default: 1 s. */
  readonly firstPause?: number;
  /** How long `stop` waits for requests under way. Default: 2 s. */
  readonly stopWithin?: number;
  /**
   * Called when a receiver has accepted a notification about these alerts, with the status that each had in it: what a
   * restart must not tell again. Must not reject.
   */
  readonly onSent: (
    alerts: readonly NotifiableAlert[],
    by: { readonly receiver: string; readonly at: number },
  ) => Promise<void>;
}

export interface WebhookNotifier {
  /** Takes the newest word on alerts; what a receiver already knows is not told again. Never throws. */
  notify(alerts: readonly NotifiableAlert[]): void;
  /**
   * Begins nothing new and lets requests under way end, for a while, so that what a receiver accepts is remembered; what
   * was not delivered is told by the next run.
   */
  stop(): Promise<void>;
}

const GROUP_WAIT = 30_000;
const GROUP_INTERVAL = 5 * 60_000;
const REPEAT_INTERVAL = 4 * 3_600_000;
/** What one receiver remembers at most; alerts beyond are counted and dropped. */
const MAX_ALERTS = 100_000;
const STOP_WITHIN = 2_000;
/** Notifications of one receiver under way at once. */
const MAX_POSTS = 4;

/** Groups alerts and posts them to webhooks. */
export function createWebhookNotifier(options: WebhookNotifierOptions): WebhookNotifier {
  const { registry } = options;
  const notifications = new Counter({
    name: 'pharos_notifications_total',
    help: 'Attempts to post a notification, by how they ended.',
    labelNames: ['receiver', 'outcome'],
    registers: [registry],
  });
  const dropped = new Counter({
    name: 'pharos_notifications_dropped_total',
    help: 'Alerts not told because a receiver refused them or too many waited.',
    labelNames: ['receiver'],
    registers: [registry],
  });
  const receivers = options.receivers.map(
    (config) =>
      new Receiver(config, {
        ...options,
        attempted: (outcome) => notifications.inc({ receiver: config.name, outcome }),
        dropped: (count) => dropped.inc({ receiver: config.name }, count),
      }),
  );
  return {
    notify(alerts) {
      for (const receiver of receivers) receiver.take(alerts);
    },
    async stop() {
      await Promise.all(receivers.map((receiver) => receiver.stop()));
    },
  };
}

interface Known {
  alert: NotifiableAlert;
  sentAt: number;
  sentStatus: '' | NotificationStatus;
}

interface Group {
  readonly key: string;
  readonly labels: Labels;
  readonly alerts: Map<string, Known>;
  timer: NodeJS.Timeout | undefined;
  lastSentAt: number;
  sending: boolean;
}

interface ReceiverContext extends WebhookNotifierOptions {
  readonly attempted: (outcome: string) => void;
  readonly dropped: (count: number) => void;
}

class Receiver {
  readonly #config: WebhookReceiver;
  readonly #context: ReceiverContext;
  readonly #now: () => number;
  readonly #groups = new Map<string, Group>();
  readonly #stop = new AbortController();
  readonly #cut = new AbortController();
  readonly #posts = new Set<Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #free = MAX_POSTS;
  #size = 0;

  constructor(config: WebhookReceiver, context: ReceiverContext) {
    this.#config = config;
    this.#context = context;
    this.#now = context.now ?? Date.now;
  }

  get #groupInterval(): number {
    return this.#config.groupInterval ?? GROUP_INTERVAL;
  }

  take(alerts: readonly NotifiableAlert[]): void {
    if (this.#stop.signal.aborted) return;
    for (const alert of alerts) {
      const group = this.#group(alert);
      const key = alertKey(alert);
      const known = group.alerts.get(key);
      const told = alert.told.get(this.#config.name);
      if (known !== undefined) known.alert = alert;
      // Nobody was told that it fired, so nobody needs to know that it ended.
      else if (alert.status === 'resolved' && told?.status !== 'firing') continue;
      else if (this.#size >= MAX_ALERTS) {
        this.#context.dropped(1);
        continue;
      } else {
        this.#size++;
        group.alerts.set(key, { alert, sentAt: told?.at ?? 0, sentStatus: told?.status ?? '' });
        group.lastSentAt = Math.max(group.lastSentAt, told?.at ?? 0);
      }
      this.#schedule(group);
    }
    for (const group of this.#groups.values()) this.#forget(group);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the notifier was stopped'));
    for (const group of this.#groups.values()) clearTimeout(group.timer);
    for (const wake of this.#waiting.splice(0)) wake();
    const posts = Promise.all(this.#posts);
    const timeout = this.#context.stopWithin ?? STOP_WITHIN;
    const message = 'the notifier was stopped';
    await withDeadline(() => posts, { signal: this.#cut.signal, timeout, message }).catch(() => {});
    this.#cut.abort(new Error(message));
    await posts;
  }

  #group(alert: NotifiableAlert): Group {
    const { groupBy } = this.#config;
    const labels = groupBy.includes('...') ? alert.labels : alert.labels.filter((name) => groupBy.includes(name));
    let group = this.#groups.get(labels.key);
    if (group === undefined) {
      group = { key: labels.key, labels, alerts: new Map(), timer: undefined, lastSentAt: 0, sending: false };
      this.#groups.set(labels.key, group);
    }
    return group;
  }

  /** Drops ended alerts that there is nothing more to say about, and the group when it is empty. */
  #forget(group: Group): void {
    for (const [key, { alert, sentStatus }] of group.alerts) {
      if (alert.status !== 'resolved' || (sentStatus === 'firing' && this.#config.sendResolved)) continue;
      group.alerts.delete(key);
      this.#size--;
      // A receiver that wants no ends has nothing more to hear, which a restart must know as well.
      if (sentStatus === 'firing') this.#remember([alert], this.#now());
    }
    if (group.alerts.size === 0 && !group.sending && group.timer === undefined) this.#groups.delete(group.key);
  }

  /** When the group has something to say; undefined when it has not. */
  #due(group: Group): number | undefined {
    const { groupWait = GROUP_WAIT, repeatInterval = REPEAT_INTERVAL } = this.#config;
    let due: number | undefined;
    for (const { alert, sentAt, sentStatus } of group.alerts.values()) {
      const changed = alert.status !== sentStatus;
      const at = !changed
        ? sentAt + repeatInterval
        : group.lastSentAt === 0
          ? this.#now() + groupWait
          : group.lastSentAt + this.#groupInterval;
      due = Math.min(due ?? at, at);
    }
    return due;
  }

  #schedule(group: Group): void {
    if (group.timer !== undefined || group.sending || this.#stop.signal.aborted) return;
    const due = this.#due(group);
    if (due === undefined) return;
    // Looked at again within an interval at the latest: changes may make it due earlier.
    const wait = Math.min(Math.max(due - this.#now(), 0), this.#groupInterval);
    group.timer = setTimeout(() => {
      group.timer = undefined;
      this.#flush(group);
    }, wait);
  }

  #flush(group: Group): void {
    const { repeatInterval = REPEAT_INTERVAL } = this.#config;
    const now = this.#now();
    const due = [...group.alerts.values()].some(
      ({ alert, sentAt, sentStatus }) => alert.status !== sentStatus || now - sentAt >= repeatInterval,
    );
    if (!due) {
      this.#forget(group);
      this.#schedule(group);
      return;
    }
    group.sending = true;
    const post = this.#send(group).finally(() => {
      this.#posts.delete(post);
      group.sending = false;
      this.#forget(group);
      this.#schedule(group);
    });
    this.#posts.add(post);
  }

  async #send(group: Group): Promise<void> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free--;
    try {
      if (this.#stop.signal.aborted) return;
      await this.#post(group);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  async #post(group: Group): Promise<void> {
    const config = this.#config;
    const { externalUrl, logger } = this.#context;
    const sent = [...group.alerts.values()].map((known) => ({ known, alert: known.alert }));
    if (sent.length === 0) return;
    const failure = await deliver({
      url: async () => (typeof config.url === 'string' ? config.url : config.url()),
      headers: config.headers,
      dispatcher: config.dispatcher,
      body: webhookBody({
        receiver: config.name,
        groupLabels: group.labels,
        alerts: sent.map(({ alert }) => alert),
        externalUrl,
        maxAlerts: config.maxAlerts,
      }),
      timeout: config.timeout,
      retryFor: this.#groupInterval,
      firstPause: this.#context.firstPause ?? 1000,
      stopping: this.#stop.signal,
      signal: this.#cut.signal,
      onAttempt: this.#context.attempted,
    });
    const at = this.#now();
    group.lastSentAt = at;
    if (failure !== undefined) {
      logger.warn(
        { receiver: config.name, group: group.labels.toString() },
        `a notification failed: ${failure.reason}`,
      );
      if (!failure.final) return;
      this.#context.dropped(sent.length);
    }
    for (const { known, alert } of sent) {
      known.sentAt = at;
      known.sentStatus = alert.status;
    }
    if (failure === undefined)
      await this.#remember(
        sent.map(({ alert }) => alert),
        at,
      );
  }

  #remember(alerts: readonly NotifiableAlert[], at: number): Promise<void> {
    const noted = this.#context.onSent(alerts, { receiver: this.#config.name, at }).finally(() => {
      this.#posts.delete(noted);
    });
    this.#posts.add(noted);
    return noted;
  }
}
