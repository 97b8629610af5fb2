import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Labels } from '../labels.ts';
import { type ClickHouseStorage, openClickHouseStorage } from './storage.ts';

const HOUR = 3_600_000;
const NEVER = new AbortController().signal;
const dataDir = mkdtempSync(join(tmpdir(), 'pharos-statistics-'));
let storage: ClickHouseStorage;

async function append(pods: readonly string[], time: number): Promise<void> {
  const refs = pods.map((pod) => storage.appender.acquire(Labels.from({ __name__: 'cpu', job: 'node', pod })));
  await storage.appender.append({
    length: refs.length,
    refs: Uint32Array.from(refs),
    timestamps: new Float64Array(refs.length).fill(time),
    values: new Float64Array(refs.length).fill(1),
    stale: new Uint8Array(refs.length),
  });
}

beforeAll(async () => {
  storage = await openClickHouseStorage({
    clickhouse: { embedded: { path: join(dataDir, 'db') } },
    dataDir,
    commitInterval: 10,
    retention: 90 * 24 * HOUR,
  });
});
afterAll(async () => {
  await storage.close(10_000);
  rmSync(dataDir, { recursive: true, force: true });
});

test('tells what there is, how large it is, and how many series are new', async () => {
  const now = Date.now();
  // a has been there for long; b is gone since five hours; c is new.
  await append(['a', 'b'], now - 7 * HOUR);
  await append(['a', 'b'], now - 5 * HOUR);
  await append(['a'], now - 3 * HOUR);
  await append(['a', 'c'], now);
  await storage.flush(NEVER);

  expect(await storage.statistics.cardinality(2, NEVER)).toEqual({
    series: 2,
    newSeries: 1,
    metrics: [{ name: 'cpu', series: 2, newSeries: 1 }],
    labels: [
      { name: 'pod', series: 2, values: 2, newValues: 1 },
      { name: 'job', series: 2, values: 1, newValues: 0 },
    ],
  });

  const { engine, tables, disks, outbox, retention } = await storage.statistics.statistics(NEVER);
  expect(engine).toMatch(/^ClickHouse \d+\./);
  const samples = tables.find(({ name }) => name === 'samples')!;
  expect(samples).toMatchObject({ rows: 7, lastDay: new Date(now).toISOString().slice(0, 10) });
  expect(samples.parts).toBeGreaterThan(0);
  expect(samples.bytesOnDisk).toBeGreaterThan(0);
  expect(samples.columns.map(({ name }) => name)).toEqual(['metric', 'id', 'ts', 'mantissa', 'scale']);
  expect(tables.find(({ name }) => name === 'notifications')).toMatchObject({ rows: 0, parts: 0, firstDay: undefined });
  expect(disks[0]!.free).toBeGreaterThan(0);
  expect(outbox).toMatchObject({ bytes: 0, segments: 0, oldest: undefined });
  expect(retention).toBe(90 * 24 * HOUR);
});
