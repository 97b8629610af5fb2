import type { LogPosition } from '../log-position.ts';
import { sqlTime } from './sql-literal.ts';

/** The condition on `ts` of a log's rows for start..end. */
export function timeRangeSql({ start, end }: { readonly start: number; readonly end: number }): string {
  // sqlTime would move what no entry can have to the edge, where one could be.
  if (end < 0 || start > end) return '0';
  return `ts >= ${sqlTime(Math.ceil(start))} AND ts <= ${sqlTime(end)}`;
}

/** The condition on `ts` and `sequence` of a log's rows for start..end, and before a place in it. */
export function rangeSql(range: {
  readonly start: number;
  readonly end: number;
  readonly before?: LogPosition | undefined;
}): string {
  const within = timeRangeSql(range);
  const { before } = range;
  if (before === undefined) return within;
  const time = sqlTime(before.timestamp);
  return `${within} AND (ts < ${time} OR ts = ${time} AND sequence < ${before.sequence})`;
}

/**
 * The newest rows of a log's table, at most `limit`, each once: a row is there twice until it is merged, when it was inserted twice.
 * `identity` are the columns that make a row. The wide columns are read only where the newest are:
 *
 *     ... AND ts >= (the ts of the last row of the answer) ORDER BY ts DESC, sequence DESC
 */
export function newestSql(query: {
  readonly columns: string;
  readonly table: string;
  readonly conditions: readonly string[];
  readonly identity: string;
  readonly limit: number;
}): string {
  const { columns, table, conditions, identity, limit } = query;
  const where = conditions.join(' AND ');
  const newest = `ORDER BY ts DESC, sequence DESC LIMIT 1 BY ${identity} LIMIT ${limit}`;
  const oldest = `SELECT min(ts) FROM (SELECT ts FROM ${table} WHERE ${where} ${newest})`;
  return `SELECT ${columns} FROM ${table} WHERE ts >= (${oldest}) AND ${where} ${newest}`;
}
