import fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { StorageError } from '../errors.ts';
import { Labels } from '../labels.ts';
import { Matcher } from '../matcher.ts';
import { createMemoryStorage } from '../memory.ts';
import type { Querier } from '../querier.ts';
import { readSamples } from '../read-samples.ts';
import { newWindow } from '../sample-window.ts';
import type { Sample } from '../series.ts';
import { sample, storageSuite, type TestSeries, write } from '../storage.case.ts';
import type { Storage } from '../storage.ts';
import { RecentSamples, type RecentSamplesOptions } from './recent-samples.ts';
import { wantingAll } from './wanting-all.case.ts';

const NEVER = new AbortController().signal;
const T0 = Date.UTC(2026, 0, 15, 12);
const HOUR = 3_600_000;

async function selectsFrom(registry: Registry, from: 'memory' | 'store' | 'both'): Promise<number> {
  const found = await registry.getSingleMetric('pharos_recent_selects_total')!.get();
  return found.values.find(({ labels }) => labels.from === from)?.value ?? 0;
}

storageSuite('recent samples in front of memory', async () => {
  const registry = new Registry();
  const recent = new RecentSamples({
    storage: createMemoryStorage(),
    now: () => T0 + 100 * HOUR,
    maxReach: 1e13,
    registry,
  });
  const storage = wantingAll(recent, 500 * HOUR);
  return {
    storage,
    async dispose() {
      await storage.close(0);
      expect(await selectsFrom(registry, 'memory')).toBeGreaterThan(10);
    },
  };
});

function open(options: Partial<RecentSamplesOptions> & { readonly maxSamples?: number } = {}) {
  const store = createMemoryStorage(options.maxSamples === undefined ? {} : { maxSamples: options.maxSamples });
  const registry = new Registry();
  const clock = { now: T0 };
  const recent = new RecentSamples({ storage: store, now: () => clock.now, registry, slack: 0, ...options });
  return { store, registry, clock, recent, storage: recent.storage };
}

function named(name: string): Matcher {
  return new Matcher('__name__', '=', name);
}

function series(labels: Record<string, string>, samples: readonly Sample[]): TestSeries {
  return { labels: Labels.from(labels), samples };
}

/** Series with samples, by their text. */
async function answer(
  querier: Querier,
  matchers: readonly Matcher[],
  range: { start: number; end: number },
): Promise<Record<string, readonly Sample[]>> {
  const set = await querier.select({ matchers, ...range }, NEVER);
  const found = await readSamples(set);
  const filled = set.series.map((labels, i) => [labels.toString(), found[i]!] as const);
  if (set.locate !== undefined) {
    for (const [i, samples] of found.entries()) {
      const window = newWindow(range.start, range.end);
      set.locate(i, window);
      const { timestamps, values, stale, from, to } = window;
      const located = Array.from({ length: to - from }, (_, k) => ({
        timestamp: timestamps[from + k],
        value: values[from + k],
        stale: stale[from + k] === 1,
      }));
      expect(located).toEqual(samples);
      expect(window.anyStale).toBe(samples.some((one) => one.stale));
    }
  }
  return Object.fromEntries(filled.filter(([, samples]) => samples.length > 0));
}

/** Another process writes other series; of a millisecond always the same, since nobody knows which of two would count. */
async function writeAsOther(
  store: Storage,
  rows: readonly { readonly name: string; readonly pod: string; readonly time: number }[],
  now: number,
): Promise<void> {
  const all = rows.map(({ name, pod, time }) => {
    const timestamp = now + time * 1000;
    const stale = timestamp % 5 === 0;
    return series({ __name__: name, pod, x: 'other' }, [
      { timestamp, value: stale ? Number.NaN : timestamp % 7, stale },
    ]);
  });
  await write(store, all);
}

