import type { Clock } from '../clock/clock.ts';

/** Time goes on when the test says so; what is due is called in order. Begins at 2026-03-02T12:00:00Z, a Monday, unless told otherwise. */
export class SteppedClock implements Clock {
  #now: number;
  #elapsed = 0;
  /** By when they are due: many may be at the same time. */
  readonly #calls = new Map<number, Set<() => void>>();

  constructor(start = Date.UTC(2026, 2, 2, 12)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  schedule(milliseconds: number, call: () => void): () => void {
    const at = this.#elapsed + Math.max(milliseconds, 0);
    // The same function may be scheduled more than once.
    const entry = (): void => call();
    const calls = this.#calls.get(at);
    if (calls === undefined) this.#calls.set(at, new Set([entry]));
    else calls.add(entry);
    return () => this.#remove(at, entry);
  }

  /** Calls that are still to come. */
  get pending(): number {
    let pending = 0;
    for (const calls of this.#calls.values()) pending += calls.size;
    return pending;
  }

  /** Sets the time of day, as an administrator would: nothing becomes due by it. */
  jump(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** Goes on by so many milliseconds, and lets what is called settle before the next call. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#elapsed + milliseconds;
    await settle();
    for (;;) {
      const at = Math.min(...this.#calls.keys());
      if (at > end) break;
      const [call] = this.#calls.get(at)!;
      this.#remove(at, call!);
      this.#move(at);
      call!();
      await settle();
    }
    this.#move(end);
  }

  #remove(at: number, call: () => void): void {
    const calls = this.#calls.get(at);
    calls?.delete(call);
    if (calls?.size === 0) this.#calls.delete(at);
  }

  #move(elapsed: number): void {
    if (elapsed <= this.#elapsed) return;
    this.#now += elapsed - this.#elapsed;
    this.#elapsed = elapsed;
  }
}

/** Lets everything happen that waits for no timer. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
