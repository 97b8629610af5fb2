import { Gauge, type Registry } from 'prom-client';
import { QueryError } from '../query-result.ts';

export interface QueryGateOptions {
  /** How many run at a time. */
  readonly maxConcurrent: number;
  /** How many may wait for that; one more is refused. */
  readonly maxWaiting: number;
  readonly registry: Registry;
}

interface Waiter {
  readonly enter: () => void;
}

/** Lets only so many queries run at a time; others wait in order of arrival, and too many are refused at once. */
export class QueryGate {
  readonly #maxConcurrent: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<Waiter>();
  #running = 0;

  constructor(options: QueryGateOptions) {
    this.#maxConcurrent = options.maxConcurrent;
    this.#maxWaiting = options.maxWaiting;
    const registers = [options.registry];
    const gate = this;
    new Gauge({
      name: 'pharos_queries_running',
      help: 'Queries of the HTTP API that are being executed.',
      registers,
      collect() {
        this.set(gate.#running);
      },
    });
    new Gauge({
      name: 'pharos_queries_waiting',
      help: 'Queries of the HTTP API that wait for others to end.',
      registers,
      collect() {
        this.set(gate.#waiting.size);
      },
    });
  }

  /** Rejects with the signal's reason when it fires while waiting, and with `unavailable` when too many wait. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#running < this.#maxConcurrent) this.#running++;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) {
      const message = `at most ${this.#maxConcurrent} queries run and ${this.#maxWaiting} wait at a time, try again later`;
      return Promise.reject(new QueryError('unavailable', message));
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        enter: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  /** The place goes to the first that waits, without becoming free in between. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#waiting.delete(next);
    next.enter();
  }
}
