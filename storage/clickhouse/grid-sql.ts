import type { GridAggregate, GridFunction, GridRequest } from '../grid-request.ts';
import { STALE } from './value-encoding.ts';

/** ClickHouse's function, and what it is given as a sample's value. */
interface Recipe {
  readonly aggregate: string;
  readonly value: string;
  /** Stale markers are left out; otherwise they come as STALE_BITS. */
  readonly skipsStale: boolean;
}

/** A stale marker on its way through a grid: a NaN like no other, since those of values are made equal. */
const STALE_BITS = '0x7FF800000000DEAD';
const STALE_SQL = `reinterpretAsFloat64(toUInt64(${STALE_BITS}))`;

const newest = (value: string): Recipe => ({
  aggregate: 'timeSeriesResampleToGridWithStaleness',
  value: `multiIf(scale = ${STALE}, ${STALE_SQL}, isNaN(value), nan, ${value})`,
  skipsStale: false,
});
const ofValues = (aggregate: string, value = 'value'): Recipe => ({ aggregate, value, skipsStale: true });

const RECIPES: Readonly<Record<GridFunction, Recipe>> = {
  value: newest('value'),
  timestamp: { ...newest(''), value: `if(scale = ${STALE}, ${STALE_SQL}, toUnixTimestamp64Milli(ts) / 1000)` },
  last: ofValues('timeSeriesResampleToGridWithStaleness'),
  rate: ofValues('timeSeriesRateToGrid'),
  increase: ofValues('timeSeriesRateToGrid'),
  delta: ofValues('timeSeriesDeltaToGrid'),
  irate: ofValues('timeSeriesInstantRateToGrid'),
  idelta: ofValues('timeSeriesInstantDeltaToGrid'),
  // A kludge: to ClickHouse a NaN after a NaN is a change. The lowest double stands for it, which nothing else is.
  changes: ofValues('timeSeriesChangesToGrid', 'if(isNaN(value), -1.7976931348623157e308, value)'),
  resets: ofValues('timeSeriesResetsToGrid'),
};

/** The functions of ClickHouse that are needed, each once. */
export const GRID_AGGREGATES: readonly string[] = [
  ...new Set(Object.values(RECIPES).map(({ aggregate }) => aggregate)),
].sort();

/** To be at the end of every statement with these functions; a session's settings do not reach a server. */
export const GRID_SETTINGS = 'SETTINGS allow_experimental_time_series_aggregate_functions = 1';

/** The call of one of the functions, but for its arguments `(ts, value)`. Times may lie before 1970. */
export function gridCall(aggregate: string, { start, step, steps, window }: Omit<GridRequest, 'func' | 'grouping'>) {
  const end = start + step * Math.max(0, steps - 1);
  const parameters = [timeSql(start), timeSql(end), durationSql(step), durationSql(window)];
  return `${aggregate}(${parameters.join(', ')})`;
}

function timeSql(milliseconds: number): string {
  return `fromUnixTimestamp64Milli(toInt64(${milliseconds}), 'UTC')`;
}

function durationSql(milliseconds: number): string {
  return `toDecimal64('${Math.floor(milliseconds / 1000)}.${String(milliseconds % 1000).padStart(3, '0')}', 3)`;
}

/**
 * A row per series: its id, its grid (NULL where it has no value), the number of its samples and of those that are not
 * finite. `from` is `FROM samples …`.
 */
export function seriesGridSql(request: GridRequest, from: string): string {
  const { aggregate, value } = RECIPES[request.func];
  const call = `${gridCall(aggregate, request)}(ts, ${value})`;
  return `SELECT id AS id64, ${finishedSql(request, call)} AS grid, count() AS samples, ${ODD} AS odd ${from} GROUP BY id`;
}

/** What holds of the samples that are no stale markers. */
export const NOT_STALE = `scale != ${STALE}`;

/** Whether stale markers must be left out before the function sees them. */
export function skipsStale({ func }: Pick<GridRequest, 'func'>): boolean {
  return RECIPES[func].skipsStale;
}

const ODD = `countIf(${NOT_STALE} AND NOT isFinite(value))`;

function finishedSql({ func, window }: GridRequest, call: string): string {
  if (func === 'increase') return `arrayMap(x -> x * ${window / 1000}, ${call})`;
  if (RECIPES[func].skipsStale) return call;
  return `arrayMap(x -> if(reinterpretAsUInt64(assumeNotNull(x)) = ${STALE_BITS}, NULL, x), ${call})`;
}

/** Rows of series that the query does not know belong to this group, and no row comes of it. */
const UNKNOWN = 2 ** 32 - 1;

/** A row per group: its index, its grid, and the numbers of samples. `ids` and `groups` are lists in step. */
export function groupGridSql(
  op: GridAggregate,
  { series, ids, groups }: { series: string; ids: string; groups: string },
): string {
  const group = `transform(id64, [${ids}], [${groups}], toUInt32(${UNKNOWN}))`;
  return (
    `SELECT toUInt64(${group}) AS group, ${AGGREGATES[op]} AS grids, sum(samples) AS all, sum(odd) AS some ` +
    `FROM (${series}) WHERE group != ${UNKNOWN} GROUP BY group`
  );
}

const COUNTS = 'countForEach(grid)';

/** ClickHouse's extremes of an array with a NaN depend on the order; PromQL's is NaN only where there is nothing else. */
const extremum = (aggregate: string) =>
  `arrayMap((x, n) -> if(n = 0, NULL, ifNull(x, nan)), ${aggregate}(arrayMap(x -> if(isNaN(x), NULL, x), grid)), ${COUNTS})`;

const AGGREGATES: Readonly<Record<GridAggregate, string>> = {
  sum: 'sumKahanForEach(grid)',
  avg: `arrayMap((x, n) -> x / n, sumKahanForEach(grid), ${COUNTS})`,
  count: `arrayMap(n -> if(n = 0, NULL, toFloat64(n)), ${COUNTS})`,
  group: `arrayMap(n -> if(n = 0, NULL, toFloat64(1)), ${COUNTS})`,
  min: extremum('minForEach'),
  max: extremum('maxForEach'),
};
