import { expect, test } from 'vitest';
import { stacked, valueRange } from './plot-options.ts';

test('the vertical axis begins at zero, where wanted, and has air above', () => {
  expect(valueRange(50, 100, { isFromZero: true, levels: [] })).toEqual([0, 105]);
  expect(valueRange(50, 100, { isFromZero: false, levels: [] })).toEqual([47.5, 102.5]);
  expect(valueRange(-100, -50, { isFromZero: true, levels: [] })).toEqual([-105, 0]);
});

test('the axis has a height whatever the data', () => {
  expect(valueRange(null, null, { isFromZero: true, levels: [] })).toEqual([0, 1]);
  expect(valueRange(0, 0, { isFromZero: false, levels: [] })).toEqual([0, 1]);
  expect(valueRange(5, 5, { isFromZero: false, levels: [] })).toEqual([4.5, 5.5]);
  expect(valueRange(1, Number.POSITIVE_INFINITY, { isFromZero: true, levels: [] })).toEqual([0, 1.05]);
});

test('levels that are near are shown, those far above are not', () => {
  expect(valueRange(0, 50, { isFromZero: true, levels: [100] })).toEqual([0, 105]);
  expect(valueRange(0, 10, { isFromZero: true, levels: [100] })).toEqual([0, 10.5]);
});

test('stacked series are sums, with gaps where none has a value', () => {
  expect(
    stacked([
      [1, null, null],
      [2, 3, null],
    ]),
  ).toEqual([
    [1, null, null],
    [3, 3, null],
  ]);
});
