import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Labels, METRIC_NAME } from '../labels.ts';
import { Matcher } from '../matcher.ts';
import type { SeriesFilter } from '../querier.ts';
import type { AnswerSize, ClickHouseReader } from './client.ts';
import { type EmbeddedClient, openEmbeddedClient } from './embedded-client.ts';
import type { NativeBlock } from './native-block.ts';
import { HORIZON, RecentIndex, type RecentIndexOptions } from './recent-index.ts';
import { migrate } from './schema.ts';
import { countInsert, countRemoval, createSeriesChanges, type SeriesChanges } from './series-changes.ts';
import { SeriesIndex } from './series-index.ts';
import { sqlString, sqlTime } from './sql-literal.ts';

const NEVER = new AbortController().signal;
const HOUR = 3_600_000;
/** Not the real one: rows of any time can be written now. */
const NOW = Date.UTC(2026, 5, 15, 12, 34, 56);

interface Row {
  readonly labels: Labels;
  readonly first: number;
  readonly last: number;
}

/** Another client's answers, with what was asked; can fail, and wait before it answers. */
class WatchedClient implements ClickHouseReader {
  readonly #client: ClickHouseReader;
  readonly asked: string[] = [];
  failure: Error | undefined;
  gate: Promise<void> = Promise.resolve();

  constructor(client: ClickHouseReader) {
    this.#client = client;
  }

  async *stream(sql: string, signal: AbortSignal, size?: AnswerSize): AsyncGenerator<NativeBlock> {
    this.asked.push(sql);
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    yield* this.#client.stream(sql, signal, size);
  }
}

let directory: string;
let engine: EmbeddedClient;
let client: WatchedClient;
let changes: SeriesChanges;
let now: number;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pharos-index-'));
  engine = openEmbeddedClient({ path: directory });
  await migrate(engine, 0, NEVER);
});
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  await engine.command('TRUNCATE TABLE series');
  client = new WatchedClient(engine);
  changes = createSeriesChanges();
  now = NOW;
});

async function insert(rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.map(({ labels, first, last }) => {
    const others = [...labels].filter(([name]) => name !== METRIC_NAME).map((pair) => pair.map(sqlString).join(', '));
    const id = BigInt.asUintN(64, labels.id);
    return `(${sqlString(labels.metric)}, ${id}, map(${others.join(', ')}), ${sqlTime(first)}, ${sqlTime(last)})`;
  });
  await engine.command(`INSERT INTO series (metric, id, labels, first, last) VALUES ${values.join(', ')}`);
  countInsert(changes);
}

function open(options: Partial<RecentIndexOptions> = {}): RecentIndex {
  return new RecentIndex({ client, changes, otherWriters: false, now: () => now, ...options });
}

function row(labels: Record<string, string>, first = NOW - HOUR, last = NOW + HOUR): Row {
  return { labels: Labels.from(labels), first, last };
}

function filter(matchers: readonly Matcher[], start = NOW - HOUR, end = NOW): SeriesFilter {
  return { matcherSets: [matchers], start, end, limit: 0 };
}

const M = new Matcher(METRIC_NAME, '=', 'm');

/** What the index says, as text; undefined when it does not answer. */
async function find(index: RecentIndex, of: SeriesFilter = filter([M])): Promise<string[] | undefined> {
  const found = await index.find(of, new AbortController().signal);
  if (found === undefined) return undefined;
  const ids = found.labels.map((_, at) => (BigInt(found.ids[2 * at + 1]!) << 32n) | BigInt(found.ids[2 * at]!));
  expect(ids).toEqual(found.labels.map((labels) => labels.id));
  return found.labels.map(String);
}

const metric = fc.constantFrom('m', 'n', 'Ω');
const value = fc.constantFrom('', 'a', 'b', 'ab', "it's", 'new\nline', 'ü', '\\', '😀');
const labelSet = fc
  .record({ [METRIC_NAME]: metric, A: value, pod: value, 'a.b': value, zone: value })
  .map((source) => Labels.from(source));
/** Times that are whole hours around the horizon; the last comes after the first. */
const rowOf = fc
  .record({ labels: labelSet, from: fc.integer({ min: -32, max: 1 }), hours: fc.integer({ min: 1, max: 30 }) })
  .map(({ labels, from, hours }) => ({ labels, first: NOW + from * HOUR, last: NOW + (from + hours) * HOUR }));
