import { expect, test } from 'vitest';
import { percentile } from './concurrent.ts';
import { growthTable } from './growth.ts';
import { idleFrom } from './kill.ts';
import { type RowResult, rows, rowTables } from './rows.ts';

test('the tables of the rows: the best run of each, ratios to Pharos, memory, differences', () => {
  const result = (...milliseconds: number[]): RowResult => ({
    milliseconds,
    peak: { total: 300e6, anonymous: 200e6, file: 100e6 },
  });
  const results = new Map([
    ['pharos', result(250, 200.4, 300)],
    ['prometheus', result(500, 600, 501)],
    ['victoria-metrics', result(50.06, 60, 70)],
  ]);
  const notes = new Map([['pharos', 'the same']]);
  const names = [...results.keys()];
  expect(rowTables([{ title: 'a query', results, notes, same: true }], { names, runs: 3 })).toBe(
    [
      'ms, best of 3  pharos  prometheus  victoria-metrics  prometheus/pharos  victoria-metrics/pharos',
      'a query           200         500              50.1               2.50                     0.25',
      '',
      'peak MB  pharos  anonymous  file  prometheus  anonymous  file  victoria-metrics  anonymous  file',
      'a query     300        200   100         300        200   100               300        200   100',
      '',
      "answers, compared with Prometheus':",
      '  a query: pharos: the same',
    ].join('\n'),
  );
});

test('a contender that failed has dashes and its reason', () => {
  const peak = { total: 1e6, anonymous: 1e6, file: 0 };
  const results = new Map<string, RowResult>([
    ['pharos', { milliseconds: [], peak }],
    ['prometheus', { milliseconds: [5], peak }],
  ]);
  const notes = new Map([['pharos', 'FAILED: too many samples']]);
  const text = rowTables([{ title: 'a query', results, notes, same: false }], { names: [...results.keys()], runs: 1 });
  expect(text).toMatch(/^a query +- +5\.0 +-$/m);
  expect(text).toContain('  a query: pharos: FAILED: too many samples');
});

test('the rows reach over the data set, and not further', () => {
  const end = 1_764_000_000_000;
  for (const row of rows({ series: 10_000, hours: 24, interval: 15, end })) {
    expect(row.end).toBe(end);
    expect([0, 3_600_000, 86_400_000]).toContain(row.end - row.start);
  }
  for (const row of rows({ series: 10, hours: 0.5, interval: 15, end }))
    expect(row.end - row.start).toBeLessThanOrEqual(1_800_000);
});

test('growth leaves out ratios when Pharos was not measured', () => {
  const results = [{ series: 1000, milliseconds: new Map([['prometheus', 12.34]]) }];
  expect(growthTable(results, ['prometheus'])).toBe(
    ['the first query over 2 h, ms; series  prometheus', '                                1000        12.3'].join('\n'),
  );
});

test('percentiles are values that occurred', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  expect([0, 50, 99, 100].map((p) => percentile(hundred, p))).toEqual([1, 50, 99, 100]);
  expect(percentile([], 50)).toBeNaN();
});

test('a process is idle from where it stays idle', () => {
  /** Busy in these spans of ms, sampled every 10 ms for 2 s. */
  const samples = (...busy: (readonly [number, number])[]) =>
    Array.from({ length: 201 }, (_, i) => {
      const time = i * 10;
      const used = busy.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(time, to) - from), 0);
      return { time, cpu: 5 + used / 1000 };
    });
  expect(idleFrom(samples())).toBe(0);
  expect(Math.abs(idleFrom(samples([0, 400])) - 400)).toBeLessThanOrEqual(30);
  expect(Math.abs(idleFrom(samples([0, 100], [900, 1200])) - 1200)).toBeLessThanOrEqual(30);
  expect(idleFrom(samples([0, 2000]))).toBe(Number.POSITIVE_INFINITY);
  expect(idleFrom([])).toBe(Number.POSITIVE_INFINITY);
});
