import type { Clock } from '../../../clock/clock.ts';

export interface ReviewCacheOptions {
  readonly clock: Clock;
  /** Answers that are remembered; the oldest are forgotten first. */
  readonly size: number;
  /** Reviews under way; further ones are refused with `full`. */
  readonly concurrency: number;
  /** Milliseconds until a review is given up. */
  readonly timeout: number;
}

/** How long an answer counts. */
export interface Reviewed<T> {
  readonly answer: T;
  /** Milliseconds. */
  readonly lifetime: number;
}

/** There are as many reviews under way as there may be. */
export class TooManyReviewsError extends Error {
  constructor(concurrency: number) {
    super(`more than ${concurrency} reviews are under way`);
    this.name = 'TooManyReviewsError';
  }
}

interface Entry<T> {
  readonly answer: T;
  /** By the steady clock. */
  readonly until: number;
}

/** Answers to questions that cost a call, for a short time. Who asks what is being asked waits for the same answer. */
export class ReviewCache<T> {
  readonly #options: ReviewCacheOptions;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #asked = new Map<string, Promise<T>>();

  constructor(options: ReviewCacheOptions) {
    this.#options = options;
  }

  /** Answers that are remembered now. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The answer by its key. `ask` is called when none is remembered or awaited; its signal aborts after the timeout, and not with
   * who asked first, since others wait too. A failure is not remembered. Rejects with the signal's reason when it aborts.
   */
  get(key: string, ask: (signal: AbortSignal) => Promise<Reviewed<T>>, signal: AbortSignal): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      if (known.until > this.#options.clock.elapsed()) return Promise.resolve(known.answer);
      this.#entries.delete(key);
    }
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      const { concurrency } = this.#options;
      if (this.#asked.size >= concurrency) return Promise.reject(new TooManyReviewsError(concurrency));
      asked = this.#ask(key, ask).finally(() => this.#asked.delete(key));
      this.#asked.set(key, asked);
    }
    return abandonable(asked, signal);
  }

  async #ask(key: string, ask: (signal: AbortSignal) => Promise<Reviewed<T>>): Promise<T> {
    const { clock, timeout, size } = this.#options;
    const limit = new AbortController();
    const begun = clock.elapsed();
    const cancel = clock.schedule(timeout, () => limit.abort(new Error(`no answer within ${timeout} ms`)));
    try {
      const { answer, lifetime } = await abandonable(ask(limit.signal), limit.signal);
      // What was asked first is forgotten first.
      this.#entries.delete(key);
      this.#entries.set(key, { answer, until: begun + lifetime });
      for (const oldest of this.#entries.keys()) {
        if (this.#entries.size <= size) break;
        this.#entries.delete(oldest);
      }
      return answer;
    } finally {
      cancel();
    }
  }
}

function abandonable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
