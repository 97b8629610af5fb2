import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StorageError } from '../errors.ts';
import type { GridAggregate, GridFunction, GridRequest } from '../grid-request.ts';
import { Labels } from '../labels.ts';
import { Matcher } from '../matcher.ts';
import type { Selection } from '../querier.ts';
import type { SeriesSet } from '../series.ts';
import { sample, write } from '../storage.case.ts';
import { ClickHouseError, type ClickHouseReader } from './client.ts';
import { ClickHouseQuerier } from './querier.ts';
import { type ClickHouseStorage, openClickHouseStorage } from './storage.ts';

const MINUTE = 60_000;
const T = Date.UTC(2026, 0, 1);
const NEVER = new AbortController().signal;
const [A, B, ODD] = ['a', 'b', 'odd'].map((name) => Labels.from({ __name__: 'm', name })) as [Labels, Labels, Labels];
const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;

let dataDir: string;
let storage: ClickHouseStorage;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'pharos-grid-'));
  storage = await openClickHouseStorage({
    clickhouse: { embedded: { path: join(dataDir, 'db') } },
    dataDir,
    retention: 0,
    commitInterval: 1,
  });
  const at = (minute: number, value: number) => sample(T + minute * MINUTE, value);
  const stale = { timestamp: T + 4 * MINUTE, value: NAN, stale: true };
  await write(storage, [
    { labels: A, samples: [at(0, 1), at(1, 99), at(2, 5), at(3, 2), stale] },
    { labels: B, samples: [at(2, 0.1), at(3, -0.2), at(4, 0.3)] },
    { labels: ODD, samples: [at(1, NAN), at(2, NAN), at(3, INF), at(4, 7)] },
  ]);
  // The same time once more: only this value counts.
  await write(storage, [{ labels: A, samples: [at(1, 3)] }]);
});
afterAll(async () => {
  await storage.close(10_000);
  rmSync(dataDir, { recursive: true, force: true });
});

const SELECTION: Selection = { matchers: [new Matcher('__name__', '=', 'm')], start: T - MINUTE, end: T + 10 * MINUTE };
const REQUEST: GridRequest = {
  func: 'value',
  start: T,
  step: MINUTE,
  steps: 6,
  window: 2 * MINUTE,
  grouping: undefined,
};

/** The values by row, `undefined` where there is none; rows without samples are left out. */
async function rowsOf(set: SeriesSet, request: Partial<GridRequest>): Promise<(number | undefined)[][]> {
  const rows: (number | undefined)[][] = [];
  for await (const block of (await set.grids!({ ...REQUEST, ...request }))!) {
    for (const { row, values, present } of block) {
      expect(rows[row]).toBe(undefined);
      rows[row] = Array.from(values, (value, i) => (present[i] === 1 ? value : undefined));
    }
  }
  return rows;
}

const NONE = undefined;
const select = () => storage.querier.select(SELECTION, NEVER);

describe('of each series', () => {
  test.each<[GridFunction, (number | undefined)[], (number | undefined)[], (number | undefined)[]]>([
    ['value', [1, 3, 5, 2, NONE, NONE], [NONE, NONE, 0.1, -0.2, 0.3, 0.3], [NONE, NAN, NAN, INF, 7, 7]],
    ['last', [1, 3, 5, 2, 2, NONE], [NONE, NONE, 0.1, -0.2, 0.3, 0.3], [NONE, NAN, NAN, INF, 7, 7]],
    ['idelta', [NONE, 2, 2, -3, NONE, NONE], [NONE, NONE, NONE, -0.2 - 0.1, 0.3 + 0.2, NONE], []],
    ['changes', [0, 1, 1, 1, 0, NONE], [NONE, NONE, 0, 1, 1, 0], [NONE, 0, 0, 1, 1, 0]],
    ['resets', [0, 0, 0, 1, 0, NONE], [NONE, NONE, 0, 1, 0, 0], [NONE, 0, 0, 0, 1, 0]],
  ])('%s', async (func, a, b, odd) => {
    const rows = await rowsOf(await select(), { func });
    expect(rows.slice(0, odd.length === 0 ? 2 : 3)).toEqual(odd.length === 0 ? [a, b] : [a, b, odd]);
  });

  test('the time of the newest sample', async () => {
    const [, b] = await rowsOf(await select(), { func: 'timestamp' });
    expect(b).toEqual(
      [NONE, NONE, T + 2 * MINUTE, T + 3 * MINUTE, T + 4 * MINUTE, T + 4 * MINUTE].map((t) => t && t / 1000),
    );
  });

  test('a rate, and an increase, which is a rate for the whole window', async () => {
    const [a] = await rowsOf(await select(), { func: 'rate', steps: 4 });
    expect(a).toEqual([NONE, expect.closeTo(3 / 120, 12), expect.closeTo(4 / 120, 12), expect.closeTo(4 / 120, 12)]);
    const [increase] = await rowsOf(await select(), { func: 'increase', steps: 4 });
    expect(increase).toEqual([NONE, expect.closeTo(3, 10), expect.closeTo(4, 10), expect.closeTo(4, 10)]);
  });

  test('one step, also before the first sample and before 1970', async () => {
    expect(await rowsOf(await select(), { start: T + 2.5 * MINUTE, step: 0, steps: 1 })).toEqual([[5], [0.1], [NAN]]);
    expect(await rowsOf(await select(), { start: T - MINUTE, step: 0, steps: 1 })).toEqual([]);
    expect(await rowsOf(await select(), { start: -MINUTE, step: 0, steps: 1 })).toEqual([]);
  });

  test('tells which rows have samples that are not finite, and how many there were', async () => {
    const said = new Map<number, unknown>();
    for await (const block of (await (
      await select()
    ).grids!({ ...REQUEST, func: 'last' }))!) {
      for (const { row, samples, finite } of block) said.set(row, [samples, finite]);
    }
    expect([...said].sort()).toEqual([
      [0, [4, true]],
      [1, [3, true]],
      [2, [4, false]],
    ]);
  });
});

