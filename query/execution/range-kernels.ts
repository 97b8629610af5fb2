import { KahanSum } from './kahan.ts';
import { quantile } from './quantile.ts';

/**
 * What a range function works on: the samples of one series in columns, and for every step the window's first index and
 * the index after its last. The arrays are reused from series to series.
 */
export interface Windows {
  readonly steps: number;
  timestamps: Float64Array;
  values: Float64Array;
  /** Index of the window's first sample, per step. */
  readonly from: Uint32Array;
  /** Index after the window's last sample, per step. Equal to `from` in an empty window. */
  readonly to: Uint32Array;
  /** End of the window at the first step, and the distance to the next. */
  readonly firstEnd: number;
  readonly step: number;
  readonly range: number;
  /** How far the window reaches beyond the range, before its start and after its end. */
  readonly before: number;
  readonly after: number;
  /** The times of the steps themselves, which offset and @ do not move. */
  readonly firstTime: number;
  readonly timeStep: number;
}

/** Where the row goes: `values[at + step]`, with `present` set where there is a value. */
export interface Row {
  readonly values: Float64Array;
  readonly present: Uint8Array;
  at: number;
}

/** Fills the row from the windows. `params[i][step]` is the value of the function's i-th scalar parameter. */
export type RangeKernel = (windows: Windows, row: Row, params: readonly Float64Array[]) => void;

/** A kernel of a function that needs nothing but the values of a window that is not empty. */
function ofValues(reduce: (values: Float64Array, from: number, to: number) => number): RangeKernel {
  return ({ values, from, to, steps }, row) => {
    for (let step = 0; step < steps; step++) {
      const first = from[step]!;
      const end = to[step]!;
      if (first === end) continue;
      row.values[row.at + step] = reduce(values, first, end);
      row.present[row.at + step] = 1;
    }
  };
}

const kahan = new KahanSum();
const other = new KahanSum();

function sum(values: Float64Array, from: number, to: number): number {
  kahan.reset();
  for (let i = from; i < to; i++) kahan.add(values[i]!);
  return kahan.total;
}

/** The mean of the sum, or, once the sum overflows, a mean that is carried along. */
function average(values: Float64Array, from: number, to: number): number {
  kahan.reset(values[from]!);
  for (let i = from + 1; i < to; i++) {
    const before = kahan.sum;
    const compensation = kahan.compensation;
    kahan.add(values[i]!);
    if (Math.abs(kahan.sum) === Number.POSITIVE_INFINITY) {
      kahan.sum = before / (i - from);
      kahan.compensation = compensation / (i - from);
      return carriedMean(values, i, { from, to });
    }
  }
  const count = to - from;
  return kahan.sum / count + kahan.compensation / count;
}

/** Goes on from the mean of the samples before `next`, which is in `kahan`. */
function carriedMean(values: Float64Array, next: number, { from, to }: { from: number; to: number }): number {
  for (let i = next; i < to; i++) {
    const count = i - from + 1;
    const weight = (count - 1) / count;
    kahan.sum *= weight;
    kahan.compensation *= weight;
    kahan.add(values[i]! / count);
  }
  return kahan.total;
}

/** Welford's method with compensated sums. */
function variance(values: Float64Array, from: number, to: number): number {
  kahan.reset();
  other.reset();
  for (let i = from; i < to; i++) {
    const delta = values[i]! - kahan.total;
    kahan.add(delta / (i - from + 1));
    other.add(delta * (values[i]! - kahan.total));
  }
  return other.total / (to - from);
}

function minimum(values: Float64Array, from: number, to: number): number {
  let least = values[from]!;
  for (let i = from + 1; i < to; i++) if (values[i]! < least || Number.isNaN(least)) least = values[i]!;
  return least;
}

function maximum(values: Float64Array, from: number, to: number): number {
  let most = values[from]!;
  for (let i = from + 1; i < to; i++) if (values[i]! > most || Number.isNaN(most)) most = values[i]!;
  return most;
}

function changes(values: Float64Array, from: number, to: number): number {
  let count = 0;
  for (let i = from + 1; i < to; i++) {
    const before = values[i - 1]!;
    const now = values[i]!;
    if (now !== before && !(Number.isNaN(now) && Number.isNaN(before))) count++;
  }
  return count;
}

function resets(values: Float64Array, from: number, to: number): number {
  let count = 0;
  for (let i = from + 1; i < to; i++) if (values[i]! < values[i - 1]!) count++;
  return count;
}

let scratch = new Float64Array(64);

/** A copy of the window that may be sorted; valid until the next call. */
function copied(values: Float64Array, from: number, to: number): Float64Array {
  if (scratch.length < to - from) scratch = new Float64Array(2 * (to - from));
  const copy = scratch.subarray(0, to - from);
  copy.set(values.subarray(from, to));
  return copy;
}

