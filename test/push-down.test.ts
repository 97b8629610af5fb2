import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEngine } from '../query/engine.ts';
import type { MatrixSeries, QueryEngine, QueryResult } from '../query/query-result.ts';
import type { Appender } from '../storage/appender.ts';
import { openEmbeddedClient } from '../storage/clickhouse/embedded-client.ts';
import { startClickHouseHttpServer } from '../storage/clickhouse/http-server.ts';
import { ClickHouseQuerier } from '../storage/clickhouse/querier.ts';
import { type ClickHouseStorage, openClickHouseStorage } from '../storage/clickhouse/storage.ts';
import { Labels } from '../storage/labels.ts';
import type { Querier } from '../storage/querier.ts';
import { Random } from './differential/random.ts';

/** More with `PHAROS_PUSH_DOWN_RUNS=20000 npx vitest run test/push-down.test.ts`; another seed with `…_SEED`. */
const RUNS = Number(process.env.PHAROS_PUSH_DOWN_RUNS ?? 60);
const SEED = Number(process.env.PHAROS_PUSH_DOWN_SEED ?? 1);
const DATASETS = 4;
const START = Date.UTC(2026, 0, 1, 23, 30);
const LENGTH = 3_600_000;

let storage: ClickHouseStorage;
let embedded: Querier;
/** The largest value of those that are not odd. */
let largest = 0;
const cleanups: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pharos-push-down-'));
  cleanups.push(async () => rmSync(dataDir, { recursive: true, force: true }));
  const client = openEmbeddedClient({ path: join(dataDir, 'db') });
  cleanups.push(() => client.close());
  const server = await startClickHouseHttpServer({
    session: client.session,
    openSession: () => client.openSession(),
    listen: { host: '127.0.0.1', port: 0 },
    readOnly: false,
  });
  cleanups.push(() => server.close());
  const clickhouse = { server: { url: server.url } };
  storage = await openClickHouseStorage({ clickhouse, dataDir, retention: 0, commitInterval: 1 });
  cleanups.push(() => storage.close(10_000));
  await storage.flush(AbortSignal.timeout(20_000));
  embedded = new ClickHouseQuerier({ client, maxSeries: 1000, ready: () => {} });
  const random = new Random(SEED);
  // Parts must stay apart, so that of samples with one time the last written has to be found when they are read.
  await storage.client.command('SYSTEM STOP MERGES samples');
  for (let dataset = 0; dataset < DATASETS; dataset++) await writeDataset(storage, String(dataset), random);
}, 60_000);

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

const METRICS = ['requests_total', 'errors_total', 'memory', 'odd', 'sparse_total', 'ends_total'] as const;

async function writeDataset(to: ClickHouseStorage, dataset: string, random: Random): Promise<void> {
  const series = METRICS.flatMap((metric) =>
    ['1', '2', '3'].flatMap((a) => random.some(['x', 'y', 'z'], 0.7).map((b) => ({ metric, a, b }))),
  );
  const write = ({ metric, a, b }: (typeof series)[number], kept: number) => {
    const samples = samplesOf(metric, random).filter(() => random.chance(kept));
    return append(to.appender, Labels.from({ __name__: metric, dataset, a, b }), samples);
  };
  await Promise.all(series.map((one) => write(one, 1)));
  await to.flush(AbortSignal.timeout(20_000));
  await Promise.all(random.some(series, 0.3).map((one) => write(one, 0.3)));
  await to.flush(AbortSignal.timeout(20_000));
}

interface OneSample {
  readonly time: number;
  readonly value: number;
  readonly stale: boolean;
}

function samplesOf(metric: (typeof METRICS)[number], random: Random): OneSample[] {
  const samples: OneSample[] = [];
  const distance = metric === 'sparse_total' ? 240_000 : random.pick([15_000, 30_000, 10_000]);
  const regular = random.chance(0.5);
  let value = random.integer(0, 1000) / 8;
  const end = START + LENGTH - (random.chance(0.3) ? random.integer(0, LENGTH) : 0);
  for (let time = START; time <= end; ) {
    const stale = random.chance(metric === 'ends_total' ? 0.1 : 0.01);
    if (metric !== 'odd') largest = Math.max(largest, Math.abs(value));
    samples.push({ time, value: stale ? Number.NaN : value, stale });
    if (metric === 'odd' && random.chance(0.4)) {
      value = random.pick([Number.NaN, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -3, 1e300]);
    } else if (metric === 'memory') value += random.integer(-50, 50) / 10;
    else value = random.chance(0.1) ? random.integer(0, 40) / 8 : value + random.integer(0, 100) / 10;
    // Thirds are stored as they are, not as decimals.
    if (random.chance(0.05)) value /= 3;
    time += random.chance(0.03)
      ? random.integer(1, 20) * distance
      : regular
        ? distance
        : random.integer(1, 2 * distance);
  }
  return samples;
}

