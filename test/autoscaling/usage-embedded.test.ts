import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { UsageBed } from '../../alerting/autoscaling/usage-bed.case.ts';
import { openClickHouseStorage } from '../../storage/clickhouse/storage.ts';

it('reads use of CPU and memory from the embedded engine', async () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'pharos-usage-'));
  const clickhouse = { embedded: { path: path.join(dataDir, 'db') } };
  const storage = await openClickHouseStorage({ clickhouse, dataDir, retention: 0, commitInterval: 5 });
  const bed = new UsageBed({ storage });
  try {
    bed.pod('web', { app: { id: 'bbbbbbbbbbbb' } });
    bed.pod('virtual', { app: { id: 'bbbbbbbbbbbb' } });
    for (const at of [-30_000, -15_000, 0]) {
      await bed.kubelet('web', 'app', { cpu: 100 + at / 3000, memory: 1000, at });
      await bed.cadvisor('virtual', 'app', { id: 'bbbbbbbbbbbb', cpu: 100 + at / 1000, memory: 2000, at });
      await bed.cadvisor('virtual', 'app', { id: 'aaaaaaaaaaaa', cpu: 500, memory: 3000, at });
    }
    await storage.flush(bed.signal);
    expect(await bed.served()).toEqual(['virtual app=1/2000 @0 w30', 'web app=0.333333/1000 @0 w15']);
  } finally {
    bed.usage.close();
    await storage.close(1_000);
    rmSync(dataDir, { recursive: true, force: true });
  }
});
