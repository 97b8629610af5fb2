import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secondsText, valueText } from './value-text.ts';

describe('valueText', () => {
  it.each([
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-42, '-42'],
    [0.1, '0.1'],
    [0.00001, '0.00001'],
    [1.5e-7, '0.00000015'],
    [-1.5e-7, '-0.00000015'],
    [1e-6, '0.000001'],
    [1e20, '100000000000000000000'],
    [1e21, '1000000000000000000000'],
    [-1.25e22, '-12500000000000000000000'],
    [123456789.125, '123456789.125'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ])('%d is %s', (value, text) => {
    expect(valueText(value)).toBe(text);
  });

  it('gives every finite double back, without an exponent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = valueText(value);
        expect(Object.is(Number(text), value)).toBe(true);
        expect(text).toMatch(/^-?\d+(\.\d*[1-9])?$/);
      }),
    );
  });
});

describe('secondsText', () => {
  it.each([
    [0, '0'],
    [1000, '1'],
    [1500, '1.500'],
    [1, '0.001'],
    [-1, '-0.001'],
    [-1500, '-1.500'],
    [1_700_000_000_020, '1700000000.020'],
  ])('%d ms is %s', (milliseconds, text) => {
    expect(secondsText(milliseconds)).toBe(text);
  });

  it('gives every millisecond back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -8.64e14, max: 8.64e14 }), (milliseconds) => {
        expect(Math.round(Number(secondsText(milliseconds)) * 1000)).toBe(milliseconds);
      }),
    );
  });
});
