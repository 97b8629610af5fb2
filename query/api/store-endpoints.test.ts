import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import { StorageError } from '../../storage/errors.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import type { Cardinality, StatisticsReader, StoreStatistics } from '../../storage/store-statistics.ts';
import { createEngine } from '../engine.ts';
import { registerQueryApi } from './server.ts';

const TABLE = {
  ...{ name: 'samples', rows: 1000, parts: 2, compressedBytes: 1200, uncompressedBytes: 26_000, bytesOnDisk: 1500 },
  ...{ firstDay: '2026-01-14', lastDay: '2026-01-15' },
  columns: [{ name: 'ts', type: 'Int64', compressedBytes: 20, uncompressedBytes: 8000 }],
};
const STATISTICS: StoreStatistics = {
  engine: 'ClickHouse 25.8',
  tables: [TABLE, { ...TABLE, name: 'empty', rows: 0, parts: 0, firstDay: undefined, lastDay: undefined }],
  disks: [{ name: 'default', path: '/data', free: 10, total: 40 }],
  outbox: { bytes: 0, maxBytes: 2 ** 30, segments: 0, oldest: undefined },
  retention: 86_400_000,
};
const METRICS = Array.from({ length: 150 }, (_, i) => ({ name: `m${i}`, series: 150 - i, newSeries: 0 }));

/** A store that tells what it was asked. */
class Store implements StatisticsReader {
  readonly limits: number[] = [];
  readonly signals: AbortSignal[] = [];
  /** What it does in place of answering. */
  failing: (() => Promise<never>) | undefined;

  async statistics(signal: AbortSignal): Promise<StoreStatistics> {
    this.signals.push(signal);
    return this.failing === undefined ? STATISTICS : this.failing();
  }

  async cardinality(limit: number, signal: AbortSignal): Promise<Cardinality> {
    this.limits.push(limit);
    this.signals.push(signal);
    if (this.failing !== undefined) return this.failing();
    const labels = [{ name: 'pod', series: 90, values: 30, newValues: 4 }];
    return { series: 11_325, newSeries: 7, metrics: METRICS.slice(0, limit), labels };
  }
}

let app: FastifyInstance;
afterEach(() => app.close());

function serve({ store, timeout = 5_000 }: { readonly store?: Store; readonly timeout?: number }): void {
  const { querier } = createMemoryStorage();
  app = fastify();
  registerQueryApi(app, {
    engine: createEngine({ querier }),
    querier,
    now: () => 0,
    registry: new Registry(),
    logger: pino({ level: 'silent' }),
    status: { buildInfo: {}, configYaml: () => '', flags: () => ({}), startTime: 0, retention: '0s' },
    targets: () => ({ activeTargets: [], droppedTargets: [], droppedTargetCounts: {} }),
    rules: () => [],
    alerts: () => [],
    ready: () => true,
    reload: async () => {},
    limits: { queryTimeout: timeout },
    ...(store && { statistics: store }),
  });
}

async function get(path: string) {
  const response = await app.inject(`/api/v1/status/${path}`);
  const type = response.headers['content-type'];
  return { code: response.statusCode, type, ...response.json() };
}

test('status/storage gives what the store tells, and leaves out what it does not know', async () => {
  serve({ store: new Store() });
  const { code, type, status, data } = await get('storage');
  expect([code, status, type]).toEqual([200, 'success', 'application/json; charset=utf-8']);
  expect(data).toEqual(JSON.parse(JSON.stringify(STATISTICS)));
  expect(Object.keys(data.tables[1])).not.toContain('firstDay');
  expect(data.outbox).toEqual({ bytes: 0, maxBytes: 2 ** 30, segments: 0 });
});

test('status/cardinality gives at most as many as are asked for, by default 100', async () => {
  const store = new Store();
  serve({ store });
  const { code, data } = await get('cardinality');
  expect([code, data.series, data.newSeries, data.metrics.length]).toEqual([200, 11_325, 7, 100]);
  expect(data.labels).toEqual([{ name: 'pod', series: 90, values: 30, newValues: 4 }]);
  expect((await get('cardinality?limit=2')).data.metrics).toEqual(METRICS.slice(0, 2));
  await get('cardinality?limit=10000');
  expect(store.limits).toEqual([100, 2, 10_000]);
});

test.each([
  ['limit=10001', 'invalid parameter "limit": limit must be at most 10000, got 10001'],
  ['limit=-1', 'invalid parameter "limit": limit must be non-negative'],
  ['limit=many', 'invalid parameter "limit": strconv.Atoi: parsing "many": invalid syntax'],
])('status/cardinality refuses %s without asking the store', async (query, error) => {
  const store = new Store();
  serve({ store });
  expect(await get(`cardinality?${query}`)).toMatchObject({ code: 400, errorType: 'bad_data', error });
  expect(store.limits).toEqual([]);
});

test.each(['storage', 'cardinality'])('status/%s is not found where no store tells of itself', async (path) => {
  serve({});
  const error = 'this server has no store that tells of itself';
  expect(await get(path)).toMatchObject({ code: 404, errorType: 'not_found', error });
});

test.each(['storage', 'cardinality'])(
  'status/%s says that the store cannot be had, and not why it broke',
  async (path) => {
    const store = new Store();
    serve({ store });
    store.failing = () => Promise.reject(new StorageError('unavailable', 'the store does not answer'));
    const failed = await app.inject(`/api/v1/status/${path}`);
    expect([failed.statusCode, failed.headers['retry-after']]).toEqual([503, '1']);
    expect(failed.json()).toMatchObject({ errorType: 'unavailable', error: 'the store does not answer' });
    store.failing = () => Promise.reject(new Error('a secret of the code'));
    expect(await get(path)).toMatchObject({
      code: 500,
      errorType: 'internal',
      error: expect.not.stringContaining('secret'),
    });
  },
);

test.each(['storage', 'cardinality'])('status/%s gives up when its time is over', async (path) => {
  const store = new Store();
  serve({ store, timeout: 20 });
  store.failing = () =>
    new Promise((_, reject) => {
      const [signal] = store.signals;
      signal!.addEventListener('abort', () => reject(signal!.reason));
    });
  expect(await get(path)).toMatchObject({ code: 503, errorType: 'timeout' });
  expect(store.signals[0]!.aborted).toBe(true);
});
