import type { Logger } from 'pino';
import type { Clock } from '../../clock/clock.ts';

export interface HealthLogOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** The process ends: nothing is gathered any more. */
  readonly closing: AbortSignal;
}

export interface LoggedTarget {
  readonly job: string;
  readonly instance: string;
}

/** In a window so many targets of a job are told of one by one. */
const MAX_SINGLE = 5;
/** Milliseconds. */
const WINDOW = 30_000;
/** Reasons that one line names. */
const MAX_REASONS = 3;

interface Window {
  readonly job: string;
  readonly isUp: boolean;
  told: number;
  /** Of the others, by reason. */
  readonly more: Map<string, number>;
}

/**
 * Tells that targets are down or up again: each when they are few, and in one line when many of a job are at once, because
 * what they have in common is away.
 */
export class HealthLog {
  readonly #options: HealthLogOptions;
  readonly #windows = new Map<string, Window>();

  constructor(options: HealthLogOptions) {
    this.#options = options;
  }

  down(target: LoggedTarget, reason: string): void {
    if (this.#mayTell(target, false, reason)) this.#options.logger.warn({ ...target, reason }, 'target is down');
  }

  up(target: LoggedTarget): void {
    if (this.#mayTell(target, true, '')) this.#options.logger.info(target, 'target is up again');
  }

  /** False when it was counted instead. */
  #mayTell({ job }: LoggedTarget, isUp: boolean, reason: string): boolean {
    const key = `${isUp ? 'up' : 'down'} ${job}`;
    let window = this.#windows.get(key);
    if (window === undefined) {
      window = { job, isUp, told: 0, more: new Map() };
      this.#windows.set(key, window);
      this.#endLater(key, window);
    }
    if (window.told < MAX_SINGLE) {
      window.told++;
      return true;
    }
    // Reasons that differ for every target count as one.
    const known = window.more.has(reason) || window.more.size < 100 ? reason : 'other reasons';
    window.more.set(known, (window.more.get(known) ?? 0) + 1);
    return false;
  }

  #endLater(key: string, window: Window): void {
    const { clock, closing } = this.#options;
    const end = (): void => {
      cancel();
      closing.removeEventListener('abort', end);
      this.#windows.delete(key);
      this.#tellMore(window);
    };
    const cancel = clock.schedule(WINDOW, end);
    closing.addEventListener('abort', end, { once: true });
  }

  #tellMore({ job, isUp, more }: Window): void {
    if (more.size === 0) return;
    const { logger } = this.#options;
    const targets = [...more.values()].reduce((sum, count) => sum + count, 0);
    if (isUp) {
      logger.info({ job, targets }, 'more targets are up again');
      return;
    }
    const reasons = [...more].sort(([, a], [, b]) => b - a).slice(0, MAX_REASONS);
    logger.warn({ job, targets, reasons: Object.fromEntries(reasons) }, 'more targets are down');
  }
}
