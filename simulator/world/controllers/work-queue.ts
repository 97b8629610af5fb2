import type { SimulatedClock } from '../simulated-clock.ts';

/** Keys that are to be looked at, each once however often it was added meanwhile, some time after it was added first. */
export class WorkQueue {
  readonly #clock: SimulatedClock;
  readonly #delay: number;
  readonly #reconcile: (key: string) => void;
  readonly #due = new Map<string, { readonly time: number; readonly cancel: () => void }>();

  constructor(
    clock: SimulatedClock,
    { delay, reconcile }: { readonly delay: number; readonly reconcile: (key: string) => void },
  ) {
    this.#clock = clock;
    this.#delay = delay;
    this.#reconcile = reconcile;
  }

  /** Keys that wait. */
  get size(): number {
    return this.#due.size;
  }

  /** An earlier time that the key waits for already stays. */
  add(key: string, delay = this.#delay): void {
    const time = this.#clock.now() + delay;
    const waiting = this.#due.get(key);
    if (waiting !== undefined) {
      if (waiting.time <= time) return;
      waiting.cancel();
    }
    const cancel = this.#clock.at(time, () => {
      this.#due.delete(key);
      this.#reconcile(key);
    });
    this.#due.set(key, { time, cancel });
  }
}
