import type { Clock } from '../../clock/clock.ts';

export interface FirstPagesOptions {
  readonly clock: Clock;
  /** How many are fetched and read at once. Default 16. */
  readonly places?: number;
  /** How many that were read may wait for the disk before others begin. Default 64. */
  readonly unstored?: number;
  /** Milliseconds after which a target that keeps its place waiting loses it. Default 1,000. */
  readonly patience?: number;
}

/** How late a timer may be before this process, and not the target, is what is slow. Milliseconds. */
const LAG = 250;

/**
 * Lets targets whose series are not known yet begin a few at a time. The first page of a target costs some fifty times what
 * later ones do, because every series on it is parsed, hashed and remembered; the pages of thousands of targets at once, after a
 * start, would keep the process from everything else for minutes: they would time out and be fetched again, and nothing would
 * ever be stored. In turn they take no longer altogether, and what is known already goes on meanwhile.
 */
export class FirstPages {
  readonly #clock: Clock;
  readonly #places: number;
  readonly #maxUnstored: number;
  readonly #patience: number;
  #taken = 0;
  #unstored = 0;
  readonly #waiting = new Set<() => void>();

  constructor({ clock, places = 16, unstored = 64, patience = 1_000 }: FirstPagesOptions) {
    this.#clock = clock;
    this.#places = places;
    this.#maxUnstored = unstored;
    this.#patience = patience;
  }

  /**
   * Resolves with a place, in the order of asking, or with undefined when the signal aborts. A place must be left. One that is not
   * left for long goes to the next while its target, or the network, is what takes the time: dead targets must not hold up others.
   */
  async enter(signal: AbortSignal): Promise<FirstPage | undefined> {
    if (this.#isFull) await this.#turn(signal);
    if (signal.aborted) return undefined;
    this.#taken++;
    let cancel: () => void = () => {};
    let isOver = false;
    const leave = (): void => {
      if (isOver) return;
      isOver = true;
      cancel();
      this.#taken--;
      this.#next();
    };
    const watch = (): void => {
      const due = this.#clock.elapsed() + this.#patience;
      cancel = this.#clock.schedule(this.#patience, () => {
        if (this.#clock.elapsed() - due < LAG) leave();
        else watch();
      });
    };
    watch();
    return {
      arrived: () => cancel(),
      leave,
      leaveUntil: (durable) => {
        this.#unstored++;
        leave();
        const stored = (): void => {
          this.#unstored--;
          this.#next();
        };
        durable.then(stored, stored);
      },
    };
  }

  get #isFull(): boolean {
    return this.#taken >= this.#places || this.#unstored >= this.#maxUnstored;
  }

  /** Lets those go on that wait, as far as there is room. */
  #next(): void {
    const [next] = this.#waiting;
    if (!this.#isFull) next?.();
  }

  /** Resolves when a place is free, or the signal aborts. */
  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#isFull && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          this.#waiting.delete(go);
          signal.removeEventListener('abort', go);
          resolve();
        };
        this.#waiting.add(go);
        signal.addEventListener('abort', go, { once: true });
      });
    }
  }
}

/** A place among the first pages. */
export interface FirstPage {
  /** The page is here: from now on the place is kept until it is left. */
  arrived(): void;
  leave(): void;
  /** Leaves, and says when what was on the page is stored. Call it before `leave`. */
  leaveUntil(durable: Promise<unknown>): void;
}
