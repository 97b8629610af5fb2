import { describe, expect, test } from 'vitest';
import { gridOf, matrixOf, rangeQueryPath } from './range-query.ts';

describe('gridOf', () => {
  test('fits the step to the range, and the ends to the step', () => {
    expect(gridOf({ start: 1003, end: 4603 })).toEqual({ start: 1005, end: 4590, step: 15 });
    expect(gridOf({ start: 0, end: 86_400 })).toEqual({ start: 0, end: 86_400, step: 600 });
    expect(gridOf({ start: 0, end: 300 }).step).toBe(5);
    expect(gridOf({ start: 0, end: 300 }, 60)).toEqual({ start: 0, end: 300, step: 60 });
  });

  test('has one moment at least, even in a range shorter than its step', () => {
    expect(gridOf({ start: 101, end: 103 }, 60)).toEqual({ start: 60, end: 60, step: 60 });
  });

  test('asks for no more than some hundred points, however long the range', () => {
    for (const days of [0.01, 1, 30, 365, 3650]) {
      const { start, end, step } = gridOf({ start: 0, end: days * 86_400 });
      expect((end - start) / step).toBeLessThanOrEqual(241);
    }
  });
});

describe('matrixOf', () => {
  const grid = { start: 60, end: 120, step: 30 };

  test('puts values at their moments and leaves gaps', () => {
    const { times, series } = matrixOf(grid, [
      {
        metric: { pod: 'a' },
        values: [
          [60, '1.5'],
          [120, '+Inf'],
        ],
      },
      { metric: { pod: 'b' }, values: [[90, 'NaN']] },
    ]);
    expect(times).toEqual([60, 90, 120]);
    expect(series.map(({ values }) => values)).toEqual([
      [1.5, null, Number.POSITIVE_INFINITY],
      [null, null, null],
    ]);
  });

  test('knows whether there are more series', () => {
    expect(matrixOf(grid, [], ['a remark'])).toMatchObject({ notes: ['a remark'], isCut: false });
    expect(matrixOf(grid, [], ['results truncated due to limit', 'a remark'])).toMatchObject({
      notes: ['a remark'],
      isCut: true,
    });
  });

  test('leaves out histograms and what is not on the grid', () => {
    expect(matrixOf(grid, [{ metric: {} }]).series).toEqual([{ labels: {}, values: [null, null, null] }]);
    expect(matrixOf(grid, [{ metric: {}, values: [[240, '1']] }]).series[0]!.values).toEqual([null, null, null]);
  });
});

test('rangeQueryPath escapes the query', () => {
  expect(rangeQueryPath('a{b="c&d"}', { start: 1, end: 2, step: 1 })).toBe(
    '/api/v1/query_range?query=a%7Bb%3D%22c%26d%22%7D&start=1&end=2&step=1&limit=1000',
  );
});
