import { hash } from 'node:crypto';

/** The moments of an interval at which something is done: always the same ones for a key, and others for another key. */
export class Moments {
  readonly #interval: number;
  readonly #offset: number;

  constructor(key: string, interval: number) {
    this.#interval = interval;
    this.#offset = Math.floor((hash('sha1', key, 'buffer').readUInt32BE(0) / 2 ** 32) * interval);
  }

  /** The last moment that is not later than this time. */
  last(time: number): number {
    return Math.floor((time - this.#offset) / this.#interval) * this.#interval + this.#offset;
  }

  /** The first moment that is later than this time. */
  next(time: number): number {
    return this.last(time) + this.#interval;
  }
}
