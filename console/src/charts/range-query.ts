const POINTS = 240;
/** More series than that are no picture any more, and too much to send. */
const MOST_SERIES = 1000;
/** What the server says when it has left out series. */
export const TRUNCATED = 'results truncated due to limit';
const STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

/** Moments at which a range query is answered: Unix seconds, both ends included, multiples of `step`. */
export interface Grid {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** A series on a grid: one value for each of its moments, null where there is none. */
export interface GridSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly (number | null)[];
}

/** The answer of a range query. `times` (Unix seconds) has one moment for each value of each series. */
export interface Matrix {
  readonly grid: Grid;
  readonly times: readonly number[];
  readonly series: readonly GridSeries[];
  /** Warnings and remarks of the server, but that series are left out. */
  readonly notes: readonly string[];
  /** Whether there are more series than these. */
  readonly isCut: boolean;
}

/** Series as the API writes them. */
export interface MatrixJson {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [number, string])[];
}

/** A grid of about 240 points over a range; `step` (seconds) when it is not to be chosen. */
export function gridOf({ start, end }: { readonly start: number; readonly end: number }, step?: number): Grid {
  const wanted = (end - start) / POINTS;
  const chosen = step ?? STEPS.find((one) => one >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400;
  const last = Math.floor(end / chosen) * chosen;
  return { start: Math.min(last, Math.ceil(start / chosen) * chosen), end: last, step: chosen };
}

/** Puts the API's series on the grid that they were asked for. */
export function matrixOf(grid: Grid, result: readonly MatrixJson[], notes: readonly string[] = []): Matrix {
  const count = Math.floor((grid.end - grid.start) / grid.step + 1e-6) + 1;
  const times = Array.from({ length: count }, (_, index) => grid.start + index * grid.step);
  const series = result.map(({ metric, values = [] }) => {
    const onGrid = new Array<number | null>(count).fill(null);
    for (const [time, text] of values) {
      const index = Math.round((time - grid.start) / grid.step);
      const value = Number(text.replace('Inf', 'Infinity'));
      if (index >= 0 && index < count && !Number.isNaN(value)) onGrid[index] = value;
    }
    return { labels: metric, values: onGrid };
  });
  const others = notes.filter((note) => !note.includes(TRUNCATED));
  return { grid, times, series, notes: others, isCut: others.length < notes.length };
}

/** A grid so many seconds earlier. */
export function shifted({ start, end, step }: Grid, earlier: number): Grid {
  return { start: start - earlier, end: end - earlier, step };
}

/** Where to ask for a range, of which `limit` series are answered at most. */
export function rangeQueryPath(query: string, { start, end, step }: Grid, limit = MOST_SERIES): string {
  const [first, last, every, most] = [start, end, step, limit].map(String) as [string, string, string, string];
  const params = new URLSearchParams({ query, start: first, end: last, step: every, limit: most });
  return `/api/v1/query_range?${params}`;
}
