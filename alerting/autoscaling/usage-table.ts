import { Labels } from '../../storage/labels.ts';
import type { ReadSamples, SeriesRows } from '../sample-reader.ts';
import { type CpuRate, cpuRate, NO_SAMPLE, type RateReason } from './cpu-rate.ts';
import type { UsageOwner, UsageSource } from './usage-series.ts';

/** The place of a container, or a node, in a UsageTable. */
export type UsagePlace = number;

/** No more places. */
export const NO_PLACE = -1;
/** The series is of no use. */
const USELESS = -1;

const NO_SERIES: readonly Labels[] = [];
const NO_PLACES = new Int32Array(0);

/** Which places the series of a metric have. */
interface PlacedSeries {
  series: readonly Labels[];
  places: Int32Array;
}

/**
 * Use of CPU and memory as one source told it last, in columns: some 45 bytes for each container beside its names, which are the series'.
 * A place is a container under one id: one that was started again has another. Values stay until newer ones come, or their series go.
 */
export class UsageTable {
  readonly source: UsageSource;
  /** Cores; NaN with a reason other than RATE. */
  cpu = new Float64Array(0);
  /** Of the last point; NaN without one. Unix milliseconds. */
  cpuAt = new Float64Array(0);
  /** Milliseconds between the points of `cpu`. */
  window = new Float64Array(0);
  /** Bytes; NaN until there is a sample. */
  memory = new Float64Array(0);
  memoryAt = new Float64Array(0);
  reason = new Uint8Array(0);
  /** The owner's next place; NO_PLACE after the last. */
  next = new Int32Array(0);
  #series = new Int32Array(0);
  readonly #owners: UsageOwner[] = [];
  readonly #first = new Map<string, UsagePlace>();
  readonly #free: UsagePlace[] = [];
  readonly #ofCpu: PlacedSeries = { series: NO_SERIES, places: NO_PLACES };
  readonly #ofMemory: PlacedSeries = { series: NO_SERIES, places: NO_PLACES };
  readonly #rows: SeriesRows = {
    timestamps: new Float64Array(0),
    values: new Float64Array(0),
    stale: new Uint8Array(0),
    from: 0,
    to: 0,
  };
  readonly #rate: CpuRate = { reason: NO_SAMPLE, value: Number.NaN, timestamp: Number.NaN, window: 0 };

  constructor(source: UsageSource) {
    this.source = source;
  }

  /** How many places are taken. */
  get size(): number {
    return this.#owners.length - this.#free.length;
  }

  /** What the columns take. */
  get byteLength(): number {
    const { cpu, cpuAt, window, memory, memoryAt, reason, next } = this;
    const columns = [cpu, cpuAt, window, memory, memoryAt, reason, next, this.#series];
    const places = this.#ofCpu.places.byteLength + this.#ofMemory.places.byteLength;
    return columns.reduce((sum, { byteLength }) => sum + byteLength, places);
  }

  /** The first place of a pod, `namespace/name`, or of a node; NO_PLACE when there is none. */
  first(owner: string): UsagePlace {
    return this.#first.get(owner) ?? NO_PLACE;
  }

  owner(place: UsagePlace): UsageOwner {
    return this.#owners[place]!;
  }

  /** Takes the samples of the source's CPU, as far as they are not after `to`. */
  takeCpu(answer: ReadSamples, to: number): void {
    const places = this.#place(this.#ofCpu, answer.series);
    const rate = this.#rate;
    const range = { to, base: this.source.base };
    for (let index = 0; index < places.length; index++) {
      const place = places[index]!;
      if (place === USELESS) continue;
      answer.locate(index, this.#rows);
      cpuRate(this.#rows, range, rate);
      // Of two series of one container the newer one counts; without a sample what is here grows old.
      if (rate.reason === NO_SAMPLE || rate.timestamp < this.cpuAt[place]!) continue;
      this.cpu[place] = rate.value;
      this.cpuAt[place] = rate.timestamp;
      this.window[place] = rate.window;
      this.reason[place] = rate.reason;
    }
  }

  /** Takes the samples of the source's memory, as far as they are not after `to`. */
  takeMemory(answer: ReadSamples, to: number): void {
    const places = this.#place(this.#ofMemory, answer.series);
    const rows = this.#rows;
    for (let index = 0; index < places.length; index++) {
      const place = places[index]!;
      if (place === USELESS) continue;
      answer.locate(index, rows);
      let last = rows.to - 1;
      while (last >= rows.from && (rows.stale[last] === 1 || rows.timestamps[last]! > to)) last--;
      if (last < rows.from || rows.timestamps[last]! < this.memoryAt[place]!) continue;
      this.memory[place] = rows.values[last]!;
      this.memoryAt[place] = rows.timestamps[last]!;
    }
  }

  reasonOf(place: UsagePlace): RateReason {
    return this.reason[place] as RateReason;
  }

  /** Places for series that are new, and none any more for those that are gone. Both lists are sorted, and mostly the same. */
  #place(placed: PlacedSeries, series: readonly Labels[]): Int32Array {
    if (series === placed.series) return placed.places;
    const { series: before, places: placesBefore } = placed;
    const places = new Int32Array(series.length);
    const gone: UsagePlace[] = [];
    let old = 0;
    for (let index = 0; index < series.length; index++) {
      const labels = series[index]!;
      let order = -1;
      while (old < before.length && (order = before[old] === labels ? 0 : Labels.compare(before[old]!, labels)) < 0) {
        gone.push(placesBefore[old++]!);
      }
      if (old < before.length && order === 0) places[index] = placesBefore[old++]!;
      else places[index] = this.#acquire(labels);
    }
    for (; old < before.length; old++) gone.push(placesBefore[old]!);
    for (const place of gone) if (place !== USELESS) this.#release(place);
    placed.series = series;
    placed.places = places;
    return places;
  }

  #acquire(labels: Labels): UsagePlace {
    const owner = this.source.read(labels);
    if (owner === undefined) return USELESS;
    const first = this.first(owner.owner);
    for (let place = first; place !== NO_PLACE; place = this.next[place]!) {
      const { container, cgroup, runtimeName } = this.#owners[place]!;
      if (container !== owner.container || cgroup !== owner.cgroup || runtimeName !== owner.runtimeName) continue;
      this.#series[place]!++;
      return place;
    }
    const place = this.#free.pop() ?? this.#owners.length;
    if (place >= this.cpu.length) this.#grow();
    this.#owners[place] = first === NO_PLACE ? owner : { ...owner, owner: this.#owners[first]!.owner };
    this.#series[place] = 1;
    this.cpu[place] = Number.NaN;
    this.cpuAt[place] = Number.NaN;
    this.window[place] = 0;
    this.memory[place] = Number.NaN;
    this.memoryAt[place] = Number.NaN;
    this.reason[place] = NO_SAMPLE;
    this.next[place] = first;
    this.#first.set(owner.owner, place);
    return place;
  }

  #release(place: UsagePlace): void {
    if (--this.#series[place]! > 0) return;
    const { owner } = this.#owners[place]!;
    const first = this.first(owner);
    if (first === place) {
      if (this.next[place] === NO_PLACE) this.#first.delete(owner);
      else this.#first.set(owner, this.next[place]!);
    } else {
      let before = first;
      while (this.next[before] !== place) before = this.next[before]!;
      this.next[before] = this.next[place]!;
    }
    this.#free.push(place);
  }

  #grow(): void {
    const size = Math.max(64, Math.ceil(this.cpu.length * 1.5));
    const grown = <T extends Float64Array | Int32Array | Uint8Array>(larger: T, column: T): T => {
      larger.set(column);
      return larger;
    };
    this.cpu = grown(new Float64Array(size), this.cpu);
    this.cpuAt = grown(new Float64Array(size), this.cpuAt);
    this.window = grown(new Float64Array(size), this.window);
    this.memory = grown(new Float64Array(size), this.memory);
    this.memoryAt = grown(new Float64Array(size), this.memoryAt);
    this.reason = grown(new Uint8Array(size), this.reason);
    this.next = grown(new Int32Array(size), this.next);
    this.#series = grown(new Int32Array(size), this.#series);
  }
}