async function append(appender: Appender, labels: Labels, samples: readonly OneSample[]): Promise<void> {
  const ref = appender.acquire(labels);
  await appender.append({
    length: samples.length,
    refs: new Uint32Array(samples.length).fill(ref),
    timestamps: Float64Array.from(samples, ({ time }) => time),
    values: Float64Array.from(samples, ({ value }) => value),
    stale: Uint8Array.from(samples, ({ stale }) => (stale ? 1 : 0)),
  });
}

interface Query {
  readonly expr: string;
  readonly start: number;
  readonly end: number;
  /** 0 for an instant query. */
  readonly step: number;
}

const FUNCTIONS = 'rate increase delta irate idelta changes resets last_over_time'.split(' ');
/** Those whose answers differ by rounding; it must not decide over the comparison below. */
const ROUNDED = /\b(rate|increase|delta|irate|sum|avg)\b/;

function randomQuery(random: Random): Query {
  const dataset = random.integer(0, DATASETS - 1);
  const name = random.chance(0.1)
    ? `__name__=~"${random.pick(['requests_total|errors_total', 'memory|odd', '.*_total'])}"`
    : `__name__="${random.pick(METRICS)}"`;
  const matchers = [name, `dataset="${dataset}"`, ...random.some(['a="1"', 'b=~"x|y"', 'a!="2"', 'b="none"'], 0.12)];
  const selector = `{${matchers.join(',')}}`;
  const time = () => START + random.integer(-600, 4200) * 1000 + (random.chance(0.1) ? random.integer(0, 999) : 0);
  const moved =
    random.pick(['', '', '', ' offset 5m', ' offset -7m', ' offset 17s', ' offset 1500ms']) +
    random.weighted([
      [8, ''],
      [1, ` @ ${time() / 1000}`],
      [1, random.pick([' @ start()', ' @ end()'])],
    ]);
  const inner = random.weighted([
    [3, () => `${selector}${moved}`],
    [1, () => `timestamp(${selector}${moved})`],
    [
      8,
      () =>
        `${random.pick(FUNCTIONS)}(${selector}[${random.pick(['5m', '1m', '30s', '37s', '20m', '1500ms'])}]${moved})`,
    ],
  ])();
  const aggregate = random.chance(0.6)
    ? `${random.pick(['sum', 'avg', 'count', 'min', 'max', 'group'])}${random.pick(['', ' by (a)', ' by (b, a)', ' without (b)', ' by (__name__)', ' without (nothing)', ' by (nothing)'])}`
    : undefined;
  const plain = aggregate === undefined ? inner : `${aggregate} (${inner})`;
  const expr = random.weighted([
    [8, plain],
    [1, `max_over_time(${aggregate === undefined ? `(${inner})` : plain}[10m:47s])`],
    [1, `abs(${plain}) > 1.0307 or ${plain}`],
  ]);
  const start = time();
  if (random.chance(0.3)) return { expr, start, end: start, step: 0 };
  const step = random.pick([15_000, 30_000, 60_000, 7000, 300_000, 1500]);
  return {
    expr,
    start,
    end: start + step * random.integer(0, 60) + random.integer(0, step - 1),
    step,
  };
}

type Answer = Pick<QueryResult, 'warnings' | 'infos'> & { readonly series: readonly MatrixSeries[] };

async function ask(engine: QueryEngine, { expr, start, end, step }: Query): Promise<Answer | string> {
  const signal = AbortSignal.timeout(20_000);
  try {
    const result = await (step === 0
      ? engine.instant({ expr, time: start }, signal)
      : engine.range({ expr, start, end, step }, signal));
    const { value, warnings, infos } = result;
    if (value.type === 'matrix') return { series: value.series, warnings, infos };
    if (value.type !== 'vector') throw new Error(`a ${value.type} came of ${expr}`);
    const series = value.samples.map(({ labels, timestamp, value: only }) => {
      return { labels, timestamps: Float64Array.of(timestamp), values: Float64Array.of(only) };
    });
    return { series, warnings, infos };
  } catch (error) {
    if (error instanceof Error && error.name === 'QueryError') return error.message;
    throw error;
  }
}

/** Counts what the store computed itself. */
function counting(querier: Querier): { readonly querier: Querier; computed: number; groups: number } {
  const counted = {
    computed: 0,
    groups: 0,
    querier: {
      select: async (selection, signal) => {
        const set = await querier.select(selection, signal);
        const grids: typeof set.grids = async (request) => {
          const rows = await set.grids?.(request);
          if (rows !== undefined && request.grouping !== undefined) counted.groups++;
          else if (rows !== undefined) counted.computed++;
          return rows;
        };
        return { ...set, grids };
      },
      series: (filter, signal) => querier.series(filter, signal),
      labelNames: (filter, signal) => querier.labelNames(filter, signal),
      labelValues: (name, filter, signal) => querier.labelValues(name, filter, signal),
      metadata: (metric, limit, signal) => querier.metadata(metric, limit, signal),
    } satisfies Querier,
  };
  return counted;
}

