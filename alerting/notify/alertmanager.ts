import type { Logger } from 'pino';
import type { Dispatcher } from 'undici';
import { type Clock, SYSTEM_CLOCK } from '../../clock/clock.ts';
import { alertKey, type NotifiableAlert } from '../notifiable-alert.ts';
import { deliver } from './delivery.ts';

export interface AlertmanagerOptions {
  /** Of the API, up to and without /api/v2/alerts. */
  readonly urls: () => readonly string[];
  /** Of one attempt. */
  readonly timeout: number;
  readonly headers: () => Promise<Record<string, string>>;
  /** The connections to use; undici's own when undefined. */
  readonly dispatcher?: Dispatcher;
  /** Whether it may still be pushed; asked right before each attempt. What may not be is forgotten. Default: always. */
  readonly maySend?: () => boolean;
  readonly logger: Logger;
  /** Default: a minute. */
  readonly resendDelay?: number;
  /** Default: that of the system. */
  readonly clock?: Clock;
}

export interface AlertmanagerPush {
  /** Takes the newest word on alerts and passes on what is new or due again. Never throws. */
  notify(alerts: readonly NotifiableAlert[]): void;
  stop(): Promise<void>;
}

const RESEND = 60_000;
/** For how long the end of labels that an alert has no more is said. */
const SAY_ENDS = 15 * 60_000;
const MAX_WAITING = 10_000;
const PER_POST = 64;

interface SentAlert {
  readonly alert: NotifiableAlert;
  /** By the clock's elapsed time. */
  readonly at: number;
}

/**
 * Pushes alerts to Alertmanagers, which group and route them, and know an alert by its labels: when those of one change, as with its
 * level, an alert with the old labels ends there.
 */
export function createAlertmanagerPush(options: AlertmanagerOptions): AlertmanagerPush {
  const { clock = SYSTEM_CLOCK, resendDelay = RESEND, maySend = () => true } = options;
  const stop = new AbortController();
  const sent = new Map<string, SentAlert>();
  /** Ends of labels that alerts have no more, by these, with when they were said first. */
  const ends = new Map<string, SentAlert & { readonly since: number }>();
  const waiting = new Map<string, NotifiableAlert>();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    try {
      while (waiting.size > 0 && !stop.signal.aborted) {
        const batch = [...waiting].slice(0, PER_POST);
        for (const [key] of batch) waiting.delete(key);
        const body = JSON.stringify(batch.map(([, alert]) => posted(alert)));
        await Promise.all(options.urls().map((url, i) => post(url, i, body)));
        if (!maySend()) forget();
      }
    } catch (error) {
      options.logger.error({ err: error }, 'alerts could not be pushed');
    } finally {
      // In the same turn as the last look at what waits: nothing can be put there unseen.
      running = undefined;
    }
  }

  async function post(url: string, index: number, body: string): Promise<void> {
    const failure = await deliver({
      url: async () => `${url.replace(/\/+$/, '')}/api/v2/alerts`,
      headers: options.headers,
      dispatcher: options.dispatcher,
      body,
      clock,
      timeout: options.timeout,
      // The next resend says it all again.
      retryFor: 10_000,
      firstPause: 500,
      maySend,
      stopping: stop.signal,
      signal: stop.signal,
      onAttempt: () => {},
    });
    if (failure !== undefined && maySend())
      options.logger.warn(`Alertmanager ${index + 1} did not take alerts: ${failure.reason}`);
  }

  /** Whoever tells now knows better; when it is this one again, all of it is to be said again. */
  function forget(): void {
    waiting.clear();
    sent.clear();
    ends.clear();
  }

  /** The labels are no alert's any more; unless another alert has come to have the same. */
  function endLabels(former: NotifiableAlert, since: number): void {
    const { key } = former.labels;
    for (const { alert } of sent.values()) if (alert.status === 'firing' && alert.labels.key === key) return;
    const alert: NotifiableAlert = { ...former, status: 'resolved', endsAt: clock.now() };
    if (ends.size < MAX_WAITING) ends.set(key, { alert, at: Number.NEGATIVE_INFINITY, since });
  }

  function sayEnds(now: number): void {
    for (const [key, end] of ends) {
      if (now - end.since > SAY_ENDS) ends.delete(key);
      else if (now - end.at >= resendDelay) {
        ends.set(key, { ...end, at: now });
        waiting.set(`end\n${key}`, end.alert);
      }
    }
  }

  return {
    notify(alerts) {
      if (stop.signal.aborted) return;
      if (!maySend()) {
        forget();
        return;
      }
      const now = clock.elapsed();
      for (const alert of alerts) {
        const key = alertKey(alert);
        const before = sent.get(key);
        const isOther = before !== undefined && before.alert.labels.key !== alert.labels.key;
        const isKnown = before?.alert.status === alert.status && !isOther;
        if (isKnown && now - before.at < resendDelay) continue;
        if (waiting.size >= MAX_WAITING && !waiting.has(key)) continue;
        waiting.set(key, alert);
        sent.set(key, { alert, at: now });
        if (isOther && before.alert.status === 'firing') endLabels(before.alert, now);
        if (alert.status === 'firing') {
          ends.delete(alert.labels.key);
          waiting.delete(`end\n${alert.labels.key}`);
        }
      }
      sayEnds(now);
      // What has not been said for an hour is over.
      if (sent.size > MAX_WAITING) for (const [key, { at }] of sent) if (now - at > 3_600_000) sent.delete(key);
      // Something waits, so `run` comes to an await, and `running` is set before it can end.
      if (running === undefined && waiting.size > 0) running = run();
    },
    async stop() {
      stop.abort(new Error('the push was stopped'));
      await running;
    },
  };
}

function posted(alert: NotifiableAlert) {
  return {
    labels: alert.labels,
    annotations: alert.annotations,
    startsAt: new Date(alert.startsAt).toISOString(),
    endsAt: new Date(alert.endsAt === 0 ? alert.validUntil : alert.endsAt).toISOString(),
    generatorURL: alert.generatorUrl,
  };
}
