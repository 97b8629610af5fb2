import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { compressSync } from 'snappy';
import { afterEach, expect, test } from 'vitest';
import type { Appender } from '../../storage/appender.ts';
import { StorageError } from '../../storage/errors.ts';
import { Matcher } from '../../storage/matcher.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { readSamples } from '../../storage/read-samples.ts';
import { encodeWriteRequest, type RequestCase } from './encode-write-request.ts';
import { type RemoteWriteServerOptions, registerRemoteWrite } from './server.ts';

const NOW = 1_700_000_000_000;
const SIGNAL = new AbortController().signal;

let servers: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

/** Counts the refs that are held. */
class CountingAppender implements Appender {
  readonly #inner: Appender;
  held = 0;
  acquired = 0;
  answer: (() => Promise<void>) | undefined;

  constructor(inner: Appender) {
    this.#inner = inner;
  }
  acquire(labels: Parameters<Appender['acquire']>[0]) {
    this.held++;
    this.acquired++;
    return this.#inner.acquire(labels);
  }
  release(refs: Iterable<number>) {
    const list = [...refs];
    this.held -= list.length;
    this.#inner.release(list);
  }
  append(batch: Parameters<Appender['append']>[0]) {
    return this.answer?.() ?? this.#inner.append(batch);
  }
  describe(metadata: Parameters<Appender['describe']>[0]) {
    this.#inner.describe(metadata);
  }
}

function setUp(options: Partial<RemoteWriteServerOptions> = {}) {
  const storage = createMemoryStorage();
  const appender = new CountingAppender(storage.appender);
  const registry = new Registry();
  const server = fastify();
  servers.push(server);
  registerRemoteWrite(server, { appender, registry, logger: pino({ level: 'silent' }), now: () => NOW, ...options });
  const post = (body: RequestCase | Buffer, headers: Record<string, string> = {}) =>
    server.inject({
      method: 'POST',
      url: '/api/v1/write',
      headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', ...headers },
      payload: Buffer.isBuffer(body) ? body : compressSync(encodeWriteRequest(body)),
    });
  const read = async () => {
    const matcher = new Matcher('__name__', '=~', '.+');
    const set = await storage.querier.select({ matchers: [matcher], start: 0, end: NOW * 2 }, SIGNAL);
    const rows: [string, number, number, number][] = [];
    for (const [index, samples] of (await readSamples(set)).entries()) {
      for (const { timestamp, value, stale } of samples) {
        rows.push([set.series[index]!.toString(), timestamp, value, stale ? 1 : 0]);
      }
    }
    return rows;
  };
  return { storage, appender, registry, server, post, read };
}

const one = (labels: Record<string, string>, value: number | bigint = 1, timestamp = NOW): RequestCase => ({
  series: [{ labels: Object.entries(labels), samples: [{ timestamp, value }] }],
});

test('stores what it gets and answers when it is stored', async () => {
  const { post, read, storage, registry } = setUp();
  const answer = await post({
    series: [
      {
        labels: [
          ['job', 'x'],
          ['__name__', 'up'],
          ['empty', ''],
        ],
        samples: [
          { timestamp: NOW, value: 1 },
          { timestamp: NOW - 1000, value: Number.NaN },
          { timestamp: NOW - 2000, value: 0x7ff0000000000002n },
          { timestamp: NOW - 3000, value: -0 },
        ],
      },
      {
        labels: [
          ['__name__', 'ä\u{1f600}'],
          ['ß', '\0'],
        ],
        samples: [{ timestamp: 0, value: 1e308 }],
      },
    ],
    metadata: [{ type: 1, metric: 'up', help: 'Is it?', unit: '' }],
  });
  expect([answer.statusCode, answer.body]).toEqual([204, '']);
  expect(await read()).toEqual([
    ['up{job="x"}', NOW - 3000, -0, 0],
    ['up{job="x"}', NOW - 2000, Number.NaN, 1],
    ['up{job="x"}', NOW - 1000, Number.NaN, 0],
    ['up{job="x"}', NOW, 1, 0],
    ['{"ä\u{1f600}", "ß"="\\u0000"}', 0, 1e308, 0],
  ]);
  expect(await storage.querier.metadata('up', 0, SIGNAL)).toEqual([
    { metric: 'up', type: 'counter', help: 'Is it?', unit: '' },
  ]);
  const text = await registry.metrics();
  expect(text).toContain('pharos_remote_write_requests_total{code="204"} 1');
  expect(text).toContain('pharos_remote_write_samples_total 5');
  expect(text).toContain('pharos_remote_write_in_flight_bytes 0');
});

test('the answer waits for the storage', async () => {
  const { post, appender } = setUp();
  let stored = false;
  appender.answer = async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    stored = true;
  };
  expect((await post(one({ __name__: 'm' }))).statusCode).toBe(204);
  expect(stored).toBe(true);
});

