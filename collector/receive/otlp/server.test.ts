import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import type { Appender } from '../../../storage/appender.ts';
import { StorageError } from '../../../storage/errors.ts';
import { Matcher } from '../../../storage/matcher.ts';
import { createMemoryStorage } from '../../../storage/memory.ts';
import { readSamples } from '../../../storage/read-samples.ts';
import { double, field, number } from '../encode-write-request.ts';
import { type OtlpServerOptions, registerOtlp } from './server.ts';

const NOW = 1_700_000_000_000;
const SIGNAL = new AbortController().signal;

let servers: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

function setUp(options: Partial<OtlpServerOptions> = {}, append?: Appender['append']) {
  const storage = createMemoryStorage();
  const held = new Map<number, number>();
  const appender: Appender = {
    acquire(labels) {
      const ref = storage.appender.acquire(labels);
      held.set(ref, (held.get(ref) ?? 0) + 1);
      return ref;
    },
    release(refs) {
      for (const ref of refs) {
        held.set(ref, held.get(ref)! - 1);
        storage.appender.release([ref]);
      }
    },
    append: append ?? ((batch) => storage.appender.append(batch)),
    describe: (metadata) => storage.appender.describe(metadata),
  };
  const registry = new Registry();
  const server = fastify();
  servers.push(server);
  registerOtlp(server, { appender, registry, logger: pino({ level: 'silent' }), now: () => NOW, ...options });
  const post = async (body: unknown, headers: Record<string, string> = {}) => {
    const binary = Buffer.isBuffer(body);
    const answer = await server.inject({
      method: 'POST',
      url: '/api/v1/otlp/v1/metrics',
      headers: { 'content-type': binary ? 'application/x-protobuf' : 'application/json', ...headers },
      payload: binary ? body : typeof body === 'string' ? body : JSON.stringify(body),
    });
    return answer;
  };
  const read = async () => {
    const matcher = new Matcher('__name__', '=~', '.+');
    const set = await storage.querier.select({ matchers: [matcher], start: 0, end: NOW * 2 }, SIGNAL);
    const samples = await readSamples(set);
    const rows = set.series.flatMap((labels, i) =>
      samples[i]!.map(({ timestamp, value, stale }) => [labels.toString(), timestamp - NOW, stale ? 'stale' : value]),
    );
    return rows.sort(bySeries);
  };
  const holders = () => [...held.values()].reduce((sum, count) => sum + count, 0);
  return { storage, registry, server, post, read, holders };
}

const nano = (ms: number) => String(BigInt(ms) * 1_000_000n);
const RESOURCE = {
  attributes: [
    { key: 'service.name', value: { stringValue: 'shop' } },
    { key: 'service.namespace', value: { stringValue: 'eu' } },
    { key: 'service.instance.id', value: { stringValue: 'pod-1' } },
    { key: 'k8s.node.name', value: { stringValue: 'n1' } },
  ],
};
const point = (more: object = {}) => ({ timeUnixNano: nano(NOW), ...more });
const request = (...metrics: object[]) => ({
  resourceMetrics: [{ resource: RESOURCE, scopeMetrics: [{ scope: { name: 's' }, metrics }] }],
});
const INFO = ['target_info{instance="pod-1", job="eu/shop", k8s_node_name="n1"}', 0, 1];
const SELF = 'instance="pod-1", job="eu/shop"';

