import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { createEngine, type EngineOptions } from '../engine.ts';
import type { QueryLimits } from './query-api-deps.ts';
import { registerQueryApi } from './server.ts';

const MINUTE = 60_000;
const NOTHING = { activeTargets: [], droppedTargets: [], droppedTargetCounts: {} };

const apps: FastifyInstance[] = [];
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

/** foo{i="0"} and foo{i="1"} with a sample a minute for 100 minutes. */
async function serve(limits: Partial<QueryLimits> = {}, options: Partial<EngineOptions> = {}) {
  const storage = createMemoryStorage();
  for (const i of ['0', '1']) {
    const ref = storage.appender.acquire(Labels.from({ __name__: 'foo', i }));
    await storage.appender.append({
      length: 100,
      refs: new Uint32Array(100).fill(ref),
      timestamps: Float64Array.from({ length: 100 }, (_, k) => k * MINUTE),
      values: Float64Array.from({ length: 100 }, (_, k) => k),
      stale: new Uint8Array(100),
    });
  }
  const logged: Record<string, unknown>[] = [];
  const app = fastify();
  apps.push(app);
  const nobody = () => [];
  registerQueryApi(app, {
    engine: createEngine({ querier: storage.querier, ...options }),
    querier: storage.querier,
    now: () => 99 * MINUTE,
    registry: new Registry(),
    logger: pino({ level: 'warn' }, { write: (line) => void logged.push(JSON.parse(line)) }),
    status: { buildInfo: {}, configYaml: () => '', flags: () => ({}), startTime: 0, retention: '1d' },
    targets: () => NOTHING,
    rules: nobody,
    alerts: nobody,
    ready: () => true,
    reload: async () => {},
    limits: { queryTimeout: 10_000, ...limits },
  });
  const ask = async (url: string, form: Record<string, string>, headers: Record<string, string> = {}) => {
    const response = await app.inject({
      method: 'POST',
      url: `/api/v1/${url}`,
      payload: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });
    return { status: response.statusCode, json: response.json() };
  };
  return { ask, logged };
}

const RANGE = { query: 'sum(rate(foo[5m]))', start: '600', end: '720', step: '60' };

describe('statistics', () => {
  it('have the shape of Prometheus, with the samples of each step when all is asked for', async () => {
    const { ask } = await serve();
    expect((await ask('query_range', RANGE)).json.data.stats).toBeUndefined();
    const { stats } = (await ask('query_range', { ...RANGE, stats: 'true' })).json.data;
    expect(Object.keys(stats.timings)).toEqual([
      ...['evalTotalTime', 'resultSortTime', 'queryPreparationTime', 'innerEvalTime', 'execQueueTime', 'execTotalTime'],
    ]);
    expect(stats.timings.execTotalTime).toBeGreaterThanOrEqual(stats.timings.innerEvalTime);
    expect(stats.timings.innerEvalTime).toBeGreaterThan(0);
    // Two series, five samples in each of three windows; seven of a series are read.
    expect(stats.samples).toMatchObject({ totalQueryableSamples: 30, samplesRead: 14, seriesRead: 2 });
    expect(stats.samples.totalQueryableSamplesPerStep).toBeUndefined();
    const all = (await ask('query_range', { ...RANGE, stats: 'all' })).json.data.stats;
    expect(all.samples.totalQueryableSamplesPerStep).toEqual([
      [600, 10],
      [660, 10],
      [720, 10],
    ]);
    const instant = (await ask('query', { query: 'foo', time: '600', stats: 'all' })).json.data.stats;
    expect(instant.samples.totalQueryableSamplesPerStep).toEqual([[600, 2]]);
  });
});

describe('explain', () => {
  it('gives the plan with what each operator cost', async () => {
    const { ask } = await serve();
    const { data } = (await ask('query_range', { ...RANGE, explain: '1' })).json;
    expect(data.result).toHaveLength(1);
    expect(data.explain).toMatchObject({ operator: 'aggregate sum by()', series: 1, values: 3, runs: 1 });
    const [rate] = data.explain.operands;
    expect(rate).toMatchObject({ operator: 'range-call rate', series: 2, values: 6 });
    expect(rate.milliseconds).toBeGreaterThanOrEqual(0);
    expect(rate.operands[0].operator).toBe('range-select {__name__="foo"}[5m]');
  });
});

describe('the log of slow queries', () => {
  const panel = { 'x-dashboard-uid': 'abc', 'x-panel-id': '7', 'user-agent': 'Grafana/12' };

  it('tells the expression, its cost, and the panel that asked', async () => {
    const { ask, logged } = await serve({ slowQuery: 1e-6 });
    await ask('query_range', RANGE, panel);
    expect(logged).toEqual([
      expect.objectContaining({
        msg: 'slow query',
        expr: RANGE.query,
        start: '1970-01-01T00:10:00.000Z',
        stepSeconds: 60,
        samplesRead: 14,
        dashboard: 'abc',
        panel: '7',
        userAgent: 'Grafana/12',
      }),
    ]);
    expect(logged[0]!.seconds).toBeGreaterThan(0);
  });

  it('tells of those that failed as well, and of no quick one', async () => {
    const slow = await serve({ slowQuery: 1e-6 }, { maxSamples: 5 });
    await slow.ask('query', { query: 'foo[50m]', time: '3000' });
    expect(slow.logged).toEqual([
      expect.objectContaining({ expr: 'foo[50m]', error: expect.stringContaining('too many samples') }),
    ]);
    const quick = await serve();
    await quick.ask('query', { query: 'foo' });
    expect(quick.logged).toEqual([]);
  });
});

describe('a query over its memory', () => {
  it('fails with its own error while others go on', async () => {
    const { ask } = await serve({}, { maxBytes: 1500 });
    const [big, small] = await Promise.all([
      ask('query', { query: 'foo[90m]', time: '6000' }),
      ask('query', { query: 'sum(foo)', time: '6000' }),
    ]);
    expect(big.status).toBe(422);
    expect(big.json).toMatchObject({ errorType: 'execution', error: expect.stringContaining('too much memory') });
    expect([small.status, small.json.data.result.length]).toEqual([200, 1]);
  });
});
