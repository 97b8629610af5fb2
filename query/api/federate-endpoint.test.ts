import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import fastify from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { sample, write } from '../../storage/storage.case.ts';
import { createEngine } from '../engine.ts';
import { floatText } from './exposition-text.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import { registerQueryApi } from './server.ts';

const NOW = 1_700_000_000_000;

async function build(
  series: [Record<string, string>, ReturnType<typeof sample>[]][],
  change: Partial<QueryApiDeps> = {},
) {
  const storage = createMemoryStorage({ blockRows: 3 });
  await write(
    storage,
    series.map(([labels, samples]) => ({ labels: Labels.from(labels), samples })),
  );
  const app = fastify();
  registerQueryApi(app, {
    engine: createEngine({ querier: storage.querier }),
    querier: storage.querier,
    now: () => NOW,
    registry: new Registry(),
    logger: pino({ level: 'silent' }),
    status: { buildInfo: {}, configYaml: () => '', flags: () => ({}), startTime: 0, retention: '90d' },
    targets: () => ({ activeTargets: [], droppedTargets: [], droppedTargetCounts: {} }),
    rules: () => [],
    alerts: () => [],
    ready: () => true,
    reload: async () => {},
    limits: { queryTimeout: 10_000 },
    ...change,
  });
  const get = async (query: string, headers: Record<string, string> = {}) =>
    app.inject({ method: 'GET', url: `/federate?${query}`, headers });
  return { app, get };
}

const at = (ago: number, value: number) => sample(NOW - ago, value);
const stale = (ago: number) => ({ timestamp: NOW - ago, value: Number.NaN, stale: true });

describe('/federate', () => {
  it('gives the newest sample of each series, by metric', async () => {
    const { get } = await build([
      [{ __name__: 'up', job: 'b', instance: 'x:1' }, [at(30_000, 0), at(15_000, 1)]],
      [{ __name__: 'up', job: 'a' }, [at(300_000, 0.5)]],
      [{ __name__: 'up', job: 'too old' }, [at(300_001, 1)]],
      [{ __name__: 'up', job: 'in the future' }, [at(10_000, 3), at(-1, 4)]],
      [{ __name__: 'up', job: 'ended' }, [at(30_000, 1), stale(1000)]],
      [{ __name__: 'up', job: 'back' }, [stale(30_000), at(1000, 2)]],
      [{ __name__: 'job:up', region: 'us', q: 'a"b\\\n' }, [at(0, Number.POSITIVE_INFINITY)]],
    ]);
    const { statusCode, body, headers } = await get('match[]={job!=""}&match[]=up{job="b"}&match[]=job:up');
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
    expect(body).toBe(
      [
        '# TYPE job:up untyped',
        `job:up{q="a\\"b\\\\\\n",region="us",instance=""} +Inf ${NOW}`,
        '# TYPE up untyped',
        `up{instance="x:1",job="b"} 1 ${NOW - 15_000}`,
        `up{job="a",instance=""} 0.5 ${NOW - 300_000}`,
        `up{job="back",instance=""} 2 ${NOW - 1000}`,
        `up{job="in the future",instance=""} 3 ${NOW - 10_000}`,
        '',
      ].join('\n'),
    );
  });

  it('adds external labels and honours the look-back', async () => {
    const { get } = await build(
      [
        [{ __name__: 'a', region: 'own' }, [at(5000, 1)]],
        [{ __name__: 'b', z: '1' }, [at(5000, 1)]],
        [{ __name__: 'c' }, [at(10_001, 1)]],
      ],
      { externalLabels: () => Labels.from({ region: 'eu', replica: 'x' }), lookback: 10_000 },
    );
    expect((await get('match[]={__name__=~"a|b|c"}')).body.split('\n').filter((line) => !line.startsWith('#'))).toEqual(
      [
        `a{region="own",instance="",replica="x"} 1 ${NOW - 5000}`,
        `b{z="1",instance="",region="eu",replica="x"} 1 ${NOW - 5000}`,
        '',
      ],
    );
  });

  it('writes names as the scraper takes them', async () => {
    const { get } = await build([[{ __name__: 'http.status', 'a-b': 'ß', '1': 'x' }, [at(0, 1)]]]);
    const query = 'match[]={"http.status"}';
    expect((await get(query)).body).toBe(
      `# TYPE http_status untyped\nhttp_status{_="x",a_b="ß",instance=""} 1 ${NOW}\n`,
    );
    const accept =
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2';
    const answer = await get(query, { accept });
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8');
    expect(answer.body).toBe(`# TYPE "http.status" untyped\n{"http.status","1"="x","a-b"="ß",instance=""} 1 ${NOW}\n`);
  });

  it('is empty without selectors, and refuses wrong ones in plain text', async () => {
    const { app, get } = await build([[{ __name__: 'a' }, [at(0, 1)]]]);
    expect(await get('')).toMatchObject({ statusCode: 200, body: '' });
    const wrong = await get('match[]=a{');
    expect(wrong.statusCode).toBe(400);
    expect(wrong.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(wrong.body).toMatch(/^1:\d+: parse error: /);
    expect((await app.inject({ method: 'POST', url: '/federate' })).statusCode).toBe(404);
  });

  it('gzips what is large', async () => {
    const many = Array.from({ length: 2000 }, (_, i) => [{ __name__: 'm', i: String(i) }, [at(0, i)]] as const);
    const { app } = await build(many.map(([labels, samples]) => [labels, [...samples]]));
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const request = http.get({ port, path: '/federate?match[]=m', headers: { 'accept-encoding': 'gzip' } });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const body = Buffer.concat(await response.toArray());
    await app.close();
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(body).toString().trim().split('\n')).toHaveLength(2001);
  });
});

describe('floatText', () => {
  it.each([
    [1, '1'],
    [-0, '-0'],
    [0.1, '0.1'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [123456789, '1.23456789e+08'],
    [999999, '999999'],
    [1e6, '1e+06'],
    [1e20, '1e+20'],
    [1e100, '1e+100'],
    [-1.5e-7, '-1.5e-07'],
    [5e-324, '5e-324'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ])('%d is %s', (value, text) => expect(floatText(value)).toBe(text));
});
