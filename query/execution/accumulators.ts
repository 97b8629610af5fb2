import { KahanSum } from './kahan.ts';

/** Where a row is added: cells at .. at + steps. */
interface Cells {
  readonly at: number;
  readonly steps: number;
}

interface Rows {
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

/**
 * The state of one aggregation: a cell per group and step. `add` takes the row of `rows` that starts at `from` and says
 * whether it had any value; `finish` gives the results, after which the accumulator is spent.
 */
export interface Accumulator {
  add(rows: Rows, from: number, cells: Cells): boolean;
  finish(): Rows;
}

export function newAccumulator(
  op: 'sum' | 'avg' | 'count' | 'min' | 'max' | 'group' | 'stddev' | 'stdvar',
  cells: number,
): Accumulator {
  switch (op) {
    case 'sum':
      return new Sum(cells);
    case 'avg':
      return new Average(cells);
    case 'count':
      return new Simple(
        cells,
        () => 1,
        (count) => count + 1,
      );
    case 'group':
      return new Simple(
        cells,
        () => 1,
        () => 1,
      );
    case 'min':
      return new Simple(
        cells,
        (value) => value,
        (least, value) => (value < least || Number.isNaN(least) ? value : least),
      );
    case 'max':
      return new Simple(
        cells,
        (value) => value,
        (most, value) => (value > most || Number.isNaN(most) ? value : most),
      );
    case 'stddev':
      return new Variance(cells, Math.sqrt);
    case 'stdvar':
      return new Variance(cells, (variance) => variance);
    default:
      return op satisfies never;
  }
}

/** A cell that needs no more state than its result. */
class Simple implements Accumulator {
  readonly #values: Float64Array;
  readonly #present: Uint8Array;
  readonly #first: (value: number) => number;
  readonly #next: (result: number, value: number) => number;

  constructor(cells: number, first: (value: number) => number, next: (result: number, value: number) => number) {
    this.#values = new Float64Array(cells);
    this.#present = new Uint8Array(cells);
    this.#first = first;
    this.#next = next;
  }

  add(rows: Rows, from: number, { at, steps }: Cells): boolean {
    const values = this.#values;
    const present = this.#present;
    let any = false;
    for (let i = from, cell = at; i < from + steps; i++, cell++) {
      if (rows.present[i] === 0) continue;
      const value = rows.values[i]!;
      values[cell] = present[cell] === 1 ? this.#next(values[cell]!, value) : this.#first(value);
      present[cell] = 1;
      any = true;
    }
    return any;
  }

  finish(): Rows {
    return { values: this.#values, present: this.#present };
  }
}

class Sum implements Accumulator {
  readonly #sums: Float64Array;
  readonly #compensations: Float64Array;
  readonly #present: Uint8Array;

  constructor(cells: number) {
    this.#sums = new Float64Array(cells);
    this.#compensations = new Float64Array(cells);
    this.#present = new Uint8Array(cells);
  }

  add(rows: Rows, from: number, { at, steps }: Cells): boolean {
    const sums = this.#sums;
    const compensations = this.#compensations;
    let any = false;
    for (let i = from, cell = at; i < from + steps; i++, cell++) {
      if (rows.present[i] === 0) continue;
      // KahanSum, spelled out on columns.
      const term = rows.values[i]!;
      const sum = sums[cell]!;
      const total = sum + term;
      if (total === Number.POSITIVE_INFINITY || total === Number.NEGATIVE_INFINITY) compensations[cell] = 0;
      else if (Math.abs(sum) >= Math.abs(term)) compensations[cell]! += sum - total + term;
      else compensations[cell]! += term - total + sum;
      sums[cell] = total;
      this.#present[cell] = 1;
      any = true;
    }
    return any;
  }

  finish(): Rows {
    for (let i = 0; i < this.#sums.length; i++) this.#sums[i]! += this.#compensations[i]!;
    return { values: this.#sums, present: this.#present };
  }
}

/** The mean of the sum; once the sum overflows, a mean that is carried along instead. */
class Average implements Accumulator {
  readonly #sums: Float64Array;
  readonly #compensations: Float64Array;
  readonly #counts: Float64Array;
  readonly #carried: Uint8Array;
  readonly #kahan = new KahanSum();

  constructor(cells: number) {
    this.#sums = new Float64Array(cells);
    this.#compensations = new Float64Array(cells);
    this.#counts = new Float64Array(cells);
    this.#carried = new Uint8Array(cells);
  }

  add(rows: Rows, from: number, { at, steps }: Cells): boolean {
    let any = false;
    for (let i = from, cell = at; i < from + steps; i++, cell++) {
      if (rows.present[i] === 0) continue;
      this.#addValue(cell, rows.values[i]!);
      any = true;
    }
    return any;
  }

  #addValue(cell: number, value: number): void {
    const kahan = this.#kahan;
    const count = ++this.#counts[cell]!;
    if (count === 1) {
      this.#sums[cell] = value;
      return;
    }
    kahan.sum = this.#sums[cell]!;
    kahan.compensation = this.#compensations[cell]!;
    if (this.#carried[cell] === 0) {
      kahan.add(value);
      if (Math.abs(kahan.sum) === Number.POSITIVE_INFINITY) {
        kahan.sum = this.#sums[cell]! / (count - 1);
        kahan.compensation = this.#compensations[cell]! / (count - 1);
        this.#carried[cell] = 1;
      }
    }
    if (this.#carried[cell] === 1) {
      const weight = (count - 1) / count;
      kahan.sum *= weight;
      kahan.compensation *= weight;
      kahan.add(value / count);
    }
    this.#sums[cell] = kahan.sum;
    this.#compensations[cell] = kahan.compensation;
  }

  finish(): Rows {
    const present = new Uint8Array(this.#counts.length);
    for (let i = 0; i < present.length; i++) {
      const count = this.#counts[i]!;
      if (count === 0) continue;
      present[i] = 1;
      const divisor = this.#carried[i] === 1 ? 1 : count;
      this.#sums[i] = this.#sums[i]! / divisor + this.#compensations[i]! / divisor;
    }
    return { values: this.#sums, present };
  }
}

/** Welford's method. */
class Variance implements Accumulator {
  readonly #means: Float64Array;
  readonly #squares: Float64Array;
  readonly #counts: Float64Array;
  readonly #result: (variance: number) => number;

  constructor(cells: number, result: (variance: number) => number) {
    this.#means = new Float64Array(cells);
    this.#squares = new Float64Array(cells);
    this.#counts = new Float64Array(cells);
    this.#result = result;
  }

  add(rows: Rows, from: number, { at, steps }: Cells): boolean {
    let any = false;
    for (let i = from, cell = at; i < from + steps; i++, cell++) {
      if (rows.present[i] === 0) continue;
      const value = rows.values[i]!;
      const count = ++this.#counts[cell]!;
      const delta = value - this.#means[cell]!;
      if (count === 1) {
        this.#means[cell] = value;
        // A value that is no number has no distance from the mean, not even its own.
        if (!Number.isFinite(value)) this.#squares[cell] = Number.NaN;
      } else {
        this.#means[cell]! += delta / count;
        this.#squares[cell]! += delta * (value - this.#means[cell]!);
      }
      any = true;
    }
    return any;
  }

  finish(): Rows {
    const present = new Uint8Array(this.#counts.length);
    for (let i = 0; i < present.length; i++) {
      if (this.#counts[i] === 0) continue;
      present[i] = 1;
      this.#squares[i] = this.#result(this.#squares[i]! / this.#counts[i]!);
    }
    return { values: this.#squares, present };
  }
}
