/** Live data may always take this long from the outbox to the receiver's answer. */
const LIVE_GOAL = 3_000;
/** Without live data for so long, there is nobody that the backlog could delay. */
const IDLE = 10_000;

/**
 * How many requests may carry older data at a time, so that it never delays what is new: one more with each live request that
 * was answered in time, half as many when one was late and older data was under way beside it; none at all when that leaves
 * less than one, until live data is in time again. How late is late follows what live data takes alone: on a slow link it must
 * not keep the backlog back for ever.
 */
export class BacklogLimit {
  readonly #most: number;
  #limit = 1;
  #goal = LIVE_GOAL;
  #lastLiveAt = Number.NEGATIVE_INFINITY;

  /** Of so many requests at a time in all; half of them, at most, for the backlog. */
  constructor(shards: number) {
    this.#most = Math.max(1, Math.floor(shards / 2));
  }

  at(now: number): number {
    return Math.max(this.#limit, now - this.#lastLiveAt > IDLE ? 1 : 0);
  }

  /** A live request was answered, so long after its segment was written. */
  liveDelivered(delay: number, { now, alone }: { readonly now: number; readonly alone: boolean }): void {
    this.#lastLiveAt = now;
    if (alone) this.#goal = Math.max(LIVE_GOAL, 2 * delay);
    if (delay <= this.#goal) this.#limit = Math.min(this.#limit + 1, this.#most);
    else if (!alone) this.#limit = Math.floor(this.#limit / 2);
  }

  /** A request with older data was answered. */
  backlogDelivered(now: number): void {
    if (now - this.#lastLiveAt > IDLE) this.#limit = Math.min(this.#limit + 1, this.#most);
  }

  /** The receiver failed: it may have too much to do. */
  failed(): void {
    this.#limit = Math.min(this.#limit, 1);
  }
}
