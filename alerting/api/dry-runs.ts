import type { Logger } from 'pino';
import type { Clock } from '../../clock/clock.ts';
import type { AlertPolicy } from '../policies/policy.ts';
import type { PolicyEngine } from '../policies/policy-engine.ts';
import type { ApiAnswer } from './endpoint.ts';
import { PolicyError, policyFailure } from './policy-error.ts';
import { previewJson } from './policy-json.ts';

export interface DryRunOptions {
  readonly engine: Pick<PolicyEngine, 'preview'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Each reads days of samples. */
const MOST_AT_ONCE = 2;
const TIMEOUT = 60_000;
/** Milliseconds between two lines of progress. */
const STEP = 500;

/** A policy that is evaluated over the past, which begins when one of these is called. */
export interface DryRun {
  /** When it is done. Rejects with a PolicyError. */
  answer(): Promise<ApiAnswer>;
  /** Lines of JSON: how far it is, in the end what `answer` would have been. */
  lines(): AsyncGenerator<string>;
}

/** Evaluates policies over the past, a few at a time, none of them for long. */
export class DryRuns {
  readonly #options: DryRunOptions;
  #running = 0;

  constructor(options: DryRunOptions) {
    this.#options = options;
  }

  /** Throws a PolicyError when there are too many already. */
  begin(policy: AlertPolicy, range: { readonly from: number; readonly to: number }, signal: AbortSignal): DryRun {
    if (this.#running >= MOST_AT_ONCE) {
      throw new PolicyError('unavailable', `expected at most ${MOST_AT_ONCE} dry runs at a time; try again soon`);
    }
    let end = range.from;
    const progress = (time: number): void => {
      end = time;
    };
    return {
      answer: () => this.#run(policy, { ...range, progress }, signal),
      lines: () => this.#lines(policy, { ...range, progress }, () => (end - range.from) / (range.to - range.from)),
    };
  }

  async #run(
    policy: AlertPolicy,
    range: { readonly from: number; readonly to: number; readonly progress: (end: number) => void },
    signal: AbortSignal,
  ): Promise<ApiAnswer> {
    const { engine, clock, logger } = this.#options;
    const ending = new AbortController();
    const abort = (): void => ending.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const late = new PolicyError(
      'timeout',
      `expected a dry run of at most ${TIMEOUT / 1_000} s; ask for fewer days, fewer objects or longer periods`,
    );
    const cancel = clock.schedule(TIMEOUT, () => ending.abort(late));
    this.#running++;
    try {
      const preview = await engine.preview(policy, range, ending.signal);
      return { status: 200, json: { status: 'success', data: previewJson(preview, range) } };
    } catch (error) {
      if (ending.signal.aborted) throw ending.signal.reason;
      // What the engine refuses is worded for whoever asks; what the store has to say goes on as it is.
      if (policyFailure(error) !== undefined) throw error;
      logger.warn({ err: error, policy: policy.id }, 'a dry run of a policy failed');
      throw new PolicyError('execution', error instanceof Error ? error.message : String(error));
    } finally {
      this.#running--;
      cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  async *#lines(
    policy: AlertPolicy,
    range: { readonly from: number; readonly to: number; readonly progress: (end: number) => void },
    done: () => number,
  ): AsyncGenerator<string> {
    const { clock } = this.#options;
    const ending = new AbortController();
    let answer: ApiAnswer | undefined;
    let isDone = false;
    const running = this.#run(policy, range, ending.signal)
      .catch((error: unknown) => policyFailure(error))
      .then((result) => {
        answer = result;
        isDone = true;
      });
    try {
      while (!isDone) {
        yield `${JSON.stringify({ status: 'running', progress: Math.round(done() * 1_000) / 1_000 })}\n`;
        await Promise.race([running, step(clock)]);
      }
      yield `${JSON.stringify(answer?.json)}\n`;
    } finally {
      // The client may have gone away in the middle of it.
      ending.abort(new PolicyError('canceled', 'the client went away'));
      await running;
    }
  }
}

function step(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.schedule(STEP, resolve));
}
