/**
 * Which rows may be too small because samples were missing lately. PromQL divides an increase by the whole range, so after an interruption
 * a rate begins near zero and needs its range to become what it was. For an autoscaler that is a load that has fallen.
 *
 *     rate(a[5m]), and nothing was scraped for 10 min:   lacking … lacking   0.2x  0.4x  0.6x  0.8x  x
 *
 * So a row that was known, and then was lacking or in doubt, is in doubt until its window has passed since. One that is new is not: what it
 * is of has begun.
 */
import type { Expr } from '../../../query/promql/ast.ts';
import { operandsOf } from './operands-of.ts';

/** What is less the fewer samples there are in its range. */
const FILLING: ReadonlySet<string> = new Set(['rate', 'increase', 'delta', 'sum_over_time', 'count_over_time']);

/** Milliseconds for which a row that is gone is known: later it is as new. */
const REMEMBERED = 60 * 60_000;
/** Rows, and selectors, that are known at most. */
const MOST_ROWS = 200_000;
const MOST_SELECTORS = 100;

interface KnownRow {
  /** The last evaluation that had it. */
  seen: number;
  /** The last one that had not, or had it in doubt; NaN: none since it is known. */
  interrupted: number;
}

interface KnownRows {
  /** The last evaluation. */
  at: number;
  readonly rows: Map<string, KnownRow>;
}

/** Whether it matters to an expression how many samples are in its ranges. */
export function needsFullWindows(expr: Expr): boolean {
  return (expr.kind === 'call' && FILLING.has(expr.func)) || operandsOf(expr).some(needsFullWindows);
}

/** Follows the rows of one metric from evaluation to evaluation. Times are milliseconds. */
export class RefilledWindows {
  readonly #window: number;
  readonly #known = new Map<string, KnownRows>();

  constructor(window: number) {
    this.#window = window;
  }

  /**
   * Takes what an evaluation with a selector found. `keys` are those of its rows, `isLacking` says whether one has no value that counts.
   * Calls with each row whose window is not full again, and how long ago it was interrupted.
   */
  take(
    { at, selector }: { readonly at: number; readonly selector: string },
    { keys, isLacking }: { readonly keys: Iterable<string>; readonly isLacking: (row: number) => boolean },
    refilling: (row: number, since: number) => void,
  ): void {
    const known = this.#rowsOf(selector, at);
    let row = 0;
    for (const key of keys) {
      const isBad = isLacking(row);
      let state = known.rows.get(key);
      if (state === undefined) {
        state = { seen: at, interrupted: Number.NaN };
        if (known.rows.size < MOST_ROWS) known.rows.set(key, state);
      }
      if (isBad) state.interrupted = at;
      else {
        // It was not there the last time.
        if (state.seen < known.at) state.interrupted = known.at;
        const since = at - state.interrupted;
        if (since < this.#window) refilling(row, since);
      }
      state.seen = at;
      row++;
    }
    for (const [key, { seen }] of known.rows) if (seen < at - REMEMBERED) known.rows.delete(key);
    known.at = at;
  }

  #rowsOf(selector: string, at: number): KnownRows {
    const known = this.#known.get(selector) ?? { at, rows: new Map<string, KnownRow>() };
    // In the order of their use.
    this.#known.delete(selector);
    this.#known.set(selector, known);
    if (this.#known.size > MOST_SELECTORS) this.#known.delete(this.#known.keys().next().value!);
    return known;
  }
}