const pattern = fc.constantFrom(
  '',
  'a',
  'a|b',
  '.*',
  '.+',
  'a?b',
  '(?i)A',
  '[^a]+',
  'new.line',
  "it's|ü|",
  '\\\\',
  '.',
);
const matcher = fc
  .record({
    name: fc.constantFrom('A', 'pod', 'a.b', 'zone', 'none', METRIC_NAME),
    op: fc.constantFrom('=' as const, '!=' as const, '=~' as const, '!~' as const),
    value: fc.oneof(value, pattern),
    pattern,
  })
  .map(({ name, op, value: literal, pattern: regexp }) => new Matcher(name, op, op.endsWith('~') ? regexp : literal));
const naming = fc.constantFrom(
  M,
  new Matcher(METRIC_NAME, '=', 'n'),
  new Matcher(METRIC_NAME, '=~', 'm|Ω|none'),
  new Matcher(METRIC_NAME, '=~', 'n|m'),
);
const question = fc.record({
  sets: fc.array(fc.tuple(naming, fc.array(matcher, { maxLength: 3 })), { minLength: 1, maxLength: 2 }),
  start: fc.integer({ min: -26, max: 1 }),
  hours: fc.integer({ min: 0, max: 27 }),
});

test('gives what ClickHouse gives and what the rows say, whatever was written in between', async () => {
  const step = fc.record({ rows: fc.array(rowOf, { maxLength: 12 }), questions: fc.array(question, { maxLength: 3 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
      await engine.command('TRUNCATE TABLE series');
      const index = open();
      const options = { client: engine, maxSeries: 1000, changes, otherWriters: false };
      const reading = new SeriesIndex({ ...options, now: () => Number.MAX_SAFE_INTEGER });
      const answering = new SeriesIndex({ ...options, now: () => now });
      const hulls = new Map<string, Row>();
      for (const { rows, questions } of steps) {
        await insert(rows);
        for (const one of rows) {
          // Older than any question; the index does not have it, ClickHouse may have merged it.
          if (one.last <= NOW - HORIZON - HOUR / 4) continue;
          const known = hulls.get(one.labels.key) ?? one;
          const [first, last] = [Math.min(known.first, one.first), Math.max(known.last, one.last)];
          hulls.set(one.labels.key, { ...one, first, last });
        }
        for (const { sets, start, hours } of questions) {
          const of = {
            matcherSets: sets.map(([name, others]) => [...others, name]),
            start: NOW + start * HOUR,
            end: NOW + (start + hours) * HOUR,
            limit: 0,
          };
          const wanted = [...hulls.values()]
            .filter(({ first, last }) => first <= of.end && last > of.start)
            .map(({ labels }) => labels)
            .filter((labels) => of.matcherSets.some((set) => set.every((m) => m.matches(labels.get(m.name)))))
            .sort(Labels.compare);
          expect(await find(index, of)).toEqual(wanted.map(String));
          const read = (await reading.find(of, NEVER)).labels.map(String);
          expect(wanted.map(String)).toEqual(expect.arrayContaining(read));
          expect(read).toEqual(wanted.map(String).filter((text) => read.includes(text)));
          const names = new Set(wanted.flatMap((labels) => [...labels].map(([name]) => name)));
          expect(await answering.labelNames(of, NEVER)).toEqual([...names].sort());
          const pods = new Set(wanted.map((labels) => labels.get('pod')).filter((pod) => pod !== ''));
          expect(await answering.labelValues('pod', of, NEVER)).toEqual([...pods].sort());
        }
      }
    }),
    { numRuns: 12 },
  );
});

describe('reads', () => {
  test('a metric once for all who ask at the same time, and nothing for those who ask later', async () => {
    await insert([row({ __name__: 'm', a: '1' }), row({ __name__: 'm', a: '2' }), row({ __name__: 'n' })]);
    const index = open();
    const answers = await Promise.all(Array.from({ length: 100 }, () => find(index)));
    expect(new Set(answers.map(String))).toEqual(new Set([`m{a="1"},m{a="2"}`]));
    expect(client.asked).toHaveLength(2);
    await find(index, filter([M, new Matcher('a', '!=', '1')]));
    expect(client.asked).toHaveLength(2);
  });

  test('what was inserted before the question, also while it reads', async () => {
    await insert([row({ __name__: 'm', a: '1' })]);
    const index = open();
    await find(index);
    let release!: () => void;
    client.gate = new Promise((resolve) => (release = resolve));
    await insert([row({ __name__: 'm', a: '0' })]);
    const first = find(index);
    await insert([row({ __name__: 'm', a: '2' })]);
    const second = find(index);
    release();
    expect(await first).toContain('m{a="0"}');
    expect(await second).toEqual(['m{a="0"}', 'm{a="1"}', 'm{a="2"}']);
    const counts = client.asked.slice(2).filter((sql) => !sql.includes('labels'));
    expect(counts.every((sql) => sql.includes('written >='))).toBe(true);
  });

  test('only what is new, when there are many', async () => {
    const many = Array.from({ length: 300 }, (_, at) => row({ __name__: 'm', a: String(at % 7), b: String(at) }));
    const index = open();
    for (let from = 0; from < many.length; from += 30) {
      await insert(many.slice(from, from + 30));
      const wanted = many.slice(0, from + 30).sort((a, b) => Labels.compare(a.labels, b.labels));
      expect(await find(index)).toEqual(wanted.map(({ labels }) => String(labels)));
      const threes = wanted.filter(({ labels }) => labels.get('a') === '3').map(({ labels }) => String(labels));
      expect(await find(index, filter([M, new Matcher('a', '=', '3')]))).toEqual(threes);
    }
    const written = (sql: string) => engine.command(`ALTER TABLE series UPDATE ${sql} SETTINGS mutations_sync = 2`);
    await written("written = toDateTime64(7, 3, 'UTC') WHERE 1");
    const later = open();
    await find(later);
    await insert([row({ __name__: 'm', a: 'new' })]);
    expect(await find(later)).toHaveLength(301);
    const before = client.asked.length;
    await written('written = written - 3600 WHERE written > 1000');
    await insert([row({ __name__: 'm', a: 'newer' }), row({ __name__: 'm', a: 'new' }, NOW, NOW + 9 * HOUR)]);
    expect(await find(later)).toHaveLength(302);
    expect(await find(later, filter([M], NOW + 8 * HOUR, NOW + 9 * HOUR))).toEqual(['m{a="new"}']);
    const read: number[] = [];
    for (const sql of client.asked.slice(before)) {
      const [counted] = await engine.query<{ rows: number }>(`SELECT toUInt32(count()) AS rows FROM (${sql})`, NEVER);
      read.push(counted!.rows);
    }
    // The times of both, the labels of the one that is not known.
    expect(read).toEqual([2, 1]);
  });

  test('once a second when others write', async () => {
    const index = open({ changes: undefined, otherWriters: true });
    expect(await find(index)).toEqual([]);
    await insert([row({ __name__: 'm' })]);
    now += 500;
    expect(await find(index)).toEqual([]);
    now += 500;
    expect(await find(index)).toEqual(['m']);
    const asked = client.asked.length;
    now += 999;
    await find(index);
    expect(client.asked).toHaveLength(asked);
    // The clock is set back: nothing is known of how old the answer is.
    now -= 10_000;
    await find(index);
    expect(client.asked).toHaveLength(asked + 1);
  });

  test('everything anew after a deletion', async () => {
    await insert([row({ __name__: 'm', a: '1' }), row({ __name__: 'm', a: '2' })]);
    const index = open();
    expect(await find(index)).toHaveLength(2);
    await engine.command("DELETE FROM series WHERE labels['a'] = '1' SETTINGS lightweight_deletes_sync = 2");
    countRemoval(changes);
    expect(await find(index)).toEqual(['m{a="2"}']);
  });

  test('a metric anew after a while, while the old answer serves', async () => {
    await insert([
      row({ __name__: 'm', a: 'old' }, NOW - 26 * HOUR, NOW - 25 * HOUR),
      row({ __name__: 'm', a: 'gone' }),
      row({ __name__: 'm', a: 'here' }),
    ]);
    const index = open();
    expect(await find(index, filter([M], NOW - HORIZON, NOW))).toHaveLength(3);
    await engine.command("DELETE FROM series WHERE labels['a'] = 'gone' SETTINGS lightweight_deletes_sync = 2");
    const before = client.asked.length;
    now += HOUR;
    expect(await find(index, filter([M], now - HORIZON, now))).toEqual(['m{a="gone"}', 'm{a="here"}']);
    await expect.poll(() => find(index, filter([M], now - HORIZON, now))).toEqual(['m{a="here"}']);
    // The labels were known.
    expect(client.asked.slice(before)).toHaveLength(1);
    // One that no counter told of is found too.
    await engine.command(
      `INSERT INTO series SELECT metric, id + 1, map('a', 'x'), first, last, written FROM series WHERE labels['a'] = 'here'`,
    );
    now += HOUR;
    const all = async () => (await index.find(filter([M], now - HORIZON, now), NEVER))!.labels.map(String);
    await expect.poll(all).toEqual(['m{a="here"}', 'm{a="x"}']);
  });
});

describe('leaves to ClickHouse', () => {
  test('what names no metric, too many metrics, or an older time', async () => {
    const index = open();
    const many = Array.from({ length: 33 }, (_, at) => `m${at}`).join('|');
    for (const of of [
      filter([new Matcher('a', '=', '1')]),
      filter([new Matcher(METRIC_NAME, '=~', 'm.*')]),
      filter([new Matcher(METRIC_NAME, '!=', 'm')]),
      filter([new Matcher(METRIC_NAME, '=~', many)]),
      filter([M], NOW - HORIZON - 1, NOW),
      { ...filter([M]), matcherSets: [] },
      { ...filter([M]), matcherSets: [[M], [new Matcher('a', '=', '1')]] },
    ]) {
      expect(await find(index, of)).toBeUndefined();
    }
    expect(client.asked).toEqual([]);
  });

  test('a metric of too many series, and asks no more until it is time to', async () => {
    await insert(Array.from({ length: 11 }, (_, at) => row({ __name__: 'm', a: String(at) })));
    const index = open({ maxSeries: 10 });
    expect(await find(index)).toBeUndefined();
    const asked = client.asked.length;
    expect(await find(index)).toBeUndefined();
    expect(client.asked).toHaveLength(asked);
    await engine.command("DELETE FROM series WHERE labels['a'] < '3' SETTINGS lightweight_deletes_sync = 2");
    now += HOUR;
    await expect.poll(() => find(index)).toHaveLength(7);
    await insert(Array.from({ length: 4 }, (_, at) => row({ __name__: 'm', b: String(at) })));
    expect(await find(index)).toBeUndefined();
  });

  test('the metrics that were not asked for longest', async () => {
    const names = ['m', 'n', 'o'];
    await insert(names.flatMap((name) => [1, 2, 3].map((at) => row({ __name__: name, a: String(at) }))));
    const index = open({ maxSeries: 110 });
    const ask = async (name: string) => {
      const before = client.asked.length;
      expect(await find(index, filter([new Matcher(METRIC_NAME, '=', name)]))).toHaveLength(3);
      return client.asked.length - before;
    };
    expect([await ask('m'), await ask('n'), await ask('m'), await ask('o')]).toEqual([2, 2, 0, 2]);
    expect([await ask('m'), await ask('o'), await ask('n')]).toEqual([0, 0, 2]);
  });
});

describe('an error', () => {
  test('of reading goes to all who wait, and the next question reads again', async () => {
    await insert([row({ __name__: 'm' })]);
    const index = open();
    client.failure = new Error('no answer');
    const asking = [find(index), find(index)];
    for (const one of asking) await expect(one).rejects.toThrow('no answer');
    client.failure = undefined;
    expect(await find(index)).toEqual(['m']);
  });

  test('of a signal is of its question only', async () => {
    await insert([row({ __name__: 'm' })]);
    const index = open();
    let release!: () => void;
    client.gate = new Promise((resolve) => (release = resolve));
    const cancel = new AbortController();
    const canceled = index.find(filter([M]), cancel.signal);
    const other = find(index);
    cancel.abort();
    await expect(canceled).rejects.toMatchObject({ kind: 'canceled' });
    release();
    expect(await other).toEqual(['m']);
    await expect(index.find(filter([M]), cancel.signal)).rejects.toMatchObject({ kind: 'canceled' });
  });
});
