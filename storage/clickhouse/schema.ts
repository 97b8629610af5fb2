import { StorageError } from '../errors.ts';
import type { ClickHouseClient } from './client.ts';
import { VALUE_SQL } from './value-encoding.ts';

/** One step of the schema's history. Never changed once released; `apply` may find it half done by a crash. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Given the names of the table settings that this ClickHouse has. */
  readonly statements: (settings: ReadonlySet<string>) => readonly string[];
}

/**
 * Samples: `ORDER BY` puts the hour before the series, so that "now" of all series of a metric is one short read. Rows with
 * the same key are one sample, of which the last inserted counts; that is also what makes it harmless to repeat an insert.
 */
const SAMPLES = `
CREATE TABLE IF NOT EXISTS samples (
  metric LowCardinality(String) CODEC(ZSTD(1)),
  id UInt64 CODEC(ZSTD(1)),
  ts DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  mantissa Int64 CODEC(GCD, Delta, T64('bit'), ZSTD(1)),
  scale Int8 CODEC(ZSTD(1)),
  value Float64 ALIAS ${VALUE_SQL},
  stale Bool ALIAS scale = -2
) ENGINE = ReplacingMergeTree
PARTITION BY toDate(ts)
ORDER BY (metric, toStartOfHour(ts), id, ts)
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, non_replicated_deduplication_window = 1000`;

/**
 * Which series have samples when. A row promises that a series may have samples from \`first\` to before \`last\`; the writer
 * adds one when a sample is not covered, about every two hours, and merges join those of a day. The labels follow from the id,
 * so it does not matter whose are kept; newer ClickHouse wants to be told that this is meant.
 */
const seriesTable = (settings: ReadonlySet<string>) => `
CREATE TABLE IF NOT EXISTS series (
  metric LowCardinality(String) CODEC(ZSTD(1)),
  id UInt64 CODEC(ZSTD(1)),
  labels Map(LowCardinality(String), LowCardinality(String)) CODEC(ZSTD(3)),
  first SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)),
  last SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toDate(first)
ORDER BY (metric, id)
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, non_replicated_deduplication_window = 1000${
  settings.has('allow_dimensions_outside_sorting_key') ? ', allow_dimensions_outside_sorting_key = 1' : ''
}`;

const METADATA = `
CREATE TABLE IF NOT EXISTS metadata (
  metric String CODEC(ZSTD(1)),
  type LowCardinality(String),
  help String CODEC(ZSTD(1)),
  unit LowCardinality(String),
  updated DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(updated)
ORDER BY metric
SETTINGS non_replicated_deduplication_window = 1000`;

const ALERT_EVENTS = `
CREATE TABLE IF NOT EXISTS alert_events (
  ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  sequence UInt64 CODEC(Delta, ZSTD(1)),
  rule String CODEC(ZSTD(1)),
  labels Map(LowCardinality(String), LowCardinality(String)) CODEC(ZSTD(1)),
  annotations Map(LowCardinality(String), LowCardinality(String)) CODEC(ZSTD(1)),
  state LowCardinality(String),
  active_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  fired_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  resolved_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  keep_firing_since DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  value Float64 CODEC(ZSTD(1)),
  last_sent_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  last_sent_status LowCardinality(String)
) ENGINE = ReplacingMergeTree
PARTITION BY toStartOfMonth(ts)
ORDER BY (rule, ts, sequence)
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, non_replicated_deduplication_window = 1000`;

/** What components of Kubernetes clusters said about objects; `ts` is when they said it last, `count` how often by then. */
const KUBERNETES_EVENTS = `
CREATE TABLE IF NOT EXISTS kubernetes_events (
  ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  first DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  cluster LowCardinality(String),
  namespace LowCardinality(String),
  kind LowCardinality(String),
  name String CODEC(ZSTD(1)),
  object_uid String CODEC(ZSTD(1)),
  reason LowCardinality(String),
  type LowCardinality(String),
  message String CODEC(ZSTD(3)),
  component LowCardinality(String),
  host LowCardinality(String),
  count UInt64 CODEC(ZSTD(1)),
  uid String CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY toDate(ts)
ORDER BY (cluster, ts, uid, count)
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, non_replicated_deduplication_window = 1000`;

/** What was told to whom, with what result. Rows with the same key are one notification. */
const NOTIFICATIONS = `
CREATE TABLE IF NOT EXISTS notifications (
  ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  sequence UInt64 CODEC(Delta, ZSTD(1)),
  receiver LowCardinality(String),
  integration LowCardinality(String),
  group_key String CODEC(ZSTD(1)),
  group_labels Map(LowCardinality(String), LowCardinality(String)) CODEC(ZSTD(1)),
  status LowCardinality(String),
  outcome LowCardinality(String),
  reason String CODEC(ZSTD(1)),
  attempts UInt32 CODEC(ZSTD(1)),
  duration Float64 CODEC(ZSTD(1)),
  repeats UInt32 CODEC(ZSTD(1)),
  firing Array(String) CODEC(ZSTD(1)),
  resolved Array(String) CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY toStartOfMonth(ts)
ORDER BY (ts, receiver, integration, group_key, sequence)
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, non_replicated_deduplication_window = 1000`;

