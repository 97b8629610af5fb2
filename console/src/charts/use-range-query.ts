import { useRef } from 'react';
import { getAnswer } from '../api/get-json.ts';
import type { Loaded } from '../api/use-data.ts';
import { useRangedData } from '../api/use-ranged-data.ts';
import { useTimeRange } from '../app/time-range.ts';
import { gridOf, type Matrix, type MatrixJson, matrixOf, rangeQueryPath, shifted } from './range-query.ts';

export interface RangeQueryOptions {
  /** Seconds between points. Default: what fits the range. */
  readonly step?: number;
  /** False: nothing new is loaded, and what is there stays. For what is out of sight. Default: true. */
  readonly isWanted?: boolean;
  /** Seconds: what was so much earlier, at the times of the shared range; to compare with. Default: 0. */
  readonly earlier?: number;
}

/** A range query over the shared time range, again whenever that moves. What is shown stays until the next answer is there. */
export function useRangeQuery(query: string, options: RangeQueryOptions = {}): Loaded<Matrix> {
  const { data, ...rest } = useRangeQueries([query], options);
  return { ...rest, data: data?.[0] };
}

/** Several of them at the same moments: one answer for each query, in their order. Fails when one of them fails. */
export function useRangeQueries(
  queries: readonly string[],
  { step, isWanted = true, earlier = 0 }: RangeQueryOptions = {},
): Loaded<readonly Matrix[]> {
  const [now] = useTimeRange();
  const shown = useRef(now);
  if (isWanted) shown.current = now;
  const range = shown.current;
  const key = JSON.stringify([step, earlier, queries]);
  return useRangedData(key, range, (signal) => {
    const grid = gridOf(range, step);
    return Promise.all(
      queries.map(async (query) => {
        const path = rangeQueryPath(query, shifted(grid, earlier));
        const { data, notes } = await getAnswer<{ readonly result: readonly MatrixJson[] }>(path, { signal });
        const matrix = matrixOf(shifted(grid, earlier), data.result, notes);
        return earlier === 0 ? matrix : { ...matrix, grid, times: matrix.times.map((time) => time + earlier) };
      }),
    );
  });
}
