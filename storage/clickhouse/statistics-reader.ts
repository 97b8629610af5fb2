import type { Cardinality, StatisticsReader, StoreStatistics } from '../store-statistics.ts';
import { bounded } from './bounded.ts';
import type { ClickHouseClient } from './client.ts';
import { sqlTime } from './sql-literal.ts';

export interface StatisticsReaderOptions {
  readonly client: ClickHouseClient;
  /** Throws a StorageError while the tables are not there. */
  readonly ready: () => void;
  readonly outbox: () => StoreStatistics['outbox'];
  readonly retention: number;
}

const HOUR = 3_600_000;
/** What counts as present, as in Prometheus' head. */
const PRESENT = 2 * HOUR;
const TIMEOUT = 20_000;

const TABLES = `
SELECT t.name AS name, toFloat64(sum(p.rows)) AS rows, toFloat64(countIf(p.rows > 0)) AS parts,
  toFloat64(sum(p.data_compressed_bytes)) AS compressedBytes, toFloat64(sum(p.data_uncompressed_bytes)) AS uncompressedBytes,
  toFloat64(sum(p.bytes_on_disk)) AS bytesOnDisk,
  minIf(p.partition, p.rows > 0) AS firstDay, maxIf(p.partition, p.rows > 0) AS lastDay
FROM system.tables AS t
LEFT JOIN (SELECT * FROM system.parts WHERE active AND database = currentDatabase()) AS p ON p.table = t.name
WHERE t.database = currentDatabase() AND t.engine LIKE '%MergeTree'
GROUP BY name ORDER BY bytesOnDisk DESC, name`;

const COLUMNS = `
SELECT table, name, type, toFloat64(data_compressed_bytes) AS compressedBytes, toFloat64(data_uncompressed_bytes) AS uncompressedBytes
FROM system.columns WHERE database = currentDatabase() AND default_kind != 'ALIAS' ORDER BY table, position`;

const DISKS = `
SELECT name, path, toFloat64(free_space) AS free, toFloat64(total_space) AS total FROM system.disks
WHERE name IN (SELECT disk_name FROM system.parts WHERE active AND database = currentDatabase()) ORDER BY name`;

interface TableRow {
  readonly name: string;
  readonly rows: number;
  readonly parts: number;
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
  readonly bytesOnDisk: number;
  readonly firstDay: string;
  readonly lastDay: string;
}

/** Statistics from ClickHouse's system tables, and cardinality from the index of series; it costs a read of two days of that. */
export function createStatisticsReader({
  client,
  ready,
  outbox,
  retention,
}: StatisticsReaderOptions): StatisticsReader {
  return {
    async statistics(signal) {
      ready();
      return bounded(
        async (within) => {
          const [tables, columns, disks, [version]] = await Promise.all([
            client.query<TableRow>(TABLES, within),
            client.query<StoreStatistics['tables'][number]['columns'][number] & { table: string }>(COLUMNS, within),
            client.query<StoreStatistics['disks'][number]>(DISKS, within),
            client.query<{ version: string }>('SELECT version() AS version', within),
          ]);
          return {
            engine: `ClickHouse ${version?.version ?? ''}`.trim(),
            tables: tables.map(({ firstDay, lastDay, ...table }) => ({
              ...table,
              firstDay: dayOf(firstDay),
              lastDay: dayOf(lastDay),
              columns: columns.filter((column) => column.table === table.name).map(({ table: _, ...column }) => column),
            })),
            disks,
            outbox: outbox(),
            retention,
          };
        },
        { signal, timeout: TIMEOUT },
      );
    },
    async cardinality(limit, signal) {
      ready();
      const now = Date.now();
      const began = sqlTime(now - 2 * PRESENT);
      // A row begins up to two hours before the sample for which it was made, and the next ends them: a series is new when all of its
      // rows of the last two days are.
      const known = `SELECT metric, any(labels) AS labels, min(first) AS began FROM series
        WHERE first >= ${sqlTime(now - 48 * HOUR)} GROUP BY metric, id HAVING max(last) > ${sqlTime(now - PRESENT)}`;
      const metrics = `SELECT metric AS name, toFloat64(count()) AS series, toFloat64(countIf(began >= ${began})) AS newSeries
        FROM (${known}) GROUP BY name ORDER BY series DESC, name`;
      const labels = `SELECT name, toFloat64(sum(series)) AS series, toFloat64(count()) AS values,
          toFloat64(countIf(began >= ${began})) AS newValues
        FROM (
          SELECT name, value, count() AS series, min(began) AS began FROM (${known})
          ARRAY JOIN mapKeys(labels) AS name, mapValues(labels) AS value GROUP BY name, value
        ) GROUP BY name ORDER BY values DESC, name LIMIT ${limit}`;
      return bounded(
        async (within): Promise<Cardinality> => {
          const all = await client.query<Cardinality['metrics'][number]>(metrics, within);
          return {
            series: all.reduce((sum, { series }) => sum + series, 0),
            newSeries: all.reduce((sum, { newSeries }) => sum + newSeries, 0),
            metrics: all.slice(0, limit),
            labels: await client.query<Cardinality['labels'][number]>(labels, within),
          };
        },
        { signal, timeout: TIMEOUT },
      );
    },
  };
}

/** A partition that is a day, such as 2026-01-31; others are none. */
function dayOf(partition: string): string | undefined {
  return /^\d{4}-\d\d-\d\d$/.test(partition) ? partition : undefined;
}
