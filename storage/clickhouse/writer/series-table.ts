import { StorageError } from '../../errors.ts';
import { Labels, METRIC_NAME } from '../../labels.ts';
import type { SeriesRef } from '../../series.ts';
import { SymbolTable } from './symbol-table.ts';

/**
 * The series that somebody may append to, outside of the JavaScript heap: about 130 bytes for a series with 15 labels, where a
 * Labels with its strings takes ten times that and is walked by every garbage collection.
 *
 * Strings are symbols (small numbers). The names of a series' labels are a shape, shared by all series with the same names; its
 * values are symbols in an arena of fixed pages, where a released place is used again for a series with as many labels. All
 * else is columns indexed by ref. An open-addressing table leads from id to ref.
 */
export class SeriesTable {
  readonly symbols = new SymbolTable();
  /** Columns by ref; replaced when the table grows, so never keep them over an acquire. */
  ids = new Uint32Array(2 * INITIAL_CAPACITY);
  metrics = new Uint32Array(INITIAL_CAPACITY);
  holders = new Uint32Array(INITIAL_CAPACITY);
  /** The series' scale in value-encoding's sense. */
  scales = new Int8Array(INITIAL_CAPACITY);
  /** The span for which the index knows the series: coveredFrom <= t < coveredUntil. */
  coveredFrom = new Float64Array(INITIAL_CAPACITY);
  coveredUntil = new Float64Array(INITIAL_CAPACITY);
  #shapeOf = new Uint32Array(INITIAL_CAPACITY);
  #placeOf = new Uint32Array(INITIAL_CAPACITY);

  #size = 0;
  #end = 0;
  #freeRefs: SeriesRef[] = [];
  /** Refs plus one, 0 for empty; a power of two, at most half full. */
  #slots = new Uint32Array(4 * INITIAL_CAPACITY);
  readonly #shapes: Shape[] = [];
  readonly #shapeByKey = new Map<string, number>();
  readonly #pages: Uint32Array[] = [];
  #pageUsed = PAGE;
  readonly #freePlaces = new Map<number, number[]>();

  /** How many series there are. */
  get size(): number {
    return this.#size;
  }

  acquire(labels: Labels): SeriesRef {
    const id = labels.id;
    const low = Number(id & 0xffffffffn);
    const high = Number(id >> 32n);
    let slot = this.#find(low, high);
    const found = this.#slots[slot]!;
    if (found !== 0) {
      this.holders[found - 1]!++;
      return found - 1;
    }
    const metric = labels.metric;
    if (metric === '') {
      throw new StorageError('bad_data', `a series needs a metric name (__name__), got ${labels.toString()}`);
    }
    const ref = this.#freeRefs.pop() ?? this.#end++;
    if (ref >= this.holders.length) this.#grow();
    if (2 * (this.#size + 1) > this.#slots.length) {
      this.#rehash();
      slot = this.#find(low, high);
    }
    this.#slots[slot] = ref + 1;
    this.#size++;
    this.ids[2 * ref] = low;
    this.ids[2 * ref + 1] = high;
    this.holders[ref] = 1;
    this.scales[ref] = 0;
    this.coveredFrom[ref] = 0;
    this.coveredUntil[ref] = 0;
    this.metrics[ref] = this.symbols.acquire(metric);
    this.#storeLabels(ref, labels.pairs);
    return ref;
  }

  /** Takes one holder away, and forgets the series with the last. */
  release(ref: SeriesRef): void {
    if (!this.has(ref)) throw new StorageError('bad_data', `release needs an acquired ref, got ${ref}`);
    if (--this.holders[ref]! > 0) return;
    this.#removeSlot(this.#find(this.ids[2 * ref]!, this.ids[2 * ref + 1]!));
    this.#size--;
    this.symbols.release(this.metrics[ref]!);
    this.#dropLabels(ref);
    this.#freeRefs.push(ref);
  }

  has(ref: SeriesRef): boolean {
    return ref < this.#end && this.holders[ref]! > 0;
  }

  /** The labels again, of the table's own strings. Throws a StorageError when nobody holds the ref. */
  labelsOf(ref: SeriesRef): Labels {
    if (!this.has(ref)) throw new StorageError('bad_data', `labelsOf needs an acquired ref, got ${ref}`);
    const labels: [string, string][] = [[METRIC_NAME, this.symbols.text(this.metrics[ref]!)]];
    this.eachLabel(ref, (name, value) => labels.push([this.symbols.text(name), this.symbols.text(value)]));
    labels.sort(([a], [b]) => (a < b ? -1 : 1));
    return Labels.fromSortedPairs(labels.flat());
  }

  /** Makes every series unknown to the index again. */
  uncoverAll(): void {
    this.coveredFrom.fill(0);
    this.coveredUntil.fill(0);
  }

  /** Calls back with the symbols of each label of a series but its metric name, in the labels' order. */
  eachLabel(ref: SeriesRef, callback: (name: number, value: number) => void): void {
    const { names } = this.#shapes[this.#shapeOf[ref]!]!;
    const place = this.#placeOf[ref]!;
    const page = this.#pages[Math.floor(place / PAGE)]!;
    for (let i = 0; i < names.length; i++) callback(names[i]!, page[(place % PAGE) + i]!);
  }

  #storeLabels(ref: SeriesRef, pairs: readonly string[]): void {
    let key = '';
    let count = 0;
    for (let i = 0; i < pairs.length; i += 2) {
      if (pairs[i] === METRIC_NAME) continue;
      key += `${pairs[i]!.length}:${pairs[i]}`;
      count++;
    }
    let shape = this.#shapeByKey.get(key);
    if (shape === undefined) {
      const names: number[] = [];
      for (let i = 0; i < pairs.length; i += 2) {
        if (pairs[i] !== METRIC_NAME) names.push(this.symbols.acquire(pairs[i]!));
      }
      // Shapes are few, and stay: names come from exporters' code, not from the cluster's churn.
      shape = this.#shapes.push({ names }) - 1;
      this.#shapeByKey.set(key, shape);
    }
    const place = this.#allocate(count);
    const page = this.#pages[Math.floor(place / PAGE)];
    let at = place % PAGE;
    for (let i = 0; i < pairs.length; i += 2) {
      if (pairs[i] !== METRIC_NAME) page![at++] = this.symbols.acquire(pairs[i + 1]!);
    }
    this.#shapeOf[ref] = shape;
    this.#placeOf[ref] = place;
  }

