/** Bits, the highest of a value first, in bytes that grow. */
export class BitWriter {
  #bytes = new Uint8Array(64);
  /** Whole bytes begun. */
  #length = 0;
  /** Bits of the last byte that are free. */
  #free = 0;

  /** The low `count` bits of `value`, at most 32. */
  bits(value: number, count: number): void {
    let left = count;
    while (left > 0) {
      if (this.#free === 0) {
        if (this.#length === this.#bytes.length) this.#grow();
        this.#bytes[this.#length++] = 0;
        this.#free = 8;
      }
      const take = Math.min(left, this.#free);
      const piece = (value >>> (left - take)) & ((1 << take) - 1);
      this.#bytes[this.#length - 1]! |= piece << (this.#free - take);
      this.#free -= take;
      left -= take;
    }
  }

  /** The low `count` bits of a number of 64 bits that is given in halves. */
  bits64(high: number, low: number, count: number): void {
    if (count > 32) this.bits(high, count - 32);
    this.bits(low, Math.min(count, 32));
  }

  /** An unsigned whole number, exact below 2^53, in groups of seven bits, the lowest first. */
  uvarint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bits((rest % 128) | 128, 8);
    this.bits(rest, 8);
  }

  /** A copy of what was written; the last byte is filled up with zeros. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