/** Median absolute deviation from the median. */
function medianDeviation(values: Float64Array, from: number, to: number): number {
  const copy = copied(values, from, to);
  if (copy.some(Number.isNaN)) return Number.NaN;
  const median = quantile(0.5, copy);
  for (let i = 0; i < copy.length; i++) copy[i] = Math.abs(copy[i]! - median);
  return quantile(0.5, copy);
}

const quantileOverTime: RangeKernel = ({ values, from, to, steps }, row, params) => {
  const q = params[0]!;
  for (let step = 0; step < steps; step++) {
    if (from[step] === to[step]) continue;
    row.values[row.at + step] = quantile(q[step]!, copied(values, from[step]!, to[step]!));
    row.present[row.at + step] = 1;
  }
};

/** The index in the window that `better` prefers; of equal ones the first, or the last for `ts_of_*`. */
function timeOf(pick: (values: Float64Array, from: number, to: number) => number): RangeKernel {
  return ({ values, timestamps, from, to, steps }, row) => {
    for (let step = 0; step < steps; step++) {
      if (from[step] === to[step]) continue;
      row.values[row.at + step] = timestamps[pick(values, from[step]!, to[step]!)]! / 1000;
      row.present[row.at + step] = 1;
    }
  };
}

function indexOfMaximum(values: Float64Array, from: number, to: number): number {
  let best = from;
  for (let i = from + 1; i < to; i++) if (values[i]! >= values[best]! || Number.isNaN(values[best]!)) best = i;
  return best;
}

function indexOfMinimum(values: Float64Array, from: number, to: number): number {
  let best = from;
  for (let i = from + 1; i < to; i++) if (values[i]! <= values[best]! || Number.isNaN(values[best]!)) best = i;
  return best;
}

let dropped = new Uint32Array(64);

/**
 * Finds the samples between `first` and `end` that are less than the one before them, and returns how many there are: `dropped` holds
 * their indices until the next call. Counters drop rarely, and windows overlap: looking once is cheaper than in each.
 */
function findDrops(values: Float64Array, first: number, end: number): number {
  let count = 0;
  for (let i = first + 1; i < end; i++) {
    if (values[i]! >= values[i - 1]!) continue;
    // Not a number is not less.
    if (!(values[i]! < values[i - 1]!)) continue;
    if (count === dropped.length) {
      const longer = new Uint32Array(2 * count);
      longer.set(dropped);
      dropped = longer;
    }
    dropped[count++] = i;
  }
  return count;
}

/**
 * rate, increase and delta: the difference over the window's samples (of a counter, with what it lost in resets added
 * back), extrapolated to the window's ends. An end is reached when it is nearer than 1.1 average sample distances;
 * otherwise by half a distance. A counter is not extrapolated below zero.
 */
function extrapolated(isCounter: boolean, isRate: boolean): RangeKernel {
  return (windows, row) => {
    const { values, timestamps, from, to, steps, range } = windows;
    const drops = isCounter ? findDrops(values, from[0] ?? 0, to[steps - 1] ?? 0) : 0;
    let nextDrop = 0;
    for (let step = 0, end = windows.firstEnd; step < steps; step++, end += windows.step) {
      const first = from[step]!;
      const last = to[step]! - 1;
      if (last <= first || to[step] === 0) continue;
      let result = values[last]! - values[first]!;
      while (nextDrop < drops && dropped[nextDrop]! <= first) nextDrop++;
      for (let d = nextDrop; d < drops && dropped[d]! <= last; d++) result += values[dropped[d]! - 1]!;
      const sampled = (timestamps[last]! - timestamps[first]!) / 1000;
      const distance = sampled / (last - first);
      let toStart = (timestamps[first]! - (end - range)) / 1000;
      let toEnd = (end - timestamps[last]!) / 1000;
      if (toStart >= distance * 1.1) toStart = distance / 2;
      if (isCounter && result > 0 && values[first]! >= 0) {
        const toZero = sampled * (values[first]! / result);
        if (toZero < toStart) toStart = toZero;
      }
      if (toEnd >= distance * 1.1) toEnd = distance / 2;
      let factor = (sampled + toStart + toEnd) / sampled;
      if (isRate) factor /= range / 1000;
      row.values[row.at + step] = result * factor;
      row.present[row.at + step] = 1;
    }
  };
}

/** irate and idelta: from the window's last two samples. */
function instantaneous(isRate: boolean): RangeKernel {
  return ({ values, timestamps, from, to, steps }, row) => {
    for (let step = 0; step < steps; step++) {
      const last = to[step]! - 1;
      if (to[step]! - from[step]! < 2) continue;
      const seconds = (timestamps[last]! - timestamps[last - 1]!) / 1000;
      const now = values[last]!;
      const before = values[last - 1]!;
      // After a reset the counter started from zero.
      let result = isRate && now < before ? now : now - before;
      if (isRate) result /= seconds;
      row.values[row.at + step] = result;
      row.present[row.at + step] = 1;
    }
  };
}

