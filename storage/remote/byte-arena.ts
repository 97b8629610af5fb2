/**
 * Pieces of bytes outside of the JavaScript heap, by place: a small number that stays until the piece is removed. A removed
 * place is used again for a piece of about the same size.
 */
export class ByteArena {
  readonly #pages: Buffer[] = [];
  #used = PAGE_UNITS;
  readonly #free = new Map<number, number[]>();

  /** Copies the bytes; gives their place. */
  put(bytes: Uint8Array): number {
    const units = unitsOf(bytes.length);
    const place = this.#free.get(units)?.pop() ?? this.#allocate(units);
    this.#pages[Math.floor(place / PAGE_UNITS)]!.set(bytes, (place % PAGE_UNITS) * UNIT);
    return place;
  }

  /** The piece at a place, as it is in the arena: valid until it is removed. */
  get(place: number, length: number): Uint8Array {
    const start = (place % PAGE_UNITS) * UNIT;
    return this.#pages[Math.floor(place / PAGE_UNITS)]!.subarray(start, start + length);
  }

  remove(place: number, length: number): void {
    const units = unitsOf(length);
    const free = this.#free.get(units);
    if (free === undefined) this.#free.set(units, [place]);
    else free.push(place);
  }

  #allocate(units: number): number {
    if (units > PAGE_UNITS) {
      // A page of its own.
      this.#pages.push(Buffer.alloc(units * UNIT));
      this.#used = PAGE_UNITS;
      return (this.#pages.length - 1) * PAGE_UNITS;
    }
    if (this.#used + units > PAGE_UNITS) {
      this.#pages.push(Buffer.alloc(PAGE_UNITS * UNIT));
      this.#used = 0;
    }
    const place = (this.#pages.length - 1) * PAGE_UNITS + this.#used;
    this.#used += units;
    return place;
  }
}

/** Pieces are rounded up to this, so that a removed place fits many others. */
const UNIT = 32;
const PAGE_UNITS = 8192;

function unitsOf(length: number): number {
  return Math.max(1, Math.ceil(length / UNIT));
}
