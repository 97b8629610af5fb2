import { HttpException } from './http-exception.ts';

/** Lets `slots` queries run at a time; a few more wait for their turn, in order. */
export class HttpSlots {
  readonly #waiting: (() => void)[] = [];
  readonly #limits: { readonly slots: number; readonly queue: number; readonly wait: number };
  #running = 0;

  /** `queue` queries may wait, each for `wait` milliseconds. */
  constructor(limits: { slots: number; queue: number; wait: number }) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  /** Resolves when the query may run, with the function that ends its turn. Rejects with an HttpException. */
  async acquire(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw new HttpException('QUERY_WAS_CANCELLED', 'Query was cancelled');
    if (this.#running < this.#limits.slots) this.#running++;
    else await this.#wait(signal);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const next = this.#waiting.shift();
      // The turn passes on: the count stays.
      if (next === undefined) this.#running--;
      else next();
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { slots, queue, wait } = this.#limits;
    const tooMany = `Too many simultaneous queries. Maximum: ${slots}`;
    if (this.#waiting.length >= queue) throw new HttpException('TOO_MANY_SIMULTANEOUS_QUERIES', tooMany);
    return new Promise((resolve, reject) => {
      const leave = (error: HttpException) => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        reject(error);
      };
      const onAbort = () => leave(new HttpException('QUERY_WAS_CANCELLED', 'Query was cancelled'));
      const timer = setTimeout(() => leave(new HttpException('TOO_MANY_SIMULTANEOUS_QUERIES', tooMany)), wait);
      const turn = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(turn);
    });
  }
}
