import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import { buildServer, listen } from '../../cli/server.ts';
import { registerRemoteWrite } from '../../collector/receive/server.ts';
import { registerQueryApi } from '../../query/api/server.ts';
import { createEngine } from '../../query/engine.ts';
import { openClickHouseStorage } from '../../storage/clickhouse/storage.ts';

export interface PharosUnderTest {
  /** One server per set of features, over the same store. */
  readonly urls: readonly string[];
  /** Makes what was written visible. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Pharos over real sockets: its HTTP API and its remote write receiver on the embedded ClickHouse. */
export async function startPharos(
  directory: string,
  featureSets: readonly (readonly string[])[],
): Promise<PharosUnderTest> {
  mkdirSync(directory, { recursive: true });
  const logger = pino({ level: 'error' }, pino.destination(2));
  const storage = await openClickHouseStorage({
    clickhouse: { embedded: { path: join(directory, 'db') } },
    dataDir: directory,
    retention: 0,
    commitInterval: 20,
    logger,
  });
  const apps: ReturnType<typeof buildServer>[] = [];
  const urls: string[] = [];
  for (const features of featureSets) {
    const registry = new Registry();
    const engine = createEngine({ querier: storage.querier, features: new Set(features) });
    const app = buildServer({
      logger,
      maxBodySize: 2 ** 24,
      page: [],
      register: (server) => {
        registerQueryApi(server, {
          engine,
          querier: storage.querier,
          now: Date.now,
          registry,
          logger,
          status: { buildInfo: {}, configYaml: () => '', flags: () => ({}), startTime: 0, retention: '0s' },
          targets: () => ({ activeTargets: [], droppedTargets: [], droppedTargetCounts: {} }),
          rules: () => [],
          alerts: () => [],
          ready: () => true,
          reload: async () => {},
          limits: { queryTimeout: 30_000 },
        });
        registerRemoteWrite(server, { appender: storage.appender, registry, logger });
      },
    });
    const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
    apps.push(app);
    urls.push(`http://127.0.0.1:${port}`);
  }
  return {
    urls,
    flush: () => storage.flush(AbortSignal.timeout(60_000)),
    async close() {
      for (const app of apps) await app.close();
      await storage.close(10_000);
    },
  };
}
