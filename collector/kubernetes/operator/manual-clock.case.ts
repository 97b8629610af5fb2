import type { Clock } from '../../../clock/clock.ts';

/** Time goes on when the test says so; what is due is called in order. */
export class ManualClock implements Clock {
  #time = 1_000_000;
  readonly #calls: { readonly at: number; readonly call: () => void }[] = [];

  now(): number {
    return this.#time;
  }

  elapsed(): number {
    return this.#time;
  }

  schedule(milliseconds: number, call: () => void): () => void {
    const entry = { at: this.#time + milliseconds, call };
    this.#calls.push(entry);
    return () => {
      const index = this.#calls.indexOf(entry);
      if (index >= 0) this.#calls.splice(index, 1);
    };
  }

  /** Calls that are still to come. */
  get pending(): number {
    return this.#calls.length;
  }

  async advance(milliseconds: number): Promise<void> {
    const end = this.#time + milliseconds;
    await settle();
    for (;;) {
      const next = this.#calls.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#calls.splice(this.#calls.indexOf(next), 1);
      this.#time = Math.max(this.#time, next.at);
      next.call();
      await settle();
    }
    this.#time = end;
  }
}

/** Lets everything happen that waits for no timer. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
