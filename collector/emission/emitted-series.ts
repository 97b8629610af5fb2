import type { Appender } from '../../storage/appender.ts';
import type { Labels } from '../../storage/labels.ts';
import type { SampleBatch, SeriesRef } from '../../storage/series.ts';

/** A series' place in an EmittedSeries, from `open` until `close`. */
export type Slot = number;

const FREE = 0;
/** Open, and the last thing appended was a stale marker or nothing. */
const QUIET = 1;
/** Open, and the last thing appended was a sample. */
const LIVE = 2;
/** Closed, and waits for its stale marker. */
const ENDING = 3;

/** Samples to one append; between two of them other work gets its turn. */
const CHUNK = 20_000;

/**
 * Series that this process makes itself, rather than reads from a page: each has a slot with its present value, and `emit`
 * appends them all at one time. A slot without a value (`clear`) and one that was closed end with a stale marker at the next
 * emission, if they had a sample before; a series opened again meanwhile goes on without one. An emission that the storage
 * refuses changes nothing: the next one says what it would have said.
 */
export class EmittedSeries {
  readonly #appender: Appender;
  #refs = new Uint32Array(1024);
  #values = new Float64Array(1024);
  #hasValue = new Uint8Array(1024);
  #states = new Uint8Array(1024);
  #length = 0;
  #free: Slot[] = [];
  /** Slots of series that are ending, by ref: a series that is opened again takes its slot back. */
  readonly #ending = new Map<SeriesRef, Slot>();
  #emitting: Promise<unknown> = Promise.resolve();

  constructor(appender: Appender) {
    this.#appender = appender;
  }

  /** Slots that are open. */
  get size(): number {
    return this.#length - this.#free.length - this.#ending.size;
  }

  /** A slot for the series, without a value. The labels must be of no other open slot of this object. */
  open(labels: Labels): Slot {
    const ref = this.#appender.acquire(labels);
    const ending = this.#ending.get(ref);
    if (ending !== undefined) {
      // It had this holder already.
      this.#appender.release([ref]);
      this.#ending.delete(ref);
      this.#states[ending] = LIVE;
      this.#hasValue[ending] = 0;
      return ending;
    }
    const slot = this.#free.pop() ?? this.#grow();
    this.#refs[slot] = ref;
    this.#states[slot] = QUIET;
    this.#hasValue[slot] = 0;
    return slot;
  }

  /** What the next emissions say. NaN is a value. */
  set(slot: Slot, value: number): void {
    this.#values[slot] = value;
    this.#hasValue[slot] = 1;
  }

  /** The series has no value at present. */
  clear(slot: Slot): void {
    this.#hasValue[slot] = 0;
  }

  /** The series is over; the slot must not be used any more. */
  close(slot: Slot): void {
    if (this.#states[slot] === LIVE) {
      this.#states[slot] = ENDING;
      this.#ending.set(this.#refs[slot]!, slot);
      return;
    }
    this.#free_(slot);
  }

  /**
   * Appends every slot's value, and stale markers, at one time, in chunks of which each is taken whole or not at all.
   * Emissions queue up behind each other. Resolves with the samples appended when all is durable; rejects with the first
   * StorageError after all chunks were tried, and what was refused is still to be said.
   */
  emit(timestamp: number): Promise<number> {
    const run = this.#emitting.then(() => this.#emit(timestamp));
    this.#emitting = run.catch(() => undefined);
    return run;
  }

  async #emit(timestamp: number): Promise<number> {
    let appended = 0;
    let failure: unknown;
    for (let from = 0; from < this.#length; from += CHUNK) {
      try {
        appended += await this.#emitChunk(from, Math.min(from + CHUNK, this.#length), timestamp);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return appended;
  }

  async #emitChunk(from: Slot, to: Slot, timestamp: number): Promise<number> {
    const slots: Slot[] = [];
    for (let slot = from; slot < to; slot++) {
      const state = this.#states[slot]!;
      const speaks = state === ENDING || state === LIVE || (state === QUIET && this.#hasValue[slot] === 1);
      if (speaks) slots.push(slot);
    }
    if (slots.length === 0) return 0;
    const batch = this.#batchOf(slots, timestamp);
    await this.#appender.append(batch);
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]!;
      // While the append became durable a slot may have been closed, opened again or given to another series.
      if (this.#refs[slot] !== batch.refs[i]) continue;
      const isStale = batch.stale[i] === 1;
      const state = this.#states[slot]!;
      if (state === ENDING && isStale) {
        this.#ending.delete(this.#refs[slot]!);
        this.#free_(slot);
      } else if (state === QUIET || state === LIVE) {
        this.#states[slot] = isStale ? QUIET : LIVE;
      }
    }
    return slots.length;
  }

  #batchOf(slots: readonly Slot[], timestamp: number): SampleBatch {
    const length = slots.length;
    const refs = new Uint32Array(length);
    const timestamps = new Float64Array(length).fill(timestamp);
    const values = new Float64Array(length);
    const stale = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      const slot = slots[i]!;
      refs[i] = this.#refs[slot]!;
      const isStale = this.#states[slot] === ENDING || this.#hasValue[slot] === 0;
      stale[i] = isStale ? 1 : 0;
      values[i] = isStale ? Number.NaN : this.#values[slot]!;
    }
    return { length, refs, timestamps, values, stale };
  }

  /** Gives all refs back, without stale markers; the object must not be used any more. */
  release(): void {
    for (let slot = 0; slot < this.#length; slot++) {
      if (this.#states[slot] !== FREE) this.#appender.release([this.#refs[slot]!]);
      this.#states[slot] = FREE;
    }
  }

  #free_(slot: Slot): void {
    this.#appender.release([this.#refs[slot]!]);
    this.#states[slot] = FREE;
    this.#free.push(slot);
  }

  #grow(): Slot {
    const slot = this.#length++;
    if (slot === this.#refs.length) {
      const size = slot * 2;
      this.#refs = copyTo(this.#refs, new Uint32Array(size));
      this.#values = copyTo(this.#values, new Float64Array(size));
      this.#hasValue = copyTo(this.#hasValue, new Uint8Array(size));
      this.#states = copyTo(this.#states, new Uint8Array(size));
    }
    return slot;
  }
}

function copyTo<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