describe('JSON', () => {
  test('every kind of metric becomes what Prometheus makes of it', async () => {
    const { post, read, storage } = setUp();
    const attributes = [
      { key: 'http.method', value: { stringValue: 'GET' } },
      { key: 'code', value: { intValue: '9007199254740993' } },
      { key: 'ok', value: { boolValue: true } },
      { key: 'empty', value: {} },
      { key: 'list', value: { arrayValue: { values: [{ doubleValue: 1.5 }, { stringValue: 'x' }] } } },
      {
        key: 'map',
        value: {
          kvlistValue: {
            values: [
              { key: 'b', value: { intValue: 2 } },
              { key: 'a', value: {} },
            ],
          },
        },
      },
    ];
    const answer = await post(
      request(
        {
          name: 'http.requests',
          description: 'Requests.',
          unit: '{request}',
          sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point({ asInt: '7', attributes })] },
        },
        {
          name: 'queue',
          unit: 'By',
          sum: {
            aggregationTemporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE',
            dataPoints: [point({ asDouble: -1.5 })],
          },
        },
        {
          name: 'load',
          unit: '1',
          gauge: { dataPoints: [point({ asDouble: 'NaN' }), point({ timeUnixNano: nano(NOW - 1000), flags: 1 })] },
        },
        {
          name: 'latency',
          unit: 's',
          histogram: {
            aggregationTemporality: 2,
            dataPoints: [
              point({ count: '6', sum: 12.5, bucketCounts: ['1', 2, '3'], explicitBounds: [0.005, 10], min: 1 }),
            ],
          },
        },
        {
          name: 'rpc',
          summary: {
            dataPoints: [point({ count: 3, sum: 6, quantileValues: [{ quantile: 0.5, value: 2 }, { value: 1 }] })],
          },
        },
      ),
    );
    expect([answer.statusCode, answer.json()]).toEqual([200, {}]);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(await read()).toEqual(
      [
        [
          `http_requests_total{code="9007199254740993", http_method="GET", ${SELF}, list="[1.5,\\"x\\"]", map="{\\"a\\":null,\\"b\\":2}", ok="true"}`,
          0,
          7,
        ],
        [`latency_seconds_bucket{${SELF}, le="+Inf"}`, 0, 6],
        [`latency_seconds_bucket{${SELF}, le="0.005"}`, 0, 1],
        [`latency_seconds_bucket{${SELF}, le="10"}`, 0, 3],
        [`latency_seconds_count{${SELF}}`, 0, 6],
        [`latency_seconds_sum{${SELF}}`, 0, 12.5],
        [`load_ratio{${SELF}}`, -1000, 'stale'],
        [`load_ratio{${SELF}}`, 0, Number.NaN],
        [`queue_bytes{${SELF}}`, 0, -1.5],
        [`rpc_count{${SELF}}`, 0, 3],
        [`rpc_sum{${SELF}}`, 0, 6],
        [`rpc{${SELF}, quantile="0"}`, 0, 1],
        [`rpc{${SELF}, quantile="0.5"}`, 0, 2],
        INFO.with(1, -1000),
        INFO,
      ].sort(bySeries),
    );
    expect(await storage.querier.metadata(undefined, 0, SIGNAL)).toEqual([
      { metric: 'http_requests_total', type: 'counter', help: 'Requests.', unit: '' },
      { metric: 'latency_seconds', type: 'histogram', help: '', unit: 'seconds' },
      { metric: 'load_ratio', type: 'gauge', help: '', unit: '' },
      { metric: 'queue_bytes', type: 'gauge', help: '', unit: 'bytes' },
      { metric: 'rpc', type: 'summary', help: '', unit: '' },
      { metric: 'target_info', type: 'gauge', help: 'Target metadata', unit: '' },
    ]);
  });

  test('what has no place is counted and named, and everything else is stored', async () => {
    const { post, read, registry } = setUp();
    const points = [point({ asInt: 1 }), point({ asInt: 2 })];
    const answer = await post(
      request(
        { name: 'good', gauge: { dataPoints: [point({ asInt: 1 })] } },
        { name: 'delta', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: points } },
        { name: 'unsaid', histogram: { dataPoints: [point()] } },
        { name: 'exp', exponentialHistogram: { aggregationTemporality: 2, dataPoints: [{}, {}, {}] } },
        { name: '...', gauge: { dataPoints: points } },
        { name: 'future', gauge: { dataPoints: [point({ timeUnixNano: nano(NOW + 700_000), asInt: 1 })] } },
        { name: 'timeless', gauge: { dataPoints: [{ asInt: 1 }] } },
        { name: 'none' },
        {
          name: 'long',
          gauge: { dataPoints: [point({ attributes: [{ key: 'a', value: { stringValue: 'x'.repeat(9000) } }] })] },
        },
      ),
    );
    expect(answer.statusCode).toBe(200);
    const { rejectedDataPoints, errorMessage } = answer.json().partialSuccess;
    expect(rejectedDataPoints).toBe('11');
    expect(errorMessage.split('; ')).toEqual([
      'metric "delta" has the temporality delta, it must be cumulative',
      'metric "unsaid" has the temporality unspecified, it must be cumulative',
      'metric "exp" is an exponential histogram, which is not stored',
      '"..." cannot be the name of a metric',
      'metric "none" has data of no known kind',
      'data points without a time, or in the future',
      'a series of "long" has more than 8192 bytes in label "a"',
    ]);
    expect((await read()).filter(([series]) => !String(series).startsWith('target_info'))).toEqual([
      [`good{${SELF}}`, 0, 1],
    ]);
    expect(await registry.metrics()).toContain('pharos_otlp_rejected_points_total 11');
  });

  test('target_info needs a job or an instance, and something to say', async () => {
    const { post, read } = setUp();
    const gauge = { name: 'g', gauge: { dataPoints: [point({ asInt: 1 })] } };
    const of = (...keys: string[]) => ({
      resource: { attributes: keys.map((key) => ({ key, value: { stringValue: 'v' } })) },
      scopeMetrics: [{ metrics: [gauge] }],
    });
    await post({
      resourceMetrics: [
        of('host.name'),
        of('service.name'),
        of('service.namespace', 'service.instance.id', 'host.name'),
      ],
    });
    expect((await read()).map(([series]) => series)).toEqual([
      'g',
      'g{instance="v"}',
      'g{job="v"}',
      'target_info{host_name="v", instance="v"}',
    ]);
  });

  test('target_info is there all along a request', async () => {
    const { post, read } = setUp();
    const at = (ago: number) => point({ timeUnixNano: nano(NOW - ago), asInt: 1 });
    await post(request({ name: 'g', gauge: { dataPoints: [at(0), at(400_000)] } }));
    const infos = (await read()).filter(([series]) => String(series).startsWith('target_info'));
    expect(infos.map(([, time]) => time)).toEqual([-400_000, -250_000, -100_000, 0]);
  });

  test('attributes of one label are joined', async () => {
    const { post, read } = setUp();
    const attributes = ['b.c', 'b_c', 'b-c', '__name__', ''].map((key) => ({ key, value: { stringValue: key } }));
    await post(request({ name: 'g', gauge: { dataPoints: [point({ asInt: 1, attributes })] } }));
    expect((await read())[0]).toEqual([`g{b_c="b-c;b.c;b_c", ${SELF}}`, 0, 1]);
  });

  test.each([
    ['{', 'the body must be JSON'],
    ['[]', 'the body must be an object, got []'],
    ['{"resourceMetrics":{}}', 'resourceMetrics must be a list, got {}'],
    [
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[{"asDouble":"x"}]}}]}]}]}',
      'resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints[0].asDouble must be a number, got "x"',
    ],
    [
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[{"timeUnixNano":1.5}]}}]}]}]}',
      'resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints[0].timeUnixNano must be a whole number, got 1.5',
    ],
  ])('refuses %s', async (body, message) => {
    const { post, read } = setUp();
    const answer = await post(body);
    expect([answer.statusCode, answer.json()]).toEqual([400, { code: 3, message }]);
    expect(await read()).toEqual([]);
  });
});