const sums = { x: new KahanSum(), y: new KahanSum(), xy: new KahanSum(), xx: new KahanSum() };
const line = { slope: 0, intercept: 0 };

/** Least squares over a window into `line`; x is in seconds from `origin`. */
function fitLine({ values, timestamps }: Windows, from: number, to: number, origin: number): void {
  sums.x.reset();
  sums.y.reset();
  sums.xy.reset();
  sums.xx.reset();
  const first = values[from]!;
  let constant = true;
  for (let i = from; i < to; i++) {
    const y = values[i]!;
    if (y !== first) constant = false;
    const x = (timestamps[i]! - origin) / 1000;
    sums.x.add(x);
    sums.y.add(y);
    sums.xy.add(x * y);
    sums.xx.add(x * x);
  }
  if (constant) {
    line.slope = Number.isFinite(first) ? 0 : Number.NaN;
    line.intercept = Number.isFinite(first) ? first : Number.NaN;
    return;
  }
  const count = to - from;
  const x = sums.x.total;
  const y = sums.y.total;
  line.slope = (sums.xy.total - (x * y) / count) / (sums.xx.total - (x * x) / count);
  line.intercept = y / count - (line.slope * x) / count;
}

const derivative: RangeKernel = (windows, row) => {
  const { timestamps, from, to, steps } = windows;
  for (let step = 0; step < steps; step++) {
    const first = from[step]!;
    if (to[step]! - first < 2) continue;
    fitLine(windows, first, to[step]!, timestamps[first]!);
    row.values[row.at + step] = line.slope;
    row.present[row.at + step] = 1;
  }
};

const predictLinear: RangeKernel = (windows, row, params) => {
  const { from, to, steps } = windows;
  const ahead = params[0]!;
  for (let step = 0, time = windows.firstTime; step < steps; step++, time += windows.timeStep) {
    if (to[step]! - from[step]! < 2) continue;
    fitLine(windows, from[step]!, to[step]!, time);
    row.values[row.at + step] = line.slope * ahead[step]! + line.intercept;
    row.present[row.at + step] = 1;
  }
};

/** Holt's linear method: a smoothed value and a smoothed trend. */
const doubleExponentialSmoothing: RangeKernel = ({ values, from, to, steps }, row, params) => {
  for (let step = 0; step < steps; step++) {
    const first = from[step]!;
    if (to[step]! - first < 2) continue;
    const smoothing = params[0]![step]!;
    const trending = params[1]![step]!;
    let before = 0;
    let smoothed = values[first]!;
    let trend = values[first + 1]! - values[first]!;
    for (let i = first + 1; i < to[step]!; i++) {
      if (i > first + 1) trend = trending * (smoothed - before) + (1 - trending) * trend;
      before = smoothed;
      smoothed = smoothing * values[i]! + (1 - smoothing) * (smoothed + trend);
    }
    row.values[row.at + step] = smoothed;
    row.present[row.at + step] = 1;
  }
};

/** The functions over a range, by name. A name that is not here is not served yet. */
export const RANGE_KERNELS: ReadonlyMap<string, RangeKernel> = new Map<string, RangeKernel>([
  ['rate', extrapolated(true, true)],
  ['increase', extrapolated(true, false)],
  ['delta', extrapolated(false, false)],
  ['irate', instantaneous(true)],
  ['idelta', instantaneous(false)],
  ['deriv', derivative],
  ['predict_linear', predictLinear],
  ['double_exponential_smoothing', doubleExponentialSmoothing],
  ['quantile_over_time', quantileOverTime],
  ['sum_over_time', ofValues(sum)],
  ['avg_over_time', ofValues(average)],
  ['min_over_time', ofValues(minimum)],
  ['max_over_time', ofValues(maximum)],
  ['count_over_time', ofValues((_, from, to) => to - from)],
  ['last_over_time', ofValues((values, _, to) => values[to - 1]!)],
  ['first_over_time', ofValues((values, from) => values[from]!)],
  ['present_over_time', ofValues(() => 1)],
  ['absent_over_time', ofValues(() => 1)],
  ['stdvar_over_time', ofValues(variance)],
  ['stddev_over_time', ofValues((values, from, to) => Math.sqrt(variance(values, from, to)))],
  ['mad_over_time', ofValues(medianDeviation)],
  ['changes', ofValues(changes)],
  ['resets', ofValues(resets)],
  ['ts_of_max_over_time', timeOf(indexOfMaximum)],
  ['ts_of_min_over_time', timeOf(indexOfMinimum)],
  ['ts_of_first_over_time', timeOf((_, from) => from)],
  ['ts_of_last_over_time', timeOf((_, __, to) => to - 1)],
]);
