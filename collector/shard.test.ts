import { describe, expect, it } from 'vitest';
import { isOwn, shardOf } from './shard.ts';

const keys = Array.from({ length: 1_000 }, (_, i) => `["instance","10.0.${i >> 8}.${i & 255}:9100","job","node"]`);

function sizes(count: number): number[] {
  const found = new Array<number>(count).fill(0);
  for (const key of keys) found[shardOf(key, count)]!++;
  return found;
}

describe('shards', () => {
  it('hold about the same number of keys', () => {
    expect(sizes(3)).toEqual([331, 346, 323]);
    for (const count of [2, 5, 10]) {
      // Four standard deviations of a fair choice.
      const deviation = Math.sqrt((keys.length / count) * (1 - 1 / count));
      for (const size of sizes(count)) expect(Math.abs(size - keys.length / count)).toBeLessThan(4 * deviation);
    }
  });

  it('do not depend on the version or the machine', () => {
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => shardOf(key, 3))).toEqual([0, 1, 1, 2, 0, 1]);
  });

  it('give each key to exactly one of them', () => {
    for (const key of keys) {
      const owners = [0, 1, 2].filter((index) => isOwn({ index, count: 3 }, key));
      expect(owners).toEqual([shardOf(key, 3)]);
    }
    expect(isOwn({ index: 0, count: 1 }, 'a')).toBe(true);
  });

  it('give only to a new one when there is one more', () => {
    for (const count of [1, 2, 3, 7, 20]) {
      let moved = 0;
      for (const key of keys) {
        const before = shardOf(key, count);
        const after = shardOf(key, count + 1);
        if (before === after) continue;
        expect(after).toBe(count);
        moved++;
      }
      const expected = keys.length / (count + 1);
      expect(Math.abs(moved - expected)).toBeLessThan(4 * Math.sqrt(expected));
    }
  });
});
