/** A growing column of 32-bit numbers outside of the JavaScript heap, filled, read, reset and filled again. */
export class Uint32Column {
  #values = new Uint32Array(INITIAL);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#resize(Math.ceil(this.#length * 1.5));
    this.#values[this.#length++] = value;
  }

  /** An Int64 as two halves, the low one first. */
  pushHalves(value: number): void {
    this.push(value >>> 0);
    this.push(Math.floor(value / 4294967296));
  }

  /** The numbers themselves, not a copy: untouched until the next `push` or `reset`. */
  view(): Uint32Array {
    return this.#values.subarray(0, this.#length);
  }

  /** Empties it. Memory that was mostly unused is given back. */
  reset(): void {
    const half = this.#values.length >>> 1;
    const isMostlyUnused = this.#length < half >>> 1;
    this.#length = 0;
    if (isMostlyUnused && half >= INITIAL) this.#resize(half);
  }

  #resize(size: number): void {
    const values = new Uint32Array(size);
    values.set(this.#values.subarray(0, this.#length));
    this.#values = values;
  }
}

const INITIAL = 1024;
