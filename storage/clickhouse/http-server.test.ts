import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { brotliCompressSync, constants, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { type ClickHouseClient, ClickHouseError, createClient, TupleParam } from '@clickhouse/client';
import { Session } from 'chdb';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClickHouseHttpServer, startClickHouseHttpServer } from './http-server.ts';

let directory: string;
let session: Session;
let server: ClickHouseHttpServer;
let client: ClickHouseClient;
const registry = new Registry();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pharos-http-test-'));
  session = new Session(join(directory, 'db'));
  const common = { session, listen: { port: 0 }, temporaryDirectory: directory };
  server = await startClickHouseHttpServer({ ...common, readOnly: false, registry });
  client = createClient({ url: server.url, request_timeout: 20_000, log: { level: 127 as never } });
  await client.command({
    query: "CREATE TABLE t (a UInt64, b String DEFAULT concat('x', toString(a))) ENGINE = MergeTree ORDER BY a",
  });
});

afterAll(async () => {
  await client?.close();
  await server?.close();
  expect(readdirSync(directory)).toEqual(['db']);
  session?.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  /** The connection broke before the answer's end. */
  broken: boolean;
}

/** A request without any client's conveniences. */
function raw(
  url: string,
  options: { body?: string | Uint8Array; headers?: Record<string, string>; method?: string } = {},
) {
  return new Promise<Answer>((resolve, reject) => {
    const method = options.method ?? (options.body === undefined ? 'GET' : 'POST');
    const outgoing = httpRequest(url, { method, headers: options.headers ?? {}, agent: false }, (incoming) => {
      const pieces: Buffer[] = [];
      const done = (broken: boolean) => {
        resolve({ status: incoming.statusCode!, headers: incoming.headers, body: Buffer.concat(pieces), broken });
      };
      incoming.on('data', (piece) => pieces.push(piece));
      incoming.on('end', () => done(false));
      incoming.on('error', () => done(true));
    });
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

const sql = (url: string, query: string, rest = '') => raw(`${url}/?query=${encodeURIComponent(query)}${rest}`);

describe('requests as a browser or curl sends them', () => {
  test('pings', async () => {
    for (const path of ['/', '/ping']) expect((await raw(server.url + path)).body.toString()).toBe('Ok.\n');
    expect((await raw(`${server.url}/ping`, { method: 'HEAD' })).status).toBe(200);
    expect((await raw(`${server.url}/play`)).status).toBe(404);
    expect((await raw(`${server.url}/`, { method: 'PUT', body: 'x' })).status).toBe(405);
  });

  test('query in the address, in the body, and in both', async () => {
    const one = await sql(server.url, 'SELECT 1');
    expect(one.body.toString()).toBe('1\n');
    expect(one.headers['x-clickhouse-format']).toBe('TabSeparated');
    expect(one.headers['x-clickhouse-timezone']).toBeTypeOf('string');
    expect(one.headers['x-clickhouse-server-display-name']).toBe('pharos');
    expect(JSON.parse(one.headers['x-clickhouse-summary'] as string)).toMatchObject({ read_rows: '0' });
    expect((await raw(server.url, { body: 'SELECT 2 -- done' })).body.toString()).toBe('2\n');
    const joined = await raw(`${server.url}/?query=${encodeURIComponent('SELECT 3 FORMAT')}`, { body: 'JSONEachRow' });
    expect(joined.body.toString()).toBe('{"3":3}\n');
  });

  test('the format comes from the query, the header or default_format', async () => {
    expect((await sql(server.url, 'SELECT 1 AS a', '&default_format=CSVWithNames')).body.toString()).toBe('"a"\n1\n');
    const header = await raw(`${server.url}/?default_format=CSV`, {
      body: 'SELECT 1 AS a',
      headers: { 'X-ClickHouse-Format': 'JSONEachRow' },
    });
    expect(header.body.toString()).toBe('{"a":1}\n');
    expect(header.headers['content-type']).toBe('application/x-ndjson; charset=UTF-8');
    const inQuery = await sql(
      server.url,
      'SELECT 1 AS a FORMAT TSVWithNames SETTINGS max_threads = 1',
      '&default_format=CSV',
    );
    expect(inQuery.body.toString()).toBe('a\n1\n');
    expect(inQuery.headers['x-clickhouse-format']).toBe('TSVWithNames');
  });

  test('a database, settings and the query id', async () => {
    await raw(server.url, { body: 'CREATE DATABASE IF NOT EXISTS other' });
    const answer = await sql(
      server.url,
      "SELECT currentDatabase(), getSetting('max_result_rows')",
      '&database=other&max_result_rows=2&query_id=q-1&session_id=s&role=x',
    );
    expect(answer.body.toString()).toBe('other\t2\n');
    expect(answer.headers['x-clickhouse-query-id']).toBe('q-1');
    expect((await sql(server.url, "SELECT currentDatabase(), getSetting('max_result_rows')")).body.toString()).toBe(
      'default\t0\n',
    );
  });

  test('many blocks in every format make the document that one block makes', async () => {
    const select = "SELECT number AS a, concat('\"', toString(number), '\\n') AS \"b\n\" FROM numbers(3000)";
    for (const base of ['CSV', 'TSV', 'JSONCompactEachRow', 'JSONCompactStringsEachRow', 'RowBinary']) {
      for (const format of [base, `${base}WithNames`, `${base}WithNamesAndTypes`]) {
        const blocks = await raw(`${server.url}/?max_block_size=100&max_threads=1`, {
          body: `${select} FORMAT ${format}`,
        });
        const whole = await raw(`${server.url}/?max_block_size=100&max_threads=1&wait_end_of_query=1`, {
          body: `${select} FORMAT ${format}`,
        });
        expect(blocks.body.equals(whole.body), format).toBe(true);
      }
    }
    const json = await raw(server.url, { body: `${select} LIMIT 200000 FORMAT JSON` });
    expect(JSON.parse(json.body.toString()).rows).toBe(3000);
    const totals = await raw(server.url, {
      body: 'SELECT number % 2 AS a, count() FROM numbers(10) GROUP BY a WITH TOTALS ORDER BY a FORMAT CSV',
    });
    expect(totals.body.toString()).toBe('0,5\n1,5\n\n0,10\n');
  });

  test('exceptions have their status, code and text', async () => {
    const unknown = await raw(server.url, { body: 'SELECT * FROM nowhere' });
    expect(unknown.status).toBe(404);
    expect(unknown.headers['x-clickhouse-exception-code']).toBe('60');
    expect(unknown.body.toString()).toMatch(/^Code: 60\. DB::Exception: .*\(UNKNOWN_TABLE\) \(version 2\d\.\d+/);
    expect((await raw(server.url, { body: 'SELECT FROM WHERE' })).status).toBe(400);
    expect((await raw(server.url, { body: ' -- nothing' })).status).toBe(400);
    expect((await raw(server.url, { body: 'SELECT sleep(9)' })).status).toBe(500);
    expect((await raw(server.url, { body: 'SELECT 1; SELECT 2' })).body.toString()).toContain('(SYNTAX_ERROR)');
    expect((await raw(server.url, { body: 'SELECT 1;' })).body.toString()).toBe('1\n');
    expect((await sql(server.url, 'SELECT 1', '&nonsense=1')).status).toBe(404);
    expect((await sql(server.url, 'SELECT 1', '&database=nowhere')).status).toBe(404);
    expect((await sql(server.url, 'SELECT 1', '&a%27b=1')).status).toBe(400);
    expect((await sql(server.url, 'SELECT 1', '&compress=1')).status).toBe(501);
    expect((await raw(server.url, { body: 'SELECT 1', headers: { 'Content-Encoding': 'lz4' } })).status).toBe(501);
    expect((await raw(server.url, { body: 'SELECT 1', headers: { 'Content-Encoding': 'gzip' } })).status).toBe(400);
    const writing = await sql(server.url, 'INSERT INTO t (a) VALUES (1)');
    expect(writing.body.toString()).toContain('(READONLY)');
    const asked = await raw(`${server.url}/?readonly=1`, { body: 'INSERT INTO t (a) VALUES (1)' });
    expect(asked.body.toString()).toContain('(READONLY)');
    expect((await raw(server.url, { body: Buffer.from("SELECT '\xff'", 'latin1') })).status).toBe(400);
    expect((await sql(server.url, 'DROP TABLE t')).body.toString()).toContain('(READONLY)');
  });

  test('files of this machine are out of reach of INTO OUTFILE and FROM INFILE', async () => {
    const file = join(directory, 'stolen');
    expect(
      (await raw(server.url, { body: `SELECT 1 INTO/**/OUTFILE '${file}'` })).headers['x-clickhouse-exception-code'],
    ).toBe('358');
    expect((await raw(server.url, { body: `INSERT INTO t FROM INFILE '${file}' FORMAT CSV` })).status).toBe(501);
    expect(existsSync(file)).toBe(false);
  });

  test('an exception behind the first bytes breaks the answer', async () => {
    const body = 'SELECT throwIf(number = 200000), number FROM numbers(400000) FORMAT CSV';
    for (const encoding of ['identity', 'gzip']) {
      const url = `${server.url}/?max_block_size=1000&max_threads=1&enable_http_compression=1`;
      const answer = await raw(url, { body, headers: { 'Accept-Encoding': encoding } });
      expect(answer.status).toBe(200);
      expect(answer.broken).toBe(true);
      const text = encoding === 'gzip' ? gunzipSync(answer.body, { finishFlush: constants.Z_SYNC_FLUSH }) : answer.body;
      const tag = answer.headers['x-clickhouse-exception-tag'] as string;
      const tail = text.subarray(-2000).toString();
      expect(tail).toMatch(
        new RegExp(`\r\n__exception__\r\n${tag}\r\nCode: 395\\. .*\\n\\d+ ${tag}\r\n__exception__\r\n$`),
      );
    }
    const whole = await raw(`${server.url}/?max_block_size=1000&wait_end_of_query=1`, { body });
    expect(whole.status).toBe(500);
  });

  test('compresses as the client accepts, when asked to', async () => {
    const url = `${server.url}/?query=${encodeURIComponent('SELECT number FROM numbers(1000)')}`;
    const headers = { 'Accept-Encoding': 'lz4;q=1, gzip;q=0.5' };
    expect((await raw(url, { headers })).headers['content-encoding']).toBeUndefined();
    const packed = await raw(`${url}&enable_http_compression=1`, { headers });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.body).toString()).toMatch(/^0\n1\n[\d\n]*\n999\n$/);
    const error = await raw(`${server.url}/?enable_http_compression=1&query=SELECT+x`, { headers });
    expect(gunzipSync(error.body).toString()).toContain('UNKNOWN_IDENTIFIER');
  });

  test('bodies and forms in every dress', async () => {
    for (const [encoding, pack] of [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['br', brotliCompressSync],
    ] as const) {
      const answer = await raw(server.url, { body: pack('SELECT 5'), headers: { 'Content-Encoding': encoding } });
      expect(answer.body.toString()).toBe('5\n');
    }
    const form =
      '--X\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT {a:String}\r\n' +
      '--X\r\nContent-Disposition: form-data; name="param_a"\r\n\r\nä\\tö\r\n--X--\r\n';
    const headers = { 'Content-Type': 'multipart/form-data; boundary=X' };
    expect((await raw(server.url, { body: form, headers })).body.toString()).toBe('ä\\tö\n');
    expect((await raw(server.url, { body: '--X\r\nrubbish', headers })).status).toBe(400);
  });

  test('the limits of a query and of a body', async () => {
    const small = await startClickHouseHttpServer({
      session,
      listen: { port: 0 },
      readOnly: false,
      temporaryDirectory: directory,
      limits: { maxQueryBytes: 1000, maxBodyBytes: 5000, maxDocumentBytes: 1000 },
    });
    try {
      expect((await raw(small.url, { body: `SELECT '${'x'.repeat(1001)}'` })).status).toBe(413);
      const url = `${small.url}/?query=${encodeURIComponent('INSERT INTO t (a) FORMAT CSV')}`;
      expect((await raw(url, { body: '1\n'.repeat(2501) })).status).toBe(413);
      // The client is still sending when it hears of it.
      expect((await raw(url, { body: '1\n'.repeat(5_000_000) })).status).toBe(413);
      // Small on the way, but not here.
      expect(
        (await raw(url, { body: gzipSync('1\n'.repeat(2501)), headers: { 'Content-Encoding': 'gzip' } })).status,
      ).toBe(413);
      const json = (rows: number) => raw(small.url, { body: `SELECT number FROM numbers(${rows}) FORMAT JSON` });
      expect((await json(10)).status).toBe(200);
      expect((await json(100)).status).toBe(413);
      expect((await json(1e9)).headers['x-clickhouse-exception-code']).toBe('396');
      expect((await raw(small.url, { body: 'SELECT number FROM numbers(1000) FORMAT CSV' })).status).toBe(200);
    } finally {
      await small.close();
    }
    expect((await sql(server.url, 'SELECT count() FROM t')).body.toString()).toBe('0\n');
  });

  test('asks for the password when there is one', async () => {
    await expect(
      startClickHouseHttpServer({ session, listen: { host: '0.0.0.0', port: 0 }, readOnly: false }),
    ).rejects.toThrow('needs a password');
    const guarded = await startClickHouseHttpServer({
      session,
      listen: { port: 0 },
      readOnly: true,
      user: 'u',
      password: 'p:ß',
      temporaryDirectory: directory,
    });
    try {
      const none = await sql(guarded.url, 'SELECT 1');
      expect(none.status).toBe(401);
      expect(none.headers['www-authenticate']).toContain('Basic');
      const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });
      const ask = async (headers: Record<string, string>, rest = '') =>
        (await raw(`${guarded.url}/?query=SELECT+1${rest}`, { headers })).status;
      expect(await ask(basic('u:p:ß'))).toBe(200);
      expect(await ask(basic('u:p:s'))).toBe(403);
      expect(await ask(basic('x:p:ß'))).toBe(403);
      expect(await ask({}, `&user=u&password=${encodeURIComponent('p:ß')}`)).toBe(200);
      expect(await ask({ 'X-ClickHouse-User': 'u', 'X-ClickHouse-Key': 'p:s' })).toBe(403);
      expect((await raw(`${guarded.url}/ping`)).status).toBe(200);
    } finally {
      await guarded.close();
    }
  });
});

describe('@clickhouse/client', () => {
  const table = async (name: string, columns: string) => {
    await client.command({
      query: `CREATE OR REPLACE TABLE ${name} (${columns}) ENGINE = MergeTree ORDER BY tuple() SETTINGS non_replicated_deduplication_window = 100`,
    });
  };
  const rows = async (query: string) => (await client.query({ query, format: 'JSONEachRow' })).json();

  test('pings, queries, and reports errors by code', async () => {
    expect(await client.ping()).toEqual({ success: true });
    expect(await client.ping({ select: true })).toEqual({ success: true });
    expect(await rows('SELECT 1 AS a')).toEqual([{ a: 1 }]);
    const json = await client.query({ query: 'SELECT 1 AS a', format: 'JSON' });
    expect(await json.json()).toMatchObject({ data: [{ a: 1 }], rows: 1 });
    const error = await client.query({ query: 'SELECT * FROM nowhere' }).catch((error) => error);
    expect(error).toBeInstanceOf(ClickHouseError);
    expect(error).toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' });
  });

  test('every type of parameter', async () => {
    const strange = 'it\'s "\\" \t\n\r\0 {x} ä \u{1f600}';
    const query_params = {
      n: 2n ** 64n - 1n,
      s: strange,
      l: [strange, 'b'],
      m: { [strange.slice(0, 4)]: 1, b: 2 },
      d: new Date(1_700_000_000_123),
      u: null,
      t: new TupleParam([1, "o'b"]),
      f: Number.NEGATIVE_INFINITY,
      i: 'numbers',
    };
    for (const use_multipart_params of [false, true]) {
      const result = await client
        .query({
          query: `SELECT {n:UInt64} = 18446744073709551615 AS n, {s:String} AS s, {l:Array(String)} AS l,
          {m:Map(String, UInt8)} AS m, {d:DateTime64(3, 'UTC')} AS d, {u:Nullable(String)} AS u,
          {t:Tuple(UInt8, String)} AS t, isInfinite({f:Float64}) AS f, count() AS c FROM system.{i:Identifier} WHERE number < 3`,
          query_params,
          format: 'JSONEachRow',
          use_multipart_params,
          clickhouse_settings: { max_rows_to_read: '0' },
        })
        .catch((error) => error);
      // system.numbers is endless; what counts is that the identifier got there.
      if (!(result instanceof Error)) {
        const [row] = (await result.json()) as Record<string, unknown>[];
        expect(row).toEqual({
          n: 1,
          s: strange,
          l: query_params.l,
          m: { "it's": 1, b: 2 },
          d: '2023-11-14 22:13:20.123',
          u: null,
          t: [1, "o'b"],
          f: 1,
          c: 3,
        });
      } else throw result;
    }
    const wrong = await client.query({ query: 'SELECT {n:UInt8}', query_params: { n: 'x' } }).catch((error) => error);
    expect(wrong).toMatchObject({ code: '457' });
    const missing = await client.query({ query: 'SELECT {n:UInt8}' }).catch((error) => error);
    expect(missing).toMatchObject({ code: '456' });
  });

  test('inserts rows, with the defaults of omitted columns', async () => {
    await table('plain', "a UInt64, b String DEFAULT concat('x', toString(a))");
    const result = await client.insert({
      table: 'plain',
      values: [{ a: 1 }, { a: 2, b: 'ä\n' }],
      format: 'JSONEachRow',
    });
    expect(result.summary).toMatchObject({ written_rows: '2' });
    await client.command({ query: "INSERT INTO plain (a, b) VALUES (3, concat('p', 'q')), (4, 'x4')" });
    await client.insert({
      table: 'plain',
      values: Readable.from(['5,"f;\n"\n'], { objectMode: false }),
      format: 'CSV',
    });
    await client.command({ query: 'INSERT INTO plain SELECT 6, {v:String}', query_params: { v: 'six' } });
    await client.exec({
      query: 'INSERT INTO plain (a) SETTINGS async_insert = 0 FORMAT TSV',
      values: Readable.from(['7\n']),
    });
    expect(await rows('SELECT b FROM plain ORDER BY a')).toEqual(
      ['x1', 'ä\n', 'pq', 'x4', 'f;\n', 'six', 'x7'].map((b) => ({ b })),
    );
    const wrong = await client
      .insert({ table: 'plain', values: Readable.from(['x'], { objectMode: false }), format: 'CSV' })
      .catch((error) => error);
    expect(wrong).toBeInstanceOf(ClickHouseError);
  });

  test('inserts Native blocks byte by byte, once per token', async () => {
    await table('binary', 'a UInt64, b String');
    const native = async (query: string) => {
      const { stream } = await client.exec({ query: `${query} FORMAT Native` });
      const pieces: Buffer[] = [];
      for await (const piece of stream) pieces.push(piece);
      return Buffer.concat(pieces);
    };
    const query = "SELECT number AS a, concat(char(number % 256), unhex('00ff0a0dfe'), ';') AS b FROM numbers(2000)";
    const block = await native(query);
    for (const token of ['x', 'x', 'y']) {
      await client.exec({
        query: `INSERT INTO binary (a, b) SETTINGS insert_deduplicate = 1, insert_deduplication_token = '${token}' FORMAT Native`,
        values: Readable.from([block.subarray(0, 7), block.subarray(7)]),
      });
    }
    expect(await rows('SELECT count() AS n, sum(cityHash64(a, b)) AS h FROM binary')).toEqual(
      await rows(`SELECT 2 * count() AS n, 2 * sum(cityHash64(a, b)) AS h FROM (${query})`),
    );
    const { stream } = await client.exec({
      query: "INSERT INTO binary (a, b) SELECT a, upper(b) FROM input('a UInt64, b String') WHERE a < 5 FORMAT Native",
      values: Readable.from([block]),
      clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
    });
    for await (const _ of stream);
    expect(await rows('SELECT count() AS n FROM binary')).toEqual([{ n: 4005 }]);
    const whole = await raw(server.url, {
      body: Buffer.concat([Buffer.from('INSERT INTO binary FORMAT Native\n'), block]),
    });
    expect(whole.body.toString()).toBe('');
    expect(await rows('SELECT count() AS n FROM binary')).toEqual([{ n: 6005 }]);
  });

  test('compresses both ways', async () => {
    await table('packed', 'a UInt64');
    const packing = createClient({
      url: server.url,
      compression: { request: true, response: true },
      log: { level: 127 as never },
    });
    try {
      await packing.insert({
        table: 'packed',
        values: Array.from({ length: 1000 }, (_, a) => ({ a })),
        format: 'JSONEachRow',
      });
      const answer = await packing.query({ query: 'SELECT sum(a) AS s FROM packed', format: 'JSONEachRow' });
      expect(answer.response_headers['content-encoding']).toBe('gzip');
      expect(await answer.json()).toEqual([{ s: 499500 }]);
      const error = await packing.query({ query: 'SELECT x' }).catch((error) => error);
      expect(error).toMatchObject({ type: 'UNKNOWN_IDENTIFIER' });
    } finally {
      await packing.close();
    }
  });

  test('streams, tells of an exception in the middle, and tolerates progress in headers', async () => {
    const result = await client.query({
      query: 'SELECT number FROM numbers(300000)',
      format: 'JSONCompactEachRow',
      clickhouse_settings: { send_progress_in_http_headers: 1, http_headers_progress_interval_ms: '100' },
    });
    let count = 0;
    for await (const rows of result.stream()) count += rows.length;
    expect(count).toBe(300000);
    const failing = await client.query({
      query: 'SELECT throwIf(number = 200000), number FROM numbers(400000)',
      format: 'JSONEachRow',
      clickhouse_settings: { max_block_size: '1000', max_threads: 1 },
    });
    await expect(failing.json()).rejects.toMatchObject({ code: '395' });
  });

  test('an aborted query ends in the engine', async () => {
    const busy = async () =>
      Number((await sql(server.url, "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(1%'")).body) - 1;
    for (const format of ['JSON', 'CSV']) {
      const abort = new AbortController();
      const query = `SELECT count() FROM numbers(1000000000000) WHERE sipHash64(1, number) = 0 FORMAT ${format}`;
      const asked = client.exec({ query, abort_signal: abort.signal }).catch((error) => error);
      await expect.poll(busy).toBe(1);
      abort.abort();
      expect(await asked).toBeInstanceOf(Error);
      await expect.poll(busy, { timeout: 10_000 }).toBe(0);
    }
    const endless = await client.query({
      query: 'SELECT number, sipHash64(1, number) FROM numbers(1000000000000)',
      format: 'JSONEachRow',
    });
    await expect.poll(busy).toBe(1);
    endless.close();
    await expect.poll(busy, { timeout: 10_000 }).toBe(0);
    expect(await registry.metrics()).toContain('pharos_clickhouse_http_queries_total{code="394"}');
  });

  test('a client that does not read is cut off, and holds back the engine until then', async () => {
    const impatient = await startClickHouseHttpServer({
      session,
      listen: { port: 0 },
      readOnly: true,
      temporaryDirectory: directory,
      limits: { stallTimeout: 300 },
    });
    try {
      const query = encodeURIComponent("SELECT number, 'stalled' FROM numbers(1000000000000) FORMAT CSV");
      const before = process.memoryUsage.rss();
      // Neither read nor resumed: the sockets' buffers fill up.
      const outgoing = httpRequest(`${impatient.url}/?query=${query}`, { agent: false }, (incoming) =>
        incoming.pause(),
      );
      outgoing.on('error', () => {}).end();
      const count = "SELECT count() FROM system.processes WHERE query LIKE '%stalled%'";
      const running = async () => Number((await sql(server.url, count)).body) - 1;
      await expect.poll(running).toBe(1);
      await expect.poll(running, { timeout: 10_000 }).toBe(0);
      outgoing.destroy();
      expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 2 ** 20);
    } finally {
      await impatient.close();
    }
  });

  test('more queries than may run wait for their turn', async () => {
    const many = Array.from({ length: 30 }, (_, i) => rows(`SELECT ${i} AS i, sleep(0.02) AS s`));
    expect((await Promise.all(many)).map(([row]) => (row as { i: number }).i)).toEqual(many.map((_, i) => i));
    const tiny = await startClickHouseHttpServer({
      session,
      listen: { port: 0 },
      readOnly: true,
      temporaryDirectory: directory,
      limits: { maxQueries: 1, maxQueued: 1, queueTimeout: 50 },
    });
    try {
      const asked = [1, 2, 3].map(() => sql(tiny.url, 'SELECT sleep(1)'));
      const codes = (await Promise.all(asked)).map((answer) => answer.headers['x-clickhouse-exception-code']);
      expect(codes.sort()).toEqual(['202', '202', undefined]);
    } finally {
      await tiny.close();
    }
  });

  test('closing kills what runs and refuses what comes', async () => {
    const short = await startClickHouseHttpServer({
      session,
      listen: { port: 0 },
      readOnly: true,
      temporaryDirectory: directory,
    });
    const asked = sql(
      short.url,
      'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 0 FORMAT JSON',
    ).catch((error) => error);
    await expect
      .poll(async () =>
        (
          await sql(server.url, "SELECT count() FROM system.processes WHERE query LIKE '%FORMAT JSON%'")
        ).body.toString(),
      )
      .toBe('2\n');
    await short.close();
    await short.close();
    const answer = await asked;
    if (!(answer instanceof Error)) expect(answer.headers['x-clickhouse-exception-code']).toBe('394');
    await expect(sql(short.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });
});
