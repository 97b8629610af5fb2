/**
 * How many bytes a sample takes in ClickHouse by the encoding of its value: what storage/clickhouse/value-encoding.ts and the
 * codecs in storage/clickhouse/schema.ts were chosen by. Prints a table.
 *
 *     node dist/bench/encoding.js [minutes of scraping the node exporter, default 2]
 *
 * Bytes per value, after all merges (id and ts add 0.06):
 *
 *     encoding                                          containers   node exporter   computed floats
 *     Float64 Gorilla, ZSTD(1)                             1.96          1.04             6.19
 *     Float64 Delta, ZSTD(1)                               1.82          0.93             6.22
 *     Float64 ALP, ZSTD(1) (an experimental codec)         1.64          0.68             5.57
 *     decimal GCD, DoubleDelta, T64('bit'), ZSTD(1)        1.45          0.78             7.04
 *     decimal Delta, ZSTD(1)                               1.21          0.49             6.07
 *     decimal GCD, T64('bit'), ZSTD(1)                     1.20          0.53             5.40
 *     decimal GCD, Delta, T64('byte'), ZSTD(1)             1.11          0.50             5.61
 *     decimal GCD, Delta, T64('bit'), ZSTD(1)   chosen     1.00          0.47             5.11
 *     the same with ZSTD(6), inserts 25 % slower           0.96          0.43             5.07
 *     the same, others apart as Float64 Delta, ZSTD(1)     1.00          0.46             5.92
 *
 * So values without a mantissa are kept in the mantissa's column as bits: a column of their own costs more, not less. The node
 * exporter is asked every half second and stored as if every 15 s, so its counters move less than they would.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbeddedClient } from '../storage/clickhouse/embedded-client.ts';
import { encodeNativeBlock } from '../storage/clickhouse/native-writer.ts';
import { mantissaAt, RAW, scaleFor } from '../storage/clickhouse/value-encoding.ts';
import { ContainerMix } from './container-mix.ts';

/** Samples of many series: [series, tick] by series' text. */
type Dataset = Map<string, number[]>;

const INTERVAL = 15_000;
const START = Date.UTC(2026, 0, 15);
const NEVER = new AbortController().signal;

interface Encoding {
  readonly name: string;
  /** Columns of the table and the expressions that fill them. */
  readonly columns: readonly (readonly [name: string, definition: string, expression: string])[];
}

const value = (codec: string): Encoding => ({
  name: `Float64 ${codec}`,
  columns: [['value', `Float64 CODEC(${codec})`, 'value']],
});
const decimal = (codec: string): Encoding => ({
  name: `decimal ${codec}`,
  columns: [
    ['mantissa', `Int64 CODEC(${codec})`, 'mantissa'],
    ['scale', 'Int8 CODEC(ZSTD(1))', 'scale'],
  ],
});
const decimalBesideRaw = (codec: string, raw: string): Encoding => ({
  name: `decimal ${codec}, others apart as Float64 ${raw}`,
  columns: [
    ['mantissa', `Int64 CODEC(${codec})`, 'if(scale >= 0, mantissa, 0)'],
    ['scale', 'Int8 CODEC(ZSTD(1))', 'scale'],
    ['raw', `Float64 CODEC(${raw})`, 'if(scale >= 0, 0, value)'],
  ],
});

const ENCODINGS: readonly Encoding[] = [
  value('ZSTD(1)'),
  value('Gorilla, ZSTD(1)'),
  value('Delta, ZSTD(1)'),
  value('ALP, ZSTD(1)'),
  decimal('Delta, ZSTD(1)'),
  decimal('DoubleDelta, ZSTD(1)'),
  decimal("T64('bit'), ZSTD(1)"),
  decimal("Delta, T64('bit'), ZSTD(1)"),
  decimal("GCD, Delta, T64('bit'), ZSTD(1)"),
  decimal("Delta, GCD, T64('bit'), ZSTD(1)"),
  decimal("GCD, Delta, T64('bit'), ZSTD(3)"),
  decimal("GCD, Delta, T64('bit'), ZSTD(6)"),
  decimal("GCD, Delta, T64('byte'), ZSTD(1)"),
  decimal('GCD, Delta, ZSTD(1)'),
  decimal('GCD, Delta, ZSTD(3)'),
  decimal("GCD, T64('bit'), ZSTD(1)"),
  decimal("GCD, DoubleDelta, T64('bit'), ZSTD(1)"),
  decimalBesideRaw("GCD, Delta, T64('bit'), ZSTD(1)", 'Delta, ZSTD(1)'),
  decimalBesideRaw("GCD, Delta, T64('bit'), ZSTD(1)", 'Gorilla, ZSTD(1)'),
];