describe('a window over recent samples', () => {
  test('answers what the store answers, whatever comes, goes, is late, repeated, deleted or refused', async () => {
    const name = fc.constantFrom('a', 'b', 'unwanted');
    const pod = fc.constantFrom('', '1', '2', '3');
    const time = fc.oneof(fc.integer({ min: -60, max: 5 }), fc.constantFrom(0, -1, -400));
    const row = fc.record({ name, pod, time, value: fc.constantFrom(1, 2, Number.NaN, 0), stale: fc.boolean() });
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({ do: fc.constant('append' as const), rows: fc.array(row, { maxLength: 12 }) }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('select' as const),
          name,
          pod: fc.constantFrom(undefined, '=1', '!=1', '=~1|2', '!~1|2', '='),
          from: fc.integer({ min: -100, max: 5 }),
          length: fc.integer({ min: 0, max: 120 }),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.constantFrom(1, 15, 40, 90) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('delete' as const), name, pod, from: fc.integer({ min: -90, max: 0 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('want' as const), reach: fc.constantFrom(30, 60, 90), b: fc.boolean() }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const) }) },
    );
    let answeredFromMemory = 0;
    let answeredFromBoth = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.boolean(), async (steps, isSmall) => {
        const otherWriters = !isSmall;
        const { store, clock, recent, storage, registry } = open({
          retryAfter: 0,
          otherWriters,
          overlap: 1000_000,
          ...(isSmall && { maxSamples: 100 }),
        });
        recent.want(
          'rules',
          new Map([
            ['a', 60_000],
            ['b', 60_000],
          ]),
        );
        const held: number[] = [];
        for (const one of steps) {
          switch (one.do) {
            case 'append': {
              const refs = one.rows.map((r) =>
                storage.appender.acquire(Labels.from({ __name__: r.name, pod: r.pod, x: 'y' })),
              );
              held.push(...refs);
              const batch = {
                length: refs.length,
                refs: Uint32Array.from(refs),
                timestamps: Float64Array.from(one.rows, (r) => clock.now + r.time * 1000),
                values: Float64Array.from(one.rows, (r) => r.value),
                stale: Uint8Array.from(one.rows, (r) => (r.stale ? 1 : 0)),
              };
              await storage.appender.append(batch).catch((error) => expect(error).toBeInstanceOf(StorageError));
              if (otherWriters) await writeAsOther(store, one.rows, clock.now);
              break;
            }
            case 'select': {
              // What others have written is seen later in time.
              clock.now++;
              const matchers = [named(one.name)];
              const [, op, value] = /^(=~|!~|!=|=)(.*)$/.exec(one.pod ?? '') ?? [];
              if (op !== undefined) matchers.push(new Matcher('pod', op as '=', value!));
              const start = clock.now + one.from * 1000;
              // Where others write, what is late for the last reading is seen by the next.
              const range = { start, end: Math.max(start + one.length * 1000, otherWriters ? clock.now : 0) };
              expect(await answer(storage.querier, matchers, range)).toEqual(
                await answer(store.querier, matchers, range),
              );
              break;
            }
            case 'pass':
              clock.now += one.seconds * 1000;
              break;
            case 'delete': {
              const matcherSets = [[named(one.name), new Matcher('pod', '=', one.pod)]];
              const start = clock.now + one.from * 1000;
              await storage.deleteSamples({ matcherSets, start, end: start + 60_000 }, NEVER);
              break;
            }
            case 'want':
              recent.want('rules', new Map([['a', one.reach * 1000], ...(one.b ? [['b', 60_000] as const] : [])]));
              break;
            case 'settle':
              await recent.settled();
              break;
            case 'release':
              storage.appender.release(held.splice(0));
              break;
            default:
              one satisfies never;
          }
        }
        answeredFromMemory += await selectsFrom(registry, 'memory');
        answeredFromBoth += await selectsFrom(registry, 'both');
        await storage.close(0);
      }),
      { numRuns: 300 },
    );
    expect(answeredFromMemory).toBeGreaterThan(100);
    expect(answeredFromBoth).toBeGreaterThan(15);
  });

  test('shows a sample as soon as it is appended, before the store does', async () => {
    const { store } = open();
    let open_: () => void = () => {};
    const durable = new Promise<void>((resolve) => (open_ = resolve));
    // Takes a batch only when it is told to.
    const slow: Storage = {
      ...store,
      appender: {
        acquire: (labels) => store.appender.acquire(labels),
        labelsOf: (ref) => store.appender.labelsOf!(ref),
        release: (refs) => store.appender.release(refs),
        describe: () => {},
        append: (batch) => durable.then(() => store.appender.append(batch)),
      },
    };
    const front = new RecentSamples({ storage: slow, now: () => T0 });
    front.want('rules', new Map([['m', 60_000]]));
    await front.settled();
    expect(front.isImmediate('m')).toBe(true);
    expect(front.isImmediate('other')).toBe(false);
    const ref = front.storage.appender.acquire(Labels.from({ __name__: 'm' }));
    const appended = front.storage.appender.append({
      length: 1,
      refs: Uint32Array.of(ref),
      timestamps: Float64Array.of(T0),
      values: Float64Array.of(7),
      stale: Uint8Array.of(0),
    });
    const range = { start: T0 - 60_000, end: T0 };
    expect(await answer(front.storage.querier, [named('m')], range)).toEqual({ m: [sample(T0, 7)] });
    // However far back: the store has what is older.
    await write(store, [
      series({ __name__: 'm' }, [sample(T0 - HOUR, 1)]),
      series({ __name__: 'm', a: '1' }, [sample(T0 - HOUR, 2)]),
    ]);
    const far = { start: T0 - 2 * HOUR, end: T0 };
    expect(await answer(front.storage.querier, [named('m')], far)).toEqual({
      m: [sample(T0 - HOUR, 1), sample(T0, 7)],
      'm{a="1"}': [sample(T0 - HOUR, 2)],
    });
    open_();
    await appended;
  });

  test('knows what was there before it was wanted, and refs that were held before', async () => {
    const { recent, storage, registry } = open();
    const ref = storage.appender.acquire(Labels.from({ __name__: 'm', a: '1' }));
    await write(storage, [series({ __name__: 'm', a: '1' }, [sample(T0 - 30_000, 1)])]);
    await write(storage, [series({ __name__: 'm', a: '2' }, [sample(T0 - 20_000, 2)])]);
    recent.want('rules', new Map([['m', 60_000]]));
    await recent.settled();
    await write(storage, [series({ __name__: 'm', a: '1' }, [sample(T0, 3)])]);
    const found = await answer(storage.querier, [named('m')], { start: T0 - 60_000, end: T0 });
    expect(found).toEqual({
      'm{a="1"}': [sample(T0 - 30_000, 1), sample(T0, 3)],
      'm{a="2"}': [sample(T0 - 20_000, 2)],
    });
    expect(await selectsFrom(registry, 'memory')).toBe(1);
    storage.appender.release([ref]);
  });

  test('gives the same array of series until one comes or goes', async () => {
    const { recent, storage, clock } = open();
    recent.want('rules', new Map([['m', 60_000]]));
    await recent.settled();
    await write(storage, [series({ __name__: 'm', a: '1' }, [sample(T0, 1)])]);
    const matchers = [named('m'), new Matcher('a', '!=', '3')];
    const ask = async () =>
      (await storage.querier.select({ matchers, start: clock.now - 60_000, end: clock.now }, NEVER)).series;
    const first = await ask();
    await write(storage, [series({ __name__: 'm', a: '1' }, [sample(T0 + 1000, 1)])]);
    await write(storage, [series({ __name__: 'm', a: '3' }, [sample(T0 + 1000, 1)])]);
    expect(await ask()).toBe(first);
    await write(storage, [series({ __name__: 'm', a: '2' }, [sample(T0 + 1000, 1)])]);
    expect((await ask()).map(String)).toEqual(['m{a="1"}', 'm{a="2"}']);
    expect(first.map(String)).toEqual(['m{a="1"}']);
    // Nobody holds them, and their samples are too old: they go.
    clock.now += 300_000;
    expect(await ask()).toEqual([]);
    expect(await ask()).toBe(await ask());
  });

  test('reads from the store what would take too much memory, and says so', async () => {
    const { recent, storage, registry, clock } = open({ maxBytes: 100_000 });
    recent.want(
      'rules',
      new Map([
        ['big', 60_000],
        ['small', 60_000],
      ]),
    );
    await recent.settled();
    const many = Array.from({ length: 300 }, (_, i) => series({ __name__: 'big', n: `${i}` }, [sample(T0, i)]));
    await write(storage, [...many, series({ __name__: 'small' }, [sample(T0, 1)])]);
    clock.now += 1000;
    await write(storage, [series({ __name__: 'small' }, [sample(T0 + 1000, 2)])]);
    const range = { start: T0 - 50_000, end: T0 + 1000 };
    expect(Object.keys(await answer(storage.querier, [named('big')], range))).toHaveLength(300);
    expect(await selectsFrom(registry, 'store')).toBe(1);
    expect(Object.values(await answer(storage.querier, [named('small')], range))).toEqual([
      [sample(T0, 1), sample(T0 + 1000, 2)],
    ]);
    expect(await selectsFrom(registry, 'memory')).toBe(1);
    const text = await registry.metrics();
    expect(text).toContain('pharos_recent_metrics{state="too_big"} 1');
    expect(text).toContain('pharos_recent_metrics{state="memory"} 1');
    expect(text).toContain('pharos_recent_series 1\n');
  });

  test('drops what is older than anybody reads, and keeps a bounded part of memory', async () => {
    const { recent, storage, registry, clock } = open();
    recent.want('rules', new Map([['m', 300_000]]));
    await recent.settled();
    const ref = storage.appender.acquire(Labels.from({ __name__: 'm' }));
    for (let i = 0; i < 5000; i++) {
      clock.now += 15_000;
      await storage.appender.append({
        length: 1,
        refs: Uint32Array.of(ref),
        timestamps: Float64Array.of(clock.now),
        values: Float64Array.of(i),
        stale: Uint8Array.of(0),
      });
    }
    const range = { start: clock.now - 300_000, end: clock.now };
    expect((await answer(storage.querier, [named('m')], range)).m).toHaveLength(21);
    expect(await selectsFrom(registry, 'memory')).toBe(1);
    // Further back the store is asked.
    const long = { start: clock.now - 20 * 300_000, end: clock.now };
    expect((await answer(storage.querier, [named('m')], long)).m).toHaveLength(401);
    expect(await selectsFrom(registry, 'both')).toBe(1);
    const bytes = Number(/pharos_recent_bytes (\d+)/.exec(await registry.metrics())![1]);
    expect(bytes).toBeLessThan(100_000);
  });

  test('goes on trying while the store cannot be read', async () => {
    const { store, clock } = open();
    let fails = true;
    const failing: Storage = {
      ...store,
      async flush(signal) {
        if (fails) throw new StorageError('unavailable', 'not now');
        await store.flush(signal);
      },
    };
    const registry = new Registry();
    const recent = new RecentSamples({ storage: failing, now: () => clock.now, registry, retryAfter: 1 });
    recent.want('rules', new Map([['m', 60_000]]));
    await recent.settled();
    expect(await registry.metrics()).toContain('pharos_recent_metrics{state="loading"} 1');
    fails = false;
    await expect.poll(() => recent.isImmediate('m')).toBe(true);
    await recent.storage.close(0);
  });
});

