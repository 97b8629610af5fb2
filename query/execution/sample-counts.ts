import type { Grid } from './grid.ts';
import type { VectorBlock } from './vector.ts';

/**
 * How many samples a query looked at, as Prometheus counts them: at each step those in the windows of its selectors, so
 * that a sample counts once for every step whose window it is in. The steps are the query's own.
 */
export class SampleCounts {
  /** Of each step of the query. */
  readonly perStep: Float64Array;
  readonly #grid: Grid;

  constructor(grid: Grid) {
    this.#grid = grid;
    this.perStep = new Float64Array(grid.steps);
  }

  get total(): number {
    return this.perStep.reduce((sum, count) => sum + count, 0);
  }

  /** One sample for each value of a selector that ran on this grid. */
  addPresent({ count, present }: VectorBlock, grid: Grid): void {
    for (let row = 0, i = 0; row < count; row++) {
      for (let step = 0; step < grid.steps; step++, i++) {
        if (present[i] === 1) this.perStep[this.#stepOf(grid, step)]!++;
      }
    }
  }

  /** The windows of one series. */
  addWindows({ from, to }: { readonly from: Uint32Array; readonly to: Uint32Array }, grid: Grid): void {
    for (let step = 0; step < grid.steps; step++) this.perStep[this.#stepOf(grid, step)]! += to[step]! - from[step]!;
  }

  /** The query's own step; for the grid of a subquery the first one that is not before, within the query's range. */
  #stepOf(grid: Grid, step: number): number {
    const { start, step: width, steps } = this.#grid;
    if (width === 0) return 0;
    const place = Math.ceil((grid.start + step * grid.step - start) / width);
    return Math.min(Math.max(place, 0), steps - 1);
  }
}
