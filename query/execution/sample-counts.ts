import type { Grid } from './grid.ts';
import type { VectorBlock } from './vector.ts';

/**
 * How many samples a query looked at, as Prometheus counts them: at each step those in the windows of its selectors, so
 * that a sample counts once for every step whose window it is in. What is the same at every step counts at every step.
 * Within a subquery nothing is counted; what the subquery gives counts as samples do.
 */
export class SampleCounts {
  /** Of each step of the query. */
  readonly perStep: Float64Array;
  readonly #query: Grid;
  /** The grids whose selectors are counted, with the steps of the query that they stand for. */
  readonly #counted = new WeakMap<Grid, Grid>();

  constructor(query: Grid) {
    this.#query = query;
    this.perStep = new Float64Array(query.steps);
  }

  /** A part of the query's own steps that is about to run; what was counted of them in an attempt before is forgotten. */
  enter(slice: Grid): void {
    this.#counted.set(slice, slice);
    const first = this.#placeOf(slice);
    this.perStep.fill(0, first, first + slice.steps);
  }

  /** A grid of one step whose answer stands for all steps of another. */
  enterInvariant(once: Grid, steps: Grid): void {
    if (this.#counted.has(steps)) this.#counted.set(once, steps);
  }

  /** One sample for each value of a selector that ran on this grid. */
  addPresent({ count, present }: VectorBlock, grid: Grid): void {
    const counted = this.#counted.get(grid);
    if (counted === undefined) return;
    for (let row = 0, i = 0; row < count; row++) {
      for (let step = 0; step < grid.steps; step++, i++) {
        if (present[i] === 1) this.#add(step, 1, { grid, counted });
      }
    }
  }

  /** The windows of one series. */
  addWindows({ from, to }: { readonly from: Uint32Array; readonly to: Uint32Array }, grid: Grid): void {
    const counted = this.#counted.get(grid);
    if (counted === undefined) return;
    for (let step = 0; step < grid.steps; step++) this.#add(step, to[step]! - from[step]!, { grid, counted });
  }

  #add(step: number, samples: number, { grid, counted }: { grid: Grid; counted: Grid }): void {
    const first = this.#placeOf(counted);
    if (grid === counted) this.perStep[first + step]! += samples;
    else for (let i = 0; i < counted.steps; i++) this.perStep[first + i]! += samples;
  }

  /** The number of a slice's first step. */
  #placeOf(slice: Grid): number {
    const { start, step } = this.#query;
    return step === 0 ? 0 : Math.round((slice.start - start) / step);
  }
}
