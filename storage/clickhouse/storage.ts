import { join } from 'node:path';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { StorageError } from '../errors.ts';
import type { Storage } from '../storage.ts';
import type { StatisticsReader } from '../store-statistics.ts';
import { ClickHouseAlertLog } from './alert-log.ts';
import type { ClickHouseClient } from './client.ts';
import { createDeleter } from './deleter.ts';
import { ClickHouseDocumentLog } from './document-log.ts';
import { type EmbeddedClient, openEmbeddedClient } from './embedded-client.ts';
import { ClickHouseEventLog } from './event-log.ts';
import { LATE_WHEN_APPENDED, LateSamples, SETTLED } from './late-samples.ts';
import { ClickHouseLeaseLog } from './lease-log.ts';
import { createStorageMetrics } from './metrics.ts';
import { ClickHouseNotificationLog } from './notification-log.ts';
import { Inserter } from './outbox/inserter.ts';
import { Outbox } from './outbox/outbox.ts';
import type { Segment } from './outbox/segment.ts';
import { ClickHouseQuerier } from './querier.ts';
import { raced } from './raced.ts';
import { migrate } from './schema.ts';
import { countInsert, countRemoval, createSeriesChanges, type SeriesChanges } from './series-changes.ts';
import { createServerClient, type ServerClientOptions } from './server-client.ts';
import { createStatisticsReader } from './statistics-reader.ts';
import { Writer } from './writer/writer.ts';

export interface ClickHouseStorageOptions {
  /** Where ClickHouse is: in this process, with its data in a directory, or a server. */
  readonly clickhouse:
    | { readonly embedded: { readonly path: string; readonly memoryLimit?: number } }
    | { readonly server: ServerClientOptions };
  /** The directory of this process; the outbox lies in `outbox` below it. */
  readonly dataDir: string;
  /** How long samples are kept, in milliseconds; 0: for ever. Default 90 days. */
  readonly retention?: number;
  /** Bytes that the outbox may hold before appends are refused. Default 1 GiB. */
  readonly outboxBytes?: number;
  /** How long samples wait for others before they are made durable together, in milliseconds. Default 1 s. */
  readonly commitInterval?: number;
  /** Series that one selection may have; more is an error. Default 500,000. */
  readonly maxSeries?: number;
  /** Where the metrics `pharos_outbox_*` and `pharos_storage_*` go. Default: nowhere. */
  readonly registry?: Registry;
  readonly logger?: Logger;
}

export interface ClickHouseStorage extends Storage {
  readonly client: ClickHouseClient;
  /** What ClickHouse holds, and the outbox of this process. */
  readonly statistics: StatisticsReader;
  /** The engine in this process; undefined when ClickHouse is a server. */
  readonly embedded: EmbeddedClient | undefined;
  /** What this process does to the index of series; for queriers of other threads. */
  readonly changes: SeriesChanges;
  /** Which metrics got samples late, or lost some, by what this process did. */
  readonly late: LateSamples;
}

/**
 * Opens the store. Rejects with a StorageError when the outbox or the embedded database cannot be opened, or when the schema of
 * the embedded database cannot be brought up to date. A server that does not answer is no reason to reject: appends go to the outbox,
 * queries reject with `unavailable`, and the schema is seen to when the server answers.
 */