/** Six hours of 20 containers. */
function containers(): Dataset {
  const data: Dataset = new Map();
  const mix = new ContainerMix({ target: 1, series: 960, interval: INTERVAL / 1000, lifetime: 0 });
  const page = Buffer.alloc(mix.maxLength);
  for (let tick = 0; tick < 1440; tick++) addPage(data, page.toString('latin1', 0, mix.write(page, tick)));
  return data;
}

/** A real machine: the node exporter, asked twice a second and stored as if every 15 s. */
async function nodeExporter(minutes: number): Promise<Dataset> {
  const port = await freePort();
  const exporter = spawn('prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  const data: Dataset = new Map();
  try {
    await sleep(1000);
    for (const end = Date.now() + minutes * 60_000; Date.now() < end; await sleep(500)) {
      addPage(
        data,
        await (await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5000) })).text(),
      );
    }
  } finally {
    exporter.kill();
  }
  return data;
}

/** What programs compute rather than count: ratios, latencies, averages, sums of floats. */
function computedFloats(): Dataset {
  const data: Dataset = new Map();
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  for (let i = 0; i < 40; i++) {
    const columns: Record<string, number[]> = {
      ratio: [],
      latency_seconds: [],
      average: [],
      latency_seconds_sum: [],
      percent: [],
    };
    let sum = 0;
    let hits = 0;
    let all = 0;
    for (let tick = 0; tick < 1440; tick++) {
      all += Math.floor(random() * 50);
      hits += Math.floor(random() * 40);
      const latency = Math.exp(-4 + random() + Math.sin(tick / 100));
      sum += latency;
      columns.ratio!.push(all === 0 ? 0 : hits / all);
      columns.latency_seconds!.push(latency);
      columns.average!.push(sum / (tick + 1));
      columns.latency_seconds_sum!.push(sum);
      columns.percent!.push(Math.round(random() * 1000) / 10);
    }
    for (const [name, values] of Object.entries(columns)) data.set(`${name}{instance="${i}"}`, values);
  }
  return data;
}

function addPage(data: Dataset, page: string): void {
  for (const line of page.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const space = line.lastIndexOf(' ');
    const key = line.slice(0, space);
    const text = line.slice(space + 1);
    const values = data.get(key);
    const number = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
    if (values === undefined) data.set(key, [number]);
    else values.push(number);
  }
}

