// Making a list of a large cluster costs seconds of a busy machine, so nobody should wait for it who can do with one that is a little
// older: whoever asks for a list that is no longer fresh waits briefly for the next, and then gets the last one.

/** Something with the moment as of which it is true. */
export interface Kept<T> {
  readonly value: T;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface KeptListOptions<T> {
  readonly make: (time: number) => Promise<T>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** For how many milliseconds a list is fresh, counted from when it is there. */
  readonly keep: number;
  /** How old it may be, in milliseconds, to be given to somebody who does not want to wait. Default: never. */
  readonly usable?: number;
  /** Whether there is nothing in it, which is soon no longer so where something has only begun. Default: never. */
  readonly isEmpty?: (value: T) => boolean;
  /** How many milliseconds these wait for a newer one. Default: 200. */
  readonly patience?: number;
}

const PATIENCE = 200;
/** For how long an empty list is fresh, in milliseconds, if it would be for longer. Nobody is given an older one. */
const KEEP_EMPTY = 1_000;
/** A list is made again after so many times of what it took at the earliest, so that making it takes a part of the time. */
const REST = 3;

/**
 * A list that is made when somebody asks and it is not fresh; all who ask meanwhile wait for the same one. A failure is not kept, and neither
 * is the list of which the next one failed. What nobody can use any more is forgotten.
 */
export class KeptList<T> {
  readonly #options: KeptListOptions<T>;
  #last: Kept<T> | undefined;
  /** Until when the last one is fresh. */
  #fresh = Number.NEGATIVE_INFINITY;
  #making: Promise<Kept<T>> | undefined;
  #forgetting: ReturnType<typeof setTimeout> | undefined;

  constructor(options: KeptListOptions<T>) {
    this.#options = options;
  }

  /** A fresh one, for what is made of it. Rejects as `make` does. */
  fresh(): Promise<Kept<T>> {
    if (this.#making !== undefined) return this.#making;
    const now = this.#options.now();
    const last = this.#last;
    // A clock that was set back makes everything old.
    if (last !== undefined && now < this.#fresh && now >= last.time) return Promise.resolve(last);
    return this.#make(now);
  }

  /** A fresh one if that can be had soon, else the last one while it is usable, else the next. Rejects as `make` does. */
  async soon(): Promise<Kept<T>> {
    const { now, usable = 0, patience = PATIENCE } = this.#options;
    const last = this.#last;
    const next = this.fresh();
    if (last === undefined || this.#isEmpty(last.value) || now() - last.time >= usable || now() < last.time)
      return next;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<Kept<T>>((resolve) => {
      timer = setTimeout(() => resolve(last), patience);
    });
    try {
      return await Promise.race([next, enough]);
    } finally {
      clearTimeout(timer);
    }
  }

  #make(time: number): Promise<Kept<T>> {
    const { make, now } = this.#options;
    const making = make(time).then(
      (value) => {
        const end = now();
        const keep = Math.min(this.#options.keep, this.#isEmpty(value) ? KEEP_EMPTY : Number.POSITIVE_INFINITY);
        this.#making = undefined;
        this.#last = { value, time };
        this.#fresh = end + (keep === 0 ? 0 : Math.max(keep, REST * (end - time)));
        this.#forgetLater();
        return this.#last;
      },
      (error: unknown) => {
        this.#making = undefined;
        this.#last = undefined;
        throw error;
      },
    );
    this.#making = making;
    // Whoever is content with the last one does not hear of it; the next who asks tries again and does.
    making.catch(() => undefined);
    return making;
  }

  #isEmpty(value: T): boolean {
    return this.#options.isEmpty?.(value) ?? false;
  }

  #forgetLater(): void {
    const { keep, usable = 0 } = this.#options;
    clearTimeout(this.#forgetting);
    this.#forgetting = setTimeout(
      () => {
        if (this.#making === undefined) this.#last = undefined;
      },
      Math.max(keep, usable, this.#fresh - this.#options.now()),
    );
    this.#forgetting.unref();
  }
}
