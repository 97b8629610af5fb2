import type { Labels } from '../labels.ts';
import type { Matcher } from '../matcher.ts';
import type { SampleColumns } from '../series.ts';
import { RecentSelection, type SeriesLog } from './recent-selection.ts';
import { type Keeping, RecentSeries } from './recent-series.ts';
import { PAGE_SAMPLES, type SampleRooms } from './sample-rooms.ts';

/** What the metrics of a RecentSamples share. */
export interface RecentShared {
  readonly rooms: SampleRooms;
  /** The time, as of the last append or question. */
  now: number;
  /** Series of all metrics. */
  series: number;
}

/** Bytes that a series takes besides its samples, about: its labels above all. */
export const BYTES_PER_SERIES = 600;
/** Samples that a metric's first series gets room for. */
const FIRST_CAPACITY = 8;
/** Selections of a metric that are kept, and additions that are remembered for them. */
const MAX_SELECTIONS = 1000;
const MAX_ADDED = 4096;
/** Series are put in order when more than this part of them has moved, and they fill so many pages. */
const DISORDER = 1 / 8;
const PACKED_PAGES = 4;

/** The recent samples of one metric that is wanted. */
export class RecentMetric implements Keeping, SeriesLog {
  readonly name: string;
  readonly rooms: SampleRooms;
  /** How far back samples are kept, in milliseconds. */
  reach: number;
  /** All samples from here on are here; Infinity while that is not so. */
  coveredFrom = Number.POSITIVE_INFINITY;
  /** Samples from here on are kept; Infinity for none. */
  keptFrom = Number.POSITIVE_INFINITY;
  /** Changes when what was loaded, or is being loaded, is void. */
  generation = 0;
  /** Whether it must be read from the store. */
  needsLoading = true;
  /** How many readings from the store are under way: meanwhile its series stay, whatever they hold. */
  readings = 0;
  /** It takes more memory than there is: it is asked of the store. */
  isTooBig = false;
  capacity = FIRST_CAPACITY;
  yields = false;
  moves = 0;
  added: RecentSeries[] = [];
  epoch = 0;
  removals = 0;
  readonly #shared: RecentShared;
  readonly #byId = new Map<bigint, RecentSeries>();
  readonly #all: RecentSelection;
  /** By the text of the matchers; the least recently used first. */
  readonly #selections = new Map<string, RecentSelection>();

  constructor(name: string, reach: number, shared: RecentShared) {
    this.name = name;
    this.rooms = shared.rooms;
    this.reach = reach;
    this.#shared = shared;
    this.#all = new RecentSelection([], this);
    this.#all.begin();
  }

  get horizon(): number {
    return this.#shared.now - this.reach;
  }

  /** How many series it has, those included whose samples are all too old. */
  get size(): number {
    return this.#byId.size;
  }

  /** What it takes in memory, about. */
  get bytes(): number {
    let bytes = this.#byId.size * BYTES_PER_SERIES;
    for (const series of this.#byId.values()) bytes += series.capacity * 17;
    return bytes;
  }

  /** The series with these labels. `named` gives labels to keep for one that is new: strings of their own, not pieces of a page. */
  seriesOf(labels: Labels, named: () => Labels): RecentSeries {
    let series = this.#byId.get(labels.id);
    if (series === undefined) {
      series = new RecentSeries(named());
      this.#byId.set(labels.id, series);
      if (this.added.length >= MAX_ADDED) this.#beginLog();
      this.added.push(series);
      this.#shared.series++;
    }
    return series;
  }

  /**
   * Whether, as far as is known, only this process writes it: each series that has had a sample since then, and not ended by a stale
   * marker, is one that the appender holds.
   */
  isOwnSince(time: number): boolean {
    for (const series of this.#byId.values()) {
      if (!series.isHeld && series.newest >= time && !series.hasEnded) return false;
    }
    return true;
  }

  /** Adds a sample of one of its series, unless it is too old. */
  put(series: RecentSeries, columns: SampleColumns, row: number): void {
    if (columns.timestamps[row]! < this.keptFrom) return;
    if (series.put(columns, row, this)) this.#dropped();
    if (series.capacity > this.capacity) this.capacity = series.capacity;
  }

  /** Its series that satisfy the matchers, which have been asked before or are kept from now on. */
  select(matchers: readonly Matcher[]): RecentSelection {
    const key = matchers.length === 0 ? '' : JSON.stringify(matchers.map(String).sort());
    if (key === '') {
      this.#every();
      return this.#all;
    }
    let selection = this.#selections.get(key);
    if (selection === undefined) selection = new RecentSelection(matchers, this);
    else this.#selections.delete(key);
    this.#selections.set(key, selection);
    if (this.#selections.size > MAX_SELECTIONS) this.#selections.delete(this.#selections.keys().next().value!);
    this.refresh(selection);
    return selection;
  }

  /** Brings one of its selections up to date. */
  refresh(selection: RecentSelection): void {
    selection.update(() => this.#every());
  }

  /** Drops what is too old, and series that have nothing left and are not held. */
  sweep(): void {
    if (this.readings > 0) return;
    const { horizon } = this;
    for (const [id, series] of this.#byId) {
      if (series.newest < horizon && series.forget(horizon, this.rooms)) this.#dropped();
      if (series.length === 0 && !series.isHeld) this.#remove(id, series);
    }
  }

  /** Whether its series lie about, and it pays to put them in order. */
  get isScattered(): boolean {
    const { size } = this;
    return this.moves > size * DISORDER && size * this.capacity >= PACKED_PAGES * PAGE_SAMPLES;
  }

  /**
   * Puts the samples of its series in memory in the order of the series, in which they are read: a processor fetches what lies in
   * order before it is asked for.
   */
  pack(): void {
    this.moves = 0;
    const take = this.rooms.inOrder();
    for (const series of this.#every()) if (!series.isRemoved) series.moveTo(take, this.rooms);
  }

  /** Drops all samples: they may not be the store's any more. Series that are held stay. */
  clear(): void {
    this.generation++;
    this.coveredFrom = Number.POSITIVE_INFINITY;
    this.keptFrom = Number.POSITIVE_INFINITY;
    for (const [id, series] of this.#byId) {
      series.clear(this.rooms);
      if (!series.isHeld) this.#remove(id, series);
    }
  }

  /** Has the next samples from here on, for a load that is about to begin. */
  keepFrom(time: number): void {
    this.keptFrom = Math.min(this.keptFrom, time);
  }

  /** All samples from here on are here now. */
  cover(from: number): void {
    this.coveredFrom = Math.max(from, this.keptFrom);
    this.keptFrom = this.coveredFrom;
    this.needsLoading = false;
  }

  /** All series, sorted. */
  #every(): readonly RecentSeries[] {
    this.#all.update(() => this.#all.series);
    return this.#all.series;
  }

  #beginLog(): void {
    this.#every();
    this.added = [];
    this.epoch++;
    this.#all.begin();
  }

  #dropped(): void {
    const { horizon } = this;
    if (this.keptFrom < horizon) this.keptFrom = horizon;
    if (this.coveredFrom < horizon) this.coveredFrom = horizon;
  }

  #remove(id: bigint, series: RecentSeries): void {
    series.isRemoved = true;
    this.#byId.delete(id);
    this.removals++;
    this.#shared.series--;
  }
}
