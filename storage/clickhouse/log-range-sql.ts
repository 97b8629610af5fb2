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
