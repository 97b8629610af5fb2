import type { Deletion } from '../storage.ts';
import type { ClickHouseClient } from './client.ts';
import { syncSettings } from './delete-rows.ts';
import { columnOf } from './native-block.ts';
import { raced } from './raced.ts';
import { filterSql } from './series-index.ts';
import { MAX_TIMESTAMP, sqlStrings, sqlTime } from './sql-literal.ts';
import { COVERAGE } from './writer/segment-builder.ts';

export interface DeleterOptions {
  readonly client: ClickHouseClient;
  /** Throws while there are no tables. */
  readonly ready: () => void;
  /** Has the index told about every series again, with the series' next sample. */
  readonly forgetCoverage: () => void;
  /** Told after every attempt that may have deleted something. */
  readonly onDeleted: () => void;
}

/** Series of one DELETE. Each DELETE looks at every part of the days in question. */
const BATCH = 20_000;

/** How much time a row of the index can cover: merges join the rows whose windows begin on the same day. */
const LONGEST_ROW = 86_400_000 + COVERAGE;

interface Doomed {
  readonly metrics: Set<string>;
  readonly ids: string[];
}

/**
 * Deletes samples that are in ClickHouse, by lightweight deletes: a mask over the rows, which merges make good later.
 * Then the index forgets the series that have no samples left around the range. A sample that was appended meanwhile may
 * count on a row of the index that is gone; `forgetCoverage` heals that with the series' next sample.
 */
export function createDeleter(options: DeleterOptions): (deletion: Deletion, signal: AbortSignal) => Promise<void> {
  const { client, ready, forgetCoverage, onDeleted } = options;
  const run = (sql: string, signal: AbortSignal): Promise<void> =>
    raced(client.command(sql), signal, 'the deletion was canceled; what has begun of it goes on');

  /** The ids that a query gives, each once, with their metrics. */
  const idsOf = async function* (sql: string, signal: AbortSignal): AsyncGenerator<readonly [string, string]> {
    for await (const block of client.stream(sql, signal)) {
      const metrics = columnOf(block, 0, 'string');
      const ids = columnOf(block, 1, 'string');
      for (let row = 0; row < block.rows; row++) yield [metrics[row]!, ids[row]!];
    }
  };

  const deleteBatch = async (
    { metrics, ids }: Doomed,
    { deletion, sync }: { readonly deletion: Deletion; readonly sync: string },
    signal: AbortSignal,
  ): Promise<void> => {
    const series = `metric IN (${sqlStrings(metrics)}) AND id IN (${ids.join(', ')})`;
    const { start, end } = deletion;
    await run(`DELETE FROM samples WHERE ${series} AND ${timeSql(start, end)} ${sync}`, signal);
    const around = timeSql(start - LONGEST_ROW, end + LONGEST_ROW);
    const kept = new Set<string>();
    const left = `SELECT DISTINCT toString(metric), toString(id) FROM samples WHERE ${series} AND ${around}`;
    for await (const [, id] of idsOf(left, signal)) kept.add(id);
    const gone = ids.filter((id) => !kept.has(id));
    if (gone.length === 0) return;
    const rows = `metric IN (${sqlStrings(metrics)}) AND id IN (${gone.join(', ')})`;
    await run(
      `DELETE FROM series WHERE ${rows} AND first <= ${sqlTime(end)} AND last > ${sqlTime(start)} ${sync}`,
      signal,
    );
  };

  return async (deletion, signal) => {
    ready();
    const { matcherSets, start, end } = deletion;
    if (matcherSets.length === 0 || start > end || end < 0 || start >= MAX_TIMESTAMP) return;
    const found = `SELECT DISTINCT toString(metric), toString(id) FROM series WHERE ${filterSql(deletion)}`;
    const batches: Doomed[] = [];
    for await (const [metric, id] of idsOf(found, signal)) {
      let batch = batches.at(-1);
      if (batch === undefined || batch.ids.length >= BATCH) batches.push((batch = { metrics: new Set(), ids: [] }));
      batch.metrics.add(metric);
      batch.ids.push(id);
    }
    try {
      const sync = batches.length > 0 ? await syncSettings(client, signal) : '';
      for (const batch of batches) await deleteBatch(batch, { deletion, sync }, signal);
    } finally {
      if (batches.length > 0) {
        forgetCoverage();
        onDeleted();
      }
    }
  };
}

function timeSql(start: number, end: number): string {
  const [from, to] = [sqlTime(Math.ceil(start)), sqlTime(end)];
  return (
    `toStartOfHour(ts) >= toStartOfHour(${from}) AND toStartOfHour(ts) <= toStartOfHour(${to}) AND ` +
    `ts >= ${from} AND ts <= ${to}`
  );
}
