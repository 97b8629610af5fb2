/**
 * Gives equal strings one place in memory: a namespace's or an image's name stands in thousands of objects. Bounded by two
 * generations: what was asked for lately stays, the rest is forgotten, which costs memory where it comes again and nothing
 * else.
 */
export class InternTable {
  readonly #limit: number;
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  /** At most about twice so many strings are held. Default 50,000. */
  constructor(limit = 50_000) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  intern(text: string): string {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const found = this.#old.get(text) ?? text;
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(found, found);
    return found;
  }
}
