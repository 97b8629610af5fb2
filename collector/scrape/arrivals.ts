import type { Clock } from '../../clock/clock.ts';

export interface ArrivalsOptions {
  readonly clock: Clock;
  /** Nobody is waited for less than this, in milliseconds, whatever the interval. Default 500. */
  readonly leastPatience?: number;
}

/** Something that brings samples at known moments: a target that is scraped, a cluster whose state is told. */
export interface ArrivalSource {
  /**
   * Everything that was due before this moment has arrived, or failed, or will not come; what comes next is due then. Infinity:
   * nothing is expected.
   */
  expect(due: number): void;
  /** How long what is due may take, in milliseconds, before it is not waited for. */
  setPatience(milliseconds: number): void;
  /** Nothing comes any more. */
  close(): void;
}

/** A source that was late so many times in a row is not waited for until it has been in time again. */
const FORGIVEN = 3;
const LEAST_PATIENCE = 500;

/**
 * Knows what was due and what has arrived, so that who evaluates samples up to a time can wait until they are there, and no
 * longer. A source costs its own few numbers, and a scrape some nanoseconds for each who waits just then.
 *
 * One that hangs holds up evaluations until its patience is over; when it does so again and again it is left out, as one that
 * is down would be.
 */
export class Arrivals {
  readonly #clock: Clock;
  readonly #leastPatience: number;
  readonly #sources = new Set<Source>();
  readonly #waiters = new Set<Waiter>();

  constructor({ clock, leastPatience = LEAST_PATIENCE }: ArrivalsOptions) {
    this.#clock = clock;
    this.#leastPatience = leastPatience;
  }

  /** A new source, of which nothing is expected yet. */
  source(): ArrivalSource {
    const source: Source = { due: Number.POSITIVE_INFINITY, patience: this.#leastPatience, lateInARow: 0 };
    this.#sources.add(source);
    return {
      expect: (due) => this.#expect(source, due),
      setPatience: (milliseconds) => {
        source.patience = Math.max(this.#leastPatience, milliseconds);
      },
      close: () => {
        this.#sources.delete(source);
        this.#expect(source, Number.POSITIVE_INFINITY);
      },
    };
  }

  /** Sources that are not waited for because they are always late. */
  get leftOut(): number {
    let count = 0;
    for (const { lateInARow } of this.#sources) if (lateInARow >= FORGIVEN) count++;
    return count;
  }

  /** Everything that was due up to this time has arrived, but for sources that are too late for it; never in the future. */
  get completeUntil(): number {
    const now = this.#clock.now();
    let until = now;
    for (const source of this.#sources) {
      if (source.due <= until && isWaitedFor(source, now)) until = source.due - 1;
    }
    return until;
  }

  /**
   * Resolves when everything that was due up to `time` has been appended or has failed: with `arrived`, or with `late` when
   * something was not there within its patience. Rejects with the signal's reason.
   */
  readonly wait = (time: number, signal: AbortSignal): Promise<'arrived' | 'late'> => {
    if (signal.aborted) return Promise.reject(signal.reason);
    const now = this.#clock.now();
    const missing = new Set<Source>();
    let deadline = now;
    let isLate = false;
    for (const source of this.#sources) {
      if (source.due > time || source.lateInARow >= FORGIVEN) continue;
      const until = source.due + source.patience;
      if (until <= now) {
        isLate = true;
        continue;
      }
      missing.add(source);
      if (until > deadline) deadline = until;
    }
    if (missing.size === 0) return Promise.resolve(isLate ? 'late' : 'arrived');
    return new Promise((resolve, reject) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener('abort', abort);
        this.#waiters.delete(waiter);
      };
      const abort = (): void => {
        end();
        reject(signal.reason);
      };
      const finish = (result: 'arrived' | 'late'): void => {
        end();
        resolve(result);
      };
      const waiter: Waiter = { time, missing, done: () => finish(isLate ? 'late' : 'arrived') };
      const cancel = this.#clock.schedule(deadline - now, () => finish('late'));
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.add(waiter);
    });
  };

  #expect(source: Source, due: number): void {
    const before = source.due;
    if (due > before && before !== Number.POSITIVE_INFINITY) {
      const isLate = this.#clock.now() >= before + source.patience;
      source.lateInARow = isLate ? source.lateInARow + 1 : 0;
    }
    source.due = due;
    for (const { time, missing, done } of this.#waiters) {
      if (due > time && missing.delete(source) && missing.size === 0) done();
    }
  }
}

function isWaitedFor({ due, patience, lateInARow }: Source, now: number): boolean {
  return lateInARow < FORGIVEN && now < due + patience;
}

interface Source {
  /** When it is due next; all that was due before has arrived. */
  due: number;
  patience: number;
  lateInARow: number;
}

interface Waiter {
  readonly time: number;
  readonly missing: Set<Source>;
  readonly done: () => void;
}
