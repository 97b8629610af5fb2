// The entry of a query thread: an engine on a querier of its own, which serves the questions of the main thread.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { createEngine, type EngineOptions } from '../query/engine.ts';
import { serveQuestions } from '../query/workers/serve-questions.ts';
import { PortClient } from '../storage/clickhouse/port-client.ts';
import { ClickHouseQuerier } from '../storage/clickhouse/querier.ts';
import type { SeriesChanges } from '../storage/clickhouse/series-changes.ts';
import { createServerClient, type ServerClientOptions } from '../storage/clickhouse/server-client.ts';

/** What the main thread gives to a query thread. */
export interface QueryWorkerData {
  readonly engine: Omit<EngineOptions, 'querier'>;
  /** The embedded engine belongs to the main thread, which reads for this one; a server is reached directly. */
  readonly clickhouse: { readonly port: MessagePort } | { readonly server: ServerClientOptions };
  /** What the main thread does to the table of series, in shared memory. */
  readonly changes: SeriesChanges;
}

const { engine, clickhouse, changes } = workerData as QueryWorkerData;
const client = 'port' in clickhouse ? new PortClient(clickhouse.port) : createServerClient(clickhouse.server);
const querier = new ClickHouseQuerier({
  client,
  maxSeries: engine.maxSeries ?? 500_000,
  ready: () => {},
  changes,
  otherWriters: 'server' in clickhouse,
});
serveQuestions(parentPort!, createEngine({ ...engine, querier }));
