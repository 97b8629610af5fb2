import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storageSuite } from '../storage.case.ts';
import { openEmbeddedClient } from './embedded-client.ts';
import { startClickHouseHttpServer } from './http-server.ts';
import { openClickHouseStorage } from './storage.ts';

storageSuite("ClickHouse's HTTP interface", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pharos-http-'));
  const engine = openEmbeddedClient({ path: join(dataDir, 'db') });
  const server = await startClickHouseHttpServer({
    session: engine.session,
    openSession: () => engine.openSession(),
    listen: { host: '127.0.0.1', port: 0 },
    readOnly: false,
  });
  const storage = await openClickHouseStorage({
    clickhouse: { server: { url: server.url } },
    dataDir,
    retention: 0,
    commitInterval: 20,
  });
  await storage.flush(AbortSignal.timeout(10_000));
  return {
    storage,
    dispose: async () => {
      await storage.close(10_000);
      await server.close();
      await engine.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
});