describe('of groups', () => {
  const of = Uint32Array.of(0, 1, 1);
  test.each<[GridAggregate, (number | undefined)[], (number | undefined)[]]>([
    ['sum', [1, 3, 5, 2, NONE, NONE], [NONE, NAN, NAN, NAN, 7.3, 7.3]],
    ['avg', [1, 3, 5, 2, NONE, NONE], [NONE, NAN, NAN, NAN, 3.65, 3.65]],
    ['count', [1, 1, 1, 1, NONE, NONE], [NONE, 1, 2, 2, 2, 2]],
    ['group', [1, 1, 1, 1, NONE, NONE], [NONE, 1, 1, 1, 1, 1]],
    ['min', [1, 3, 5, 2, NONE, NONE], [NONE, NAN, 0.1, -0.2, 0.3, 0.3]],
    ['max', [1, 3, 5, 2, NONE, NONE], [NONE, NAN, 0.1, INF, 7, 7]],
  ])('%s', async (op, first, second) => {
    const rows = await rowsOf(await select(), { grouping: { op, of } });
    expect(rows).toEqual([first, second]);
  });

  test('a series that came after the selection belongs to none', async () => {
    const set = await select();
    const late = Labels.from({ __name__: 'm', name: 'zz' });
    await write(storage, [{ labels: late, samples: [sample(T + 8 * MINUTE, 1)] }]);
    const request = { start: T + 8 * MINUTE, step: 0, steps: 1 };
    expect(await rowsOf(set, { ...request, grouping: { op: 'count', of } })).toEqual([]);
    expect(await rowsOf(set, request)).toEqual([]);
  });
});

describe('is left to the reader of the samples', () => {
  test.each([
    ['times between milliseconds', { start: T + 0.5 }],
    ['times that ClickHouse cannot say', { start: 9e12 }],
    ['more steps than ClickHouse gives', { step: 1, steps: 2 ** 24 }],
  ])('for %s', async (_, request) => {
    expect(await (await select()).grids!({ ...REQUEST, ...request })).toBe(undefined);
  });

  /** A querier whose ClickHouse fails at these functions so often. */
  function failing(error: StorageError, times: number): { readonly querier: ClickHouseQuerier; asked: () => number } {
    let asked = 0;
    const client: ClickHouseReader = {
      stream(sql, signal, size) {
        if (sql.includes('timeSeries') && ++asked <= times) throw error;
        return storage.client.stream(sql, signal, size);
      },
    };
    return { querier: new ClickHouseQuerier({ client, maxSeries: 10, ready: () => {} }), asked: () => asked };
  }

  test('where ClickHouse does not have the functions, which is asked once', async () => {
    const cause = new ClickHouseError(46, 'Unknown function');
    const { querier, asked } = failing(new StorageError('internal', 'ClickHouse failed', { cause }), 99);
    const set = await querier.select(SELECTION, NEVER);
    expect(await set.grids!(REQUEST)).toBe(undefined);
    expect(await set.grids!(REQUEST)).toBe(undefined);
    expect(asked()).toBe(1);
  });

  test('while ClickHouse does not answer, and no longer', async () => {
    const { querier } = failing(new StorageError('unavailable', 'ClickHouse does not answer'), 1);
    const set = await querier.select(SELECTION, NEVER);
    expect(await set.grids!(REQUEST)).toBe(undefined);
    expect(await rowsOf(set, {})).toHaveLength(3);
  });
});

test('a signal ends it', async () => {
  const controller = new AbortController();
  const set = await storage.querier.select(SELECTION, controller.signal);
  const rows = await set.grids!(REQUEST);
  controller.abort();
  const reading = (async () => {
    for await (const _ of rows!);
  })();
  await expect(reading).rejects.toMatchObject({ name: 'StorageError', kind: 'canceled' });
});
