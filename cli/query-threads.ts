import { availableParallelism } from 'node:os';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { QueryWorker } from '../query/workers/worker-pool.ts';
import { serveClient } from '../storage/clickhouse/port-client.ts';
import type { ServerClientOptions } from '../storage/clickhouse/server-client.ts';
import type { ClickHouseStorage } from '../storage/clickhouse/storage.ts';
import type { QueryWorkerData } from './query-worker.ts';

export interface QueryThreadOptions extends Pick<QueryWorkerData, 'engine' | 'cacheBytes'> {
  readonly storage: ClickHouseStorage;
  /** Undefined when the engine is in this process. */
  readonly server: ServerClientOptions | undefined;
}

/** Megabytes of a thread's heap: labels of series, mostly. Samples lie outside of it and have their own limit. */
const HEAP = 1024;

/** How many threads there are when the configuration does not say. */
export function defaultThreads(): number {
  return Math.min(4, Math.max(1, availableParallelism() - 1));
}

/** Starts a thread for heavy queries. */
export function startQueryThread({ storage, server, engine, cacheBytes }: QueryThreadOptions): QueryWorker {
  const channel = server === undefined ? new MessageChannel() : undefined;
  if (channel !== undefined) {
    serveClient(channel.port1, storage.client);
    // A thread that is idle must not keep the process alive.
    channel.port1.unref();
  }
  const data: QueryWorkerData = {
    engine,
    clickhouse: channel === undefined ? { server: server! } : { port: channel.port2 },
    changes: storage.changes,
    late: storage.late.counters,
    cacheBytes,
  };
  const worker = new Worker(new URL('./query-worker.js', import.meta.url), {
    name: 'query',
    workerData: data,
    transferList: channel === undefined ? [] : [channel.port2],
    resourceLimits: { maxOldGenerationSizeMb: HEAP },
  });
  let reason = 'it was stopped';
  worker.on('error', (error) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  return {
    port: worker,
    onExit: (listener) => worker.once('exit', () => listener(reason)),
    terminate: async () => {
      channel?.port1.close();
      await worker.terminate();
    },
  };
}
