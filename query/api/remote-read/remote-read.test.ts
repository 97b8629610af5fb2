import fc from 'fast-check';
import fastify from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { compressSync } from 'snappy';
import { describe, expect, it } from 'vitest';
import { StorageError } from '../../../storage/errors.ts';
import { Labels } from '../../../storage/labels.ts';
import { createMemoryStorage } from '../../../storage/memory.ts';
import type { Sample } from '../../../storage/series.ts';
import { sample, write } from '../../../storage/storage.case.ts';
import { createEngine } from '../../engine.ts';
import type { QueryApiDeps } from '../query-api-deps.ts';
import { registerQueryApi } from '../server.ts';
import { crc32c } from './crc32c.ts';
import { decodeSamples, decodeStream, decodeXor, encodeReadRequest } from './decode-read-response.ts';
import { XorChunk } from './xor-chunk.ts';

const NOW = 1_700_000_000_000;
const [EQUAL, , MATCH, NOT_MATCH] = [0, 1, 2, 3];

async function build(series: [Record<string, string>, Sample[]][], change: Partial<QueryApiDeps> = {}) {
  const storage = createMemoryStorage({ blockRows: 7 });
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
  const read = async (request: Parameters<typeof encodeReadRequest>[0] | Buffer) => {
    const payload = Buffer.isBuffer(request) ? request : encodeReadRequest(request);
    const headers = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-read-version': '0.1.0',
    };
    const answer = await app.inject({ method: 'POST', url: '/api/v1/read', headers, payload });
    return { status: answer.statusCode, headers: answer.headers, body: answer.rawPayload, text: answer.payload };
  };
  return { app, read };
}

/** The bits of a double, as a test decodes them. */
function bits(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}

describe('XOR chunks', () => {
  const encode = (samples: readonly (readonly [number, bigint])[]) => {
    const chunk = new XorChunk();
    for (const [timestamp, value] of samples) {
      chunk.append(timestamp, { high: Number(value >> 32n), low: Number(value & 0xffffffffn) });
    }
    return chunk.finish();
  };

  it('give back every sample, bit by bit', () => {
    const step = fc.oneof(
      fc.constant(15_000),
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 1, max: 2 ** 21 }),
      fc.maxSafeInteger().map((n) => 1 + (Math.abs(n) % 2 ** 41)),
    );
    const value = fc.oneof(
      fc.integer({ min: 0, max: 100 }).map((n) => BigInt(`0x${bits(n)}`)),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.constantFrom(0n, 1n, 1n << 63n, 2n ** 64n - 1n, 0x7ff0000000000002n),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000, max: 2 ** 41 }),
        fc.array(fc.tuple(step, value), { minLength: 1, maxLength: 120 }),
        (start, list) => {
          let time = start;
          const samples = list.map(([gap, one]) => [(time += gap), one] as const);
          const wanted = samples.map(([timestamp, one]) => [timestamp, one.toString(16).padStart(16, '0')]);
          expect(decodeXor(encode(samples))).toEqual(wanted);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('write small differences in few bits', () => {
    const regular = encode(
      Array.from({ length: 120 }, (_, i) => [NOW + i * 15_000, BigInt(`0x${bits(i % 3)}`)] as const),
    );
    expect(regular.length).toBeLessThan(300);
  });
});