/** Written apart from the decoder, by the numbers of opentelemetry/proto/metrics/v1/metrics.proto. */
const proto = {
  text: (id: number, text: string) => field(id, Buffer.from(text)),
  fixed: (id: number, value: bigint) => {
    const buffer = Buffer.alloc(9);
    buffer[0] = id * 8 + 1;
    buffer.writeBigUInt64LE(BigInt.asUintN(64, value), 1);
    return buffer;
  },
  packed: (id: number, values: readonly number[], write: (buffer: Buffer, value: number, at: number) => void) => {
    const buffer = Buffer.alloc(values.length * 8);
    for (const [i, value] of values.entries()) write(buffer, value, i * 8);
    return field(id, buffer);
  },
  attribute: (id: number, key: string, value: Buffer) => field(id, proto.text(1, key), field(2, value)),
  time: () => proto.fixed(3, BigInt(NOW) * 1_000_000n + 999_999n),
};
function protobufRequest(...metrics: Buffer[]): Buffer {
  const resource = field(1, proto.attribute(1, 'service.name', proto.text(1, 'shop')));
  return field(
    1,
    resource,
    field(2, field(1, proto.text(1, 'scope')), ...metrics.map((metric) => field(2, metric)), proto.text(3, 'schema')),
  );
}

describe('protocol buffers', () => {
  const sum = Buffer.concat([
    proto.text(1, 'bytes.read'),
    proto.text(2, 'What was read.'),
    proto.text(3, 'By'),
    field(
      7,
      field(
        1,
        proto.attribute(7, 'disk', proto.text(1, 'sda')),
        proto.attribute(7, 'n', number(3, -5n)),
        proto.attribute(7, 'big', number(3, -9007199254740993n)),
        proto.attribute(7, 'f', double(4, 0.25)),
        proto.attribute(7, 'raw', field(7, Buffer.from([1, 2, 3]))),
        proto.attribute(7, 'l', field(5, field(1, number(2, 1n)), field(1, proto.text(1, 'x')))),
        proto.attribute(7, 'm', field(6, field(1, proto.text(1, 'k'), field(2, number(3, 7n))))),
        proto.fixed(2, 1n),
        proto.time(),
        proto.fixed(6, -3n),
        // An exemplar, and a field that does not exist.
        field(5, double(3, 1)),
        field(99, Buffer.from('?')),
      ),
      number(2, 2n),
      number(3, 1n),
    ),
  ]);
  const histogram = Buffer.concat([
    proto.text(1, 'h'),
    field(
      9,
      field(
        1,
        proto.time(),
        proto.fixed(4, 4n),
        proto.packed(6, [1, 0, 3], (buffer, value, at) => buffer.writeBigUInt64LE(BigInt(value), at)),
        proto.packed(7, [0.1, 1e21], (buffer, value, at) => buffer.writeDoubleLE(value, at)),
      ),
      number(2, 2n),
    ),
  ]);

  test('are understood', async () => {
    const { post, read, storage } = setUp();
    const summary = Buffer.concat([
      proto.text(1, 's'),
      field(11, field(1, proto.time(), proto.fixed(4, 2n), double(5, 3), field(6, double(1, 0.9), double(2, 4)))),
    ]);
    const gauge = Buffer.concat([
      proto.text(1, 'g'),
      field(
        5,
        field(1, proto.time(), double(4, 1.5)),
        field(1, proto.time(), number(8, 1n), proto.attribute(7, 'x', proto.text(1, 'y'))),
      ),
    ]);
    const answer = await post(protobufRequest(sum, histogram, summary, gauge));
    expect([answer.statusCode, answer.rawPayload.length]).toEqual([200, 0]);
    expect(answer.headers['content-type']).toBe('application/x-protobuf');
    expect(await read()).toEqual(
      [
        [
          'bytes_read_total{big="-9007199254740993", disk="sda", f="0.25", job="shop", l="[true,\\"x\\"]", m="{\\"k\\":7}", n="-5", raw="AQID"}',
          0,
          -3,
        ],
        ['g{job="shop", x="y"}', 0, 'stale'],
        ['g{job="shop"}', 0, 1.5],
        ['h_bucket{job="shop", le="+Inf"}', 0, 4],
        ['h_bucket{job="shop", le="0.1"}', 0, 1],
        ['h_bucket{job="shop", le="1000000000000000000000"}', 0, 1],
        ['h_count{job="shop"}', 0, 4],
        ['s_count{job="shop"}', 0, 2],
        ['s_sum{job="shop"}', 0, 3],
        ['s{job="shop", quantile="0.9"}', 0, 4],
      ].sort(bySeries),
    );
    expect((await storage.querier.metadata('bytes_read_total', 0, SIGNAL))[0]).toMatchObject({
      type: 'counter',
      help: 'What was read.',
      unit: 'bytes',
    });
  });

  test('gzip and the same series again', async () => {
    const { post, read, holders, server } = setUp();
    const body = gzipSync(protobufRequest(sum));
    for (let i = 0; i < 3; i++) expect((await post(body, { 'content-encoding': 'gzip' })).statusCode).toBe(200);
    expect(await read()).toHaveLength(1);
    expect(holders()).toBe(1);
    await server.close();
    expect(holders()).toBe(0);
  });

  test('partial success is told in protocol buffers too', async () => {
    const { post } = setUp();
    const exponential = Buffer.concat([
      proto.text(1, 'e'),
      field(10, field(1, proto.time()), field(1, proto.time()), number(2, 2n)),
    ]);
    const answer = await post(protobufRequest(exponential));
    const message = 'metric "e" is an exponential histogram, which is not stored';
    expect(answer.rawPayload).toEqual(field(1, number(1, 2n), proto.text(2, message)));
  });

  test('a body that is none is refused', async () => {
    const { post, read } = setUp();
    const answer = await post(protobufRequest(sum).subarray(0, 40));
    expect(answer.statusCode).toBe(400);
    expect(answer.rawPayload.toString()).toMatch(/the body must be an ExportMetricsServiceRequest: it ends too early/);
    expect(await read()).toEqual([]);
  });

  test('no bytes crash it', async () => {
    const { post } = setUp();
    const good = protobufRequest(sum, histogram);
    const broken = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => {
      const copy = Buffer.from(good);
      copy[at] = byte;
      return copy;
    });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          broken,
          fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
        ),
        async (body) => {
          expect([200, 400]).toContain((await post(body)).statusCode);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('limits', () => {
  const small = request({ name: 'g', gauge: { dataPoints: [point({ asInt: 1 })] } });

  test.each([
    ['full', 429, 8],
    ['unavailable', 503, 14],
    ['internal', 500, 13],
  ] as const)('%s is %d', async (kind, status, code) => {
    const { post } = setUp({}, () => Promise.reject(new StorageError(kind, 'the reason')));
    const answer = await post(small);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(answer.headers['retry-after']).toBe(status === 500 ? undefined : '5');
  });

  test('too much is refused', async () => {
    const { post } = setUp({ maxBodyBytes: 1000, maxDecodedBytes: 5000, maxInFlightBytes: 1000 });
    const [plain, zipped] = [Buffer.alloc(1001), gzipSync(Buffer.alloc(5001))];
    expect((await post(plain)).statusCode).toBe(413);
    const answer = await post(zipped, { 'content-encoding': 'gzip' });
    expect([answer.statusCode, answer.rawPayload.toString()]).toEqual([
      413,
      expect.stringContaining('the request must have at most 5000 bytes when decompressed'),
    ]);
    expect((await post(Buffer.from('no gzip'), { 'content-encoding': 'gzip' })).statusCode).toBe(400);
  });

  test('other content is refused', async () => {
    const { post, server } = setUp();
    expect((await post('x', { 'content-type': 'text/plain' })).json()).toEqual({
      code: 3,
      message: 'Content-Type must be application/x-protobuf or application/json, got text/plain',
    });
    expect((await post('x', { 'content-encoding': 'br' })).statusCode).toBe(415);
    expect((await server.inject({ method: 'GET', url: '/api/v1/otlp/v1/metrics' })).statusCode).toBe(404);
  });
});

function bySeries(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : String(a[0]) > String(b[0]) ? 1 : Number(a[1]) - Number(b[1]);
}
