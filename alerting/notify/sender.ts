/**
 * Delivers notifications: attempts until one is accepted, refused for good or the time is over, with pauses that grow. Each integration
 * has places for a number of attempts at once, which pauses do not take up, so one that hangs holds up nobody else; while a receiver
 * has asked for a pause (Retry-After) nothing at all is attempted there.
 */
import { type Clock, wait } from '../../clock/clock.ts';
import type { Integration, Notification, Outcome } from './integration.ts';
import type { NotifyMetrics } from './notify-metrics.ts';
import { jittered } from './retry-pause.ts';

/** How a notification ended. */
export interface Delivery {
  readonly outcome: Outcome['kind'];
  /** Why it was not delivered; '' when it was. */
  readonly reason: string;
  readonly attempts: number;
  /** From the first attempt on; milliseconds. */
  readonly duration: number;
}

export interface SenderOptions {
  readonly receiver: string;
  readonly integration: Integration;
  readonly clock: Clock;
  readonly metrics: Pick<NotifyMetrics, 'attempts' | 'duration'>;
  /** Whether it may still be sent; asked before each attempt. */
  readonly maySend: () => boolean;
  /** When this instance began to lead. What began before is not sent any more: another one may have told it meanwhile. */
  readonly leadsSince: () => number;
  /** No attempt begins after it fires. */
  readonly stopping: AbortSignal;
  /** Cuts attempts that are under way. */
  readonly cut: AbortSignal;
  /** From 0 to 1. Default: Math.random. */
  readonly random?: (() => number) | undefined;
}

/** Attempts of one integration at once. */
const PLACES = 16;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
const MAX_RETRY_AFTER = 3_600_000;

export class Sender {
  readonly #options: SenderOptions;
  readonly #waiting: (() => void)[] = [];
  #free = PLACES;
  /** By the clock's elapsed time: nothing is attempted before. */
  #notBefore = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get integration(): Integration {
    return this.#options.integration;
  }

  /**
   * Makes attempts, the last one no later than `within` milliseconds after now; none while the receiver has asked for a pause, which
   * is a failure too. Undefined when it was not to be sent any more before the first attempt. Never rejects.
   */
  async send(notification: Notification, within: number): Promise<Delivery | undefined> {
    const { clock, stopping, random } = this.#options;
    const deadline = clock.elapsed() + within;
    const since = this.#options.leadsSince();
    let begun: number | undefined;
    let attempts = 0;
    let last: Outcome | undefined;
    const over = (): Delivery | undefined =>
      last && {
        outcome: last.kind,
        reason: last.kind === 'delivered' ? '' : last.reason,
        attempts,
        duration: begun === undefined ? 0 : Math.round(clock.elapsed() - begun),
      };
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      await this.#enter();
      try {
        if (stopping.aborted || !this.#options.maySend() || this.#options.leadsSince() !== since) return over();
        if (this.#notBefore <= clock.elapsed()) {
          begun ??= clock.elapsed();
          attempts++;
          last = await this.#attempt(notification);
          if (last.kind !== 'failed') return over();
          const asked = Math.min(last.retryAfter, MAX_RETRY_AFTER);
          if (asked > 0) this.#notBefore = Math.max(this.#notBefore, clock.elapsed() + asked);
        } else if (attempts === 0)
          last = { kind: 'failed', reason: 'the receiver has asked for a pause', retryAfter: 0 };
      } finally {
        this.#leave();
      }
      const rest = Math.max(this.#notBefore - clock.elapsed(), jittered(pause, random));
      if (stopping.aborted || clock.elapsed() + rest > deadline) return over();
      await wait(clock, rest, stopping);
    }
  }

  async #attempt(notification: Notification): Promise<Outcome> {
    const { receiver, integration, clock, metrics, cut } = this.#options;
    const labels = { receiver, integration: integration.name };
    const start = clock.elapsed();
    let outcome: Outcome;
    try {
      outcome = await unlessCut(integration.notify(notification, cut), cut);
    } catch {
      // What was thrown may quote a URL or a header.
      outcome = { kind: 'failed', reason: 'the attempt failed', retryAfter: 0 };
    }
    metrics.attempts.inc({ ...labels, outcome: outcome.kind });
    metrics.duration.observe(labels, (clock.elapsed() - start) / 1000);
    return outcome;
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

/** Settles as the attempt, or rejects when the signal fires, whether or not the attempt listens. */
function unlessCut<T>(attempt: Promise<T>, cut: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(cut.reason);
    if (cut.aborted) abort();
    cut.addEventListener('abort', abort, { once: true });
    attempt.then(resolve, reject).finally(() => cut.removeEventListener('abort', abort));
  });
}