test('puts the samples of many series in the order in which they are read', async () => {
  const { clock, recent, storage } = open({ slack: 0 });
  recent.want('test', new Map([['many', HOUR]]));
  await recent.settled();
  const count = 1500;
  // 7 and 1500 have no common factor: all of them, in another order.
  const refs = Uint32Array.from({ length: count }, (_, i) =>
    storage.appender.acquire(Labels.from({ __name__: 'many', series: String(10_000 + ((i * 7) % count)) })),
  );
  const append = async () => {
    clock.now += 10_000;
    await storage.appender.append({
      length: count,
      refs,
      timestamps: new Float64Array(count).fill(clock.now),
      values: Float64Array.from({ length: count }, (_, i) => ((i * 7) % count) + clock.now),
      stale: new Uint8Array(count),
    });
  };
  const read = async () => {
    const set = await storage.querier.select({ matchers: [named('many')], start: T0, end: clock.now }, NEVER);
    let inOrder = 0;
    let before = newWindow(T0, clock.now);
    for (const [i, labels] of set.series.entries()) {
      const window = newWindow(T0, clock.now);
      set.locate!(i, window);
      if (window.timestamps === before.timestamps && window.from > before.from) inOrder++;
      before = window;
      const times = [...window.timestamps.subarray(window.from, window.to)];
      expect(times).toEqual(Array.from({ length: (clock.now - T0) / 10_000 }, (_, k) => T0 + (k + 1) * 10_000));
      const own = Number(labels.get('series')) - 10_000;
      expect([...window.values.subarray(window.from, window.to)]).toEqual(times.map((time) => time + own));
    }
    return inOrder / count;
  };
  for (let tick = 0; tick < 14; tick++) await append();
  expect(await read()).toBeGreaterThan(0.9);
  await append();
  await append();
  expect(await read()).toBeGreaterThan(0.9);
});