test('bad series are refused alone, and named', async () => {
  const { post, read, registry } = setUp({ maxLabels: 3, maxNameLength: 10, maxValueLength: 10 });
  const labels: [string | Uint8Array, string | Uint8Array][][] = [
    [['job', 'x']],
    [['__name__', '']],
    [
      ['__name__', 'm'],
      ['a', '1'],
      ['a', '2'],
    ],
    [
      ['__name__', 'm'],
      ['', 'x'],
    ],
    [
      ['__name__', 'm'],
      ['a', Uint8Array.of(0x61, 0xff)],
    ],
    [
      ['__name__', 'm'],
      [Uint8Array.of(0xc0, 0x80), 'x'],
    ],
    [
      ['__name__', 'm'],
      ['a', 'x'.repeat(11)],
    ],
    [
      ['__name__', 'm'],
      ['x'.repeat(11), 'a'],
    ],
    [
      ['__name__', 'm'],
      ['a', '1'],
      ['b', '1'],
      ['c', '1'],
    ],
    [],
  ];
  const sample = { timestamp: NOW, value: 1 };
  const answer = await post({
    series: [
      { labels: [['__name__', 'first']], samples: [sample] },
      ...labels.map((labels) => ({ labels, samples: [sample, sample] })),
      {
        labels: [['__name__', 'late']],
        samples: [{ timestamp: NOW + 600_001, value: 1 }, sample, { timestamp: -1, value: 1 }],
      },
      { labels: [['__name__', 'last']], samples: [sample] },
    ],
  });
  expect(answer.statusCode).toBe(400);
  expect(answer.body.split('\n')).toEqual([
    '3 samples are stored, 22 samples of 11 series are refused:',
    '{job="x"}: the series has no metric name (__name__)',
    '{}: the series has no metric name (__name__)',
    'm{a="1", a="2"}: label "a" is there twice',
    'm{""="x"}: a label name is empty',
    'm{a="\ufffd"}: the value of label "a" is not valid UTF-8',
    'm{"\ufffd"="x"}: a label name is not valid UTF-8',
    'm{a="xxxxxxxxxxx"}: the value of label "a" has 11 bytes, at most 10 are allowed',
    'm{xxxxxxxxxxx="a"}: a label name has 11 bytes, at most 10 are allowed: "xxxxxxxxxxx"',
    'm{a="1", b="1", c="1"}: the series has 4 labels, at most 3 are allowed',
    '{}: the series has no metric name (__name__)',
    'and 1 more series',
    '',
  ]);
  expect((await read()).map(([series]) => series)).toEqual(['first', 'last', 'late']);
  expect(await registry.metrics()).toContain('pharos_remote_write_refused_samples_total 22');
});

test('a request that cannot be read stores nothing', async () => {
  const { post, read, appender } = setUp({ maxDecodedBytes: 1000, maxBodyBytes: 500 });
  const good = encodeWriteRequest(one({ __name__: 'm' }));
  for (const [body, status, message] of [
    [Buffer.from('rubbish'), 400, 'snappy'],
    [Buffer.alloc(0), 400, 'snappy'],
    [Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]), 400, 'snappy'],
    [
      compressSync(Buffer.concat([good, Buffer.from([0x0a, 0x7f])])),
      400,
      'the body must be a prometheus.WriteRequest: it ends too early',
    ],
    [Buffer.from([0xe9, 0x07, 0]), 413, '1001 bytes when decompressed, at most 1000'],
    // Announces 4 GB: no room may be made for it.
    [Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]), 413, 'at most 1000'],
    [Buffer.alloc(501), 413, 'the body must have at most 500 bytes'],
  ] as const) {
    const answer = await post(body);
    expect([answer.statusCode, answer.body]).toEqual([status, expect.stringContaining(message)]);
  }
  expect(await read()).toEqual([]);
  expect(appender.acquired).toBe(0);
  expect((await post(Buffer.from([0]))).statusCode).toBe(204);
});

