import { describe, expect, it } from 'vitest';
import { Moments } from './moments.ts';

describe('Moments', () => {
  it('lie one interval apart, at the same place for a key', () => {
    const moments = new Moments('a', 30_000);
    const first = moments.next(1_000_000);
    expect(first - 1_000_000).toBeLessThanOrEqual(30_000);
    expect(moments.next(first)).toBe(first + 30_000);
    expect(moments.next(first - 1)).toBe(first);
    expect(moments.last(first)).toBe(first);
    expect(moments.last(first - 1)).toBe(first - 30_000);
    expect(new Moments('a', 30_000).next(1_000_000)).toBe(first);
    expect(new Moments('b', 30_000).next(1_000_000)).not.toBe(first);
  });
});
