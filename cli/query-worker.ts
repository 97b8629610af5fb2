// The entry of a query thread: an engine on a querier of its own, which serves the questions of the main thread.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { createCachingEngine } from '../query/cache/caching-engine.ts';
import { createEngine, type EngineOptions } from '../query/engine.ts';
import { serveQuestions } from '../query/workers/serve-questions.ts';
import { LateSamples, SETTLED } from '../storage/clickhouse/late-samples.ts';
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
  /** The counters of what came late, in shared memory. */
  readonly late: LateSamples['counters'];
  /** Bytes that results may take in the cache; 0: there is none. */
  readonly cacheBytes: number;
}

/** How long a result is kept when others may write to ClickHouse: of their late samples nobody tells. */
const OTHERS_MS = 60_000;

const { engine: options, clickhouse, cacheBytes, ...data } = workerData as QueryWorkerData;
const client = 'port' in clickhouse ? new PortClient(clickhouse.port) : createServerClient(clickhouse.server);
const otherWriters = 'server' in clickhouse;
const querier = new ClickHouseQuerier({
  client,
  maxSeries: options.maxSeries ?? 500_000,
  ready: () => {},
  changes: data.changes,
  otherWriters,
});
const engine = createEngine({ ...options, querier });
const late = new LateSamples(data.late);
const changes = {
  token: (metrics: readonly string[] | undefined) =>
    late.token(metrics) + (otherWriters ? ` ${Math.floor(Date.now() / OTHERS_MS)}` : ''),
};
const cached = { engine, changes, now: Date.now, settled: SETTLED, maxBytes: cacheBytes };
serveQuestions(parentPort!, cacheBytes === 0 ? engine : createCachingEngine(cached));