it('crc32c is that of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});

describe('remote read', () => {
  const stale = { timestamp: NOW + 2000, value: Number.NaN, stale: true };
  const data: [Record<string, string>, Sample[]][] = [
    [{ __name__: 'up', job: 'a' }, [sample(NOW, 1), sample(NOW + 1000, Number.NaN), stale, sample(NOW + 3000, -0)]],
    [{ __name__: 'up', job: 'b', region: 'own' }, [sample(NOW, 0.1)]],
    [{ __name__: 'up', job: 'ß' }, Array.from({ length: 1000 }, (_, i) => sample(NOW + i, i * 0.1))],
    [{ __name__: 'down' }, [sample(NOW, 7)]],
  ];
  const decoders = [
    ['SAMPLES', 0, (body: Buffer) => decodeSamples(body)],
    ['STREAMED_XOR_CHUNKS', 1, (body: Buffer) => decodeStream(body)],
  ] as const;

  it.each(decoders)('%s: gives the samples of each query', async (_, type, decode) => {
    const { read } = await build(data);
    const { status, headers, body } = await read({
      queries: [
        {
          start: NOW,
          end: NOW + 3000,
          matchers: [
            ['__name__', EQUAL!, 'up'],
            ['job', NOT_MATCH!, 'ß|x'],
          ],
        },
        { start: NOW + 10, end: NOW + 700, matchers: [['job', MATCH!, 'ß.*']] },
        { start: NOW, end: NOW, matchers: [['__name__', EQUAL!, 'no such metric']] },
        { start: NOW, end: NOW, matchers: [['__name__', EQUAL!, 'down']] },
      ],
      accepted: [type],
    });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(
      type === 0 ? 'application/x-protobuf' : 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse',
    );
    expect(headers['content-encoding']).toBe(type === 0 ? 'snappy' : undefined);
    expect(decode(body)).toEqual([
      {
        query: 0,
        labels: { __name__: 'up', job: 'a' },
        samples: [
          [NOW, bits(1)],
          [NOW + 1000, '7ff8000000000001'],
          [NOW + 2000, '7ff0000000000002'],
          [NOW + 3000, bits(-0)],
        ],
      },
      { query: 0, labels: { __name__: 'up', job: 'b', region: 'own' }, samples: [[NOW, bits(0.1)]] },
      {
        query: 1,
        labels: { __name__: 'up', job: 'ß' },
        samples: Array.from({ length: 691 }, (_, i) => [NOW + 10 + i, bits((10 + i) * 0.1)]),
      },
      { query: 3, labels: { __name__: 'down' }, samples: [[NOW, bits(7)]] },
    ]);
  });

  it.each(decoders)('%s: external labels are on every series and can be asked for', async (_, type, decode) => {
    const { read } = await build(data, { externalLabels: () => Labels.from({ region: 'eu', Zone: '1' }) });
    const labels = async (...matchers: [string, number, string][]) => {
      const query = {
        start: NOW,
        end: NOW,
        matchers: [['__name__', EQUAL, 'up'], ...matchers] as [string, number, string][],
      };
      return decode((await read({ queries: [query], accepted: [type] })).body).map((series) => series.labels);
    };
    const outside = { Zone: '1', __name__: 'up', region: 'eu' };
    expect(await labels(['region', EQUAL!, 'eu'])).toEqual([
      { ...outside, job: 'a' },
      { ...outside, job: 'ß' },
    ]);
    expect(await labels(['region', EQUAL!, 'own'])).toEqual([{ ...outside, job: 'b', region: 'own' }]);
    expect(await labels(['region', EQUAL!, 'us'])).toEqual([]);
    expect(await labels()).toHaveLength(3);
  });

  it('takes the first kind of answer that it knows, and SAMPLES when none is named', async () => {
    const { read } = await build(data);
    const queries = [{ start: NOW, end: NOW, matchers: [['__name__', EQUAL!, 'down']] as [string, number, string][] }];
    expect((await read({ queries })).headers['content-encoding']).toBe('snappy');
    expect((await read({ queries, accepted: [9, 1, 0] })).headers['content-type']).toMatch(/streamed/);
    const { status, text } = await read({ queries, accepted: [9, 7] });
    expect([status, text]).toEqual([
      400,
      'accepted_response_types must name SAMPLES (0) or STREAMED_XOR_CHUNKS (1), got 9, 7\n',
    ]);
  });

  it('splits a long series into frames', async () => {
    const random = Array.from({ length: 300_000 }, (_, i) => sample(NOW + i * 1013 + (i % 7), Math.sin(i)));
    const { read } = await build([[{ __name__: 'long' }, random]]);
    const query = { start: 0, end: NOW * 2, matchers: [['__name__', EQUAL!, 'long']] as [string, number, string][] };
    const { body } = await read({ queries: [query], accepted: [1] });
    expect(body.length).toBeGreaterThan(2 ** 21);
    // Each frame names the series anew.
    expect(body.toString('latin1').split('__name__').length - 1).toBeGreaterThan(2);
    const [series, ...others] = decodeStream(body);
    expect(others).toEqual([]);
    expect(series!.samples).toEqual(random.map(({ timestamp, value }) => [timestamp, bits(value)]));
  });

  it('refuses what is no request, in plain text', async () => {
    const { app, read } = await build(data);
    const refused = async (body: Buffer) => {
      const { status, headers, text } = await read(body);
      expect(headers['content-type']).toBe('text/plain; charset=utf-8');
      return [status, text];
    };
    const snappy = (text: string) => compressSync(Buffer.from(text, 'latin1')) as Buffer;
    expect(await refused(Buffer.from('no snappy'))).toEqual([
      400,
      'the body must be compressed with snappy (block format)\n',
    ]);
    expect(await refused(Buffer.from([0xff, 0xff, 0xff, 0x7f, 0]))).toEqual([
      400,
      'the request must have at most 1048576 bytes, got 268435455\n',
    ]);
    const malformed = [400, 'the body must be a prometheus.ReadRequest\n'];
    for (const body of [
      '\x0a\x7f',
      '\x0b',
      '\x0a\x02\x1a',
      '\x00',
      '\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80',
    ]) {
      expect(await refused(snappy(body))).toEqual(malformed);
    }
    const query = (type: number, value: string) => ({
      start: 0,
      end: 1,
      matchers: [['a', type, value]] as [string, number, string][],
    });
    expect(await refused(encodeReadRequest({ queries: [query(4, 'x')] }))).toEqual([
      400,
      "a matcher's type must be 0 to 3, got 4\n",
    ]);
    expect((await refused(encodeReadRequest({ queries: [query(2, '(')] })))[1]).toMatch(
      /^invalid regular expression "\("/,
    );
    expect(await refused(encodeReadRequest({ queries: Array.from({ length: 101 }, () => query(0, 'x')) }))).toEqual([
      400,
      'a request may have at most 100 queries, got 101\n',
    ]);
    expect((await app.inject({ method: 'GET', url: '/api/v1/read' })).statusCode).toBe(405);
  });

  it('never crashes on any bytes', async () => {
    const { read } = await build(data);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        const { status } = await read(compressSync(Buffer.from(bytes)) as Buffer);
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 150 },
    );
  });

  it('goes through the gate and tells what the store says', async () => {
    const queries = [{ start: NOW, end: NOW, matchers: [['__name__', EQUAL!, 'down']] as [string, number, string][] }];
    const fail = () => Promise.reject(new StorageError('unavailable', 'ClickHouse does not answer'));
    const { read } = await build(data, { querier: { ...createMemoryStorage().querier, select: fail } });
    const { status, headers, text } = await read({ queries });
    expect([status, headers['retry-after'], text]).toEqual([503, '1', 'ClickHouse does not answer\n']);
  });
});
