import { describe, expect, test } from 'vitest';
import { CPU, DataSet, type DataSetOptions, labelsOf, MEMORY, METRICS } from './data-set.ts';

const options: DataSetOptions = { series: 1000, hours: 24, interval: 15, end: 1_764_000_000_000 };

/** As text, because comparing it is quicker than comparing thousands of values. */
const text = (column: Float64Array) => column.join();

/** All values of a series, asked for in steps of so many. */
function values(dataSet: DataSet, index: number, step: number): Float64Array {
  const out = new Float64Array(dataSet.ticks);
  for (let at = 0; at < dataSet.ticks; at += step) dataSet.next(index, Math.min(step, dataSet.ticks - at), { out, at });
  return out;
}

const name = (index: number) => new Map(labelsOf(index)).get('__name__');

describe('the data set', () => {
  test('holds the same samples for everybody, in whatever steps they are taken', () => {
    const [one, other] = [new DataSet(options), new DataSet(options)];
    for (let index = 0; index < 20; index++) {
      expect(text(values(one, index, 60))).toBe(text(values(other, index, 577)));
    }
  });

  test('a series has the same samples in a data set of another size', () => {
    const smaller = new DataSet({ ...options, series: 50 });
    expect(text(values(new DataSet(options), 42, 100))).toBe(text(values(smaller, 42, 100)));
  });

  test('ends at its end', () => {
    const dataSet = new DataSet(options);
    expect(dataSet.ticks).toBe(5760);
    expect(dataSet.samples).toBe(5_760_000);
    expect(dataSet.timestamp(dataSet.ticks - 1)).toBe(options.end);
    expect(dataSet.timestamp(0)).toBe(options.end - 24 * 3_600_000 + 15_000);
    expect(() => new DataSet({ ...options, end: options.end + 1 })).toThrow(
      /end must be a multiple of the interval, got/,
    );
  });

  test('40 % of the series are CPU counters, 20 % memory gauges, and all are distinct and sorted by label', () => {
    const all = Array.from({ length: 10_000 }, (_, index) => labelsOf(index));
    expect(new Set(all.map((labels) => JSON.stringify(labels))).size).toBe(10_000);
    const names = all.map((labels) => labels.find(([label]) => label === '__name__')?.[1]);
    expect(names.filter((each) => each === CPU)).toHaveLength(4000);
    expect(names.filter((each) => each === MEMORY)).toHaveLength(2000);
    expect(new Set(names)).toEqual(new Set(METRICS));
    const unsorted = all.filter((labels) => labels.some(([label], i) => i > 0 && label <= labels[i - 1]![0]));
    expect(unsorted).toEqual([]);
    const distinct = (label: string) => new Set(all.map((labels) => new Map(labels).get(label))).size;
    expect(distinct('namespace')).toBe(20);
    expect(distinct('node')).toBe(100);
    expect(distinct('pod')).toBe(2000);
  });

  test('counters rise and start again from 0 now and then; CPU seconds have 6 decimals', () => {
    const dataSet = new DataSet(options);
    let falls = 0;
    for (let index = 0; index < 100; index++) {
      if (!name(index)?.endsWith('_total')) continue;
      const all = values(dataSet, index, 5760);
      const fallen = [...all].filter((value, i) => i > 0 && value < all[i - 1]!);
      falls += fallen.length;
      expect(fallen.every((value) => value === 0)).toBe(true);
      if (name(index) === CPU) expect(all.every((value) => Number(value.toFixed(6)) === value)).toBe(true);
    }
    expect(falls).toBeGreaterThan(5);
    expect(falls).toBeLessThan(100);
  });

  test('memory is whole pages, moves, and stays about its size', () => {
    const all = values(new DataSet(options), 2, 5760);
    expect(name(2)).toBe(MEMORY);
    expect(all.every((value) => value > 0 && value % 4096 === 0)).toBe(true);
    const moved = all.filter((value, i) => i > 0 && value !== all[i - 1]).length / all.length;
    expect(moved).toBeGreaterThan(0.5);
    expect(moved).toBeLessThan(0.8);
    expect(Math.max(...all) / Math.min(...all)).toBeLessThan(3);
  });
});