test('other protocols are refused as such', async () => {
  const { post } = setUp();
  const request = one({ __name__: 'm' });
  for (const [headers, status] of [
    [{ 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' }, 415],
    [{ 'content-type': 'application/x-protobuf; proto="prometheus.WriteRequest"' }, 204],
    [{ 'content-type': 'application/json' }, 415],
    [{ 'content-encoding': 'zstd' }, 415],
    [{ 'content-encoding': 'gzip' }, 415],
  ] as [Record<string, string>, number][]) {
    expect((await post(request, headers)).statusCode, JSON.stringify(headers)).toBe(status);
  }
});

test('exemplars and native histograms are counted and left out', async () => {
  const { post, read, registry, appender } = setUp();
  const answer = await post({
    series: [
      { labels: [['__name__', 'h']], samples: [], histograms: 2 },
      { labels: [['__name__', 'm']], samples: [{ timestamp: NOW, value: 1 }], exemplars: 3 },
    ],
  });
  expect(answer.statusCode).toBe(204);
  expect(answer.headers['x-pharos-ignored']).toBe('exemplars=3, histograms=2');
  expect((await read()).length).toBe(1);
  expect(appender.held).toBe(1);
  expect(await registry.metrics()).toContain('pharos_remote_write_ignored_total{kind="histograms"} 2');
});

test('what the storage says becomes a status that senders understand', async () => {
  const { post, appender } = setUp();
  for (const [kind, status, retryAfter] of [
    ['full', 429, '5'],
    ['unavailable', 503, '5'],
    ['canceled', 503, '5'],
    ['bad_data', 400, undefined],
    ['internal', 500, undefined],
  ] as const) {
    appender.answer = () => Promise.reject(new StorageError(kind, 'secret.host said no'));
    const answer = await post(one({ __name__: 'm' }));
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([status, retryAfter]);
    if (status !== 400) expect(answer.body).not.toContain('secret');
  }
});

test('known series are not acquired again, and given back when they are gone', async () => {
  let now = NOW;
  const { post, appender, server } = setUp({ maxSeries: 10, seriesIdle: 1000, now: () => now });
  const many = (from: number, to: number): RequestCase => ({
    series: Array.from({ length: to - from }, (_, i) => ({
      labels: [['__name__', `m${from + i}`]],
      samples: [{ timestamp: NOW, value: 1 }],
    })),
  });
  for (let i = 0; i < 3; i++) await post(many(0, 5));
  expect([appender.acquired, appender.held]).toEqual([5, 5]);
  // Too many: the oldest go, and nobody goes while in use.
  await post(many(5, 100));
  expect(appender.held).toBeLessThanOrEqual(10);
  await post(many(0, 3));
  expect(appender.held).toBeLessThanOrEqual(13);
  now += 1000;
  await post(many(0, 2));
  now += 1000;
  await post(many(0, 2));
  expect(appender.held).toBe(2);
  await server.close();
  expect(appender.held).toBe(0);
});

test('a sender may name the labels of a series in any order', async () => {
  const { post, read, appender } = setUp();
  await post({
    series: [
      {
        labels: [
          ['__name__', 'm'],
          ['a', '1'],
        ],
        samples: [{ timestamp: NOW, value: 1 }],
      },
    ],
  });
  await post({
    series: [
      {
        labels: [
          ['a', '1'],
          ['b', ''],
          ['__name__', 'm'],
        ],
        samples: [{ timestamp: NOW + 1, value: 2 }],
      },
    ],
  });
  expect((await read()).map(([series, , value]) => [series, value])).toEqual([
    ['m{a="1"}', 1],
    ['m{a="1"}', 2],
  ]);
  expect(appender.held).toBe(2);
});

test('requests beyond the bytes in flight are told to come again', async () => {
  const { post, appender, server, registry } = setUp({ maxBodyBytes: 200, maxInFlightBytes: 200 });
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  appender.answer = () => opened;
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  const send = (chunked: boolean) =>
    new Promise<number>((resolve, reject) => {
      const body = compressSync(encodeWriteRequest(one({ __name__: 'm', filler: 'x'.repeat(60) })));
      const headers = {
        'Content-Type': 'application/x-protobuf',
        ...(chunked ? {} : { 'Content-Length': body.length }),
      };
      const outgoing = httpRequest(
        { port, method: 'POST', path: '/api/v1/write', headers, agent: false },
        (incoming) => {
          incoming.resume();
          resolve(incoming.statusCode!);
        },
      );
      outgoing.on('error', reject);
      if (chunked) outgoing.write(body.subarray(0, 1));
      outgoing.end(chunked ? body.subarray(1) : body);
    });
  const first = send(true);
  await expect.poll(() => registry.metrics()).toContain('in_flight_bytes 200');
  expect(await send(false)).toBe(429);
  open();
  expect(await first).toBe(204);
  await expect.poll(() => registry.metrics()).toContain('in_flight_bytes 0');
  expect((await post(one({ __name__: 'm' }))).statusCode).toBe(204);
});

function hasPrometheus(): boolean {
  try {
    execFileSync('prometheus', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!hasPrometheus())('Prometheus itself sends', { timeout: 60_000 }, async () => {
  const { server, read, storage } = setUp({ now: Date.now });
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  const directory = mkdtempSync(join(tmpdir(), 'pharos-prometheus-'));
  writeFileSync(
    join(directory, 'prometheus.yml'),
    `global: { scrape_interval: 1s, external_labels: { from: sender } }
scrape_configs: [{ job_name: nobody, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }]
remote_write: [{ url: 'http://127.0.0.1:${port}/api/v1/write', queue_config: { batch_send_deadline: 500ms }, metadata_config: { send_interval: 1s } }]
`,
  );
  const prometheus = spawn(
    'prometheus',
    [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/data`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: 'ignore' },
  );
  try {
    await expect
      .poll(async () => (await read()).filter(([series]) => series.startsWith('up{')), {
        timeout: 40_000,
        interval: 200,
      })
      .not.toEqual([]);
    const [up] = (await read()).filter(([series]) => series.startsWith('up{'));
    expect(up).toEqual([`up{from="sender", instance="127.0.0.1:${port}", job="nobody"}`, expect.any(Number), 0, 0]);
    expect(Math.abs(up![1] - Date.now())).toBeLessThan(60_000);
    expect(await storage.querier.metadata(undefined, 0, SIGNAL)).toEqual([]);
  } finally {
    const ended = new Promise((resolve) => prometheus.once('exit', resolve));
    prometheus.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }
});
