import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertEvent, AlertEventFilter, AlertStateFilter } from './alert-log.ts';
import type { DocumentVersion } from './document-log.ts';
import { StorageError } from './errors.ts';
import type { EventFilter, KubernetesEvent } from './event-log.ts';
import { Labels } from './labels.ts';
import type { LeaseClaim } from './lease-log.ts';
import { Matcher, type MatchOp } from './matcher.ts';
import type { NotificationEvent, NotificationFilter } from './notification-log.ts';
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

    describe('the event log', () => {
      const event = (part: Partial<KubernetesEvent>): KubernetesEvent => ({
        timestamp: T0,
        firstTimestamp: T0 - 60_000,
        cluster: 'c',
        namespace: 'default',
        kind: 'Pod',
        name: 'web-1',
        objectUid: 'object',
        reason: 'BackOff',
        type: 'Warning',
        message: 'it\'s "back-off"\n\\é',
        component: 'kubelet',
        host: 'node-1',
        count: 1,
        uid: 'u',
        ...part,
      });
      const everything = { start: T0 - 3_600_000, end: T0 + 3_600_000, limit: 100 };
      const found = async (filter: Partial<EventFilter>) =>
        (await storage.eventLog!.find({ ...everything, ...filter }, NEVER)).map(({ uid, count }) => `${uid}${count}`);

      test('gives entries the newest first, each once, by what is asked for', async () => {
        const log = storage.eventLog!;
        expect(await log.recorded('c', 0, NEVER)).toEqual({ counts: new Map(), newest: 0 });
        await log.append([]);
        await log.append([event({}), event({ count: 2, timestamp: T0 + 1000 }), event({ uid: 'v', count: 7 })]);
        await log.append([event({}), event({ uid: 'w', cluster: 'd', namespace: '', kind: 'Node', name: 'node-1' })]);
        await log.append([event({ uid: 'x', type: 'Normal', reason: "it's", timestamp: T0 - 1000 })]);
        await storage.flush(NEVER);
        expect(await found({})).toEqual(['u2', 'v7', 'u1', 'w1', 'x1']);
        expect((await log.find({ ...everything, name: ['node-1'] }, NEVER)).map((one) => ({ ...one }))).toEqual([
          event({ uid: 'w', cluster: 'd', namespace: '', kind: 'Node', name: 'node-1' }),
        ]);
        expect(await found({ cluster: ['c'], kind: ['Pod', 'Node'] })).toEqual(['u2', 'v7', 'u1', 'x1']);
        expect(await found({ namespace: [''] })).toEqual(['w1']);
        expect(await found({ reason: ["it's"], type: ['Normal'] })).toEqual(['x1']);
        expect(await found({ type: ['Normal'], kind: ['Node'] })).toEqual([]);
        expect(await found({ type: [] })).toHaveLength(5);
        expect(await found({ limit: 2 })).toEqual(['u2', 'v7']);
        expect(await found({ start: T0, end: T0 })).toEqual(['v7', 'u1', 'w1']);
      });

      test('knows how far it is, with what was just appended', async () => {
        const log = storage.eventLog!;
        await log.append([event({ cluster: 'e', count: 3, timestamp: T0 + 5000 }), event({ cluster: 'e', uid: 'v' })]);
        await log.append([event({ cluster: 'e', count: 2, timestamp: T0 + 2000 })]);
        const { counts, newest } = await log.recorded('e', 0, NEVER);
        expect([...counts].sort()).toEqual([
          ['u', 3],
          ['v', 1],
        ]);
        expect(newest).toBe(T0 + 5000);
        expect(await log.recorded('e', T0 + 1, NEVER)).toEqual({ counts: new Map([['u', 3]]), newest: T0 + 5000 });
      });

      test('takes all entries or none, and ends with the signal', async () => {
        const wrong = storage.eventLog!.append([event({ cluster: 'f' }), event({ cluster: 'f', timestamp: 1.5 })]);
        await expect(wrong).rejects.toMatchObject({ kind: 'bad_data' });
        expect((await storage.eventLog!.recorded('f', 0, NEVER)).newest).toBe(0);
        await expect(storage.eventLog!.find(everything, AbortSignal.abort())).rejects.toMatchObject({
          kind: 'canceled',
        });
      });
    });

    describe('the alert log', () => {
      const event = (part: Partial<AlertEvent>): AlertEvent => ({
        timestamp: T0,
        rule: 'rules.yml;group;Alert',
        labels: Labels.from({ alertname: 'Alert', pod: 'a' }),
        annotations: Labels.from({ summary: 'it\'s "down"\n' }),
        state: 'firing',
        activeAt: T0 - 60_000,
        firedAt: T0,
        resolvedAt: 0,
        keepFiringSince: 0,
        value: 0.1,
        lastSentAt: T0 + 1,
        lastSentStatus: 'firing',
        ...part,
      });
      const other = Labels.from({ alertname: 'Alert', pod: 'b' });

      test('gives the newest event of each alert', async () => {
        await storage.alertLog.append([event({ state: 'pending' }), event({ timestamp: T0 + 1000 })]);
        await storage.alertLog.append([event({ timestamp: T0 + 500, state: 'inactive' })]);
        await storage.alertLog.append([event({ labels: other, value: Number.NaN, lastSentStatus: '', lastSentAt: 0 })]);
        const latest = await storage.alertLog.latest(T0, NEVER);
        const byPod = new Map(latest.map((one) => [one.labels.get('pod'), one]));
        expect(latest).toHaveLength(2);
        expect(plain(byPod.get('a')!)).toEqual(plain(event({ timestamp: T0 + 1000 })));
        expect(plain(byPod.get('b')!)).toEqual(
          plain(event({ labels: other, value: Number.NaN, lastSentStatus: '', lastSentAt: 0 })),
        );
        expect(await storage.alertLog.latest(T0 + 1, NEVER)).toHaveLength(1);
        expect(await storage.alertLog.latest(T0 + 2000, NEVER)).toEqual([]);
      });

      test('of one millisecond gives the event appended last', async () => {
        const rule = 'same millisecond';
        await storage.alertLog.append([
          event({ rule, timestamp: T0 + 5000 }),
          event({ rule, timestamp: T0 + 5000, state: 'inactive' }),
        ]);
        expect((await storage.alertLog.latest(T0 + 5000, NEVER)).map((one) => one.state)).toEqual(['inactive']);
        await storage.alertLog.append([event({ rule, timestamp: T0 + 5000, state: 'pending' })]);
        expect((await storage.alertLog.latest(T0 + 5000, NEVER)).map((one) => one.state)).toEqual(['pending']);
      });
    });

    describe('the alert history', () => {
      const DAY = 86_400_000;
      const then = T0 - 20 * DAY;
      const around = { start: then, end: then + DAY, limit: 100 };
      const event = (number: number, part: Partial<AlertEvent> = {}): AlertEvent => ({
        timestamp: then + number * 1000,
        rule: '["f","g","A"]',
        labels: Labels.from({ alertname: 'A', pod: 'a' }),
        annotations: Labels.from({ number: String(number) }),
        state: 'firing',
        activeAt: then,
        firedAt: then + 1,
        resolvedAt: 0,
        keepFiringSince: 0,
        value: number / 8,
        lastSentAt: 0,
        lastSentStatus: '',
        ...part,
      });
      const found = async (filter: Partial<AlertEventFilter>) =>
        (await storage.alertLog.find({ ...around, ...filter }, NEVER)).map((one) => one.annotations.get('number'));
      const rule = '["f","g","A"]';
      const A = Labels.from({ alertname: 'A', pod: 'a' });
      const B = Labels.from({ alertname: 'A', pod: 'b', "odd'name": 'x' });

      beforeAll(async () => {
        await storage.alertLog.append([event(1), event(2, { labels: B, state: 'pending' }), event(5)]);
        await storage.alertLog.append([
          event(3, { rule: '["f","g","A"]"mail"' }),
          event(4, { labels: B, state: 'inactive', resolvedAt: then + 4000, value: Number.NaN }),
          event(6, { timestamp: then + 5000 }),
          event(7, { timestamp: then - 1 }),
        ]);
        await storage.flush(NEVER);
      });

      test('is found the newest first, those appended later first, with everything that was written', async () => {
        expect(await found({})).toEqual(['6', '5', '4', '3', '2', '1']);
        const [resolved] = await storage.alertLog.find({ ...around, alerts: [{ rule, labels: B }], limit: 1 }, NEVER);
        const { sequence, ...rest } = resolved!;
        expect(sequence).toBeGreaterThan(0);
        const written = event(4, { labels: B, state: 'inactive', resolvedAt: then + 4000, value: Number.NaN });
        expect(plain(rest)).toEqual(plain(written));
      });

      test('is selected by labels, state, rule and time', async () => {
        expect(await found({ matcherSets: [[is('pod', '=~', 'b|c')]] })).toEqual(['4', '2']);
        expect(await found({ matcherSets: [[is('pod', '!=', 'b'), is('missing', '=', '')]] })).toEqual([
          '6',
          '5',
          '3',
          '1',
        ]);
        expect(
          await found({ matcherSets: [[is("odd'name", '=~', '[x-z]')], [is('pod', '=', 'no such pod')]] }),
        ).toEqual(['4', '2']);
        expect(await found({ matcherSets: [[is('number', '=~', '[1-3]'), is('pod', '=', 'a')]] })).toEqual(['3', '1']);
        expect(await found({ matcherSets: [[is('__name__', '=~', '.+')]] })).toEqual([]);
        expect(await found({ alerts: [{ rule, labels: Labels.from({ alertname: 'A' }) }] })).toEqual([]);
        expect(await found({ alerts: [{ rule: 'another', labels: A }] })).toEqual([]);
        const [a, b] = [A, B].map((labels) => ({ rule, labels }));
        expect(await found({ alerts: [b!, a!], limit: 3 })).toEqual(['6', '5', '4']);
        expect(await found({ alerts: [a!] })).toEqual(['6', '5', '1']);
        expect(await found({ state: ['pending', 'inactive'] })).toEqual(['4', '2']);
        expect(await found({ ruleNotEnding: '"' })).toEqual(['6', '5', '4', '2', '1']);
        expect(await found({ start: then + 2000, end: then + 3999 })).toEqual(['3', '2']);
        expect(await found({ start: then - 1 })).toHaveLength(7);
        expect(await found({ start: -1000, end: -1 })).toEqual([]);
      });

      test('is read page by page without a gap', async () => {
        const numbers: string[] = [];
        let before: AlertEventFilter['before'];
        for (;;) {
          const [one] = await storage.alertLog.find({ ...around, before, limit: 1 }, NEVER);
          if (one === undefined) break;
          numbers.push(one.annotations.get('number'));
          before = one;
        }
        expect(numbers).toEqual(['6', '5', '4', '3', '2', '1']);
      });

      test('knows which alerts there are', async () => {
        const identities = async (range: { start: number; end: number; ruleNotEnding?: string }) => {
          const names: string[] = [];
          for await (const one of storage.alertLog.alerts(range, NEVER)) names.push(`${one.rule} ${one.labels}`);
          return names.sort();
        };
        const [a, b] = [`${rule} ${A}`, `${rule} ${B}`];
        expect(await identities(around)).toEqual([b, a, `${rule}"mail" ${A}`].sort());
        expect(await identities({ ...around, ruleNotEnding: '"' })).toEqual([b, a].sort());
        expect(await identities({ start: then + 2000, end: then + 2000 })).toEqual([b]);
        expect(await identities({ start: 0, end: 1 })).toEqual([]);
      });
    });

    describe('the states of alerts', () => {
      const then = T0 - 40 * 86_400_000;
      const [one, two] = ['["f","g","One"]', '["f","g","Two"]'] as const;
      const pod = (name: string) => Labels.from({ alertname: 'A', pod: name });
      const event = (second: number, part: Partial<AlertEvent>): AlertEvent => ({
        timestamp: then + second * 1000,
        rule: one,
        labels: pod('a'),
        annotations: Labels.from({ severity: 'warn', summary: 'long', pod: 'no label' }),
        state: 'firing',
        activeAt: then,
        firedAt: then + 1,
        resolvedAt: 0,
        keepFiringSince: 0,
        value: second / 8,
        lastSentAt: 0,
        lastSentStatus: '',
        ...part,
      });
      const around = { start: then, end: then + 3_600_000, annotations: ['severity'], ruleNotEnding: '"' };
      const read = async (method: 'states' | 'standing', filter: Partial<AlertStateFilter> = {}) => {
        const found = await all(storage.alertLog[method]({ ...around, ...filter }, NEVER));
        return found.map(
          ({ rule, labels, state, value }) => `${JSON.parse(rule)[2]} ${labels.get('pod')} ${value * 8} ${state}`,
        );
      };

      beforeAll(async () => {
        await storage.alertLog.append([
          event(1, { state: 'pending' }),
          event(5, {}),
          event(6, { rule: `${one}"mail"` }),
        ]);
        await storage.alertLog.append([
          event(2, { rule: two, labels: pod('b') }),
          event(7, { timestamp: then + 5000, state: 'inactive' }),
          event(3, { labels: pod('c'), state: 'pending' }),
          event(9, {
            rule: two,
            labels: Labels.from({ alertname: 'A' }),
            annotations: Labels.EMPTY,
            value: Number.NaN,
          }),
        ]);
        await storage.flush(NEVER);
      });

      test('come by rule and time, those appended later last', async () => {
        const ofOne = ['One a 1 pending', 'One c 3 pending', 'One a 5 firing', 'One a 7 inactive'];
        expect(await read('states')).toEqual([...ofOne, 'Two b 2 firing', 'Two  NaN firing']);
        expect(await read('states', { start: then + 2000, end: then + 3999 })).toEqual([ofOne[1], 'Two b 2 firing']);
        expect(await read('states', { start: -5, end: -1 })).toEqual([]);
      });

      test('have only the annotations that are asked for', async () => {
        const [first] = await all(storage.alertLog.states(around, NEVER));
        expect({ ...first, labels: String(first!.labels), annotations: first!.annotations.toObject() }).toEqual({
          timestamp: then + 1000,
          rule: one,
          labels: String(pod('a')),
          annotations: { severity: 'warn' },
          state: 'pending',
          activeAt: then,
          firedAt: then + 1,
          value: 0.125,
        });
      });

      test('are selected by labels alone', async () => {
        expect(await read('states', { labelSets: [[is('pod', '=', 'b')], [is('pod', '=~', 'c|d')]] })).toEqual([
          'One c 3 pending',
          'Two b 2 firing',
        ]);
        expect(await read('states', { labelSets: [[is('pod', '=', '')]] })).toEqual(['Two  NaN firing']);
        expect(await read('states', { alerts: [{ rule: two, labels: pod('b') }] })).toEqual(['Two b 2 firing']);
      });

      test('that stand at the end are those of alerts that have not ended', async () => {
        const standing = async (filter: Partial<AlertStateFilter>) => (await read('standing', filter)).sort();
        expect(await standing({})).toEqual(['One c 3 pending', 'Two  NaN firing', 'Two b 2 firing']);
        expect(await standing({ end: then + 4999 })).toEqual(['One a 1 pending', 'One c 3 pending', 'Two b 2 firing']);
        expect(await standing({ start: then + 4000 })).toEqual(['Two  NaN firing']);
        expect(await standing({ labelSets: [[is('pod', '=', 'b')]] })).toEqual(['Two b 2 firing']);
      });

      test('are counted from the newest', async () => {
        const from = async (limit: number) => ((await storage.alertLog.newestFrom(around, limit, NEVER)) - then) / 1000;
        // At 9, 5, 5, 3, 2 and 1 s.
        expect(await Promise.all([6, 5, 4, 2, 1, 0].map(from))).toEqual([0, 1.001, 2.001, 5.001, 5.001, 9.001]);
      });
    });

    describe('the notification log', () => {
      const then = T0 - 3 * 86_400_000;
      const around = { start: then, end: then + 3_600_000, limit: 100 };
      const event = (part: Partial<NotificationEvent>): NotificationEvent => ({
        timestamp: then,
        receiver: 'team',
        integration: 'webhook/0',
        groupKey: '{}:{alertname="A"}',
        groupLabels: Labels.from({ alertname: 'A' }),
        status: 'firing',
        outcome: 'delivered',
        reason: '',
        attempts: 1,
        duration: 12.5,
        repeats: 0,
        firing: ['aa'],
        resolved: [],
        ...part,
      });
      const found = async (filter: Partial<NotificationFilter>) =>
        (await storage.notificationLog.find({ ...around, ...filter }, NEVER)).map((one) => one.repeats);
      const reason = 'it\'s "down"\n\\é';

      beforeAll(async () => {
        await storage.notificationLog.append([]);
        await storage.notificationLog.append([
          event({}),
          event({ timestamp: then + 2000, repeats: 2, firing: ['aa', 'bb'], resolved: ['cc'] }),
          event({ timestamp: then + 3000, repeats: 3, outcome: 'failed', reason, attempts: 4, firing: [] }),
        ]);
        await storage.notificationLog.append([
          event({
            timestamp: then + 1000,
            repeats: 1,
            receiver: 'boss',
            status: 'resolved',
            firing: [],
            resolved: ['aa'],
          }),
          event({ timestamp: then + 2000, repeats: 4, integration: 'webhook/1', groupLabels: Labels.EMPTY }),
        ]);
      });

      test('gives the newest that was delivered, of each receiver, integration and group', async () => {
        const latest = await storage.notificationLog.latest(then, NEVER);
        expect(latest.map((one) => `${one.receiver} ${one.integration} ${one.repeats}`).sort()).toEqual([
          'boss webhook/0 1',
          'team webhook/0 2',
          'team webhook/1 4',
        ]);
        const [team] = latest.filter((one) => one.repeats === 2);
        const wanted = event({ timestamp: then + 2000, repeats: 2, firing: ['aa', 'bb'], resolved: ['cc'] });
        expect({ ...team, groupLabels: team!.groupLabels.toString() }).toEqual({
          ...wanted,
          groupLabels: wanted.groupLabels.toString(),
        });
        expect(await storage.notificationLog.latest(then + 2001, NEVER)).toEqual([]);
      });

      test('of one millisecond gives the one appended last', async () => {
        const of = { groupKey: 'same millisecond', timestamp: then + 5000 };
        await storage.notificationLog.append([event({ ...of, repeats: 5 }), event({ ...of, repeats: 6 })]);
        await storage.notificationLog.append([event({ ...of, repeats: 7 })]);
        expect((await storage.notificationLog.latest(then + 5000, NEVER)).map((one) => one.repeats)).toEqual([7]);
      });

      test('is found the newest first, by what is asked for', async () => {
        await storage.flush(NEVER);
        const early = { end: then + 4000 };
        expect(await found(early)).toEqual([3, 4, 2, 1, 0]);
        expect(await found({ ...early, receiver: ['boss', "it's"] })).toEqual([1]);
        expect(await found({ ...early, outcome: ['failed', 'refused'] })).toEqual([3]);
        expect(await found({ ...early, fingerprint: ['cc'] })).toEqual([2]);
        expect(await found({ ...early, fingerprint: ['aa'], receiver: ['team'] })).toEqual([4, 2, 0]);
        expect(await found({ ...early, limit: 2 })).toEqual([3, 4]);
        expect(await found({ start: then + 1000, end: then + 1000 })).toEqual([1]);
        const [failed, next] = await storage.notificationLog.find({ ...around, ...early }, NEVER);
        expect(failed).toMatchObject({
          reason,
          attempts: 4,
          duration: 12.5,
          firing: [],
          resolved: [],
          outcome: 'failed',
        });
        expect(next!.groupLabels.size).toBe(0);
        expect(await found({ ...early, before: next })).toEqual([2, 1, 0]);
      });

      test('takes all events or none', async () => {
        const wrong = storage.notificationLog.append([event({ receiver: 'w' }), event({ attempts: 1.5 })]);
        await expect(wrong).rejects.toMatchObject({ kind: 'bad_data', message: expect.stringContaining('attempts') });
        await storage.flush(NEVER);
        expect(await found({ receiver: ['w'] })).toEqual([]);
      });
    });

    describe('the document log', () => {
      const document = (part: Partial<DocumentVersion>): DocumentVersion => ({
        kind: 'policy',
        id: 'a',
        version: 1,
        timestamp: T0,
        author: 'somebody',
        body: '{"text":"it\'s \\n \\"quoted\\" é"}',
        isDeleted: false,
        ...part,
      });
      const add = (part: Partial<DocumentVersion>) => storage.documentLog.append(document(part));
      const latest = async (kind: string) =>
        (await storage.documentLog.latest(kind, NEVER)).map(({ id, version }) => `${id}${version}`);

      test('gives the newest version of each document that is not deleted, and all versions of one', async () => {
        expect(await latest('policy')).toEqual([]);
        expect(await add({ id: 'b' })).toBe(true);
        expect(await add({})).toBe(true);
        expect(await add({ version: 2, body: 'new', author: 'another', timestamp: T0 + 5 })).toBe(true);
        expect(await add({ kind: 'silence', id: "it's" })).toBe(true);
        expect(await latest('policy')).toEqual(['a2', 'b1']);
        expect(await storage.documentLog.versions('policy', 'a', NEVER)).toEqual([
          document({ version: 2, body: 'new', author: 'another', timestamp: T0 + 5 }),
          document({}),
        ]);
        expect(await add({ id: 'b', version: 2, body: '', isDeleted: true })).toBe(true);
        expect(await latest('policy')).toEqual(['a2']);
        expect((await storage.documentLog.versions('policy', 'b', NEVER)).map((one) => one.isDeleted)).toEqual([
          true,
          false,
        ]);
        expect(await add({ id: 'b', version: 3 })).toBe(true);
        expect(await latest('policy')).toEqual(['a2', 'b3']);
        expect(await latest('silence')).toEqual(["it's1"]);
        const written = async (range: { start?: number; end?: number; limit?: number }) =>
          (await storage.documentLog.written('policy', { start: T0, end: T0 + 9, limit: 9, ...range }, NEVER)).map(
            ({ id, version }) => `${id}${version}`,
          );
        expect(await written({})).toEqual(['a2', 'a1', 'b3', 'b2', 'b1']);
        expect(await written({ limit: 2 })).toEqual(['a2', 'a1']);
        expect(await written({ start: T0 + 1 })).toEqual(['a2']);
        expect(await written({ start: -2, end: -1 })).toEqual([]);
        expect(await storage.documentLog.versions('policy', "it's", NEVER)).toEqual([]);
      });

      test('adds only the version after the newest', async () => {
        const kind = 'in order';
        expect(await add({ kind, version: 2 })).toBe(false);
        expect(await add({ kind })).toBe(true);
        expect(await add({ kind, body: 'again' })).toBe(false);
        expect(await add({ kind, version: 3 })).toBe(false);
        expect(await storage.documentLog.versions(kind, 'a', NEVER)).toEqual([document({ kind })]);
      });

      test('of those who write the same version at once, exactly one succeeds', async () => {
        const kind = 'at once';
        for (let version = 1; version <= 3; version++) {
          const told = await Promise.all(Array.from({ length: 6 }, (_, i) => add({ kind, version, body: String(i) })));
          const [newest, ...older] = await storage.documentLog.versions(kind, 'a', NEVER);
          expect(told.map((added, i) => added && String(i)).filter((body) => body !== false)).toEqual([newest!.body]);
          expect(older).toHaveLength(version - 1);
        }
      });

      test('takes long bodies, and refuses what is wrong', async () => {
        const body = "é'\\\n".repeat(300_000);
        expect(await add({ kind: 'long', body })).toBe(true);
        expect((await storage.documentLog.latest('long', NEVER))[0]!.body === body).toBe(true);
        for (const part of [
          { kind: '' },
          { id: '' },
          { version: 0 },
          { version: 1.5 },
          { timestamp: Number.NaN },
          { body: 'x'.repeat(5_000_000) },
        ]) {
          await expect(add({ kind: 'wrong', ...part })).rejects.toMatchObject({ kind: 'bad_data' });
        }
      });
    });

    describe('the lease log', () => {
      const claim = (part: Partial<LeaseClaim>) =>
        storage.leaseLog!.claim({ name: 'l', holder: 'a', term: 1, sequence: 1, released: false, ...part }, NEVER);
      const read = async (name = 'l') =>
        (await storage.leaseLog!.read(name, NEVER)).map(
          ({ holder, term, sequence, released }) => `${holder}${term}:${sequence}${released ? ' released' : ''}`,
        );

      test('gives the newest claim of each term and holder', async ({ skip }) => {
        if (storage.leaseLog === undefined) skip('one process has this store');
        expect(await read()).toEqual([]);
        await claim({});
        await claim({ sequence: 2 });
        expect(await read()).toEqual(['a1:2']);
        await claim({ name: "other's", holder: "it's", term: 7 });
        await claim({ holder: 'b', term: 2 });
        await claim({ sequence: 4 });
        await claim({ sequence: 3 });
        expect(await read()).toEqual(['b2:1', 'a1:4']);
        await claim({ holder: 'b', term: 2, sequence: 2, released: true });
        await claim({ holder: 'c', term: 2, sequence: 2 });
        expect(await read()).toEqual(['c2:2', 'b2:2 released', 'a1:4']);
        expect(await read("other's")).toEqual(["it's7:1"]);
        const [other] = await storage.leaseLog!.read("other's", NEVER);
        expect(Math.abs(other!.renewedAt - Date.now())).toBeLessThan(60_000);
      });

      test('of those who take a term at once keeps one', async ({ skip }) => {
        if (storage.leaseLog === undefined) skip('one process has this store');
        const name = 'at once';
        await Promise.all(['a', 'b', 'c', 'd'].map((holder) => claim({ name, holder })));
        const first = await read(name);
        expect(first).toHaveLength(1);
        await claim({ name, holder: 'e', sequence: 2 });
        await claim({ name, holder: 'f' });
        expect(await read(name)).toHaveLength(2);
      });
    });

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
        await expect(all(storage.alertLog.states(states, aborted))).rejects.toMatchObject(canceled);
        await expect(all(storage.alertLog.standing(states, aborted))).rejects.toMatchObject(canceled);
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

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** An event with its labels as text, for a comparison that shows the difference. */
function plain(event: AlertEvent): Record<string, unknown> {
  return { ...event, labels: event.labels.toString(), annotations: event.annotations.toString() };
}