/** The rows as a Native file, encoded as the writer does it: one scale per series, bits once a value has none. */
function nativeFile(data: Dataset): Uint8Array {
  let rows = 0;
  for (const values of data.values()) rows += values.length;
  const metrics = new Map<string, number>();
  const metric = new Uint32Array(rows);
  const id = new BigUint64Array(rows);
  const ts = new BigInt64Array(rows);
  const raw = new Float64Array(rows);
  const mantissa = new BigInt64Array(rows);
  const scales = new Int8Array(rows);
  const bits = new DataView(new ArrayBuffer(8));
  let row = 0;
  let series = 1n;
  for (const [key, values] of data) {
    const name = /^[^{]+/.exec(key)![0];
    if (!metrics.has(name)) metrics.set(name, metrics.size);
    // Ids are hashes: no order among the series of a metric, all bits in use.
    series = (series * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    let scale = 0;
    for (const [tick, number] of values.entries()) {
      if (scale !== RAW && Number.isNaN(mantissaAt(number, scale))) scale = scaleFor(number, 0);
      metric[row] = metrics.get(name)!;
      id[row] = series;
      ts[row] = BigInt(START + tick * INTERVAL);
      raw[row] = number;
      bits.setFloat64(0, number);
      mantissa[row] = scale === RAW ? bits.getBigInt64(0) : BigInt(mantissaAt(number, scale));
      scales[row] = scale;
      row++;
    }
  }
  return Buffer.concat(
    encodeNativeBlock(rows, [
      { name: 'metric', type: 'LowCardinality(String)', data: { strings: [...metrics.keys()], indexes: metric } },
      { name: 'id', type: 'UInt64', data: id },
      { name: 'ts', type: "DateTime64(3, 'UTC')", data: ts },
      { name: 'value', type: 'Float64', data: raw },
      { name: 'mantissa', type: 'Int64', data: mantissa },
      { name: 'scale', type: 'Int8', data: scales },
    ]),
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const directory = mkdtempSync(join(tmpdir(), 'pharos-encoding-'));
const client = openEmbeddedClient({ path: join(directory, 'db') });
try {
  await client.command('SET allow_experimental_codecs = 1');
  const datasets: Record<string, Dataset> = {
    containers: containers(),
    'node exporter': await nodeExporter(Number(process.argv[2] ?? 2)),
    'computed floats': computedFloats(),
  };
  const results = new Map<string, string[]>();
  for (const [name, data] of Object.entries(datasets)) {
    const path = join(directory, 'rows.native');
    writeFileSync(path, nativeFile(data));
    for (const { name: encoding, columns } of ENCODINGS) {
      const list = (pick: (column: (typeof columns)[number]) => string) => columns.map(pick).join(', ');
      await client.command('DROP TABLE IF EXISTS t');
      await client.command(
        `CREATE TABLE t (metric LowCardinality(String) CODEC(ZSTD(1)), id UInt64 CODEC(ZSTD(1)),
         ts DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)), ${list(([column, type]) => `${column} ${type}`)})
         ENGINE = MergeTree PARTITION BY toDate(ts) ORDER BY (metric, toStartOfHour(ts), id, ts)
         SETTINGS min_bytes_for_wide_part = 0`,
      );
      const started = performance.now();
      await client.command(
        `INSERT INTO t SELECT metric, id, ts, ${list(([, , expression]) => expression)} FROM file('${path}', Native)`,
      );
      const inserted = performance.now() - started;
      await client.command('OPTIMIZE TABLE t FINAL');
      const sizes = await client.query<{ name: string; size: string }>(
        `SELECT column AS name, toString(sum(column_data_compressed_bytes)) AS size FROM system.parts_columns
         WHERE table = 't' AND active GROUP BY column`,
        NEVER,
      );
      const [counted] = await client.query<{ rows: string }>('SELECT toString(count()) AS rows FROM t', NEVER);
      const rows = Number(counted!.rows);
      const bytes = (which: (column: string) => boolean) =>
        sizes.filter((size) => which(size.name)).reduce((sum, size) => sum + Number(size.size), 0) / rows;
      const values = bytes((column) => !['metric', 'id', 'ts'].includes(column));
      const cell = `${values.toFixed(2)} (${bytes(() => true).toFixed(2)}, ${(rows / inserted / 1000).toFixed(1)}M/s)`;
      results.set(encoding, [...(results.get(encoding) ?? []), cell]);
    }
    const samples = [...data.values()].reduce((sum, values) => sum + values.length, 0);
    process.stdout.write(`${name}: ${data.size} series, ${samples} samples\n`);
  }
  process.stdout.write('\nBytes per value (and per sample; speed of the insert)\n');
  process.stdout.write(
    `| encoding | ${Object.keys(datasets).join(' | ')} |\n|---|${'---|'.repeat(Object.keys(datasets).length)}\n`,
  );
  for (const [encoding, cells] of results) process.stdout.write(`| ${encoding} | ${cells.join(' | ')} |\n`);
} finally {
  await client.close();
  rmSync(directory, { recursive: true, force: true });
}
