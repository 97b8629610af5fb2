import type { SeriesRows } from '../sample-reader.ts';

/** Why there is no rate, or that there is one. */
export const RATE = 0;
export const NO_SAMPLE = 1;
/** There are not yet two points. */
export const ONE_POINT = 2;
/** The counter fell: the container or the machine began anew. */
export const FELL = 3;
/** The last two points are too far apart. */
export const GAP = 4;
/** The counter is zero, or no number: it has not been measured. */
export const NO_NUMBER = 5;
/** One value stands on several pages. */
export const STANDS_STILL = 6;

export type RateReason =
  | typeof RATE
  | typeof NO_SAMPLE
  | typeof ONE_POINT
  | typeof FELL
  | typeof GAP
  | typeof NO_NUMBER
  | typeof STANDS_STILL;

/** What a counter's last points say. Times are milliseconds. */
export interface CpuRate {
  reason: RateReason;
  /** Per second; NaN unless the reason is RATE. */
  value: number;
  /** Of the last point; NaN without one. */
  timestamp: number;
  /** Between the points that the rate is of. */
  window: number;
}

/** Points that are closer are one: their distance says more about clocks than about the counter. */
const MIN_DISTANCE = 1_000;
/** Over a longer time a rate is no present one. */
export const MAX_DISTANCE = 180_000;
/** A counter that has its scrape's time must not stand still for less than this to be believed. */
const STILL = 30_000;

/**
 * The rate of a counter as metrics-server computes it: of the last two points, with the time between them as the window. It differs
 * where points are further apart than 3 minutes (there is no rate) and where a container's first point is alone (metrics-server takes its start
 * as another one, with zero). With a `base`, of the last point and the first one within so many milliseconds before it, if that
 * is further back. Stale markers are no points: they say that a scrape failed, and of what has ended nobody asks. Nothing after `to` counts.
 */
export function cpuRate(
  rows: SeriesRows,
  { to, base }: { readonly to: number; readonly base: number },
  into: CpuRate,
): void {
  const { timestamps, values, stale, from } = rows;
  let last = rows.to - 1;
  while (last >= from && (stale[last] === 1 || timestamps[last]! > to)) last--;
  into.value = Number.NaN;
  into.window = 0;
  if (last < from) {
    into.timestamp = Number.NaN;
    into.reason = NO_SAMPLE;
    return;
  }
  const timestamp = timestamps[last]!;
  const value = values[last]!;
  into.timestamp = timestamp;
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    into.reason = NO_NUMBER;
    return;
  }
  let first = -1;
  let later = value;
  for (let row = last - 1; row >= from; row--) {
    if (stale[row] === 1) continue;
    // It had not been measured then.
    if (values[row] === 0) break;
    const distance = timestamp - timestamps[row]!;
    // The rate of two points at least, however far apart they are.
    if (first >= 0 && distance > base) break;
    if (!(values[row]! <= later)) {
      if (first >= 0) break;
      into.reason = values[row]! > later ? FELL : NO_NUMBER;
      return;
    }
    later = values[row]!;
    if (distance < MIN_DISTANCE) continue;
    first = row;
    if (base === 0) break;
  }
  if (first < 0) {
    into.reason = ONE_POINT;
    return;
  }
  const window = timestamp - timestamps[first]!;
  into.window = window;
  if (window > MAX_DISTANCE) into.reason = GAP;
  else if (base > 0 && value === values[first] && window < STILL) into.reason = STANDS_STILL;
  else {
    into.reason = RATE;
    into.value = (value - values[first]!) / (window / 1000);
  }
}
