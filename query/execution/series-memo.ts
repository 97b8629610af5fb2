import type { Labels } from '../../storage/labels.ts';
import type { Groups } from './grouping.ts';
import type { VectorSeries } from './vector.ts';

/**
 * What follows from the labels of some series and from nothing else, kept with the array that lists them: a store that has its
 * series in memory gives the same array as long as they are the same, so that a rule that is evaluated again and again does not
 * look at labels at all. Goes when the array goes.
 */
export class SeriesMemo {
  /** The series of a selector. */
  selected: readonly VectorSeries[] | undefined;
  /** Without the metric's name. */
  nameless: readonly VectorSeries[] | undefined;
  /** With the names to be dropped at the end. */
  marked: readonly VectorSeries[] | undefined;
  /** True when no two series have the same labels. */
  areDistinct: boolean | undefined;
  /** True when the name of one of them is not that of a counter. */
  anyNoCounter: boolean | undefined;
  /** By the text of the grouping. */
  readonly groups = new Map<string, Groups>();
  /** The matching labels of each series as a key, by the text of the matching. */
  readonly keys = new Map<string, readonly string[]>();
  /** How they pair up with the series of another side, of which the newest counts, by the text of operator and matching. */
  readonly pairs = new Map<string, KnownPairs>();
}

/** The pairs of the series of two sides, as far as they were found. */
export interface KnownPairs {
  /** The other side: that with one series in a group. */
  readonly one: readonly VectorSeries[];
  /** The group of each series of either side. */
  readonly ofMany: Uint32Array;
  readonly ofOne: Uint32Array;
  readonly groups: number;
  /** Of each series of this side, that of the other it was paired with last, and what they yield; -1 and undefined for none. */
  readonly partners: Int32Array;
  readonly paired: (VectorSeries | undefined)[];
  /** Whether no two of these have the same labels; undefined when one has come since. */
  areDistinct: boolean | undefined;
  /** Those that were found last. */
  last: readonly VectorSeries[];
}

const memos = new WeakMap<readonly object[], SeriesMemo>();

/** Begins to keep what follows from the series of this array, which nobody changes any more. */
export function keepMemo<A extends readonly object[]>(series: A): A {
  if (!memos.has(series)) memos.set(series, new SeriesMemo());
  return series;
}

/** What is known of this array; undefined when nothing is kept of it. */
export function memoOf(series: readonly object[]): SeriesMemo | undefined {
  return memos.get(series);
}

/** The series of a selector whose labels these are. */
export function selectedSeries(labels: readonly Labels[]): readonly VectorSeries[] {
  const memo = memoOf(labels);
  if (memo?.selected !== undefined) return memo.selected;
  const series = labels.map((own) => ({ labels: own, dropName: false }));
  if (memo !== undefined) memo.selected = keepMemo(series);
  return series;
}
