import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Labels } from '../../../storage/labels.ts';
import { HashedRows } from './hashed-rows.ts';
import { LastGood } from './last-good.ts';

const rows = (...names: string[]): readonly Labels[] => names.map((name) => Labels.from({ name }));

/** As `a=1@10 b=…`; what is gone in brackets. */
function told(good: LastGood, labels: readonly Labels[]): string {
  const present = labels.map((one, row) => `${one.get('name')}=${good.value(row)}@${good.timestamp(row)}`);
  const gone = good.gone.map(({ labels: one, value, timestamp }) => `[${one.get('name')}=${value}@${timestamp}]`);
  return [...present, ...gone.sort()].join(' ');
}

function take(good: LastGood, labels: readonly Labels[], samples: readonly [number, number][], horizon = 0): string {
  const values = Float64Array.from(samples, ([value]) => value);
  const timestamps = Float64Array.from(samples, ([, timestamp]) => timestamp);
  good.take({ labels, values, timestamps, doubts: new Map() }, (row) => !Number.isNaN(values[row]!), horizon);
  return told(good, labels);
}

describe('the last good values', () => {
  it('stay when rows come, go, move and come back, until they are too old', () => {
    const good = new LastGood();
    const two = rows('a', 'b');
    const bad: [number, number] = [Number.NaN, 20];
    expect(
      take(good, two, [
        [1, 10],
        [2, 10],
      ]),
    ).toBe('a=1@10 b=2@10');
    expect(take(good, two, [bad, [3, 20]])).toBe('a=1@10 b=3@20');
    expect(take(good, rows('c', 'b'), [bad, bad])).toBe('c=0@NaN b=3@20 [a=1@10]');
    expect(take(good, rows('b', 'a', 'c'), [[4, 30], bad, [5, 30]])).toBe('b=4@30 a=1@10 c=5@30');
    expect(take(good, rows(), [])).toBe('[a=1@10] [b=4@30] [c=5@30]');
    const one = rows('d');
    expect(take(good, one, [bad], 11)).toBe('d=0@NaN [b=4@30] [c=5@30]');
    expect(take(good, one, [bad], 31)).toBe('d=0@NaN');
  });
});

it('finds rows again whichever come and go', () => {
  const names = fc.uniqueArray(fc.integer({ min: 0, max: 40 }).map(String), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(names, { minLength: 2, maxLength: 6 }), (steps) => {
      const good = new LastGood();
      const known = new Map<string, number>();
      steps.forEach((step, time) => {
        const labels = rows(...step);
        const samples = step.map((name): [number, number] => [Number(name) % 3 === time % 3 ? Number.NaN : time, time]);
        take(good, labels, samples);
        for (const [row, [value]] of samples.entries()) if (!Number.isNaN(value)) known.set(step[row]!, value);
        const found = new Map(good.gone.map(({ labels: one, value }) => [one.get('name'), value]));
        for (const [row, name] of step.entries()) {
          if (!Number.isNaN(good.timestamp(row))) found.set(name, good.value(row));
        }
        expect([...found].sort()).toEqual([...known].sort());
      });
    }),
  );
});

describe('hashed rows', () => {
  it('find every row by its key, whatever collides', () => {
    for (const hashOf of [(key: number) => key, () => 5, (key: number) => -key * 0x1000]) {
      const keys = Array.from({ length: 300 }, (_, row) => row % 100);
      const hashed = new HashedRows(
        keys.length,
        (row) => (row === 7 ? undefined : hashOf(keys[row]!)),
        (a, b) => keys[a] === keys[b],
      );
      for (let key = 0; key < 100; key++) {
        const found: number[] = [];
        let row = hashed.first(hashOf(key), (other) => keys[other] === key);
        expect(row).toBe(key === 7 ? 107 : key);
        for (; row >= 0; row = hashed.next(row)) found.push(row);
        expect(found.sort((a, b) => a - b)).toEqual(key === 7 ? [107, 207] : [key, key + 100, key + 200]);
      }
      expect(hashed.first(hashOf(1000), () => false)).toBe(-1);
    }
  });
});
