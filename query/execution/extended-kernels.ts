import type { Extension } from '../promql/ast.ts';
import type { RangeKernel, Row, Windows } from './range-kernels.ts';

/**
 * Range functions over windows that reach beyond their range. `windows` span the range and the look-back around it; the
 * function's own boundaries are in them: the first sample is the newest one at or before the range's start (or, when there
 * is none, the first after it), the last one is the newest (when smoothed: the first at or after the range's end).
 *
 * increase(x[60s] anchored) of 1@0 2@15s 3@30s at 20 s -> 2 - 1, at 80 s (range from 20 s): 3 - 2
 * increase(x[60s] smoothed) of the same at 20 s -> 2 1/3 - 1
 */
interface Bounds {
  readonly start: number;
  readonly end: number;
  first: number;
  last: number;
}

type OnBounds = (windows: Windows, bounds: Bounds) => number;

function overBounds(smoothed: boolean, reduce: OnBounds): RangeKernel {
  return (windows, row) => {
    const { timestamps, from, to, steps, range, step } = windows;
    const bounds = { start: 0, end: 0, first: 0, last: 0 };
    // Both boundaries only ever move forward.
    let afterStart = 0;
    let atEnd = 0;
    for (let i = 0, end = windows.firstEnd; i < steps; i++, end += step) {
      const start = end - range;
      const begin = from[i]!;
      const newest = to[i]! - 1;
      if (newest < begin || timestamps[newest]! <= start) continue;
      afterStart = Math.max(afterStart, begin);
      while (timestamps[afterStart]! <= start) afterStart++;
      const first = Math.max(begin, afterStart - 1);
      let last = newest;
      if (smoothed) {
        // All samples are after the range: there is nothing in it, and nothing to draw a line from.
        if (timestamps[first]! > end) continue;
        atEnd = Math.max(atEnd, begin);
        while (atEnd < newest && timestamps[atEnd]! < end) atEnd++;
        last = Math.min(atEnd, newest);
        if (timestamps[last]! <= start) continue;
      }
      Object.assign(bounds, { start, end, first, last });
      set(row, i, reduce(windows, bounds));
    }
  };
}

function set(row: Row, step: number, value: number): void {
  row.values[row.at + step] = value;
  row.present[row.at + step] = 1;
}

/**
 * On the line between two neighbouring samples, `from` and the next one, the value at `time`. A counter that was reset
 * between them counts as having started from zero at the first.
 */
export function interpolate(
  { timestamps, values }: { readonly timestamps: Float64Array; readonly values: Float64Array },
  from: number,
  { time, isCounter }: { readonly time: number; readonly isCounter: boolean },
): number {
  const after = values[from + 1]!;
  const before = isCounter && after < values[from]! ? 0 : values[from]!;
  return before + ((after - before) * (time - timestamps[from]!)) / (timestamps[from + 1]! - timestamps[from]!);
}

/** rate, increase and delta: the difference of the values at the two boundaries. */
function difference(smoothed: boolean, { isCounter, isRate }: { isCounter: boolean; isRate: boolean }): OnBounds {
  return (windows, { start, end, first, last }) => {
    const { timestamps, values, range } = windows;
    const left =
      smoothed && timestamps[first]! < start ? interpolate(windows, first, { time: start, isCounter }) : values[first]!;
    const right =
      smoothed && last > first && timestamps[last]! > end
        ? interpolate(windows, last - 1, { time: end, isCounter })
        : values[last]!;
    let result = right - left;
    if (isCounter) {
      // What the counter lost in resets: between the boundaries' values and the samples strictly between them.
      const from = timestamps[first]! <= start ? first + 1 : first;
      const to = timestamps[last]! >= end ? last - 1 : last;
      let before = left;
      for (let i = from; i <= to; i++) {
        if (values[i]! < before) result += before;
        before = values[i]!;
      }
      if (right < before) result += before;
    }
    return isRate ? result / (range / 1000) : result;
  };
}

function count(differs: (now: number, before: number) => boolean): OnBounds {
  return ({ values }, { first, last }) => {
    let found = 0;
    for (let i = first + 1; i <= last; i++) if (differs(values[i]!, values[i - 1]!)) found++;
    return found;
  };
}

function isChange(now: number, before: number): boolean {
  return now !== before && !(Number.isNaN(now) && Number.isNaN(before));
}

function differences(smoothed: boolean): readonly (readonly [string, RangeKernel])[] {
  return [
    ['rate', overBounds(smoothed, difference(smoothed, { isCounter: true, isRate: true }))],
    ['increase', overBounds(smoothed, difference(smoothed, { isCounter: true, isRate: false }))],
    ['delta', overBounds(smoothed, difference(smoothed, { isCounter: false, isRate: false }))],
  ];
}

/** The functions that take an extended range, by name; the planner refuses the others. */
export const EXTENDED_KERNELS: Readonly<Record<Extension, ReadonlyMap<string, RangeKernel>>> = {
  anchored: new Map<string, RangeKernel>([
    ...differences(false),
    ['changes', overBounds(false, count(isChange))],
    [
      'resets',
      overBounds(
        false,
        count((now, before) => now < before),
      ),
    ],
  ]),
  smoothed: new Map<string, RangeKernel>(differences(true)),
};

/**
 * The samples that an extended range selector itself stands for: those in the range, and one on each of its boundaries
 * with the value there. Undefined when there are none.
 */
export function extendedSamples(
  samples: { readonly timestamps: Float64Array; readonly values: Float64Array },
  { extension, range, end }: { extension: Extension; range: number; end: number },
): { readonly timestamps: Float64Array; readonly values: Float64Array } | undefined {
  const { timestamps, values } = samples;
  const smoothed = extension === 'smoothed';
  const start = end - range;
  const newest = timestamps.length - 1;
  if (newest < 0 || timestamps[newest]! <= start) return undefined;
  const first = Math.max(0, timestamps.findIndex((time) => time > start) - 1);
  if (smoothed && timestamps[first]! > end) return undefined;
  const atEnd = timestamps.findIndex((time) => time >= end);
  const last = smoothed && atEnd >= 0 ? atEnd : newest;
  const left =
    smoothed && timestamps[first]! < start
      ? interpolate(samples, first, { time: start, isCounter: false })
      : values[first]!;
  const right =
    smoothed && last > first && timestamps[last]! > end
      ? interpolate(samples, last - 1, { time: end, isCounter: false })
      : values[last]!;
  const from = timestamps[first]! <= start ? first + 1 : first;
  const to = timestamps[last]! >= end ? last : last + 1;
  return {
    timestamps: Float64Array.of(start, ...timestamps.subarray(from, Math.max(from, to)), end),
    values: Float64Array.of(left, ...values.subarray(from, Math.max(from, to)), right),
  };
}
