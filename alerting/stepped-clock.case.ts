import type { Clock } from './clock.ts';

/** Time goes on when the test says so; what is due is called in order. Begins at 2026-03-02T12:00:00Z, a Monday, unless told otherwise. */
export class SteppedClock implements Clock {
  #now: number;
  #elapsed = 0;
  readonly #calls = new Set<{ readonly at: number; readonly call: () => void }>();

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
    const entry = { at: this.#elapsed + Math.max(milliseconds, 0), call };
    this.#calls.add(entry);
    return () => this.#calls.delete(entry);
  }

  /** Calls that are still to come. */
  get pending(): number {
    return this.#calls.size;
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
      let next: { readonly at: number; readonly call: () => void } | undefined;
      for (const entry of this.#calls) {
        if (entry.at <= end && (next === undefined || entry.at < next.at)) next = entry;
      }
      if (next === undefined) break;
      this.#calls.delete(next);
      this.#move(next.at);
      next.call();
      await settle();
    }
    this.#move(end);
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
