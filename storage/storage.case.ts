import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alertLogCases } from './alert-log.case.ts';
import { allOf } from './all-of.case.ts';
import { StorageError } from './errors.ts';
import { Labels } from './labels.ts';
import { logCases } from './logs.case.ts';
import { Matcher, type MatchOp } from './matcher.ts';
import type { SeriesFilter } from './querier.ts';
import { readSamples } from './read-samples.ts';
import { SampleTable } from './sample-table.ts';
import type { Sample, SampleBatch } from './series.ts';
import type { Storage } from './storage.ts';

/** A store that the suite opened, and what takes its traces away. */
export interface OpenedStorage {
  readonly storage: Storage;
  readonly dispose: () => Promise<void>;
}

/** One series to append: its labels and its samples. */
export interface TestSeries {
  readonly labels: Labels;
  readonly samples: readonly Sample[];
}

const NEVER = new AbortController().signal;
/** Sample without a stale flag. */
export function sample(timestamp: number, value: number): Sample {
  return { timestamp, value, stale: false };
}

/** A batch of all samples of the series, series after series, with refs acquired from the store. */
export function batchOf(storage: Storage, series: readonly TestSeries[]): SampleBatch {
  const length = series.reduce((sum, one) => sum + one.samples.length, 0);
  const batch = {
    length,
    refs: new Uint32Array(length),
    timestamps: new Float64Array(length),
    values: new Float64Array(length),
    stale: new Uint8Array(length),
  };
  let row = 0;
  for (const { labels, samples } of series) {
    const ref = storage.appender.acquire(labels);
    for (const { timestamp, value, stale } of samples) {
      batch.refs[row] = ref;
      batch.timestamps[row] = timestamp;
      batch.values[row] = value;
      batch.stale[row] = stale ? 1 : 0;
      row++;
    }
  }
  return batch;
}

/** Appends, waits until it is durable and visible, and releases the refs. */
export async function write(storage: Storage, series: readonly TestSeries[]): Promise<void> {
  const batch = batchOf(storage, series);
  const refs = new Set(batch.refs);
  const appended = storage.appender.append(batch);
  storage.appender.release(refs);
  await Promise.all([appended, storage.flush(NEVER)]);
}

/** What a selection gives, by the series' text; fails when a block breaks the contract. */
export async function read(
  storage: Storage,
  matchers: readonly Matcher[],
  range: { start: number; end: number },
): Promise<Map<string, Sample[]>> {
  const set = await storage.querier.select({ matchers, ...range }, NEVER);
  for (let i = 1; i < set.series.length; i++)
    expect(Labels.compare(set.series[i - 1]!, set.series[i]!)).toBeLessThan(0);
  const found = await readSamples(set);
  for (const samples of found) {
    for (let i = 1; i < samples.length; i++) {
      expect(samples[i]!.timestamp).toBeGreaterThan(samples[i - 1]!.timestamp);
    }
  }
  return new Map(set.series.map((labels, index) => [labels.toString(), found[index]!]));
}

function series(labels: Record<string, string>, samples: readonly Sample[]): TestSeries {
  return { labels: Labels.from(labels), samples };
}

function is(name: string, op: MatchOp, value: string): Matcher {
  return new Matcher(name, op, value);
}

function named(metric: string): Matcher {
  return is('__name__', '=', metric);
}

/**
 * What every Storage must do. `open` gives an empty one; the suite opens one for itself, and others where a test needs its own
 * (`oneAtATime`: then the shared one is closed first, because the engine can be open only once in a process).
 * `T0` is when its samples are, about: a whole hour, so that tests say where the hours' borders are.
 */
