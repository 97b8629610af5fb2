import { describe, expect, it } from 'vitest';
import { sumBounds } from './sum-bounds.ts';

const use = (id: string, bytes: number, isSettled = true) => ({ id, bytes, isSettled });

describe('the bounds of a sum', () => {
  it('are the sum itself while nothing changes', () => {
    const moment = [use('a', 100), use('b', 50)];
    expect(sumBounds([moment, moment])).toEqual({ low: 150, high: 150 });
  });

  it('allow values of different moments, where load moved from one container to the other', () => {
    expect(
      sumBounds([
        [use('a', 100), use('b', 50)],
        [use('a', 120), use('b', 30)],
      ]),
    ).toEqual({ low: 130, high: 170 });
  });

  it('leave out at once who is gone, also when the other takes over its load in the same moment', () => {
    expect(sumBounds([[use('a', 100), use('b', 50)], [use('a', 120)]])).toEqual({ low: 100, high: 170 });
  });

  it('never have both a container and the one that came after it was gone', () => {
    expect(
      sumBounds([
        [use('a', 100), use('old', 50)],
        [use('a', 100), use('new', 60)],
      ]).high,
    ).toBe(160);
  });

  it('do not need one that has just begun', () => {
    expect(sumBounds([[use('a', 100), use('new', 60, false)]])).toEqual({ low: 100, high: 160 });
  });
});
