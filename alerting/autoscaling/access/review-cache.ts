import type { Clock } from '../../../clock/clock.ts';

export interface ReviewCacheOptions {
  readonly clock: Clock;
  /** Answers that are remembered; the oldest are forgotten first. */
  readonly size: number;
  /** Reviews under way at a time: they share a client with others, who must not wait for long. */
  readonly concurrency: number;
  /** Reviews that wait for their turn; with more, further ones are refused with a TooManyReviewsError. */
  readonly waiting: number;
  /** Milliseconds until a review is given up. */
  readonly timeout: number;
}

/** How long an answer counts. */
export interface Reviewed<T> {
  readonly answer: T;
  /** Milliseconds. */
  readonly lifetime: number;
}

/** As many reviews wait as may. */
export class TooManyReviewsError extends Error {
  constructor(waiting: number) {
    super(`more than ${waiting} reviews wait for their turn`);
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
  /** Whose turn it is not yet, first come, first served. */
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

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
      const { waiting } = this.#options;
      if (this.#waiting.length >= waiting) return Promise.reject(new TooManyReviewsError(waiting));
      asked = this.#inTurn(() => this.#ask(key, ask)).finally(() => this.#asked.delete(key));
      this.#asked.set(key, asked);
    }
    return abandonable(asked, signal);
  }

  async #inTurn(run: () => Promise<T>): Promise<T> {
    if (this.#underWay < this.#options.concurrency) this.#underWay++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await run();
    } finally {
      // The turn is passed on as it is.
      const next = this.#waiting.shift();
      if (next === undefined) this.#underWay--;
      else next();
    }
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
