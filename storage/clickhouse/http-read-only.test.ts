import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClickHouseHttpServer, startClickHouseHttpServer } from './http-server.ts';

let directory: string;
let session: Session;
let server: ClickHouseHttpServer;
let reader: ClickHouseHttpServer;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pharos-read-only-test-'));
  session = new Session(join(directory, 'db'));
  await session.queryAsync('CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a');
  const common = { session, listen: { port: 0 }, temporaryDirectory: directory };
  server = await startClickHouseHttpServer({ ...common, readOnly: false });
  reader = await startClickHouseHttpServer({ ...common, readOnly: true, limits: { maxExecutionTime: 3000 } });
});

afterAll(async () => {
  await server?.close();
  await reader?.close();
  session?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function ask(to: ClickHouseHttpServer, query: string, parameters = '') {
  const answer = await fetch(`${to.url}/?${parameters}`, { method: 'POST', body: query });
  const code = answer.headers.get('x-clickhouse-exception-code');
  return { text: await answer.text(), code: code === null ? 'ok' : Number(code) };
}

const code = async (query: string, parameters = '') => (await ask(reader, query, parameters)).code;

test('reads', async () => {
  for (const query of [
    'SELECT a FROM t',
    'WITH 1 AS x SELECT x',
    '(SELECT 1) UNION ALL (SELECT 2)',
    'FROM t SELECT a',
    'SHOW TABLES',
    'DESCRIBE t',
    'EXPLAIN SELECT 1',
    'SHOW CREATE TABLE t',
    "SELECT 'INTO OUTFILE', 1 AS `file`",
    'SELECT * FROM numbers(3)',
    "SELECT format('{}', 1)",
    'SELECT * FROM system.tables',
    'SELECT 1;',
    '-- c\nSELECT /* ; */ 1',
    'SELECT $a$file(1)$a$',
    'SELECT a FROM t FORMAT Parquet',
  ])
    expect(await code(query), query).toBe('ok');
  expect((await ask(reader, 'SELECT {x:String} AS x FORMAT JSONEachRow', 'param_x=a%5Ctb')).text).toBe(
    '{"x":"a\\tb"}\n',
  );
  expect(
    (await ask(reader, 'SELECT toUInt64(1) AS a FORMAT JSONEachRow', 'output_format_json_quote_64bit_integers=1')).text,
  ).toBe('{"a":"1"}\n');
});

test('every statement that writes or commands is refused', async () => {
  for (const query of [
    'INSERT INTO t VALUES (1, 2)',
    'INSERT INTO t SELECT 1, 2',
    'insert into t format CSV 1,2',
    'CREATE TABLE z (a Int8) ENGINE = Memory',
    'CREATE TEMPORARY TABLE z (a Int8)',
    'CREATE VIEW z AS SELECT 1',
    'CREATE FUNCTION f AS x -> x',
    'ALTER TABLE t ADD COLUMN c Int8',
    'ALTER TABLE t DELETE WHERE 1',
    'DELETE FROM t WHERE 1',
    'UPDATE t SET b = 1 WHERE 1',
    'DROP TABLE t',
    'DROP DATABASE default',
    'TRUNCATE TABLE t',
    'RENAME TABLE t TO u',
    'EXCHANGE TABLES t AND u',
    'OPTIMIZE TABLE t',
    'SYSTEM FLUSH LOGS',
    'SYSTEM SHUTDOWN',
    'SYSTEM STOP MERGES',
    'ATTACH TABLE q',
    'DETACH TABLE t',
    'UNDROP TABLE t',
    'KILL QUERY WHERE 1',
    'KILL MUTATION WHERE 1',
    "BACKUP TABLE t TO File('b')",
    "BACKUP TABLE t TO S3('http://127.0.0.1:1/b', 'k', 's')",
    "RESTORE TABLE t FROM Disk('d', 'b')",
    'GRANT SELECT ON *.* TO default',
    'CREATE USER u',
    'SET ROLE NONE',
    'SET readonly = 0',
    'SET max_threads = 1',
    'USE system',
    'CHECK TABLE t',
    'EXISTS TABLE `/etc/hostname`',
    'BEGIN TRANSACTION',
    'MOVE USER u TO v',
    'EXECUTE AS default SELECT 1',
    "CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(FILE(path '/etc/hostname' format 'TSV')) LIFETIME(1) LAYOUT(FLAT())",
  ])
    expect([164, 62, 497], query).toContain(await code(query));
  expect(await code('SELECT 1; DROP TABLE t')).toBe(62);
  expect(await code('SELECT 1 SETTINGS readonly = 0')).toBe(164);
  const nested = await ask(reader, "SELECT getSetting('readonly') FROM (SELECT 1 SETTINGS readonly = 0)");
  expect(nested.text).not.toBe('0\n');
  expect(await code('EXISTS TABLE t')).toBe(164);
  expect((await ask(server, 'SELECT count() FROM t')).text).toBe('0\n');
});

test('the address cannot lift it, nor name files', async () => {
  expect(await code('DROP TABLE t', 'readonly=0')).toBe(164);
  expect(await code('CREATE TABLE z (a Int8) ENGINE = Memory', 'readonly=2')).toBe(164);
  expect((await ask(reader, "SELECT getSetting('readonly')", 'readonly=0')).text).toBe('1\n');
  for (const setting of [
    'format_schema=/etc/passwd',
    'output_format_schema=/tmp/x',
    'allow_ddl=1',
    'allow_introspection_functions=1',
    'user_files_path=/',
    'max_memory_usage=0',
    'format_template_row=/etc/passwd',
    'log_queries=1',
    'max_result_bytes=0',
  ]) {
    expect(await code('SELECT 1', setting), setting).toBe(164);
  }
  expect((await ask(reader, "SELECT getSetting('max_execution_time')", 'max_execution_time=0')).text).toBe('3\n');
  expect((await ask(reader, "SELECT getSetting('max_execution_time')", 'max_execution_time=1')).text).toBe('1\n');
});

test('files, programs and other machines are out of reach', async () => {
  const secret = join(directory, 'db', 'secret.csv');
  writeFileSync(secret, 'secret\n');
  const written = join(directory, 'written');
  for (const query of [
    `SELECT 1 INTO OUTFILE '${written}'`,
    `SELECT 1 INTO/**/outfile '${written}' FORMAT CSV`,
    `(SELECT 1) INTO OUTFILE '${written}'`,
    `EXPLAIN SELECT 1 INTO OUTFILE '${written}'`,
    `SHOW TABLES INTO OUTFILE '${written}'`,
    `DESCRIBE t INTO OUTFILE '${written}' TRUNCATE`,
    `SELECT file('${secret}')`,
    `SELECT \`f\\x69le\`('${secret}')`,
    `SELECT file /* */ ('${secret}')`,
    `SELECT "file"('${secret}')`,
    `SELECT * FROM file('${secret}', CSV, 'a String')`,
    `SELECT * FROM FILE('${secret}')`,
    `DESCRIBE TABLE file('${secret}')`,
    `SELECT * FROM '${secret}'`,
    `SELECT * FROM \`${secret}\``,
    `SELECT * FROM default.\`${secret}\``,
    `SELECT 'a' IN \`${secret}\``,
    `DESCRIBE \`${secret}\``,
    `SELECT * FROM \`package.json\``,
    `SELECT arrayMap(x -> file(x), ['${secret}'])`,
    `SELECT * FROM (SELECT * FROM file('${secret}'))`,
    `WITH x AS (SELECT * FROM file('${secret}')) SELECT * FROM x`,
    `EXPLAIN SELECT * FROM file('${secret}')`,
    `SELECT * FROM view(SELECT file('${secret}'))`,
    `EXPLAIN AST SELECT file('${secret}')`,
    "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
    "DESCRIBE TABLE url('http://127.0.0.1:1/')",
    'SELECT * FROM filesystem()',
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/x', 'TSV', 'a String')",
    "DESCRIBE TABLE s3('http://127.0.0.1:1/bucket/x')",
    "SELECT * FROM remote('127.0.0.1:1', system.one)",
    "SELECT * FROM remoteSecure('127.0.0.1:1', system.one)",
    "SELECT * FROM cluster('c', system.one)",
    "SELECT * FROM clusterAllReplicas('c', system.one)",
    "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:1', 'd', 't', 'u', 'p') PARTITION BY a",
    "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM mongodb('127.0.0.1:1', 'd', 'c', 'u', 'p', 'a String')",
    "SELECT * FROM redis('127.0.0.1:1', 'k', 'k String')",
    "SELECT * FROM sqlite('/tmp/x', 't')",
    "SELECT * FROM hdfs('hdfs://127.0.0.1:1/x')",
    "SELECT * FROM executable('cat', 'TSV', 'a String')",
    "SELECT * FROM jdbc('d', 's', 't')",
    "SELECT * FROM odbc('d', 's', 't')",
    "SELECT * FROM iceberg('http://127.0.0.1:1/b/x')",
    "SELECT * FROM icebergLocal('/tmp')",
    "SELECT * FROM deltaLake('http://127.0.0.1:1/b/x')",
    "SELECT * FROM deltaLakeLocal('/tmp')",
    "SELECT * FROM hudi('http://127.0.0.1:1/b/x')",
    "SELECT * FROM azureBlobStorage('a', 'b', 'c')",
    "SELECT * FROM gcs('http://127.0.0.1:1/b/x')",
    "SELECT * FROM oss('http://127.0.0.1:1/b/x')",
    "SELECT * FROM ytsaurus('a', 'b', 'c', 'a String')",
    "SELECT * FROM fileCluster('c', 'f')",
    "SELECT * FROM urlCluster('c', 'u')",
    "SELECT * FROM paimon('http://127.0.0.1:1/b/x')",
    "SELECT * FROM merge('system', 'models')",
    'SELECT * FROM loop(numbers(1))',
    "SELECT * FROM dictionary('d')",
    "SELECT * FROM input('a String')",
    "SELECT * FROM arrowstream('x')",
    "SELECT catboostEvaluate('/etc/hostname', 1)",
    "SELECT aiGenerate('x')",
    'SELECT * FROM system.models',
    'SELECT * FROM system . `models`',
    'SELECT * FROM system.stack_trace',
    'SELECT addressToLine(1)',
    "SELECT * FROM eval('select 1')",
  ])
    expect(await code(query), query).not.toBe('ok');
  expect(await code('SELECT * FROM models', 'database=system')).toBe(497);
  expect(existsSync(written)).toBe(false);
});

test('every table function of the engine is denied or known to be harmless', async () => {
  const names = (await ask(server, 'SELECT name FROM system.table_functions ORDER BY name')).text.trim().split('\n');
  const open: string[] = [];
  for (const name of names) {
    const argument = name === 'viewIfPermitted' ? "SELECT 1 ELSE null('a Int8')" : '';
    if ((await code(`EXPLAIN AST SELECT * FROM \`${name}\`(${argument})`)) !== 497) open.push(name);
  }
  expect(open).toEqual([
    'format',
    'generateRandom',
    'generateSeries',
    'generate_series',
    'mergeTreeIndex',
    'mergeTreeProjection',
    'null',
    'numbers',
    'numbers_mt',
    'primes',
    'prometheusQuery',
    'prometheusQueryRange',
    'timeSeriesData',
    'timeSeriesMetrics',
    'timeSeriesSamples',
    'timeSeriesSelector',
    'timeSeriesTags',
    'values',
    'view',
    'zeros',
    'zeros_mt',
  ]);
});

test('a query has its time', async () => {
  const started = Date.now();
  expect(await code('SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 0')).toBe(159);
  expect(Date.now() - started).toBeLessThan(15_000);
});
