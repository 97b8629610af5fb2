import { StorageError } from '../errors.ts';
import type { Labels } from '../labels.ts';
import type { SeriesRef } from '../series.ts';
import { ByteArena } from './byte-arena.ts';
import { encodeLabels } from './write-request-encoder.ts';

/** What the labels become that are sent; undefined: the series is not sent. */
export type PrepareLabels = (labels: Labels) => Labels | undefined;

/**
 * The series that somebody may append to, each with its labels as they stand in a request: encoded and relabelled once, kept
 * outside of the JavaScript heap.
 */
export class EncodedSeries {
  readonly #prepare: PrepareLabels;
  readonly #refs = new Map<bigint, SeriesRef>();
  readonly #arena = new ByteArena();
  #ids = new BigUint64Array(INITIAL_CAPACITY);
  #holders = new Uint32Array(INITIAL_CAPACITY);
  #places = new Uint32Array(INITIAL_CAPACITY);
  /** 0: the series is not sent. */
  #lengths = new Uint32Array(INITIAL_CAPACITY);
  #end = 0;
  readonly #free: SeriesRef[] = [];
  #kept = 0;

  constructor(prepare: PrepareLabels) {
    this.#prepare = prepare;
  }

  /** Series that are sent. */
  get kept(): number {
    return this.#kept;
  }

  acquire(labels: Labels): SeriesRef {
    const found = this.#refs.get(labels.id);
    if (found !== undefined) {
      this.#holders[found]!++;
      return found;
    }
    if (labels.metric === '') {
      throw new StorageError('bad_data', `a series needs a metric name (__name__), got ${labels.toString()}`);
    }
    const prepared = this.#prepare(labels);
    const ref = this.#free.pop() ?? this.#end++;
    if (ref >= this.#holders.length) this.#grow();
    this.#refs.set(labels.id, ref);
    this.#ids[ref] = labels.id;
    this.#holders[ref] = 1;
    this.#lengths[ref] = 0;
    // Relabelling can take the name away; no receiver takes such a series.
    if (prepared === undefined || prepared.metric === '') return ref;
    const bytes = encodeLabels(prepared);
    this.#places[ref] = this.#arena.put(bytes);
    this.#lengths[ref] = bytes.length;
    this.#kept++;
    return ref;
  }

  /** Takes one holder away, and forgets the series with the last. */
  release(ref: SeriesRef): void {
    if (!this.has(ref)) throw new StorageError('bad_data', `release needs an acquired ref, got ${ref}`);
    if (--this.#holders[ref]! > 0) return;
    this.#refs.delete(this.#ids[ref]!);
    this.#free.push(ref);
    const length = this.#lengths[ref]!;
    if (length === 0) return;
    this.#arena.remove(this.#places[ref]!, length);
    this.#kept--;
  }

  has(ref: SeriesRef): boolean {
    return ref < this.#end && this.#holders[ref]! > 0;
  }

  /** Bytes of a series' encoded labels; 0: it is not sent. */
  lengthOf(ref: SeriesRef): number {
    return this.#lengths[ref]!;
  }

  /** The encoded labels of a series that is sent, valid until it is released. */
  labelsOf(ref: SeriesRef): Uint8Array {
    return this.#arena.get(this.#places[ref]!, this.#lengths[ref]!);
  }

  #grow(): void {
    const capacity = 2 * this.#holders.length;
    this.#ids = grown(this.#ids, new BigUint64Array(capacity));
    this.#holders = grown(this.#holders, new Uint32Array(capacity));
    this.#places = grown(this.#places, new Uint32Array(capacity));
    this.#lengths = grown(this.#lengths, new Uint32Array(capacity));
  }
}

const INITIAL_CAPACITY = 1024;

function grown<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
