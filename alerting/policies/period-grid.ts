import type { SeriesRows } from '../sample-reader.ts';
import type { Statistic } from './policy.ts';

export interface PeriodGridOptions {
  /** The ends of the first and the last period. */
  readonly first: number;
  readonly last: number;
  readonly statistics: Iterable<Statistic>;
}

/**
 * Statistics of the periods that end at first, first + period, ..., of many objects, in columns: those of an object stand
 * together, one per period. Samples of several series of an object are taken together, as if they were of one. NaN is no value.
 */
export class PeriodGrid {
  readonly period: number;
  readonly count: number;
  readonly statistics: readonly Statistic[];
  readonly #wantsRange: boolean;
  readonly #wantsLast: boolean;
  #first: number;
  #objects = 0;
  #sum: Float64Array = new Float64Array(0);
  #samples: Uint32Array = new Uint32Array(0);
  #min: Float64Array = new Float64Array(0);
  #max: Float64Array = new Float64Array(0);
  #last: Float64Array = new Float64Array(0);
  #lastTime: Float64Array = new Float64Array(0);
  /** The part of the reading, from 1, in which a series' last row was a value, or a stale marker. */
  #live: Uint32Array = new Uint32Array(0);
  #ended: Uint32Array = new Uint32Array(0);
  #part = 1;

  /** Only these statistics can be asked for. */
  constructor(period: number, { first, last, statistics }: PeriodGridOptions) {
    this.period = period;
    this.statistics = [...new Set(statistics)].sort();
    this.#wantsRange = this.statistics.some((statistic) => statistic === 'min' || statistic === 'max');
    this.#wantsLast = this.statistics.includes('last');
    this.#first = first;
    this.count = Math.round((last - first) / period) + 1;
  }

  /** The end of the first period. */
  get first(): number {
    return this.#first;
  }

  /** Begins anew, with as many periods from another one on. */
  reset(first: number): void {
    this.#first = first;
    this.#part = 1;
    this.#samples.fill(0);
    this.#lastTime.fill(0);
    this.#live.fill(0);
    this.#ended.fill(0);
  }

  /** The end of the last period. */
  get last(): number {
    return this.first + (this.count - 1) * this.period;
  }

  has(end: number): boolean {
    return end >= this.first && end <= this.last;
  }

  /** Makes room for the objects below this index. */
  reserve(objects: number): void {
    if (objects <= this.#objects) return;
    this.#objects = objects;
    const length = this.#objects * this.count;
    this.#sum = grown(this.#sum, length);
    if (this.#wantsRange) {
      this.#min = grown(this.#min, length);
      this.#max = grown(this.#max, length);
    }
    if (this.#wantsLast) this.#last = grown(this.#last, length);
    this.#lastTime = grown(this.#lastTime, length);
    this.#samples = grownInts(this.#samples, length);
    this.#live = grownInts(this.#live, length);
    this.#ended = grownInts(this.#ended, length);
  }

  /** What is added from now on is later than all before: samples are read in parts where a period is long. */
  nextPart(): void {
    this.#part++;
  }

  /** Adds samples of a series of the object, once per part. */
  add(object: number, { timestamps, values, stale, from, to }: SeriesRows): void {
    const { period, first, count } = this;
    const start = first - period;
    const end = this.last;
    const base = object * count;
    let cell = -1;
    let cellEnd = Number.NEGATIVE_INFINITY;
    let isLive = false;
    for (let row = from; row < to; row++) {
      const time = timestamps[row]!;
      if (time <= start) continue;
      if (time > end) break;
      if (time > cellEnd) {
        if (cell !== -1) this.#close(cell, isLive);
        const window = count === 1 ? 0 : Math.max(0, Math.ceil((time - first) / period));
        cell = base + window;
        cellEnd = first + window * period;
      }
      isLive = stale[row] === 0;
      if (!isLive) continue;
      const value = values[row]!;
      if (Number.isNaN(value)) continue;
      const isFirst = this.#samples[cell]!++ === 0;
      this.#sum[cell] = isFirst ? value : this.#sum[cell]! + value;
      if (this.#wantsRange) {
        if (isFirst || value < this.#min[cell]!) this.#min[cell] = value;
        if (isFirst || value > this.#max[cell]!) this.#max[cell] = value;
      }
      if (isFirst || time > this.#lastTime[cell]!) {
        this.#lastTime[cell] = time;
        if (this.#wantsLast) this.#last[cell] = value;
      } else if (this.#wantsLast && time === this.#lastTime[cell] && value > this.#last[cell]!) {
        // Of two at the same moment the larger one, so that the order of the series does not matter.
        this.#last[cell] = value;
      }
    }
    if (cell !== -1) this.#close(cell, isLive);
  }

  #close(cell: number, isLive: boolean): void {
    if (isLive) this.#live[cell] = this.#part;
    else this.#ended[cell] = this.#part;
  }

  /** The statistic of each object over the period that ends at `end`, NaN where it has no samples, written into `into`. */
  values(statistic: Statistic, end: number, into: Float64Array): void {
    const { count } = this;
    const window = Math.round((end - this.first) / this.period);
    const column = this.#column(statistic);
    const isAverage = statistic === 'avg';
    const objects = Math.min(this.#objects, into.length);
    into.fill(Number.NaN, objects);
    for (let object = 0, cell = window; object < objects; object++, cell += count) {
      const samples = this.#samples[cell]!;
      into[object] = samples === 0 ? Number.NaN : isAverage ? column[cell]! / samples : column[cell]!;
    }
  }

  /** The time of the object's last value in the period that ends at `end`; 0 when there is none. */
  lastTime(object: number, end: number): number {
    return object < this.#objects
      ? this.#lastTime[object * this.count + Math.round((end - this.first) / this.period)]!
      : 0;
  }

  /** Whether in that period all series of the object that had samples ended with stale markers; undefined without samples. */
  hasEnded(object: number, end: number): boolean | undefined {
    if (object >= this.#objects) return undefined;
    const cell = object * this.count + Math.round((end - this.first) / this.period);
    const [ended, live] = [this.#ended[cell]!, this.#live[cell]!];
    return ended === 0 && live === 0 ? undefined : ended > live;
  }

  #column(statistic: Statistic): Float64Array {
    switch (statistic) {
      case 'avg':
      case 'sum':
        return this.#sum;
      case 'min':
        return this.#min;
      case 'max':
        return this.#max;
      case 'last':
        return this.#last;
      default:
        return statistic satisfies never;
    }
  }
}

function grown(column: Float64Array, length: number): Float64Array {
  const larger = new Float64Array(length);
  larger.set(column);
  return larger;
}

function grownInts(column: Uint32Array, length: number): Uint32Array {
  const larger = new Uint32Array(length);
  larger.set(column);
  return larger;
}
