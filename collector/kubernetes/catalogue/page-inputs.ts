import type { SeriesRef } from '../../../storage/series.ts';
import type { ScrapeBatch } from '../../scrape/scrape-batch.ts';

/**
 * Which series are looked at, and by whom: one table for all taps, because refs are few and dense for the whole process. A
 * series that two targets have belongs to the one that had it first.
 */
export class WatchedRefs {
  /** By ref: 1 + the place in its owner's inputs; 0: nobody looks at it. */
  slots = new Uint32Array(4096);
  owners = new Uint16Array(4096);
  #owner = 0;
  readonly #freeOwners: number[] = [];

  /** Bytes that the columns take, for all clusters of the process. */
  get byteLength(): number {
    return this.slots.byteLength + this.owners.byteLength;
  }

  newOwner(): number {
    const owner = this.#freeOwners.pop() ?? ++this.#owner;
    if (owner > 0xffff) throw new Error('at most 65535 targets can be tapped');
    return owner;
  }

  freeOwner(owner: number): void {
    this.#freeOwners.push(owner);
  }

  set(ref: SeriesRef, owner: number, slot: number): void {
    if (ref >= this.slots.length) {
      const size = Math.max(ref + 1, this.slots.length * 2);
      const slots = new Uint32Array(size);
      slots.set(this.slots);
      const owners = new Uint16Array(size);
      owners.set(this.owners);
      this.slots = slots;
      this.owners = owners;
    }
    this.slots[ref] = slot + 1;
    this.owners[ref] = owner;
  }

  clear(ref: SeriesRef): void {
    this.slots[ref] = 0;
  }

  /** The place in the owner's inputs, -1 when it has none there. */
  slotOf(ref: SeriesRef, owner: number): number {
    return ref < this.slots.length && this.slots[ref] !== 0 && this.owners[ref] === owner ? this.slots[ref]! - 1 : -1;
  }
}

/** Of what a sample is a part: of which unit (a container, an interface), and which of its quantities. */
export interface InputKind {
  /** The column of the unit's gauge or rate. */
  readonly column: number;
  /** A counter: the column gets its rate over the window. */
  readonly isCounter: boolean;
  /** Of a counter: the column of the increase since the sample before; undefined: none. */
  readonly increaseColumn?: number;
}

export interface PageInputsOptions {
  readonly refs: WatchedRefs;
  /** Quantities of a unit. */
  readonly columns: number;
  /** How far back rates look. */
  readonly window: number;
  /** Between two pages. */
  readonly interval: number;
}

const FREE = 0xffff_ffff;
const NO_COLUMN = 0xff;

/** How much older than the window a point may be: scrapes are some milliseconds late. */
const TOLERANCE = 1_000;

/**
 * The samples of one target's pages that are of interest, as quantities of units. Several series may be parts of one
 * quantity (interfaces, devices); it is their sum. Of every series the last points are kept, one column for each page.
 *
 * The rate of a counter is its increase between the first and the last point within the window, over the time between
 * these two; a value below the one before is a counter that began anew at 0. Nothing is extrapolated to the window's ends.
 * There is a rate from the second point on.
 */
export class PageInputs {
  readonly #refs: WatchedRefs;
  readonly #owner: number;
  readonly #columns: number;
  readonly #window: number;
  readonly #points: number;
  /** The times of the pages, in a ring that `#head` points into. */
  readonly #times: Float64Array;
  #head = 0;
  #capacity = 16;
  #length = 0;
  readonly #free: number[] = [];
  /** By page, then by input. */
  #values: Float64Array;
  #units = new Uint32Array(this.#capacity).fill(FREE);
  #columnOf = new Uint8Array(this.#capacity);
  #increaseOf = new Uint8Array(this.#capacity);
  #isCounter = new Uint8Array(this.#capacity);
  #holders = new Uint16Array(this.#capacity);
  /** By unit, then by column: what the last page came to. */
  results = new Float64Array(0);

  constructor({ refs, columns, window, interval }: PageInputsOptions) {
    this.#refs = refs;
    this.#owner = refs.newOwner();
    this.#columns = columns;
    this.#window = Math.max(window, interval);
    this.#points = Math.min(Math.ceil(this.#window / interval) + 2, 64);
    this.#times = new Float64Array(this.#points).fill(Number.NEGATIVE_INFINITY);
    this.#values = new Float64Array(this.#points * this.#capacity).fill(Number.NaN);
  }

  /** Bytes that the columns take. */
  get byteLength(): number {
    return this.#values.byteLength + this.#capacity * 9 + this.results.byteLength;
  }

