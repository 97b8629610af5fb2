import { COLUMNS, COUNTERS, type Column } from './columns.ts';

export interface MetersOptions {
  /** Milliseconds between two ticks. Rates hold for a tick. */
  readonly step: number;
  /** Past ticks whose values are kept: the present and this many steps back can be asked for. */
  readonly history: number;
}

/**
 * The values of everything measured, in rows of `COLUMNS` numbers. Within a tick every rate is constant, so the value of a
 * counter is known exactly at every moment: value at the tick's start + rate * time since. Gauges hold for a tick.
 */
export class Meters {
  readonly step: number;
  readonly #depth: number;
  #capacity = 256;
  #rows = 0;
  readonly #free: number[] = [];
  #values = new Float64Array(this.#capacity * COLUMNS);
  #rates = new Float64Array(this.#capacity * COUNTERS);
  /** Values at the start of earlier ticks, oldest first. */
  #past: { readonly time: number; values: Float64Array }[] = [];
  #tickAt: number;

  constructor(start: number, { step, history }: MetersOptions) {
    this.step = step;
    this.#depth = history;
    this.#tickAt = start;
  }

  /** When the present tick began. */
  get tickAt(): number {
    return this.#tickAt;
  }

  /** The earliest moment whose values are known. */
  get oldest(): number {
    return this.#past[0]?.time ?? this.#tickAt;
  }

  /** A row of zeroes. */
  allocate(): number {
    const row = this.#free.pop() ?? this.#rows++;
    if (row >= this.#capacity) this.#grow();
    this.#values.fill(0, row * COLUMNS, (row + 1) * COLUMNS);
    this.#rates.fill(0, row * COUNTERS, (row + 1) * COUNTERS);
    for (const { values } of this.#past) values.fill(0, row * COLUMNS, (row + 1) * COLUMNS);
    return row;
  }

  release(row: number): void {
    this.#free.push(row);
  }

  /** Ends the present tick: counters get what their rates brought until `time`, and a new tick begins. */
  tick(time: number): void {
    const seconds = (time - this.#tickAt) / 1000;
    let reused: Float64Array | undefined;
    if (this.#past.length >= this.#depth) reused = this.#past.shift()!.values;
    if (reused?.length !== this.#values.length) reused = new Float64Array(this.#values.length);
    reused.set(this.#values);
    this.#past.push({ time: this.#tickAt, values: reused });
    const values = this.#values;
    const rates = this.#rates;
    for (let row = 0; row < this.#rows; row++) {
      const value = row * COLUMNS;
      const rate = row * COUNTERS;
      for (let column = 0; column < COUNTERS; column++) values[value + column]! += rates[rate + column]! * seconds;
    }
    this.#tickAt = time;
  }

  /** Sets a counter's rate per second, or a gauge, for the present tick. */
  set(row: number, column: Column, value: number): void {
    if (column < COUNTERS) this.#rates[row * COUNTERS + column] = value;
    else this.#values[row * COLUMNS + column] = value;
  }

  /** Adds to a counter at once, or to a gauge. */
  bump(row: number, column: Column, value: number): void {
    this.#values[row * COLUMNS + column]! += value;
  }

  /** Gives every counter what its present rates would have brought in these seconds: a past that was not simulated. */
  backdate(row: number, seconds: number): void {
    for (let column = 0; column < COUNTERS; column++) {
      const gained = this.#rates[row * COUNTERS + column]! * seconds;
      this.#values[row * COLUMNS + column]! += gained;
      for (const { values } of this.#past) values[row * COLUMNS + column]! += gained;
    }
  }

  /** Sets all rates and gauges of a row to 0, before its children are added up. */
  clear(row: number): void {
    this.#rates.fill(0, row * COUNTERS, (row + 1) * COUNTERS);
    this.#values.fill(0, row * COLUMNS + COUNTERS, (row + 1) * COLUMNS);
  }

  /** Adds a row's rates and gauges to another's. */
  addTo(parent: number, child: number): void {
    const rates = this.#rates;
    for (let i = 0; i < COUNTERS; i++) rates[parent * COUNTERS + i]! += rates[child * COUNTERS + i]!;
    const values = this.#values;
    for (let i = COUNTERS; i < COLUMNS; i++) values[parent * COLUMNS + i]! += values[child * COLUMNS + i]!;
  }

  /** From now on nothing grows any more: what has ended. */
  freeze(row: number, time: number): void {
    const seconds = (time - this.#tickAt) / 1000;
    for (let i = 0; i < COUNTERS; i++) {
      this.#values[row * COLUMNS + i]! += this.#rates[row * COUNTERS + i]! * seconds;
      this.#rates[row * COUNTERS + i] = 0;
    }
  }

  /** A counter's present rate per second. */
  rate(row: number, column: Column): number {
    return this.#rates[row * COUNTERS + column]!;
  }

  /** The value at a moment; moments before the oldest known one have its value. */
  value(row: number, column: Column, time: number): number {
    if (time >= this.#tickAt || this.#past.length === 0) {
      const value = this.#values[row * COLUMNS + column]!;
      return column < COUNTERS
        ? value + (this.#rates[row * COUNTERS + column]! * Math.max(0, time - this.#tickAt)) / 1000
        : value;
    }
    const [before, after, share] = this.#around(time);
    const value = before[row * COLUMNS + column]!;
    return column < COUNTERS ? value + (after[row * COLUMNS + column]! - value) * share : value;
  }

  /** All columns of a row at a moment, into `target`. */
  read(row: number, time: number, target: Float64Array): void {
    const base = row * COLUMNS;
    if (time >= this.#tickAt || this.#past.length === 0) {
      const seconds = Math.max(0, time - this.#tickAt) / 1000;
      const rates = row * COUNTERS;
      for (let i = 0; i < COUNTERS; i++) target[i] = this.#values[base + i]! + this.#rates[rates + i]! * seconds;
      for (let i = COUNTERS; i < COLUMNS; i++) target[i] = this.#values[base + i]!;
      return;
    }
    const [before, after, share] = this.#around(time);
    for (let i = 0; i < COUNTERS; i++) target[i] = before[base + i]! + (after[base + i]! - before[base + i]!) * share;
    for (let i = COUNTERS; i < COLUMNS; i++) target[i] = before[base + i]!;
  }

  /** The ticks before and after a past moment, and how far it is from the one to the other. */
  #around(time: number): readonly [Float64Array, Float64Array, number] {
    const past = this.#past;
    let index = past.length - 1;
    while (index > 0 && past[index]!.time > time) index--;
    const { time: from, values } = past[index]!;
    const next = past[index + 1];
    const until = next?.time ?? this.#tickAt;
    return [values, next?.values ?? this.#values, Math.max(0, time - from) / (until - from)];
  }

  #grow(): void {
    this.#capacity *= 2;
    const widen = (old: Float64Array, width: number) => {
      const wide = new Float64Array(this.#capacity * width);
      wide.set(old);
      return wide;
    };
    this.#values = widen(this.#values, COLUMNS);
    this.#rates = widen(this.#rates, COUNTERS);
    for (const tick of this.#past) tick.values = widen(tick.values, COLUMNS);
  }
}
