import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storageSuite } from '../storage.case.ts';
import { openClickHouseStorage } from './storage.ts';

const HOUR = 3_600_000;

const open = async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pharos-embedded-'));
  const storage = await openClickHouseStorage({
    clickhouse: { embedded: { path: join(dataDir, 'db') } },
    dataDir,
    retention: 0,
    commitInterval: 20,
  });
  return {
    storage,
    dispose: async () => {
      await storage.close(10_000);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};

// Recent: what the index in memory answers. The suite over HTTP is about older times, which ClickHouse answers.
storageSuite('embedded ClickHouse', open, Math.floor(Date.now() / HOUR) * HOUR);