  /** Whether it is new, has one more holder, or is looked at by another target's inputs and not by these. */
  add(
    ref: SeriesRef,
    unit: number,
    { column, isCounter, increaseColumn = NO_COLUMN }: InputKind,
  ): 'new' | 'known' | 'elsewhere' {
    const known = this.#refs.slotOf(ref, this.#owner);
    if (known >= 0) {
      this.#holders[known]!++;
      return 'known';
    }
    if (ref < this.#refs.slots.length && this.#refs.slots[ref] !== 0) return 'elsewhere';
    const slot = this.#free.pop() ?? this.#grow();
    this.#units[slot] = unit;
    this.#columnOf[slot] = column;
    this.#increaseOf[slot] = increaseColumn;
    this.#isCounter[slot] = isCounter ? 1 : 0;
    this.#holders[slot] = 1;
    for (let point = 0; point < this.#points; point++) this.#values[point * this.#capacity + slot] = Number.NaN;
    this.#refs.set(ref, this.#owner, slot);
    if ((unit + 1) * this.#columns > this.results.length) {
      const results = new Float64Array(Math.max((unit + 1) * this.#columns, this.results.length * 2)).fill(Number.NaN);
      results.set(this.results);
      this.results = results;
    }
    return 'new';
  }

  /** The unit that lost its input, -1 when it was not looked at or has other holders. */
  remove(ref: SeriesRef): number {
    const slot = this.#refs.slotOf(ref, this.#owner);
    if (slot < 0 || --this.#holders[slot]! > 0) return -1;
    const unit = this.#units[slot]!;
    this.#refs.clear(ref);
    this.#units[slot] = FREE;
    this.#free.push(slot);
    return unit;
  }

  /** Takes the page's samples and computes `results`. */
  read(batch: ScrapeBatch, timestamp: number): void {
    // A clock that was set back: the points are of no use.
    if (timestamp <= this.#times[this.#head]!) this.#forget();
    this.#head = (this.#head + 1) % this.#points;
    this.#times[this.#head] = timestamp;
    const values = this.#values;
    const at = this.#head * this.#capacity;
    values.fill(Number.NaN, at, at + this.#length);

    const { refs, values: samples, stale, length } = batch;
    const { slots, owners } = this.#refs;
    const known = slots.length;
    const owner = this.#owner;
    for (let i = 0; i < length; i++) {
      const ref = refs[i]!;
      if (ref >= known) continue;
      const slot = slots[ref]!;
      if (slot !== 0 && owners[ref] === owner && stale[i] === 0) values[at + slot - 1] = samples[i]!;
    }
    this.#compute(timestamp);
  }

  /** Nothing can be said any more of what was; the next page begins anew. */
  #forget(): void {
    this.#times.fill(Number.NEGATIVE_INFINITY);
    this.#values.fill(Number.NaN);
  }

  #compute(timestamp: number): void {
    const { results } = this;
    results.fill(Number.NaN);
    const capacity = this.#capacity;
    const values = this.#values;
    const head = this.#head * capacity;
    // Where the older points of the window begin, the newest first.
    const starts: number[] = [];
    const times: number[] = [];
    for (let back = 1; back < this.#points; back++) {
      const point = (this.#head - back + this.#points) % this.#points;
      const time = this.#times[point]!;
      if (time < timestamp - this.#window - TOLERANCE) break;
      starts.push(point * capacity);
      times.push(time);
    }
    for (let slot = 0; slot < this.#length; slot++) {
      const unit = this.#units[slot]!;
      const newest = values[head + slot]!;
      if (unit === FREE || Number.isNaN(newest)) continue;
      const base = unit * this.#columns;
      if (this.#isCounter[slot] === 0) {
        add(results, base + this.#columnOf[slot]!, newest);
        continue;
      }
      let newer = newest;
      let increase = 0;
      let since = Number.NaN;
      let last = Number.NaN;
      for (let i = 0; i < starts.length; i++) {
        const older = values[starts[i]! + slot]!;
        if (Number.isNaN(older)) continue;
        increase += newer >= older ? newer - older : newer;
        if (Number.isNaN(last)) last = increase;
        since = times[i]!;
        newer = older;
      }
      if (Number.isNaN(since)) continue;
      add(results, base + this.#columnOf[slot]!, (increase * 1000) / (timestamp - since));
      if (this.#increaseOf[slot] !== NO_COLUMN) add(results, base + this.#increaseOf[slot]!, last);
    }
  }

  /** To be called when all inputs have been removed. */
  close(): void {
    this.#refs.freeOwner(this.#owner);
  }

  #grow(): number {
    const slot = this.#length++;
    if (slot === this.#capacity) {
      const before = this.#capacity;
      const capacity = Math.ceil(before * 1.5);
      const values = new Float64Array(this.#points * capacity).fill(Number.NaN);
      for (let point = 0; point < this.#points; point++) {
        values.set(this.#values.subarray(point * before, (point + 1) * before), point * capacity);
      }
      this.#values = values;
      this.#units = copyTo(this.#units, new Uint32Array(capacity).fill(FREE));
      this.#columnOf = copyTo(this.#columnOf, new Uint8Array(capacity));
      this.#increaseOf = copyTo(this.#increaseOf, new Uint8Array(capacity));
      this.#isCounter = copyTo(this.#isCounter, new Uint8Array(capacity));
      this.#holders = copyTo(this.#holders, new Uint16Array(capacity));
      this.#capacity = capacity;
    }
    return slot;
  }
}

function add(results: Float64Array, at: number, value: number): void {
  const before = results[at]!;
  results[at] = !Number.isNaN(before) ? before + value : value;
}

function copyTo<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
