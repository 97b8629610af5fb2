import type { Appender } from '../../storage/appender.ts';
import type { Labels } from '../../storage/labels.ts';
import type { SeriesRef } from '../../storage/series.ts';

/** A series' place in an EmittedSeries, from `open` until `close`. */
export type Slot = number;

/** What is known of a slot, as bits; 0 is a free one. */
const OPEN = 1;
/** Closed, and waits for its stale marker. */
const CLOSED = 2;
/** `set` was called, and `clear` not since. */
const VALUED = 4;
/** The last thing that the storage took was a sample. */
const LIVE = 8;
/** A sample is on its way to the storage. */
const SAMPLE_UNDER_WAY = 16;
/** A stale marker is on its way to the storage. */
const MARKER_UNDER_WAY = 32;
const UNDER_WAY = SAMPLE_UNDER_WAY | MARKER_UNDER_WAY;

/** Slots that there is room for at first. */
const FIRST_ROOM = 1024;
/** Slots that one append looks at; between two of them other work gets its turn. */
const CHUNK = 8192;
/** Appends that may be under way at a time: the storage makes them durable about once a second. */
const MAX_UNDER_WAY = 64;

export interface EmitOptions {
  /** Says of no series that it has a value: all that had one end with a stale marker. Values stay set. Default false. */
  readonly silent?: boolean;
  /**
   * Called between two appends, with the part of the emission that is done (0 to 1); the next one waits for it. Default:
   * other work gets its turn.
   */
  readonly pace?: (done: number) => Promise<void>;
  /** Called when all of it has been given to the appender, which is before it is durable. */
  readonly onAppended?: () => void;
}

/**
 * Series that this process makes itself, rather than reads from a page: each has a slot with its present value, and `emit`
 * appends them all at one time. A slot without a value (`clear`) and one that was closed end with a stale marker at the next
 * emission, if they had a sample before; a series opened again meanwhile goes on without one. An emission that the storage
 * refuses changes nothing: the next one says what it would have said. 13 bytes a slot, besides what the storage holds.
 */
export class EmittedSeries {
  readonly #appender: Appender;
  #refs = new Uint32Array(FIRST_ROOM);
  #values = new Float64Array(FIRST_ROOM);
  #states = new Uint8Array(FIRST_ROOM);
  #length = 0;
  #free: Slot[] = [];
  /** Slots of series that are ending, by ref: a series that is opened again takes its slot back. */
  readonly #ending = new Map<SeriesRef, Slot>();
  #emitting: Promise<unknown> = Promise.resolve();
  #isReleased = false;

  constructor(appender: Appender) {
    this.#appender = appender;
  }

  /** Slots that are open. */
  get size(): number {
    return this.#length - this.#free.length - this.#ending.size;
  }

  /** Bytes that the columns take, used or not. */
  get byteLength(): number {
    return this.#refs.byteLength + this.#values.byteLength + this.#states.byteLength;
  }

  /** A slot for the series, without a value. The labels must be of no other open slot of this object. */
  open(labels: Labels): Slot {
    const ref = this.#appender.acquire(labels);
    const ending = this.#ending.get(ref);
    if (ending !== undefined) {
      // It had this holder already.
      this.#appender.release([ref]);
      this.#ending.delete(ref);
      this.#states[ending] = (this.#states[ending]! & (LIVE | UNDER_WAY)) | OPEN;
      return ending;
    }
    const slot = this.#free.pop() ?? this.#grow();
    this.#refs[slot] = ref;
    this.#states[slot] = OPEN;
    return slot;
  }

  /** What the next emissions say. NaN is a value. */
  set(slot: Slot, value: number): void {
    this.#values[slot] = value;
    this.#states[slot]! |= VALUED;
  }

  /** The series has no value at present. */
  clear(slot: Slot): void {
    this.#states[slot]! &= ~VALUED;
  }

  /** The series is over; the slot must not be used any more, other than in `end`. */
  close(slot: Slot): void {
    const state = this.#states[slot]!;
    if ((state & (LIVE | UNDER_WAY)) === 0) {
      this.#freeSlot(slot);
      return;
    }
    this.#states[slot] = (state & (LIVE | UNDER_WAY)) | CLOSED;
    this.#ending.set(this.#refs[slot]!, slot);
  }

  /**
   * Appends every slot's value, and stale markers, at one time, in chunks of which each is taken whole or not at all.
   * Emissions queue up behind each other. Resolves with the samples appended when all is durable; rejects with the first
   * StorageError after all chunks were tried, and what was refused is still to be said.
   */
  emit(timestamp: number, { silent = false, pace = nextTurn, onAppended }: EmitOptions = {}): Promise<number> {
    return this.#enqueue(async (run) => {
      for (let from = 0; from < this.#length && !this.#isReleased; from += CHUNK) {
        if (from > 0) await pace(from / this.#length);
        await run((batch) => {
          const to = Math.min(from + CHUNK, this.#length);
          for (let slot = from; slot < to; slot++) this.#say(batch, slot, silent);
        }, timestamp);
      }
      onAppended?.();
    });
  }

