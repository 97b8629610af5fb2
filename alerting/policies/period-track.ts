import { changeInPercent } from './breach.ts';
import { PeriodGrid, type PeriodGridOptions } from './period-grid.ts';
import type { Condition, Statistic } from './policy.ts';

const DAY = 86_400_000;
/** Periods of which columns are used again. */
const KEPT = 8;

/** How far back the period lies that a change is against. */
export function comparedWith({ comparison, period }: Pick<Condition, 'comparison' | 'period'>): number {
  switch (comparison) {
    case 'period':
      return period;
    case 'day':
      return DAY;
    case 'week':
      return 7 * DAY;
    default:
      return comparison satisfies never;
  }
}

/** Whether a condition is about a change. */
export function isChange({ operator }: Pick<Condition, 'operator'>): boolean {
  return operator === 'increase' || operator === 'decrease';
}

/** What is known of the objects of a table in periods of one length, at the period that was gone to last. */
export class PeriodTrack {
  readonly period: number;
  /** When each object had its last value; NaN when that is not known. */
  lastTime = new Float64Array(0);
  /** 1 where all series of the object have ended with stale markers. */
  ended = new Uint8Array(0);
  /** When it was found that the object is no more; 0 for never. */
  goneAt = new Float64Array(0);
  #grid: PeriodGrid | undefined;
  #spare: PeriodGrid | undefined;
  /** Of days and weeks before, by how much. */
  readonly #older = new Map<number, { readonly grid: PeriodGrid; readonly version: number }>();
  readonly #values = new Map<string, { end: number; values: Float64Array }>();
  #before: Float64Array = new Float64Array(0);
  #end = 0;

  constructor(period: number) {
    this.period = period;
  }

  /** Makes room for the objects below this index. */
  reserve(objects: number): void {
    const before = this.lastTime.length;
    if (objects <= before) return;
    this.lastTime = new Float64Array(objects)
      .fill(Number.NaN, before)
      .map((value, i) => (i < before ? this.lastTime[i]! : value));
    const ended = new Uint8Array(objects);
    ended.set(this.ended);
    this.ended = ended;
    const goneAt = new Float64Array(objects);
    goneAt.set(this.goneAt);
    this.goneAt = goneAt;
  }

  /** The place becomes another object's. */
  clear(index: number): void {
    this.lastTime[index] = Number.NaN;
    this.ended[index] = 0;
    this.goneAt[index] = 0;
  }

  /** Begins to gather periods, which can be gone to when their samples are added. */
  gather(options: PeriodGridOptions): PeriodGrid {
    const fresh = new PeriodGrid(this.period, options);
    const spare = this.#spare;
    const isSpareFit = spare?.count === fresh.count && spare.statistics.join() === fresh.statistics.join();
    this.#grid = isSpareFit ? spare : fresh;
    this.#grid.reset(options.first);
    this.#spare = undefined;
    this.#end = 0;
    for (const known of this.#values.values()) known.end = 0;
    return this.#grid;
  }

  /** Whether the period that ends then can be gone to. */
  has(end: number): boolean {
    return this.#grid?.has(end) ?? false;
  }

  /** No period can be gone to any more. */
  release(): void {
    // The next round needs as many, most likely; a long past is not kept.
    if (this.#grid !== undefined && this.#grid.count <= KEPT) this.#spare = this.#grid;
    this.#grid = undefined;
  }

  /** The periods before by `offset` that are there, undefined when objects came since they were read. */
  older(offset: number, version: number): PeriodGrid | undefined {
    const older = this.#older.get(offset);
    return older?.version === version ? older.grid : undefined;
  }

  setOlder(offset: number, grid: PeriodGrid, version: number): void {
    this.#older.set(offset, { grid, version });
  }

  /** Goes to the period that ends at `end`, which the grid must have. */
  moveTo(end: number): void {
    if (this.#end === end) return;
    this.#end = end;
    const grid = this.#grid!;
    const { lastTime, ended } = this;
    for (let object = 0; object < lastTime.length; object++) {
      const time = grid.lastTime(object, end);
      if (time > 0 && !(lastTime[object]! >= time)) lastTime[object] = time;
      const hasEnded = grid.hasEnded(object, end);
      if (hasEnded !== undefined) ended[object] = hasEnded ? 1 : 0;
    }
  }

  /**
   * The condition's value of each object at the period that was gone to; NaN for none. Not to be written, and another's as soon as
   * another period is gone to.
   */
  values(condition: Condition): Float64Array {
    const { statistic } = condition;
    const offset = isChange(condition) ? comparedWith(condition) : 0;
    const key = `${statistic} ${offset}`;
    let known = this.#values.get(key);
    if (known?.values.length !== this.lastTime.length) {
      known = { end: 0, values: new Float64Array(this.lastTime.length) };
      this.#values.set(key, known);
    }
    if (known.end !== this.#end) this.#compute(statistic, offset, known.values);
    known.end = this.#end;
    return known.values;
  }

  #compute(statistic: Statistic, offset: number, values: Float64Array): void {
    this.#grid!.values(statistic, this.#end, values);
    if (offset === 0) return;
    if (this.#before.length !== values.length) this.#before = new Float64Array(values.length);
    const before = this.#before;
    const grid = offset === this.period ? this.#grid! : this.#older.get(offset)?.grid;
    if (grid?.has(this.#end - offset)) grid.values(statistic, this.#end - offset, before);
    else before.fill(Number.NaN);
    for (let i = 0; i < values.length; i++) values[i] = changeInPercent(values[i]!, before[i]!);
  }
}
