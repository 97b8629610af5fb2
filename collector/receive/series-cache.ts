import type { Appender } from '../../storage/appender.ts';
import type { SeriesRef } from '../../storage/series.ts';

export interface SeriesCacheOptions {
  /** Series that are remembered at most. */
  readonly capacity: number;
  /** A series that was not looked up for so long is forgotten, after twice that time at the latest. */
  readonly idle: number;
  readonly now: () => number;
}

/**
 * Refs of series by the bytes that senders name them with. It holds each ref once and releases it when it forgets the
 * series: in two generations, of which the older is dropped, which costs nothing per look-up.
 */
export class SeriesCache {
  readonly #appender: Appender;
  readonly #options: SeriesCacheOptions;
  #young = new Map<string, SeriesRef>();
  #old = new Map<string, SeriesRef>();
  #turned: number;

  constructor(appender: Appender, options: SeriesCacheOptions) {
    this.#appender = appender;
    this.#options = options;
    this.#turned = options.now();
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The ref of a series; undefined when the bytes are new. Valid until `forget` or `clear`. */
  get(key: string): SeriesRef | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#young.set(key, old);
    return old;
  }

  /** Remembers a ref that was just acquired; the cache releases it. The key must not be there. */
  set(key: string, ref: SeriesRef): void {
    this.#young.set(key, ref);
  }

  /** Forgets what is too much or was not in use. To be called when no ref that it gave is in use. */
  forget(): void {
    const { capacity, idle, now } = this.#options;
    const time = now();
    if (this.#young.size <= capacity / 2 && time - this.#turned < idle) return;
    this.#turn();
    // One request brought more than there is room for.
    if (this.#old.size > capacity) this.#turn();
    this.#turned = time;
  }

  #turn(): void {
    this.#appender.release(this.#old.values());
    this.#old = this.#young;
    this.#young = new Map();
  }

  clear(): void {
    this.#appender.release(this.#young.values());
    this.#appender.release(this.#old.values());
    this.#young.clear();
    this.#old.clear();
  }
}
