/**
 * Strings by small number, each held once however many series use it, with a count of the users. A freed number is given out
 * again only after `settle`, because what is being written may still refer to it.
 */
export class SymbolTable {
  readonly #bySymbol = new Map<string, number>();
  readonly #strings: string[] = [];
  #users = new Uint32Array(1024);
  #free: number[] = [];
  #freed: number[] = [];

  /** One more than the greatest number in use. */
  get size(): number {
    return this.#strings.length;
  }

  /** The number of a string, with one user more. */
  acquire(text: string): number {
    let symbol = this.#bySymbol.get(text);
    if (symbol === undefined) {
      symbol = this.#free.pop() ?? this.#strings.length;
      // A copy: a piece cut out of a scrape's body would keep the whole body in memory.
      const copy = Buffer.from(text).toString();
      this.#bySymbol.set(copy, symbol);
      this.#strings[symbol] = copy;
      if (symbol >= this.#users.length) {
        const users = new Uint32Array(this.#users.length * 2);
        users.set(this.#users);
        this.#users = users;
      }
    }
    this.#users[symbol]!++;
    return symbol;
  }

  release(symbol: number): void {
    if (--this.#users[symbol]! > 0) return;
    this.#bySymbol.delete(this.#strings[symbol]!);
    this.#strings[symbol] = '';
    this.#freed.push(symbol);
  }

  text(symbol: number): string {
    return this.#strings[symbol]!;
  }

  /** Says that nobody refers to released symbols any more. */
  settle(): void {
    if (this.#freed.length === 0) return;
    for (const symbol of this.#freed) this.#free.push(symbol);
    this.#freed = [];
  }
}
