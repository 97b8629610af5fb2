import type { SeverityMask } from './breach.ts';

/** In a history: a period without a value. */
const MISSING = 8;

/**
 * What a condition remembers of one object; an object that was fine for long enough has no such state. Immutable.
 *
 * A period without a value is left out where nothing is to change by it: it neither ends a row of breached periods nor goes on
 * with it. So that what follows from the past can be computed anew after a restart, breaches count only within twice the number of
 * periods that the condition looks at.
 */
export interface ConditionState {
  /** Of the last periods, the newest first: a mask of severities, or MISSING. */
  readonly history: Uint8Array;
  /** The severities that are met. */
  readonly met: SeverityMask;
}

/** What one period says of an object. */
export interface PeriodResult {
  readonly hasValue: boolean;
  /** Severities whose threshold is reached. */
  readonly breached: SeverityMask;
  /** Severities whose recovery is not reached. */
  readonly holding: SeverityMask;
}

export interface Counting {
  readonly periods: number;
  readonly outOf: number;
  /** A period without a value counts as one that is not breached. */
  readonly missingIsFine: boolean;
}

/** How many periods back a history goes. */
export function historyLength(outOf: number): number {
  return 2 * outOf;
}

/**
 * The state after one more period; undefined when there is nothing to remember. With `fill`, the history is filled in with a period
 * whose outcome is known already: what is met stays.
 */
export function nextState(
  state: ConditionState | undefined,
  result: PeriodResult,
  { periods, outOf, missingIsFine, fill = false }: Counting & { readonly fill?: boolean },
): ConditionState | undefined {
  const isKept = !result.hasValue && !missingIsFine;
  const breached = result.hasValue ? result.breached : 0;
  const before = state?.met ?? 0;
  if (state === undefined && breached === 0) return undefined;
  const history = new Uint8Array(historyLength(outOf));
  if (state !== undefined) history.set(state.history.subarray(0, history.length - 1), 1);
  history[0] = isKept ? MISSING : breached;
  let met = before;
  if (!isKept && !fill) {
    const holding = result.hasValue ? result.holding : 0;
    met = reached(history, { periods, outOf }) | (before & holding);
  }
  return met === 0 && !hasBreach(history) ? undefined : { history, met };
}

/** The severities that were breached in enough of the last periods that have a value. */
function reached(history: Uint8Array, { periods, outOf }: Pick<Counting, 'periods' | 'outOf'>): SeverityMask {
  let [a, b, c, known] = [0, 0, 0, 0];
  for (let i = 0; i < history.length && known < outOf; i++) {
    const mask = history[i]!;
    if (mask === MISSING) continue;
    known++;
    a += mask & 1;
    b += (mask >> 1) & 1;
    c += mask >> 2;
  }
  return (a >= periods ? 1 : 0) | (b >= periods ? 2 : 0) | (c >= periods ? 4 : 0);
}

function hasBreach(history: Uint8Array): boolean {
  for (const mask of history) if (mask !== 0 && mask !== MISSING) return true;
  return false;
}

/** What counts at the moment. */
export interface Breaches {
  /** Periods: those in a row, or those of the last `outOf`. */
  readonly count: number;
  /** How many periods ago the first of them was; 0 is the newest period. */
  readonly age: number;
  /** The severities of the newest of them. */
  readonly mask: SeverityMask;
}

/** The breached periods that count now. */
export function breaches(state: ConditionState, { periods, outOf }: Pick<Counting, 'periods' | 'outOf'>): Breaches {
  const { history } = state;
  let [count, age, mask, known] = [0, 0, 0, 0];
  for (let i = 0; i < history.length && known < outOf; i++) {
    const period = history[i]!;
    if (period === MISSING) continue;
    known++;
    if (period === 0) {
      if (periods === outOf) break;
      continue;
    }
    if (count === 0) mask = period;
    count++;
    age = i;
  }
  return { count, age, mask };
}
