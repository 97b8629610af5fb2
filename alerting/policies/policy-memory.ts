import type { Logger } from 'pino';
import type { Clock } from '../../clock/clock.ts';
import type { AlertEvent } from '../../storage/alert-log.ts';
import type { AlertHistory } from '../alert-history.ts';
import { withDeadline } from '../deadline.ts';
import type { SampleReader } from '../sample-reader.ts';
import { readMarks } from './evaluation-marks.ts';
import { policyOfRule } from './policy-alert.ts';

export interface PolicyMemoryOptions {
  readonly history: AlertHistory;
  readonly read: SampleReader;
  /** How long ago the last evaluation may be to go on from; milliseconds. */
  readonly catchUp: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is known of a policy from before. */
export interface RememberedPolicy {
  /** The newest entry of the log about each of its alerts. */
  readonly alerts: readonly AlertEvent[];
  /** Up to when it was evaluated; undefined when that is too long ago, or never was. */
  readonly evaluatedTo: number | undefined;
}

/** How old the newest entry of an alert may be to continue from. */
const RESTORE_WITHIN = 90 * 86_400_000;
/** How long alerts of a policy that is not there after a start wait for it: those of resources come with the watch. */
const WAIT_FOR_POLICY = 5 * 60_000;
const LOG_TIMEOUT = 30_000;

/** What another process, or this one before, left of policies: their alerts in the log, and marks of how far they were evaluated. */
export class PolicyMemory {
  readonly #options: PolicyMemoryOptions;
  /** By policy; undefined until it was read. */
  #alerts: Map<string, readonly AlertEvent[]> | undefined;
  #marks = new Map<string, number>();
  #readAt = 0;
  #hasFailed = false;

  constructor(options: PolicyMemoryOptions) {
    this.#options = options;
  }

  get isRead(): boolean {
    return this.#alerts !== undefined;
  }

  /** Reads the log, and the marks of the policies with these ids. False when that failed, which is logged once. */
  async read(ids: ReadonlySet<string>, signal: AbortSignal): Promise<boolean> {
    const { history, read, catchUp, clock, logger } = this.#options;
    const now = clock.now();
    const message = `the alert log gave no answer within ${LOG_TIMEOUT / 1000} s`;
    try {
      const rules = await withDeadline((within) => history.remembered(now - RESTORE_WITHIN, within), {
        signal,
        timeout: LOG_TIMEOUT,
        message,
      });
      const alerts = new Map<string, readonly AlertEvent[]>();
      for (const [rule, events] of rules) {
        const id = policyOfRule(rule);
        if (id !== undefined) alerts.set(id, events);
      }
      this.#marks = await readMarks(ids, { since: now - catchUp, now, read, signal });
      this.#alerts = alerts;
      this.#readAt = now;
    } catch (error) {
      signal.throwIfAborted();
      if (!this.#hasFailed) {
        const reason = error instanceof Error ? error.message : String(error);
        logger.error(`no policy is evaluated until what was evaluated before can be read: ${reason}`);
      }
      this.#hasFailed = true;
      return false;
    }
    if (this.#hasFailed) logger.info('what was evaluated before can be read again');
    return true;
  }

  /** Hands over what is known of a policy, which is not remembered any longer. */
  take(id: string): RememberedPolicy {
    const taken = { alerts: this.#alerts?.get(id) ?? [], evaluatedTo: this.#marks.get(id) };
    this.#alerts?.delete(id);
    this.#marks.delete(id);
    return taken;
  }

  /** What is left of policies that have not come since the start and will not be waited for any more. */
  abandoned(): ReadonlyMap<string, readonly AlertEvent[]> {
    const isWaiting = this.#options.clock.now() - this.#readAt < WAIT_FOR_POLICY;
    return this.#alerts === undefined || isWaiting ? NOTHING : this.#alerts;
  }

  /** Forgets what is left. */
  clear(): void {
    this.#alerts?.clear();
  }
}

const NOTHING: ReadonlyMap<string, readonly AlertEvent[]> = new Map();