  /**
   * Appends the stale markers of slots that were closed, without waiting for the next emission; the timestamp must be later
   * than that of the last one. Slots that are not ending any more are left alone. Resolves and rejects as `emit` does.
   */
  end(slots: readonly Slot[], timestamp: number): Promise<number> {
    return this.#enqueue(async (run) => {
      for (let from = 0; from < slots.length && !this.#isReleased; from += CHUNK) {
        if (from > 0) await nextTurn();
        await run((batch) => {
          for (const slot of slots.slice(from, from + CHUNK)) {
            if ((this.#states[slot]! & CLOSED) !== 0) this.#say(batch, slot, false);
          }
        }, timestamp);
      }
    });
  }

  /** Gives all refs back, without stale markers; the object must not be used any more. */
  release(): void {
    this.#isReleased = true;
    const refs: SeriesRef[] = [];
    for (let slot = 0; slot < this.#length; slot++) if (this.#states[slot] !== 0) refs.push(this.#refs[slot]!);
    this.#states.fill(0);
    this.#appender.release(refs);
  }

  #enqueue(work: (run: Run) => Promise<void>): Promise<number> {
    const result = this.#emitting.then(() => this.#run(work));
    this.#emitting = result.catch(() => undefined);
    return result;
  }

  async #run(work: (run: Run) => Promise<void>): Promise<number> {
    const pending = new Set<Promise<void>>();
    const batch = new Batch();
    let appended = 0;
    let failure: { readonly error: unknown } | undefined;
    await work(async (fill, timestamp) => {
      if (this.#isReleased) return;
      batch.begin(timestamp);
      fill(batch);
      if (batch.length === 0) return;
      const slots = batch.slots.slice(0, batch.length);
      const settled = this.#appender.append(batch).then(
        () => {
          appended += slots.length;
          this.#settle(slots, true);
        },
        (error: unknown) => {
          failure ??= { error };
          this.#settle(slots, false);
        },
      );
      pending.add(settled);
      void settled.then(() => pending.delete(settled));
      if (pending.size >= MAX_UNDER_WAY) await Promise.race(pending);
    });
    await Promise.all(pending);
    if (failure !== undefined) throw failure.error;
    return appended;
  }

  /** Adds to the batch what there is to say of the slot, if anything. */
  #say(batch: Batch, slot: Slot, silent: boolean): void {
    const state = this.#states[slot]!;
    if ((state & OPEN) !== 0 && (state & VALUED) !== 0 && !silent) {
      batch.add(slot, this.#refs[slot]!, this.#values[slot]!, 0);
      this.#states[slot] = state | SAMPLE_UNDER_WAY;
    } else if ((state & LIVE) !== 0) {
      batch.add(slot, this.#refs[slot]!, Number.NaN, 1);
      this.#states[slot] = state | MARKER_UNDER_WAY;
    }
  }

  /** What was under way of these slots has arrived, or not. */
  #settle(slots: Uint32Array, isTaken: boolean): void {
    if (this.#isReleased) return;
    for (const slot of slots) {
      let state = this.#states[slot]!;
      if (isTaken) state = (state & SAMPLE_UNDER_WAY) !== 0 ? state | LIVE : state & ~LIVE;
      this.#states[slot] = state & ~UNDER_WAY;
      if ((state & CLOSED) === 0 || (state & LIVE) !== 0) continue;
      this.#ending.delete(this.#refs[slot]!);
      this.#freeSlot(slot);
    }
  }

  #freeSlot(slot: Slot): void {
    this.#appender.release([this.#refs[slot]!]);
    this.#states[slot] = 0;
    this.#free.push(slot);
    // Who has handed all of it over to another process keeps no room for it.
    if (this.#free.length === this.#length && this.#length > CHUNK) this.#clear();
  }

  #clear(): void {
    this.#free = [];
    this.#length = 0;
    this.#refs = new Uint32Array(FIRST_ROOM);
    this.#values = new Float64Array(FIRST_ROOM);
    this.#states = new Uint8Array(FIRST_ROOM);
  }

  #grow(): Slot {
    const slot = this.#length++;
    if (slot === this.#refs.length) {
      const size = Math.ceil(slot * 1.5);
      this.#refs = copyTo(this.#refs, new Uint32Array(size));
      this.#values = copyTo(this.#values, new Float64Array(size));
      this.#states = copyTo(this.#states, new Uint8Array(size));
    }
    return slot;
  }
}

type Run = (fill: (batch: Batch) => void, timestamp: number) => Promise<void>;

/** A SampleBatch that is filled again and again: an appender copies its columns. */
class Batch {
  length = 0;
  readonly slots = new Uint32Array(CHUNK);
  readonly refs = new Uint32Array(CHUNK);
  readonly timestamps = new Float64Array(CHUNK);
  readonly values = new Float64Array(CHUNK);
  readonly stale = new Uint8Array(CHUNK);

  begin(timestamp: number): void {
    this.length = 0;
    this.timestamps.fill(timestamp);
  }

  add(slot: Slot, ref: SeriesRef, value: number, stale: 0 | 1): void {
    const at = this.length++;
    this.slots[at] = slot;
    this.refs[at] = ref;
    this.values[at] = value;
    this.stale[at] = stale;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function copyTo<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
