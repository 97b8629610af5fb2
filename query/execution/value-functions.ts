import { greater, lesser } from './extremum.ts';
import type { Grid } from './grid.ts';
import type { VectorBlock } from './vector.ts';

/** What a value function sees besides the block. */
export interface ValueArguments {
  readonly grid: Grid;
  /** `params[i][step]`. */
  readonly params: readonly Float64Array[];
}

/** Replaces the block's values by the function of them, in place. A value may also be taken away. */
export type ValueKernel = (block: VectorBlock, args: ValueArguments) => void;

function ofValue(apply: (value: number) => number): ValueKernel {
  return ({ values, present }) => {
    for (let i = 0; i < values.length; i++) if (present[i] === 1) values[i] = apply(values[i]!);
  };
}

/** A kernel that needs the step of each value. */
function ofSteps(apply: (value: number, step: number, params: readonly Float64Array[]) => number): ValueKernel {
  return ({ count, values, present }, { grid, params }) => {
    const { steps } = grid;
    for (let row = 0, i = 0; row < count; row++) {
      for (let step = 0; step < steps; step++, i++) {
        if (present[i] === 1) values[i] = apply(values[i]!, step, params);
      }
    }
  };
}

const clamp: ValueKernel = (block, args) => {
  const [least, most] = args.params;
  const { steps } = args.grid;
  for (let i = 0; i < block.values.length; i++) {
    const step = i % steps;
    if (least![step]! > most![step]!) block.present[i] = 0;
    else block.values[i] = greater(least![step]!, lesser(most![step]!, block.values[i]!));
  }
};

/** To the nearest multiple of 1 / (1 / nearest): the inverse keeps round(x, 0.1) from accumulating errors. Halves go up. */
const round: ValueKernel = (block, args) => {
  const nearest = args.params[0];
  const { steps } = args.grid;
  for (let i = 0; i < block.values.length; i++) {
    const inverse = 1 / (nearest === undefined ? 1 : nearest[i % steps]!);
    block.values[i] = Math.floor(block.values[i]! * inverse + 0.5) / inverse;
  }
};

const timestamp: ValueKernel = ({ count, values }, { grid }) => {
  for (let row = 0, i = 0; row < count; row++) {
    for (let step = 0; step < grid.steps; step++, i++) values[i] = (grid.start + step * grid.step) / 1000;
  }
};

/** For what floats do not have: no value has a result. */
const takeAway: ValueKernel = ({ present }) => {
  present.fill(0);
};

const DAY = 86_400;
const date = { year: 0, month: 0, day: 0, dayOfYear: 0 };

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/**
 * The Gregorian date of a day counted from 1970-01-01, into `date`. Counts in eras of 400 years that start on 1 March, so
 * that the leap day is the last of its year (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
 */
function toDate(days: number): void {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  date.day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  date.month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  date.year = yearOfEra + era * 400 + (date.month <= 2 ? 1 : 0);
  date.dayOfYear = date.month <= 2 ? dayOfYear - 305 : dayOfYear + (isLeap(date.year) ? 60 : 59) + 1;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Seconds that can be counted exactly; what lies beyond has no date. */
function isTime(seconds: number): boolean {
  return Math.abs(seconds) <= Number.MAX_SAFE_INTEGER;
}

function ofDate(part: () => number): ValueKernel {
  return ofValue((seconds) => {
    if (!isTime(seconds)) return Number.NaN;
    toDate(Math.floor(Math.trunc(seconds) / DAY));
    return part();
  });
}

/** The part of a day or an hour that `seconds` falls in. */
function within(seconds: number, whole: number, unit: number): number {
  if (!isTime(seconds)) return Number.NaN;
  // Plus zero, because the remainder of a negative number may be -0.
  const rest = (Math.trunc(seconds) % whole) + 0;
  return Math.floor((rest < 0 ? rest + whole : rest) / unit);
}

/** The functions of each value on its own, by name. */
export const VALUE_KERNELS: ReadonlyMap<string, ValueKernel> = new Map<string, ValueKernel>([
  ['abs', ofValue(Math.abs)],
  ['ceil', ofValue(Math.ceil)],
  ['floor', ofValue(Math.floor)],
  ['exp', ofValue(Math.exp)],
  ['ln', ofValue(Math.log)],
  ['log2', ofValue(Math.log2)],
  ['log10', ofValue(Math.log10)],
  ['sqrt', ofValue(Math.sqrt)],
  ['sgn', ofValue((value) => (value < 0 ? -1 : value > 0 ? 1 : value))],
  ['sin', ofValue(Math.sin)],
  ['cos', ofValue(Math.cos)],
  ['tan', ofValue(Math.tan)],
  ['asin', ofValue(Math.asin)],
  ['acos', ofValue(Math.acos)],
  ['atan', ofValue(Math.atan)],
  ['sinh', ofValue(Math.sinh)],
  ['cosh', ofValue(Math.cosh)],
  ['tanh', ofValue(Math.tanh)],
  ['asinh', ofValue(Math.asinh)],
  ['acosh', ofValue(Math.acosh)],
  ['atanh', ofValue(Math.atanh)],
  ['deg', ofValue((value) => (value * 180) / Math.PI)],
  ['rad', ofValue((value) => (value * Math.PI) / 180)],
  ['round', round],
  ['clamp', clamp],
  ['clamp_min', ofSteps((value, step, params) => greater(params[0]![step]!, value))],
  ['clamp_max', ofSteps((value, step, params) => lesser(params[0]![step]!, value))],
  ['histogram_avg', takeAway],
  ['histogram_count', takeAway],
  ['histogram_sum', takeAway],
  ['histogram_stddev', takeAway],
  ['histogram_stdvar', takeAway],
  // No sample of the store has a start timestamp.
  ['start_timestamp', takeAway],
  ['timestamp', timestamp],
  ['sample_timestamp', () => {}],
  ['year', ofDate(() => date.year)],
  ['month', ofDate(() => date.month)],
  ['day_of_month', ofDate(() => date.day)],
  ['day_of_year', ofDate(() => date.dayOfYear)],
  ['days_in_month', ofDate(() => (date.month === 2 && isLeap(date.year) ? 29 : MONTH_DAYS[date.month - 1]!))],
  ['day_of_week', ofValue((seconds) => (within(seconds, 7 * DAY, DAY) + 4) % 7)],
  ['hour', ofValue((seconds) => within(seconds, DAY, 3600))],
  ['minute', ofValue((seconds) => within(seconds, 3600, 60))],
]);
