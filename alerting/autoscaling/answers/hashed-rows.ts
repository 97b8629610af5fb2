/** Another one in every process, so that nobody can choose names that collide. */
const SEED = (Math.random() * 0x1_0000_0000) | 0;

/**
 * Finds rows by a key that is elsewhere, such as in labels: 10 to 18 bytes a row, where a Map of strings takes five times that. Rows of equal
 * keys are chained, the first one first.
 */
export class HashedRows {
  /** Row + 1; 0 where there is none. */
  readonly #slots: Int32Array;
  readonly #hashes: Int32Array;
  /** Row + 1 of the next row with an equal key; only made when there is one. */
  #next: Int32Array | undefined;

  /** Rows without a hash are left out. `same` is asked of rows with equal hashes. */
  constructor(rows: number, hashOf: (row: number) => number | undefined, same: (a: number, b: number) => boolean) {
    let size = 4;
    while (size < rows * 1.5) size *= 2;
    this.#slots = new Int32Array(size);
    this.#hashes = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      const hash = hashOf(row);
      if (hash !== undefined) this.#add(row, hash, same);
    }
  }

  /** The first row whose key is meant, or -1. `is` is asked of rows with that hash. */
  first(hash: number, is: (row: number) => boolean): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]! - 1;
      if (row < 0 || (this.#hashes[row] === hash && is(row))) return row;
    }
  }

  /** The next row with the same key, or -1. */
  next(row: number): number {
    return this.#next === undefined ? -1 : this.#next[row]! - 1;
  }

  get byteLength(): number {
    return this.#slots.byteLength + this.#hashes.byteLength + (this.#next?.byteLength ?? 0);
  }

  #add(row: number, hash: number, same: (a: number, b: number) => boolean): void {
    this.#hashes[row] = hash;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const other = this.#slots[slot]! - 1;
      if (other < 0) {
        this.#slots[slot] = row + 1;
        return;
      }
      if (this.#hashes[other] !== hash || !same(other, row)) continue;
      this.#next ??= new Int32Array(this.#hashes.length);
      // Behind the first, so that many of one key take no longer than few.
      this.#next[row] = this.#next[other]!;
      this.#next[other] = row + 1;
      return;
    }
  }
}

/** Of some strings in order; where one ends and the next begins counts. */
export function hashOf(...texts: readonly string[]): number {
  let hash = SEED;
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
    hash = Math.imul(hash ^ 0x1_0000, 0x0100_0193);
  }
  // The low bits choose the slot: all others must have their say in them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb_352d);
  return hash ^ (hash >>> 15);
}
