/**
 * Gives equal values one place in memory: a namespace's or an image's name stands in thousands of objects. Bounded by two
 * generations: what was asked for lately stays, the rest is forgotten, which costs memory where it comes again and nothing
 * else.
 */
export class InternTable<T> {
  readonly #limit: number;
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  /** At most twice so many values are held. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The value that is held for the key, which becomes this one when none is. The default is a string that is its own key. */
  intern(value: T, key: string = value as string): T {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const found = this.#old.get(key) ?? value;
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, found);
    return found;
  }
}
