import { useEffect, useRef } from 'react';
import { getJson } from '../api/get-json.ts';
import { type Loaded, useData } from '../api/use-data.ts';
import { useTimeRange } from '../app/time-range.ts';
import { gridOf, type Matrix, type MatrixJson, matrixOf, rangeQueryPath } from './range-query.ts';

export interface RangeQueryOptions {
  /** Seconds between points. Default: what fits the range. */
  readonly step?: number;
  /** False: nothing new is loaded, and what is there stays. For what is out of sight. Default: true. */
  readonly isWanted?: boolean;
}

/** A range query over the shared time range, again whenever that moves. What is shown stays until the next answer is there. */
export function useRangeQuery(query: string, options: RangeQueryOptions = {}): Loaded<Matrix> {
  const { data, ...rest } = useRangeQueries([query], options);
  return { ...rest, data: data?.[0] };
}

/** Several of them at the same moments: one answer for each query, in their order. Fails when one of them fails. */
export function useRangeQueries(
  queries: readonly string[],
  { step, isWanted = true }: RangeQueryOptions = {},
): Loaded<readonly Matrix[]> {
  const [now] = useTimeRange();
  const shown = useRef(now);
  if (isWanted) shown.current = now;
  const range = shown.current;
  const key = JSON.stringify([range.from, range.to, step, queries]);
  const loaded = useData(key, (signal) => {
    const grid = gridOf(range, step);
    return Promise.all(
      queries.map(async (query) => {
        const { result } = await getJson<{ readonly result: readonly MatrixJson[] }>(rangeQueryPath(query, grid), {
          signal,
        });
        return matrixOf(grid, result);
      }),
    );
  });
  const { reload } = loaded;
  const last = useRef({ key, end: range.end });
  useEffect(() => {
    const before = last.current;
    last.current = { key, end: range.end };
    if (before.key === key && before.end !== range.end) reload();
  }, [key, range.end, reload]);
  return loaded;
}
