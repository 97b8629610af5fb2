/**
 * The k largest (or smallest) of the values offered, in a binary heap whose root is the worst of them. NaN is worse than
 * any number. Which of equal values stay is what the heap makes of it: Prometheus keeps its candidates in the same
 * structure, so the same series survive a tie.
 */
export class BestValues {
  readonly #sign: 1 | -1;
  #limit = 0;
  #length = 0;
  #ids = new Uint32Array(16);
  #values = new Float64Array(16);

  constructor(best: 'largest' | 'smallest') {
    this.#sign = best === 'largest' ? 1 : -1;
  }

  /** Starts over with another k, a whole number above 0. */
  reset(limit: number): void {
    this.#limit = limit;
    this.#length = 0;
  }

  offer(id: number, value: number): void {
    if (this.#length < this.#limit) {
      this.#grow();
      this.#ids[this.#length] = id;
      this.#values[this.#length] = value;
      this.#rise(this.#length++);
    } else if (this.#isBetter(value, this.#values[0]!)) {
      this.#ids[0] = id;
      this.#values[0] = value;
      this.#sink();
    }
  }

  /** The ids of what is left, the best first, NaN last; equal values as they lie in the heap, NaN the other way round. */
  ranked(): number[] {
    const places = Array.from({ length: this.#length }, (_, place) => place);
    const values = this.#values;
    places.sort((a, b) => {
      if (this.#isBetter(values[a]!, values[b]!)) return -1;
      if (this.#isBetter(values[b]!, values[a]!)) return 1;
      return Number.isNaN(values[a]!) ? b - a : 0;
    });
    return places.map((place) => this.#ids[place]!);
  }

  #isBetter(a: number, b: number): boolean {
    if (Number.isNaN(b)) return !Number.isNaN(a);
    return this.#sign * (a === b ? 0 : a < b ? -1 : 1) > 0 && !Number.isNaN(a);
  }

  /** In the heap a NaN is below everything, another NaN as well. */
  #isBelow(a: number, b: number): boolean {
    return Number.isNaN(this.#values[a]!) || this.#isBetter(this.#values[b]!, this.#values[a]!);
  }

  #rise(from: number): void {
    for (let child = from; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#isBelow(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  #sink(): void {
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      if (left >= this.#length) return;
      const right = left + 1;
      const child = right < this.#length && this.#isBelow(right, left) ? right : left;
      if (!this.#isBelow(child, parent)) return;
      this.#swap(child, parent);
      parent = child;
    }
  }

  #swap(a: number, b: number): void {
    [this.#ids[a], this.#ids[b]] = [this.#ids[b]!, this.#ids[a]!];
    [this.#values[a], this.#values[b]] = [this.#values[b]!, this.#values[a]!];
  }

  #grow(): void {
    if (this.#length < this.#ids.length) return;
    const ids = new Uint32Array(2 * this.#length);
    ids.set(this.#ids);
    this.#ids = ids;
    const values = new Float64Array(2 * this.#length);
    values.set(this.#values);
    this.#values = values;
  }
}