/** Versions of what people write. Small; the newest version never ages, so there is no TTL. */
const DOCUMENTS = `
CREATE TABLE IF NOT EXISTS documents (
  kind LowCardinality(String),
  id String CODEC(ZSTD(1)),
  version UInt64 CODEC(ZSTD(1)),
  writer String CODEC(ZSTD(1)),
  ts DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  author String CODEC(ZSTD(1)),
  body String CODEC(ZSTD(3)),
  deleted Bool
) ENGINE = ReplacingMergeTree
ORDER BY (kind, id, version, writer)
SETTINGS non_replicated_deduplication_window = 1000`;

/** Who says that it leads; of each term and holder the highest sequence counts. */
const LEASES = `
CREATE TABLE IF NOT EXISTS leases (
  name LowCardinality(String),
  term UInt64,
  holder String CODEC(ZSTD(1)),
  sequence UInt64,
  released Bool,
  renewed DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree(sequence)
PARTITION BY toStartOfMonth(renewed)
ORDER BY (name, term, holder)
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, non_replicated_deduplication_window = 1000`;

/** Samples with their labels, for people: \`SELECT * FROM labeled_samples WHERE metric = 'up' AND ts > now() - 60\`. */
const LABELED_SAMPLES = `
CREATE VIEW IF NOT EXISTS labeled_samples AS
SELECT s.metric AS metric, l.labels AS labels, s.ts AS ts, s.value AS value, s.stale AS stale, s.id AS id
FROM (SELECT metric, id, ts, value, stale FROM samples FINAL) AS s
INNER JOIN (SELECT metric, id, any(labels) AS labels FROM series GROUP BY metric, id) AS l
ON s.metric = l.metric AND s.id = l.id`;

/**
 * When a row of \`series\` was inserted, by the clock of ClickHouse: a segment may have waited in the outbox. Rows that exist get
 * the beginning of time, on disk, before new ones get the clock's; otherwise old rows would always look new.
 */
const SERIES_WRITTEN = [
  `ALTER TABLE series ADD COLUMN IF NOT EXISTS written SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
   DEFAULT toDateTime64(0, 3, 'UTC') CODEC(Delta, ZSTD(1))`,
  'ALTER TABLE series MATERIALIZE COLUMN written SETTINGS mutations_sync = 2',
  'ALTER TABLE series MODIFY COLUMN written DEFAULT now64(3)',
];

/** The schema's history, in order. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'samples, series, metadata and alert events',
    statements: (settings) => [SAMPLES, seriesTable(settings), METADATA, ALERT_EVENTS, LABELED_SAMPLES],
  },
  { version: 2, name: 'when rows of series were written', statements: () => SERIES_WRITTEN },
  { version: 3, name: 'events of Kubernetes clusters', statements: () => [KUBERNETES_EVENTS] },
  { version: 4, name: 'notifications, documents and leases', statements: () => [NOTIFICATIONS, DOCUMENTS, LEASES] },
];

/** The newest schema this program knows. */
export const SCHEMA_VERSION = MIGRATIONS.at(-1)!.version;

/**
 * Brings the schema to SCHEMA_VERSION and the tables' TTL to the retention (milliseconds, 0: keep for ever). Rejects with a
 * StorageError: `bad_data` when the schema is newer than this program, otherwise as the client. Can be repeated.
 */
export async function migrate(client: ClickHouseClient, retention: number, signal: AbortSignal): Promise<void> {
  await client.command(
    `CREATE TABLE IF NOT EXISTS schema_migrations (version UInt32, name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
     ENGINE = ReplacingMergeTree ORDER BY version`,
  );
  const [row] = await client.query<{ version: number }>(
    'SELECT toUInt32(max(version)) AS version FROM schema_migrations',
    signal,
  );
  const found = Number(row?.version ?? 0);
  if (found > SCHEMA_VERSION) {
    throw new StorageError(
      'bad_data',
      `the schema in ClickHouse must be of version ${SCHEMA_VERSION} or older, got ${found}: a newer Pharos wrote it`,
    );
  }
  const names = await client.query<{ name: string }>('SELECT name FROM system.merge_tree_settings', signal);
  const settings = new Set(names.map((setting) => setting.name));
  for (const migration of MIGRATIONS) {
    if (migration.version <= found) continue;
    for (const statement of migration.statements(settings)) await client.command(statement);
    await client.command(
      `INSERT INTO schema_migrations (version, name) VALUES (${migration.version}, '${migration.name}')`,
    );
  }
  await setRetention(client, retention, signal);
}

/** The tables that lose rows with age, and the column that says how old a row is. */
const AGING = {
  samples: 'ts',
  series: 'last',
  alert_events: 'ts',
  kubernetes_events: 'ts',
  notifications: 'ts',
  leases: 'renewed',
};

async function setRetention(client: ClickHouseClient, retention: number, signal: AbortSignal): Promise<void> {
  const rows = await client.query<{ name: string; create_table_query: string }>(
    'SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()',
    signal,
  );
  const definitions = new Map(rows.map((row) => [row.name, row.create_table_query]));
  for (const [table, column] of Object.entries(AGING)) {
    const present = /\bTTL (.*?)(?: SETTINGS |$)/s.exec(definitions.get(table) ?? '')?.[1];
    const wanted =
      retention === 0 ? undefined : `toDateTime(${column}) + toIntervalSecond(${Math.ceil(retention / 1000)})`;
    if (present === wanted) continue;
    // Parts that exist get the new limit too; as only whole parts are dropped, that reads one column and rewrites nothing.
    await client.command(`ALTER TABLE ${table} ${wanted === undefined ? 'REMOVE TTL' : `MODIFY TTL ${wanted}`}`);
  }
}
