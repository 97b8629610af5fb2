/** How long something was there. Unix milliseconds of real time. */
export interface Lifetime {
  readonly key: string;
  /** The node it is on; '' while there is none. */
  node: string;
  /** -Infinity: it was there before anybody looked. */
  readonly from: number;
  /** Infinity while it is there. */
  until: number;
}

/** When things came and went; of one key any number after each other. */
export class LifetimeLog {
  readonly #open = new Map<string, Lifetime>();
  #ended: Lifetime[] = [];

  /** Those that are there now. */
  get open(): ReadonlyMap<string, Lifetime> {
    return this.#open;
  }

  /** It is there since `at`, unless it was already. */
  begin(key: string, node: string, at: number): void {
    const known = this.#open.get(key);
    if (known === undefined) this.#open.set(key, { key, node, from: at, until: Number.POSITIVE_INFINITY });
    else if (known.node === '') known.node = node;
  }

  end(key: string, at: number): void {
    const known = this.#open.get(key);
    if (known === undefined) return;
    this.#open.delete(key);
    known.until = at;
    this.#ended.push(known);
  }

  /** What is there at a moment, by key with its node: the rest has ended, and what is new begins. */
  update(present: ReadonlyMap<string, string>, at: number): void {
    for (const key of this.#open.keys()) if (!present.has(key)) this.end(key, at);
    for (const [key, node] of present) this.begin(key, node, at);
  }

  /** By key, the lifetimes that reach into a span, in their order, and the one before them. */
  within(from: number, until: number): Map<string, Lifetime[]> {
    const found = new Map<string, Lifetime[]>();
    for (const life of [...this.#ended, ...this.#open.values()]) {
      if (life.from > until) continue;
      const before = found.get(life.key) ?? [];
      found.set(life.key, [...before.filter((other) => other.until >= from), life]);
    }
    for (const [key, lives] of found) if (lives.at(-1)!.until < from - FORGET) found.delete(key);
    return found;
  }
}

/** What ended so long before a span has nothing to do with it. */
const FORGET = 120_000;