export async function openClickHouseStorage(options: ClickHouseStorageOptions): Promise<ClickHouseStorage> {
  const { clickhouse, logger } = options;
  const retention = options.retention ?? 90 * 86_400_000;
  const metrics = createStorageMetrics(options.registry ?? new Registry());
  const outbox = await Outbox.open({
    directory: join(options.dataDir, 'outbox'),
    maxBytes: options.outboxBytes ?? 2 ** 30,
    metrics,
    logger,
  });
  let embedded: EmbeddedClient | undefined;
  let client: ClickHouseClient;
  try {
    embedded = 'embedded' in clickhouse ? openEmbeddedClient(clickhouse.embedded) : undefined;
    client = 'embedded' in clickhouse ? embedded! : createServerClient(clickhouse.server);
    if (embedded !== undefined) await migrate(embedded, retention, new AbortController().signal);
  } catch (error) {
    await embedded?.close();
    outbox.close();
    throw error;
  }
  const migrated = embedded !== undefined;
  const changes = createSeriesChanges();
  const late = new LateSamples();
  const writer = new Writer({ outbox, metrics, logger, commitInterval: options.commitInterval ?? 1000 });
  const inserter = new Inserter({
    outbox,
    client,
    prepare: async (signal) => {
      if (!migrated) await migrate(client, retention, signal);
    },
    onQuarantine: () => writer.forgetCoverage(),
    onInsert: (table, segment) => {
      if (table === 'series') countInsert(changes);
      if (table === 'samples') noteLate(late, segment);
    },
    metrics,
    logger,
  });
  const flush = async (signal: AbortSignal) => {
    if (signal.aborted) throw new StorageError('canceled', 'the flush was canceled', { cause: signal.reason });
    await raced(writer.commit(), signal, 'the flush was canceled');
    await inserter.drained(signal);
  };
  let closing: Promise<void> | undefined;
  const ready = () => {
    if (closing !== undefined) throw new StorageError('canceled', 'the storage is closed');
    if (migrated || inserter.prepared) return;
    throw inserter.failure ?? new StorageError('unavailable', 'ClickHouse is not ready yet');
  };
  const querier = new ClickHouseQuerier({
    client,
    maxSeries: options.maxSeries ?? 500_000,
    ready,
    changes,
    otherWriters: embedded === undefined,
  });
  const deleteSamples = createDeleter({
    client,
    ready,
    forgetCoverage: () => writer.forgetCoverage(),
    onDeleted: () => {
      countRemoval(changes);
      late.countAll();
    },
  });
  const close = async (timeout: number) => {
    await writer
      .close()
      .catch((error) => logger?.error({ err: error }, 'the last samples could not be written to the outbox'));
    await inserter.drained(AbortSignal.timeout(timeout)).catch((error) => {
      logger?.warn({ err: error, segments: outbox.length }, 'the outbox keeps segments for the next start');
    });
    await inserter.stop();
    await client.close();
    outbox.close();
  };
  return {
    client,
    embedded,
    changes,
    late,
    statistics: createStatisticsReader({
      client,
      ready,
      retention,
      outbox: () => ({
        bytes: outbox.bytes,
        maxBytes: outbox.maxBytes,
        segments: outbox.length,
        oldest: outbox.head?.writtenAt,
      }),
    }),
    appender: writer,
    querier,
    alertLog: new ClickHouseAlertLog({ client, writer, ready, flush }),
    eventLog: new ClickHouseEventLog({ client, writer, ready, flush }),
    documentLog: new ClickHouseDocumentLog({
      client,
      ready,
      retention,
      onSweepFailed: (error) => logger?.warn({ err: error }, 'old versions of documents could not be deleted'),
    }),
    notificationLog: new ClickHouseNotificationLog({ client, writer, ready, flush }),
    leaseLog: embedded === undefined ? new ClickHouseLeaseLog({ client, ready }) : undefined,
    flush,
    deleteSamples: async (deletion, signal) => {
      // What is acknowledged but not in ClickHouse yet would come back.
      await flush(signal);
      await deleteSamples(deletion, signal);
    },
    close: (timeout) => (closing ??= close(timeout)),
  };
}

/** After an insert of samples: those that were late when they came, and all of a segment that waited for long. */
function noteLate(late: LateSamples, { lateMetrics, writtenAt }: Segment): void {
  if (lateMetrics === undefined || Date.now() - writtenAt > SETTLED - LATE_WHEN_APPENDED) late.countAll();
  else if (lateMetrics.size > 0) late.count(lateMetrics);
}
