import type { Labels } from '../../storage/labels.ts';
import { LEVEL_LABELS, objectKey } from './object-level.ts';
import { PeriodTrack } from './period-track.ts';
import type { ObjectLevel } from './policy.ts';

/** An object as one metric shows it. */
export interface TrackedObject {
  /** Its place in all columns. */
  readonly index: number;
  /** The same in all tables of the level. */
  readonly key: string;
  /** Of the last of its series, without the metric's name. */
  labels: Labels;
}

/** Is told what becomes of the objects of a table. */
export interface ObjectListener {
  /** There are columns for objects below this index. */
  reserve(objects: number): void;
  /** An object is new, or its labels are. */
  placed(object: TrackedObject): void;
  /** Its place will be another's. */
  removed(object: TrackedObject): void;
}

/** The objects of a level that a metric has series of, each with a small dense index that columns are kept by. */
export class ObjectTable {
  readonly metric: string;
  readonly level: ObjectLevel;
  readonly tracks = new Map<number, PeriodTrack>();
  readonly #listeners = new Set<ObjectListener>();
  readonly #byKey = new Map<string, TrackedObject>();
  readonly #objects: (TrackedObject | undefined)[] = [];
  readonly #free: number[] = [];
  #capacity = 0;
  #series: readonly Labels[] = [];
  /** Of each of the series, its object; -1 where the labels name none. */
  #places = new Int32Array(0);
  #known = new Map<Labels, number>();
  #foundIn: readonly Labels[] = [];
  #found = new Int32Array(0);
  #foundVersion = 0;
  /** Grows when objects come or go. */
  version = 0;

  constructor(metric: string, level: ObjectLevel) {
    this.metric = metric;
    this.level = level;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** All indexes are below this. */
  get capacity(): number {
    return this.#capacity;
  }

  byKey(key: string): TrackedObject | undefined {
    return this.#byKey.get(key);
  }

  at(index: number): TrackedObject | undefined {
    return this.#objects[index];
  }

  objects(): Iterable<TrackedObject> {
    return this.#byKey.values();
  }

  track(period: number): PeriodTrack {
    let track = this.tracks.get(period);
    if (track === undefined) {
      track = new PeriodTrack(period);
      track.reserve(this.#capacity);
      this.tracks.set(period, track);
    }
    return track;
  }

  listen(listener: ObjectListener): void {
    this.#listeners.add(listener);
    listener.reserve(this.#capacity);
    for (const object of this.#byKey.values()) listener.placed(object);
  }

  unlisten(listener: ObjectListener): void {
    this.#listeners.delete(listener);
  }

  get isUsed(): boolean {
    return this.#listeners.size > 0;
  }

  /** The object of each of the series. Costs nothing for the array that was given last. */
  place(series: readonly Labels[]): Int32Array {
    if (series === this.#series) return this.#places;
    const places = new Int32Array(series.length);
    const known = new Map<Labels, number>();
    const relabeled = new Map<TrackedObject, Labels>();
    for (let i = 0; i < series.length; i++) {
      const labels = series[i]!;
      const before = this.#known.get(labels);
      // One that went may have left its place to another.
      const index =
        before !== undefined && (before === -1 || this.#objects[before] !== undefined) ? before : this.#placeOf(labels);
      places[i] = index;
      known.set(labels, index);
      if (index !== -1 && before === undefined) relabeled.set(this.#objects[index]!, labels);
    }
    for (const [object, labels] of relabeled) this.#relabel(object, labels.with('__name__', ''));
    this.#series = series;
    this.#places = places;
    this.#known = known;
    return places;
  }

  /** As `place`, of series whose objects are not added: -1 for those. */
  find(series: readonly Labels[]): Int32Array {
    if (series === this.#foundIn && this.#foundVersion === this.version) return this.#found;
    this.#foundIn = series;
    this.#foundVersion = this.version;
    const { identity } = LEVEL_LABELS[this.level];
    this.#found = Int32Array.from(series, (labels) => {
      const known = this.#known.get(labels);
      if (known !== undefined) return known;
      const key = objectKey(labels, identity);
      return (key === undefined ? undefined : this.#byKey.get(key)?.index) ?? -1;
    });
    return this.#found;
  }

  /** The object that these labels name, which is added when it has no series. Undefined when they name none. */
  ensure(labels: Labels): TrackedObject | undefined {
    const index = this.#placeOf(labels);
    return index === -1 ? undefined : this.#objects[index];
  }

  /** Forgets objects without a value since `before` of which nobody needs to know any more. */
  prune(before: number, isNeeded: (object: TrackedObject) => boolean): void {
    const gone = [...this.#byKey.values()].filter((object) => {
      for (const track of this.tracks.values()) if (track.lastTime[object.index]! >= before) return false;
      return !isNeeded(object);
    });
    if (gone.length === 0) return;
    for (const object of gone) {
      for (const listener of this.#listeners) listener.removed(object);
      for (const track of this.tracks.values()) track.clear(object.index);
      this.#byKey.delete(object.key);
      this.#objects[object.index] = undefined;
      this.#free.push(object.index);
    }
    this.version++;
    // Series without samples may still be among those that are read.
    this.#series = [];
    this.#known = new Map();
  }

  #placeOf(labels: Labels): number {
    const key = objectKey(labels, LEVEL_LABELS[this.level].identity);
    if (key === undefined) return -1;
    const before = this.#byKey.get(key);
    if (before !== undefined) return before.index;
    const index = this.#free.pop() ?? this.#objects.length;
    const object = { index, key, labels: labels.with('__name__', '') };
    this.#objects[index] = object;
    this.#byKey.set(key, object);
    this.version++;
    if (index >= this.#capacity) this.#grow();
    for (const listener of this.#listeners) listener.placed(object);
    return index;
  }

  #relabel(object: TrackedObject, labels: Labels): void {
    if (object.labels.equals(labels)) return;
    object.labels = labels;
    for (const listener of this.#listeners) listener.placed(object);
  }

  #grow(): void {
    this.#capacity = Math.max(64, Math.ceil(this.#capacity * 1.5));
    for (const track of this.tracks.values()) track.reserve(this.#capacity);
    for (const listener of this.#listeners) listener.reserve(this.#capacity);
  }
}
