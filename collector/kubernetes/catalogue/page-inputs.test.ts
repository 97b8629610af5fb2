import { describe, expect, it } from 'vitest';
import { ScrapeBatch } from '../../scrape/scrape-batch.ts';
import { PageInputs, WatchedRefs } from './page-inputs.ts';

const COUNTER = { column: 0, isCounter: true, increaseColumn: 1 };
const GAUGE = { column: 2, isCounter: false };

function inputs(refs = new WatchedRefs(), interval = 30_000): PageInputs {
  return new PageInputs({ refs, columns: 3, window: 120_000, interval });
}

/** A page of these values by ref. */
function page(of: PageInputs, seconds: number, values: Readonly<Record<number, number>>): number[] {
  const batch = new ScrapeBatch();
  batch.begin();
  for (const [ref, value] of Object.entries(values)) batch.add(Number(ref), seconds * 1000, value);
  of.read(batch, seconds * 1000);
  return [...of.results];
}

describe('inputs', () => {
  it('are summed by unit, and only from what the page has', () => {
    const of = inputs();
    of.add(7, 0, GAUGE);
    of.add(8, 0, GAUGE);
    of.add(9000, 1, GAUGE);
    expect(page(of, 0, { 7: 1, 8: 2, 9: 100, 9000: 5 })).toEqual([NaN, NaN, 3, NaN, NaN, 5]);
    expect(page(of, 30, { 8: 2 })).toEqual([NaN, NaN, 2, NaN, NaN, NaN]);
  });

  it('have rates from the second point on, over gaps too', () => {
    const of = inputs();
    of.add(1, 0, COUNTER);
    expect(page(of, 0, { 1: 100 })).toEqual([NaN, NaN, NaN]);
    expect(page(of, 30, {})).toEqual([NaN, NaN, NaN]);
    expect(page(of, 60, { 1: 160 })).toEqual([1, 60, NaN]);
    expect(page(of, 90, { 1: 160 })).toEqual([60 / 90, 0, NaN]);
  });

  it('look back two minutes, and a scrape that was a little late', () => {
    const of = inputs();
    of.add(1, 0, COUNTER);
    [0, 1000, 1000, 1000].forEach((value, i) => void page(of, 30 * i, { 1: value }));
    expect(page(of, 120.5, { 1: 1000 })[0]).toBeCloseTo(1000 / 120.5, 9);
    expect(page(of, 150, { 1: 1030 })[0]).toBeCloseTo(30 / 120, 9);
  });

  it('look back one interval where that is longer', () => {
    const of = inputs(new WatchedRefs(), 300_000);
    of.add(1, 0, COUNTER);
    page(of, 0, { 1: 0 });
    expect(page(of, 300, { 1: 600 })[0]).toBe(2);
    expect(page(of, 600, { 1: 600 })[0]).toBe(0);
  });

  it('count a counter that began anew from 0, as often as it did', () => {
    const of = inputs();
    of.add(1, 0, COUNTER);
    const values = [50, 20, 5, 10];
    const results = values.map((value, i) => page(of, 30 * i, { 1: value }));
    expect(results.at(-1)).toEqual([(20 + 5 + 5) / 90, 5, NaN]);
  });

  it('forget what is released; what comes in its place knows nothing of it', () => {
    const refs = new WatchedRefs();
    const of = inputs(refs);
    expect(of.add(1, 0, COUNTER)).toBe('new');
    expect(of.add(1, 0, COUNTER)).toBe('known');
    page(of, 0, { 1: 100 });
    expect(of.remove(1)).toBe(-1);
    expect(of.remove(1)).toBe(0);
    expect(of.remove(1)).toBe(-1);
    of.add(2, 0, COUNTER);
    expect(page(of, 30, { 1: 130, 2: 999 })).toEqual([NaN, NaN, NaN]);
    expect(page(of, 60, { 2: 1029 })).toEqual([1, 30, NaN]);
  });

  it('belong to one target at a time', () => {
    const refs = new WatchedRefs();
    const first = inputs(refs);
    const second = inputs(refs);
    first.add(1, 0, GAUGE);
    expect(second.add(1, 0, GAUGE)).toBe('elsewhere');
    expect(second.remove(1)).toBe(-1);
    second.add(2, 0, GAUGE);
    expect(page(second, 0, { 1: 5, 2: 6 })[2]).toBe(6);
    expect(page(first, 0, { 1: 5, 2: 6 })[2]).toBe(5);
  });

  it('grow with their history', () => {
    const of = inputs();
    of.add(0, 0, COUNTER);
    page(of, 0, { 0: 10 });
    for (let ref = 1; ref < 500; ref++) of.add(ref, ref, COUNTER);
    page(of, 30, Object.fromEntries(Array.from({ length: 500 }, (_, ref) => [ref, 40])));
    const results = page(of, 60, Object.fromEntries(Array.from({ length: 500 }, (_, ref) => [ref, 100])));
    expect(results[0]).toBe(90 / 60);
    expect(results[499 * 3]).toBe(2);
  });
});