export function storageSuite(name: string, open: () => Promise<OpenedStorage>, T0 = Date.UTC(2026, 0, 15, 12)): void {
  describe(name, () => {
    let opened: OpenedStorage;
    let storage: Storage;
    let counter = 0;
    /** A metric name that no other test has. */
    const fresh = () => `test_${++counter}`;
    const around = { start: T0 - 3_600_000, end: T0 + 3_600_000 };

    beforeAll(async () => {
      opened = await open();
      storage = opened.storage;
    });
    afterAll(() => opened.dispose());

    describe('samples', () => {
      test('are read as they were written, with the labels of their series in order', async () => {
        const metric = fresh();
        await write(storage, [
          series({ __name__: metric, job: 'b', instance: 'x' }, [sample(T0, 1.5), sample(T0 + 15_000, -2)]),
          series({ __name__: metric, job: 'a' }, [sample(T0, 3)]),
          series({ __name__: metric, Zone: 'upper case sorts before __name__' }, [sample(T0, 4)]),
        ]);
        const found = await read(storage, [named(metric)], around);
        expect([...found]).toEqual([
          [`${metric}{Zone="upper case sorts before __name__"}`, [sample(T0, 4)]],
          [`${metric}{instance="x", job="b"}`, [sample(T0, 1.5), sample(T0 + 15_000, -2)]],
          [`${metric}{job="a"}`, [sample(T0, 3)]],
        ]);
      });

      test('keep every double exactly', async () => {
        const metric = fresh();
        const chosen = [
          0,
          -0,
          1,
          -1,
          0.1,
          0.1 + 0.2,
          1 / 3,
          5e-324,
          -5e-324,
          2.2250738585072014e-308,
          Number.MAX_VALUE,
        ];
        const edges = [
          2 ** 53,
          2 ** 53 - 1,
          2 ** 53 + 2,
          -(2 ** 53),
          -(2 ** 53) + 1,
          2 ** 63,
          1e22,
          1e23,
          123456.789012,
          1e-7,
        ];
        const special = [
          Number.NaN,
          Number.POSITIVE_INFINITY,
          Number.NEGATIVE_INFINITY,
          1e-22,
          1e-23,
          9007199254740.99,
        ];
        const bits = new DataView(new ArrayBuffer(8));
        const anyDouble = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((pattern) => {
          bits.setBigUint64(0, pattern);
          return bits.getFloat64(0);
        });
        const decimal = fc
          .tuple(fc.integer(), fc.integer({ min: 0, max: 12 }))
          .map(([whole, scale]) => whole / 10 ** scale);
        const random = fc.sample(fc.oneof(anyDouble, decimal, fc.double()), { numRuns: 3000, seed: 42 });
        const values = [...chosen, ...edges, ...special, ...random];
        await write(storage, [
          series(
            { __name__: metric },
            values.map((value, i) => sample(T0 + i, value)),
          ),
        ]);
        const samples = (await read(storage, [named(metric)], around)).get(metric)!;
        expect(samples).toHaveLength(values.length);
        const wrong = samples.filter((one, i) => !Object.is(one.value, values[i]) || one.stale);
        expect(wrong).toEqual([]);
      });

      test('tell a stale marker from NaN', async () => {
        const metric = fresh();
        await write(storage, [
          series({ __name__: metric }, [
            sample(T0, 1),
            { timestamp: T0 + 1000, value: Number.NaN, stale: true },
            sample(T0 + 2000, Number.NaN),
            { timestamp: T0 + 3000, value: 5, stale: true },
            sample(T0 + 4000, 2),
          ]),
        ]);
        const samples = (await read(storage, [named(metric)], around)).get(metric)!;
        expect(samples.map(({ value, stale }) => [value, stale])).toEqual([
          [1, false],
          [Number.NaN, true],
          [Number.NaN, false],
          [Number.NaN, true],
          [2, false],
        ]);
      });

      test('come in order of time, in whatever order they were written', async () => {
        const metric = fresh();
        const labels = { __name__: metric };
        const hour = 3_600_000;
        await write(storage, [series(labels, [sample(T0 + 3 * hour, 4), sample(T0, 2), sample(T0 + 1, 3)])]);
        await write(storage, [series(labels, [sample(T0 - 26 * hour, 1), sample(T0 + 30 * hour, 5)])]);
        await write(storage, [series({ __name__: metric, other: 'series' }, [sample(T0 + hour, 9)])]);
        const found = await read(storage, [named(metric)], { start: T0 - 48 * hour, end: T0 + 48 * hour });
        expect(found.get(metric)!.map((one) => one.value)).toEqual([1, 2, 3, 4, 5]);
      });

      test('of one millisecond: the one appended later counts', async () => {
        const metric = fresh();
        const labels = { __name__: metric };
        await write(storage, [series(labels, [sample(T0, 1), sample(T0 + 1, 10), sample(T0, 2)])]);
        expect((await read(storage, [named(metric)], around)).get(metric)).toEqual([sample(T0, 2), sample(T0 + 1, 10)]);
        await write(storage, [series(labels, [sample(T0, 3)])]);
        await write(storage, [series(labels, [sample(T0, 0.5), sample(T0 + 2, 20)])]);
        const found = await read(storage, [named(metric)], around);
        expect(found.get(metric)).toEqual([sample(T0, 0.5), sample(T0 + 1, 10), sample(T0 + 2, 20)]);
      });

      test('of one millisecond: whoever takes repetitions can see them', async () => {
        const metric = fresh();
        const once = fresh();
        const late = fresh();
        const labels = { __name__: metric };
        await write(storage, [
          series(labels, [sample(T0, 1), sample(T0 + 1000, 2), sample(T0 + 2000, 3)]),
          series({ __name__: once }, [sample(T0, 1)]),
          series({ __name__: late }, [sample(T0, 1), sample(T0 + 2000, 3)]),
        ]);
        await write(storage, [
          series(labels, [sample(T0 + 1000, 20)]),
          series({ __name__: once }, [sample(T0 + 1000, 2)]),
          series({ __name__: late }, [sample(T0 + 1000, 2)]),
        ]);
        const table = async (name: string, repeated: boolean) => {
          const set = await storage.querier.select({ matchers: [named(name)], ...around }, NEVER);
          const found = new SampleTable(set.series.length);
          for await (const block of set.blocks({ ...around, repeated })) found.add(block);
          return found;
        };
        const exact = await table(metric, false);
        const { length, values } = exact.read(0);
        expect([...values.subarray(0, length)]).toEqual([1, 20, 3]);
        // A store that gives nothing twice is as good.
        const quick = await table(metric, true);
        expect(quick.overlaps || quick.samples === 3).toBe(true);
        expect((await table(once, true)).overlaps).toBe(false);
        const { timestamps } = (await table(late, true)).read(0);
        expect([...timestamps.subarray(0, 3)]).toEqual([T0, T0 + 1000, T0 + 2000]);
      });

      test('are selected with both ends of the range', async () => {
        const metric = fresh();
        await write(storage, [
          series(
            { __name__: metric },
            [0, 1, 2, 3, 4].map((i) => sample(T0 + i, i)),
          ),
        ]);
        const found = await read(storage, [named(metric)], { start: T0 + 1, end: T0 + 3 });
        expect(found.get(metric)!.map((one) => one.value)).toEqual([1, 2, 3]);
        const nothing = await read(storage, [named(metric)], { start: T0 + 100, end: T0 + 200 });
        expect([...nothing.values()].flat()).toEqual([]);
      });

      test('of the year 1970 and of long ago can be asked for', async () => {
        const found = await read(storage, [named(fresh())], { start: -300_000, end: 4000 });
        expect(found.size).toBe(0);
      });

      test('come in batches of any size', async () => {
        const metric = fresh();
        const many: TestSeries[] = [];
        for (let i = 0; i < 400; i++) {
          const samples = Array.from({ length: 500 }, (_, k) => sample(T0 + k * 15_000, i * 1000 + k / 8));
          many.push(series({ __name__: metric, n: String(i).padStart(3, '0') }, samples));
        }
        await write(storage, many);
        const found = await read(storage, [named(metric)], { start: T0, end: T0 + 86_400_000 });
        expect(found.size).toBe(400);
        const expected = new Map(many.map((one) => [one.labels.toString(), one.samples]));
        const wrong = [...found].filter(
          ([key, samples]) => JSON.stringify(samples) !== JSON.stringify(expected.get(key)),
        );
        expect(wrong.map(([key]) => key)).toEqual([]);
      });

      test('the batch may be reused at once, and an empty one is fine', async () => {
        const metric = fresh();
        const batch = batchOf(storage, [series({ __name__: metric }, [sample(T0, 1)])]);
        const appended = storage.appender.append(batch);
        batch.values[0] = 2;
        batch.timestamps[0] = T0 + 5;
        await storage.appender.append({ ...batch, length: 0 });
        await storage.flush(NEVER);
        await appended;
        expect((await read(storage, [named(metric)], around)).get(metric)).toEqual([sample(T0, 1)]);
      });

      test('a series keeps its ref while somebody holds it', async () => {
        const labels = Labels.from({ __name__: fresh(), a: 'b' });
        const ref = storage.appender.acquire(labels);
        expect(storage.appender.acquire(Labels.from({ a: 'b', __name__: labels.metric }))).toBe(ref);
        storage.appender.release([ref]);
        const batch = {
          ...batchOf(storage, []),
          length: 1,
          refs: Uint32Array.of(ref),
          timestamps: Float64Array.of(T0),
        };
        await Promise.all([
          storage.appender.append({ ...batch, values: Float64Array.of(7), stale: Uint8Array.of(0) }),
          storage.flush(NEVER),
        ]);
        storage.appender.release([ref]);
        expect([...(await read(storage, [named(labels.metric)], around)).values()]).toEqual([[sample(T0, 7)]]);
        const released = storage.appender.append({ ...batch, values: Float64Array.of(7), stale: Uint8Array.of(0) });
        await expect(released).rejects.toMatchObject({ name: 'StorageError', kind: 'bad_data' });
      });

      test('a series without a metric name is refused', () => {
        expect(() => storage.appender.acquire(Labels.from({ job: 'x' }))).toThrow(StorageError);
      });
    });

    describe('matchers', () => {
      const metric = 'matchers_metric';
      const other = 'matchers_metric:other';
      const all: Record<string, string>[] = [
        { __name__: metric, env: 'prod', pod: 'api-1' },
        { __name__: metric, env: 'prod', pod: 'api-2' },
        { __name__: metric, env: 'dev', pod: 'web.1' },
        { __name__: metric, pod: 'line\nbreak' },
        { __name__: metric, env: 'größe', pod: '日本' },
        { __name__: metric, env: 'it\'s \\ "quoted"', 'utf-8.label': 'x' },
        { __name__: other, env: 'prod' },
        { __name__: 'métrique.utf8', env: '😀' },
      ];
      beforeAll(() =>
        write(
          storage,
          all.map((labels) => series(labels, [sample(T0, 1)])),
        ),
      );

      const cases: readonly (readonly Matcher[])[] = [
        [named(metric)],
        [named('métrique.utf8')],
        [named(metric), is('env', '=', 'prod')],
        [named(metric), is('env', '!=', 'prod')],
        [named(metric), is('env', '=', '')],
        [named(metric), is('env', '!=', '')],
        [named(metric), is('missing', '=', '')],
        [named(metric), is('missing', '!=', '')],
        [named(metric), is('missing', '=~', '.*')],
        [named(metric), is('missing', '=~', '.+')],
        [named(metric), is('env', '=~', 'prod|dev')],
        [named(metric), is('env', '=~', 'prod|')],
        [named(metric), is('env', '!~', 'prod|')],
        [named(metric), is('env', '!~', 'prod|dev')],
        [named(metric), is('env', '=~', 'pro')],
        [named(metric), is('env', '=~', 'pro.')],
        [named(metric), is('env', '=~', '(?i)PROD')],
        [named(metric), is('env', '=~', 'p.*|d.*')],
        [named(metric), is('env', '=~', 'gr..e')],
        [named(metric), is('pod', '=~', '..')],
        [named(metric), is('pod', '=~', 'api-[0-9]+')],
        [named(metric), is('pod', '!~', 'api-[0-9]+')],
        [named(metric), is('pod', '=~', 'web\\.1')],
        [named(metric), is('pod', '=~', 'line.break')],
        [named(metric), is('pod', '=~', 'line$')],
        [named(metric), is('pod', '=~', '(?m)line$')],
        [named(metric), is('pod', '=~', '\\p{L}+')],
        [named(metric), is('env', '=', 'it\'s \\ "quoted"')],
        [named(metric), is('env', '=~', 'it\'s \\\\ "q.*')],
        [named(metric), is('utf-8.label', '=', 'x')],
        [is('__name__', '=~', 'matchers_.*')],
        [is('__name__', '=~', 'matchers_metric|matchers_metric:other'), is('env', '=', 'prod')],
        [is('__name__', '=~', 'matchers_.*'), is('__name__', '!=', metric)],
        [is('env', '=', '😀')],
        [is('env', '=~', '.'), is('__name__', '=~', 'm.trique.*')],
        [is('env', '=', 'prod'), is('__name__', '!~', '.*other'), is('pod', '!=', '')],
        [named('no such metric')],
      ];
      test.each(cases.map((matchers) => ({ text: `{${matchers.join(', ')}}`, matchers })))(
        '$text',
        async ({ matchers }) => {
          const expected = all
            .map((labels) => Labels.from(labels))
            .filter((labels) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name))))
            .sort(Labels.compare);
          const found = await read(storage, matchers, around);
          expect([...found.keys()]).toEqual(expected.map(String));
          expect([...found.values()].flat()).toHaveLength(expected.length);
          const listed = await storage.querier.series({ matcherSets: [matchers], ...around, limit: 0 }, NEVER);
          expect(listed.map(String)).toEqual(expected.map(String));
        },
      );
    });

    describe('lists', () => {
      const day = 86_400_000;
      const old = T0 - 10 * day;
      beforeAll(() =>
        write(storage, [
          series({ __name__: 'lists_a', zone: 'eu', host: 'h1' }, [sample(T0, 1)]),
          series({ __name__: 'lists_a', zone: 'us', host: 'h2' }, [sample(T0, 1)]),
          series({ __name__: 'lists_b', zone: 'eu', disk: 'sda' }, [sample(T0, 1)]),
          series({ __name__: 'lists_old', zone: 'asia', tape: 't' }, [sample(old, 1)]),
        ]),
      );
      const ours = [is('__name__', '=~', 'lists_.*')];
      const filter = (
        matcherSets: readonly (readonly Matcher[])[],
        more: Partial<SeriesFilter> = {},
      ): SeriesFilter => ({
        matcherSets,
        start: T0 - 60_000,
        end: T0 + 60_000,
        limit: 0,
        ...more,
      });

      test('series, of any of the matcher sets', async () => {
        const found = await storage.querier.series(
          filter([
            [named('lists_b')],
            [named('lists_a'), is('zone', '=', 'us')],
            [named('lists_b'), is('zone', '=', 'eu')],
          ]),
          NEVER,
        );
        expect(found.map(String)).toEqual([`lists_a{host="h2", zone="us"}`, `lists_b{disk="sda", zone="eu"}`]);
      });

      test('label names and values', async () => {
        const names = await storage.querier.labelNames(filter([ours]), NEVER);
        expect(names).toEqual(['__name__', 'disk', 'host', 'zone']);
        expect(await storage.querier.labelValues('zone', filter([ours]), NEVER)).toEqual(['eu', 'us']);
        expect(await storage.querier.labelValues('__name__', filter([ours]), NEVER)).toEqual(['lists_a', 'lists_b']);
        expect(await storage.querier.labelValues('disk', filter([ours]), NEVER)).toEqual(['sda']);
        expect(await storage.querier.labelValues('nothing', filter([ours]), NEVER)).toEqual([]);
        expect(await storage.querier.labelNames(filter([[named('no such metric')]]), NEVER)).toEqual([]);
      });

      test('only of the time asked for', async () => {
        const then = { start: old - 60_000, end: old + 60_000 };
        expect(await storage.querier.labelValues('zone', filter([ours], then), NEVER)).toEqual(['asia']);
        expect(await storage.querier.labelNames(filter([ours], then), NEVER)).toEqual(['__name__', 'tape', 'zone']);
        const both = { start: old, end: T0 };
        expect(await storage.querier.labelValues('zone', filter([ours], both), NEVER)).toEqual(['asia', 'eu', 'us']);
      });

      test('without matchers, of all series', async () => {
        const names = await storage.querier.labelNames(filter([]), NEVER);
        expect(names).toEqual(expect.arrayContaining(['__name__', 'disk', 'host', 'zone']));
        expect((await storage.querier.series(filter([]), NEVER)).length).toBeGreaterThanOrEqual(3);
      });

      test('at most as many as asked for', async () => {
        expect(await storage.querier.series(filter([ours], { limit: 2 }), NEVER)).toHaveLength(2);
        expect(await storage.querier.labelNames(filter([ours], { limit: 2 }), NEVER)).toHaveLength(2);
        expect(await storage.querier.labelValues('zone', filter([ours], { limit: 1 }), NEVER)).toHaveLength(1);
      });

      test('metadata, the newest of each metric', async () => {
        const entry = (metric: string, help: string) => ({ metric, type: 'gauge', help, unit: '' }) as const;
        storage.appender.describe([entry('lists_a', 'old'), entry('lists_b', "B's \n help"), entry('lists_c', 'C')]);
        await storage.flush(NEVER);
        storage.appender.describe([{ metric: 'lists_a', type: 'counter', help: 'new', unit: 'bytes' }]);
        await storage.flush(NEVER);
        const a = { metric: 'lists_a', type: 'counter', help: 'new', unit: 'bytes' };
        expect(await storage.querier.metadata(undefined, 0, NEVER)).toEqual([
          a,
          entry('lists_b', "B's \n help"),
          entry('lists_c', 'C'),
        ]);
        expect(await storage.querier.metadata(undefined, 2, NEVER)).toHaveLength(2);
        expect(await storage.querier.metadata('lists_a', 0, NEVER)).toEqual([a]);
        expect(await storage.querier.metadata('nothing', 0, NEVER)).toEqual([]);
      });
    });

    describe('deleting', () => {
      const hour = 3_600_000;
      const minutes = (...at: number[]) => at.map((minute) => sample(T0 + minute * 60_000, minute));
      const list = async (matchers: readonly Matcher[]) => {
        const filter = { matcherSets: [matchers], start: T0 - 100 * hour, end: T0 + 100 * hour, limit: 0 };
        return (await storage.querier.series(filter, NEVER)).map(String);
      };

      test('takes away what the matchers and the time say, and nothing else', async () => {
        const metric = fresh();
        const other = fresh();
        await write(storage, [
          series({ __name__: metric, pod: 'a' }, minutes(0, 1, 2, 3)),
          series({ __name__: metric, pod: 'b' }, minutes(0, 1, 2, 3)),
          series({ __name__: metric, pod: 'c' }, minutes(0, 1, 2, 3)),
          series({ __name__: other, pod: 'a' }, minutes(0, 1)),
        ]);
        const matcherSets = [
          [named(metric), is('pod', '=', 'a')],
          [named(metric), is('pod', '=~', 'b|x')],
        ];
        await storage.deleteSamples({ matcherSets, start: T0 + 60_000, end: T0 + 120_000 }, NEVER);
        const left = await read(storage, [is('__name__', '=~', `${metric}|${other}`)], around);
        expect([...left.values()]).toEqual([minutes(0, 3), minutes(0, 3), minutes(0, 1, 2, 3), minutes(0, 1)]);
      });

      test('a series without samples is in no list, until it has new ones', async () => {
        const metric = fresh();
        const long = Array.from({ length: 30 }, (_, i) => sample(T0 - i * hour, i)).reverse();
        const ref = storage.appender.acquire(Labels.from({ __name__: metric, pod: 'a' }));
        await write(storage, [
          series({ __name__: metric, pod: 'a' }, long),
          series({ __name__: metric, pod: 'b' }, long),
          series({ __name__: metric, pod: 'c' }, [...long, sample(T0 + 50 * hour, 7)]),
        ]);
        const range = { start: T0 - 40 * hour, end: T0 + hour };
        await storage.deleteSamples({ matcherSets: [[named(metric)]], ...range }, NEVER);
        expect(await list([named(metric)])).toEqual([`${metric}{pod="c"}`]);
        expect(await read(storage, [named(metric)], { start: 0, end: T0 + 100 * hour })).toEqual(
          new Map([[`${metric}{pod="c"}`, [sample(T0 + 50 * hour, 7)]]]),
        );
        // Its ref is still held: the writer must not think that the index knows the series.
        await write(storage, [series({ __name__: metric, pod: 'a' }, [sample(T0 + 1000, 1)])]);
        storage.appender.release([ref]);
        expect(await list([named(metric)])).toEqual([`${metric}{pod="a"}`, `${metric}{pod="c"}`]);
        expect((await read(storage, [named(metric)], around)).get(`${metric}{pod="a"}`)).toEqual([
          sample(T0 + 1000, 1),
        ]);
      });

      test('all time, stale markers and samples stored twice', async () => {
        const metric = fresh();
        const stale = { timestamp: T0 + 1, value: Number.NaN, stale: true };
        await write(storage, [series({ __name__: metric }, [sample(T0, 1), stale])]);
        await write(storage, [series({ __name__: metric }, [sample(T0, 2)])]);
        await storage.deleteSamples({ matcherSets: [[named(metric)]], start: -8.64e15, end: 8.64e15 }, NEVER);
        expect((await read(storage, [named(metric)], around)).size).toBe(0);
        await write(storage, [series({ __name__: metric }, [sample(T0, 3)])]);
        expect((await read(storage, [named(metric)], around)).get(metric)).toEqual([sample(T0, 3)]);
      });

      test('of nothing is nothing', async () => {
        const metric = fresh();
        await write(storage, [series({ __name__: metric }, minutes(0))]);
        await storage.deleteSamples({ matcherSets: [], start: 0, end: T0 + hour }, NEVER);
        await storage.deleteSamples({ matcherSets: [[named('no such metric')]], start: 0, end: T0 + hour }, NEVER);
        await storage.deleteSamples({ matcherSets: [[named(metric)]], start: T0 + 1, end: T0 }, NEVER);
        expect((await read(storage, [named(metric)], around)).get(metric)).toEqual(minutes(0));
      });
    });

    const given = {
      get storage() {
        return storage;
      },
    };
    alertLogCases(given, T0);
    logCases(given, T0);

    describe('the end', () => {
      test('of a signal cancels', async () => {
        const aborted = AbortSignal.abort();
        const filter = { matcherSets: [[named('x')]], ...around, limit: 0 };
        const canceled = { name: 'StorageError', kind: 'canceled' };
        await expect(storage.querier.select({ matchers: [named('x')], ...around }, aborted)).rejects.toMatchObject(
          canceled,
        );
        await expect(storage.querier.series(filter, aborted)).rejects.toMatchObject(canceled);
        await expect(storage.querier.labelNames(filter, aborted)).rejects.toMatchObject(canceled);
        await expect(storage.querier.labelValues('a', filter, aborted)).rejects.toMatchObject(canceled);
        await expect(storage.querier.metadata(undefined, 0, aborted)).rejects.toMatchObject(canceled);
        await expect(storage.alertLog.latest(0, aborted)).rejects.toMatchObject(canceled);
        const range = { start: 0, end: T0, limit: 1 };
        await expect(storage.alertLog.find(range, aborted)).rejects.toMatchObject(canceled);
        await expect(storage.alertLog.alerts(range, aborted)[Symbol.asyncIterator]().next()).rejects.toMatchObject(
          canceled,
        );
        const states = { ...range, annotations: [] };
        await expect(storage.alertLog.newestFrom(states, 1, aborted)).rejects.toMatchObject(canceled);
        await expect(allOf(storage.alertLog.states(states, aborted))).rejects.toMatchObject(canceled);
        await expect(allOf(storage.alertLog.standing(states, aborted))).rejects.toMatchObject(canceled);
        await expect(storage.notificationLog.latest(0, aborted)).rejects.toMatchObject(canceled);
        await expect(storage.notificationLog.find(range, aborted)).rejects.toMatchObject(canceled);
        await expect(storage.documentLog.latest('x', aborted)).rejects.toMatchObject(canceled);
        await expect(storage.documentLog.versions('x', 'y', aborted)).rejects.toMatchObject(canceled);
        if (storage.leaseLog !== undefined) {
          await expect(storage.leaseLog.read('x', aborted)).rejects.toMatchObject(canceled);
        }
        await expect(storage.flush(aborted)).rejects.toMatchObject(canceled);
        await expect(storage.deleteSamples(filter, aborted)).rejects.toMatchObject(canceled);
      });

      test('of a signal while reading cancels the reading; other readers go on', async () => {
        const metric = fresh();
        const samples = Array.from({ length: 150_000 }, (_, k) => sample(T0 + k * 100, k));
        await write(storage, [series({ __name__: metric }, samples)]);
        const range = { start: T0, end: T0 + 86_400_000 };
        const controller = new AbortController();
        const set = await storage.querier.select({ matchers: [named(metric)], ...range }, controller.signal);
        const reading = (async () => {
          for await (const _ of set.blocks()) controller.abort();
        })();
        await expect(reading).rejects.toMatchObject({ name: 'StorageError', kind: 'canceled' });
        const again = await storage.querier.select({ matchers: [named(metric)], ...range }, NEVER);
        // Ending early is fine too.
        for await (const block of again.blocks()) {
          expect(block.length).toBeGreaterThan(0);
          break;
        }
        expect((await read(storage, [named(metric)], range)).get(metric)).toHaveLength(150_000);
      });

      test('of the store refuses everything', async () => {
        await storage.close(10_000);
        await storage.close(10_000);
        const canceled = { name: 'StorageError', kind: 'canceled' };
        await expect(storage.querier.select({ matchers: [named('x')], ...around }, NEVER)).rejects.toMatchObject(
          canceled,
        );
        await expect(storage.appender.append(batchOf(storage, []))).rejects.toMatchObject(canceled);
        await expect(storage.alertLog.latest(0, NEVER)).rejects.toMatchObject(canceled);
        await expect(storage.alertLog.append([])).rejects.toMatchObject(canceled);
        await expect(storage.notificationLog.append([])).rejects.toMatchObject(canceled);
        await expect(storage.documentLog.latest('x', NEVER)).rejects.toMatchObject(canceled);
      });
    });
  });
}