test('answers while the store cannot be read, where nobody else has written lately', async () => {
  const store = createMemoryStorage();
  const clock = { now: T0 };
  let isAway = false;
  const querier: Querier = {
    ...store.querier,
    select: (selection, signal) =>
      isAway ? Promise.reject(new StorageError('unavailable', 'it is away')) : store.querier.select(selection, signal),
  };
  const recent = new RecentSamples({ storage: { ...store, querier }, now: () => clock.now, otherWriters: true });
  const { storage } = recent;
  recent.want('rules', new Map(['own', 'shared'].map((name) => [name, 10 * 60_000])));
  await recent.settled();
  const refs = ['own', 'shared'].map((name) => storage.appender.acquire(Labels.from({ __name__: name, by: 'this' })));
  const append = (value: number) =>
    storage.appender.append({
      length: 2,
      refs: Uint32Array.from(refs),
      timestamps: new Float64Array(2).fill(clock.now),
      values: new Float64Array(2).fill(value),
      stale: new Uint8Array(2),
    });
  await append(1);
  const others = [sample(T0, 5)];
  await write(store, [series({ __name__: 'shared', by: 'another' }, others)]);
  const select = (name: string) => answer(storage.querier, [named(name)], { start: T0, end: clock.now });
  clock.now++;
  expect(Object.keys(await select('shared'))).toHaveLength(2);

  isAway = true;
  clock.now += 15_000;
  await append(2);
  expect(await select('own')).toEqual({ 'own{by="this"}': [sample(T0, 1), sample(clock.now, 2)] });
  await expect(select('shared')).rejects.toThrow('it is away');

  clock.now += 5 * 60_000;
  await append(3);
  expect(Object.values(await select('shared'))[1]).toHaveLength(3);

  isAway = false;
  await write(store, [series({ __name__: 'own', by: 'another' }, [sample(clock.now, 7)])]);
  clock.now += 15_000;
  expect(Object.keys(await select('own'))).toHaveLength(2);
  await storage.close(0);
});
