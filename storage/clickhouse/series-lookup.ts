/** From the 64-bit id of a series to its position, without a BigInt or a string per row. */
export class SeriesLookup {
  readonly #ids: Uint32Array;
  readonly #slots: Uint32Array;
  readonly #mask: number;

  /** `ids` are pairs of 32-bit halves, the low one first. */
  constructor(ids: Uint32Array) {
    const count = ids.length / 2;
    let capacity = 16;
    while (capacity < 2 * count) capacity *= 2;
    this.#ids = ids;
    this.#slots = new Uint32Array(capacity);
    this.#mask = capacity - 1;
    for (let index = 0; index < count; index++) {
      let slot = ids[2 * index]! & this.#mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = index + 1;
    }
  }

  /** The position of the id, -1 when it is not there. */
  find(low: number, high: number): number {
    let slot = low & this.#mask;
    for (;;) {
      const index = this.#slots[slot]! - 1;
      if (index < 0) return -1;
      if (this.#ids[2 * index] === low && this.#ids[2 * index + 1] === high) return index;
      slot = (slot + 1) & this.#mask;
    }
  }
}