/** What is wrong with `pushed`, or undefined. Values may differ by the greater of the tolerances. */
function difference(
  raw: Answer,
  pushed: Answer,
  { relative, absolute }: { relative: number; absolute: number },
): string | undefined {
  const names = ({ series }: Answer) => series.map(({ labels }) => labels.toString());
  if (JSON.stringify(names(raw)) !== JSON.stringify(names(pushed))) return `series ${names(raw)} and ${names(pushed)}`;
  const notes = ({ warnings, infos }: Answer) => JSON.stringify([[...warnings].sort(), [...infos].sort()]);
  if (notes(raw) !== notes(pushed)) return `annotations ${notes(raw)} and ${notes(pushed)}`;
  for (const [index, { labels, timestamps, values }] of raw.series.entries()) {
    const other = pushed.series[index]!;
    if (timestamps.join() !== other.timestamps.join())
      return `times of ${labels}: ${timestamps} and ${other.timestamps}`;
    for (const [i, value] of values.entries()) {
      const found = other.values[i]!;
      if (value === found || (Number.isNaN(value) && Number.isNaN(found))) continue;
      const allowed = Math.max(relative * Math.max(Math.abs(value), Math.abs(found)), absolute);
      if (!(Math.abs(value - found) <= allowed)) return `${labels} at ${timestamps[i]}: ${value} and ${found}`;
    }
  }
  return undefined;
}

async function agree(runs: number, querier: Querier, features: ReadonlySet<string>, seed: number): Promise<void> {
  const random = new Random(seed);
  const store = counting(querier);
  const raw = createEngine({ querier, features });
  const pushing = createEngine({ querier: store.querier, features, pushDown: 'always' });
  let values = 0;
  let cancelled = 0;
  for (let run = 0; run < runs; run++) {
    const query = randomQuery(random);
    const [one, other] = [await ask(raw, query), await ask(pushing, query)];
    const about = `${query.expr} from ${query.start} to ${query.end} step ${query.step}`;
    if (typeof one === 'string' || typeof other === 'string') {
      expect(other, about).toEqual(one);
      continue;
    }
    for (const series of one.series) values += series.values.length;
    const relative = ROUNDED.test(query.expr) ? 1e-12 : 0;
    const wrong = difference(one, other, { relative, absolute: 0 });
    if (wrong === undefined) continue;
    // What great terms leave of each other has their rounding: deltas in a sum, a counter's samples around a reset.
    const absolute = relative === 0 ? 0 : 100 * Number.EPSILON * largest;
    expect(difference(one, other, { relative, absolute }), about).toBe(undefined);
    cancelled++;
  }
  expect(cancelled).toBeLessThan(1 + runs / 50);
  expect(values).toBeGreaterThan(runs);
  expect(store.computed).toBeGreaterThan(runs / 10);
  expect(store.groups).toBeGreaterThan(runs / 10);
}

test('a plan tells what the store computes', async () => {
  const expr = 'sum by (a) (rate(requests_total{dataset="0"}[5m]))';
  const range = { expr, start: START, end: START + LENGTH, step: 60_000, explain: true };
  const engine = createEngine({ querier: embedded, pushDown: 'auto' });
  const { explain, stats } = await engine.range(range, AbortSignal.timeout(20_000));
  expect(explain).toMatchObject({ operator: 'pushed', runs: 1, operands: [{ operator: 'aggregate sum by(a)' }] });
  const never = await createEngine({ querier: embedded }).range(range, AbortSignal.timeout(20_000));
  expect(never.explain).toMatchObject({ operator: 'aggregate sum by(a)', runs: 1 });
  expect(stats.peakSamples).toBeLessThan(never.stats.peakSamples / 2);
});

const NONE: ReadonlySet<string> = new Set();
const DELAYED: ReadonlySet<string> = new Set(['promql-delayed-name-removal']);

test.each([
  ['names are dropped at once', NONE],
  ['names are dropped at the end', DELAYED],
] as const)(
  'the answer does not depend on who computes it: %s',
  async (_, features) => {
    await agree(RUNS, embedded, features, SEED);
  },
  20_000 + RUNS * 200,
);

test(
  "the same over ClickHouse's HTTP interface",
  async () => {
    await agree(Math.ceil(RUNS / 4), storage.querier, NONE, SEED + 1);
  },
  20_000 + RUNS * 200,
);
