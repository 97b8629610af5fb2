/** Lets at most so many things run at a time; others wait for their turn in order. */
export class Turns {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** What is urgent goes before all that wait. */
  async take<T>(run: () => Promise<T>, { isUrgent }: { readonly isUrgent: boolean }): Promise<T> {
    if (this.#running < this.#most) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting[isUrgent ? 'unshift' : 'push'](resolve));
    try {
      return await run();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