  #dropLabels(ref: SeriesRef): void {
    this.eachLabel(ref, (_, value) => this.symbols.release(value));
    const count = this.#shapes[this.#shapeOf[ref]!]!.names.length;
    const free = this.#freePlaces.get(count);
    if (free === undefined) this.#freePlaces.set(count, [this.#placeOf[ref]!]);
    else free.push(this.#placeOf[ref]!);
  }

  /** Room for so many values in one page. */
  #allocate(count: number): number {
    const free = this.#freePlaces.get(count)?.pop();
    if (free !== undefined) return free;
    if (count > PAGE) throw new StorageError('bad_data', `a series may have at most ${PAGE} labels, got ${count}`);
    if (this.#pageUsed + count > PAGE) {
      this.#pages.push(new Uint32Array(PAGE));
      this.#pageUsed = 0;
    }
    const place = (this.#pages.length - 1) * PAGE + this.#pageUsed;
    this.#pageUsed += count;
    return place;
  }

  /** The slot of an id, or the empty slot where it belongs. */
  #find(low: number, high: number): number {
    const mask = this.#slots.length - 1;
    let slot = low & mask;
    for (;;) {
      const entry = this.#slots[slot]!;
      if (entry === 0) return slot;
      if (this.ids[2 * entry - 2] === low && this.ids[2 * entry - 1] === high) return slot;
      slot = (slot + 1) & mask;
    }
  }

  /** Empties a slot and moves later entries of its run back, so that no tombstones are needed. */
  #removeSlot(slot: number): void {
    const mask = this.#slots.length - 1;
    let hole = slot;
    let next = slot;
    for (;;) {
      next = (next + 1) & mask;
      const entry = this.#slots[next]!;
      if (entry === 0) break;
      const home = this.ids[2 * entry - 2]! & mask;
      // Only an entry whose home is not between the hole and itself may move into the hole.
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      this.#slots[hole] = entry;
      hole = next;
    }
    this.#slots[hole] = 0;
  }

  #rehash(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (const entry of old) {
      if (entry !== 0) this.#slots[this.#find(this.ids[2 * entry - 2]!, this.ids[2 * entry - 1]!)] = entry;
    }
  }

  #grow(): void {
    const capacity = Math.ceil(this.holders.length * 1.5);
    this.ids = grown(this.ids, new Uint32Array(2 * capacity));
    this.metrics = grown(this.metrics, new Uint32Array(capacity));
    this.holders = grown(this.holders, new Uint32Array(capacity));
    this.scales = grown(this.scales, new Int8Array(capacity));
    this.coveredFrom = grown(this.coveredFrom, new Float64Array(capacity));
    this.coveredUntil = grown(this.coveredUntil, new Float64Array(capacity));
    this.#shapeOf = grown(this.#shapeOf, new Uint32Array(capacity));
    this.#placeOf = grown(this.#placeOf, new Uint32Array(capacity));
  }
}

interface Shape {
  readonly names: readonly number[];
}

const INITIAL_CAPACITY = 1024;
/** Values in a page of the arena. */
const PAGE = 1 << 16;

function grown<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
