import type { Logger } from 'pino';
import type { Dispatcher } from 'undici';
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
  readonly logger: Logger;
  /** Default: a minute. */
  readonly resendDelay?: number;
}

export interface AlertmanagerPush {
  /** Takes the newest word on alerts and passes on what is new or due again. Never throws. */
  notify(alerts: readonly NotifiableAlert[]): void;
  stop(): Promise<void>;
}

const RESEND = 60_000;
const MAX_WAITING = 10_000;
const PER_POST = 64;

/** Pushes alerts to Alertmanagers, which group and route them. */
export function createAlertmanagerPush(options: AlertmanagerOptions): AlertmanagerPush {
  const stop = new AbortController();
  const sent = new Map<string, { status: string; at: number }>();
  const waiting = new Map<string, NotifiableAlert>();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    try {
      while (waiting.size > 0 && !stop.signal.aborted) {
        const batch = [...waiting].slice(0, PER_POST);
        for (const [key] of batch) waiting.delete(key);
        const body = JSON.stringify(batch.map(([, alert]) => posted(alert)));
        await Promise.all(options.urls().map((url, i) => post(url, i, body)));
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
      timeout: options.timeout,
      // The next resend says it all again.
      retryFor: 10_000,
      firstPause: 500,
      stopping: stop.signal,
      signal: stop.signal,
      onAttempt: () => {},
    });
    if (failure !== undefined) options.logger.warn(`Alertmanager ${index + 1} did not take alerts: ${failure.reason}`);
  }

  return {
    notify(alerts) {
      if (stop.signal.aborted) return;
      const now = performance.now();
      for (const alert of alerts) {
        const key = alertKey(alert);
        const before = sent.get(key);
        if (before?.status === alert.status && now - before.at < (options.resendDelay ?? RESEND)) continue;
        if (waiting.size >= MAX_WAITING && !waiting.has(key)) continue;
        waiting.set(key, alert);
        sent.set(key, { status: alert.status, at: now });
      }
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
