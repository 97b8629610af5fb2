import type { SymbolTable } from './symbol-table.ts';

/** The dictionary of one column of one block: symbols to dense indexes in the order of their first use. */
export class BlockDictionary {
  strings: string[] = [];
  /** By symbol: the index and the generation it is of, so that a reset costs nothing. */
  #indexes = new Uint32Array(1024);
  #generations = new Uint32Array(1024);
  #generation = 1;

  index(symbols: SymbolTable, symbol: number): number {
    if (this.#generations[symbol] === this.#generation) return this.#indexes[symbol]!;
    if (symbol >= this.#generations.length) this.#grow(symbols.size);
    const index = this.strings.push(symbols.text(symbol)) - 1;
    this.#indexes[symbol] = index;
    this.#generations[symbol] = this.#generation;
    return index;
  }

  reset(): void {
    this.strings = [];
    this.#generation++;
  }

  #grow(size: number): void {
    const capacity = Math.ceil(size * 1.5);
    const indexes = new Uint32Array(capacity);
    const generations = new Uint32Array(capacity);
    indexes.set(this.#indexes);
    generations.set(this.#generations);
    this.#indexes = indexes;
    this.#generations = generations;
  }
}
