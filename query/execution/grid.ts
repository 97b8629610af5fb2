/** The times at which an expression is evaluated: start, start + step, … `steps` of them. */
export interface Grid {
  readonly start: number;
  /** 0 when there is one step only. */
  readonly step: number;
  readonly steps: number;
}

export function gridOf(start: number, end: number, step: number): Grid {
  if (step <= 0 || end <= start) return { start, step: 0, steps: end < start ? 0 : 1 };
  return { start, step, steps: Math.floor((end - start) / step) + 1 };
}

export function endOf(grid: Grid): number {
  return grid.start + grid.step * Math.max(0, grid.steps - 1);
}

/** Where a selector looks from at each step. */
export function referenceTimes(grid: Grid, window: { readonly at: number | undefined; readonly offset: number }): Grid {
  const { at, offset } = window;
  if (at === undefined) return { ...grid, start: grid.start - offset };
  return { start: at - offset, step: 0, steps: grid.steps };
}
