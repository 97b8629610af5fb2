import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQuantity, roundQuantityUp } from './quantity.ts';

/** 2^63 - 1, as near as a double comes. */
const LARGEST = 2 ** 63;

describe('parseQuantity', () => {
  it.each<[string | number, number]>([
    ['0', 0],
    ['-0', 0],
    ['1', 1],
    [2, 2],
    [0.5, 0.5],
    [1e21, LARGEST],
    ['100m', 0.1],
    ['57m', 0.057],
    ['1500m', 1.5],
    ['100n', 1e-7],
    ['250u', 0.00025],
    ['2k', 2000],
    ['3M', 3e6],
    ['4G', 4e9],
    ['5T', 5e12],
    ['6P', 6e15],
    ['7E', 7e18],
    ['1Ki', 1024],
    ['128974848', 128974848],
    ['129e6', 129e6],
    ['129M', 129e6],
    ['123Mi', 128974848],
    ['128974848000m', 128974848],
    ['1.5Gi', 1610612736],
    ['0.1Ki', 102.4],
    ['2Ti', 2 * 2 ** 40],
    ['3Pi', 3 * 2 ** 50],
    ['7Ei', 7 * 2 ** 60],
    ['1e3', 1000],
    ['1E3', 1000],
    ['1e-3', 0.001],
    ['1.25e+2', 125],
    ['1.', 1],
    ['.5', 0.5],
    ['+1', 1],
    ['-1.5', -1.5],
    ['-100m', -0.1],
    ['9007199254740993', 9007199254740992],
    // Finer than a billionth: rounded up. Too large: the largest.
    ['0.1n', 1e-9],
    ['-0.1n', -1e-9],
    ['1.0000000001', 1.000000001],
    ['1e-90', 1e-9],
    ['0e-90', 0],
    ['8Ei', LARGEST],
    ['1e90', LARGEST],
    ['1e99999999999', LARGEST],
    ['-10E', -LARGEST],
  ])('%s is %d', (text, value) => {
    expect(parseQuantity(text)).toBe(value);
  });

  it.each([
    '',
    ' ',
    '.',
    '-',
    'm',
    '1 ',
    ' 1',
    '1 Mi',
    '1K',
    '1ki',
    '1mi',
    '1kk',
    '1e',
    '1e+',
    '1e1.5',
    '1e3m',
    '1.2.3',
    '--1',
    '0x10',
    'NaN',
    'Infinity',
    '1,5',
    '٣',
    '1'.repeat(65),
  ])('%j is none', (text) => {
    expect(() => parseQuantity(text)).toThrow(/^a quantity must be a number, .*, got "/);
  });

  it('reads every number of thousandths as the nearest double', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), (thousandths) => {
        expect(parseQuantity(`${thousandths}m`)).toBe(thousandths / 1000 + 0);
      }),
    );
  });
});

describe('roundQuantityUp', () => {
  it.each<[string, 0 | 3, number]>([
    ['100m', 3, 0.1],
    ['57m', 3, 0.057],
    ['1009m', 3, 1.009],
    ['100u', 3, 0.001],
    ['1000001n', 3, 0.002],
    ['1m', 0, 1],
    ['1000m', 0, 1],
    ['1001m', 0, 2],
    ['128974848000m', 0, 128974848],
    ['1.5Gi', 0, 1610612736],
    ['0.1Ki', 0, 103],
    ['-1500m', 0, -2],
    ['0', 0, 0],
    ['8Ei', 3, LARGEST],
  ])('%s to %d decimals is %d', (text, decimals, value) => {
    expect(roundQuantityUp(text, decimals)).toBe(value);
  });
});
