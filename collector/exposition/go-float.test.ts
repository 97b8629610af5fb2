import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalFloat, parseGoFloat } from './go-float.ts';

describe('parseGoFloat', () => {
  it.each([
    ['0', 0],
    ['-0', -0],
    ['+1.5', 1.5],
    ['1.', 1],
    ['.5', 0.5],
    ['010', 10],
    ['1e5', 1e5],
    ['1E+05', 1e5],
    ['1e-400', 0],
    ['179769313486231570000000000000000000000e270', 1.7976931348623157e308],
    ['NaN', Number.NaN],
    ['nan', Number.NaN],
    ['Inf', Number.POSITIVE_INFINITY],
    ['+inf', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
  ])('reads %s', (text, value) => {
    expect(parseGoFloat(text)).toBe(value);
  });

  it.each([
    '',
    '.',
    '+',
    'e5',
    '1e',
    '1e+',
    '1e400',
    '0x10',
    '0x1p-2',
    '1_000',
    '+NaN',
    '-nan',
    'infi',
    '1 ',
    ' 1',
    '١',
  ])('refuses %j', (text) => {
    expect(parseGoFloat(text)).toBeUndefined();
  });

  it('takes time in proportion to the length of what is no number', () => {
    expect(parseGoFloat(`${'1'.repeat(200_000)}x`)).toBeUndefined();
  });
});

describe('canonicalFloat', () => {
  it.each([
    ['1', '1.0'],
    ['1e0', '1.0'],
    ['0', '0.0'],
    ['-1', '-1.0'],
    ['0.5', '0.5'],
    ['.5', '0.5'],
    ['100000', '100000.0'],
    ['1000000', '1e+06'],
    ['1234567', '1.234567e+06'],
    ['0.0001', '0.0001'],
    ['0.00001', '1e-05'],
    ['1e100', '1e+100'],
    ['+Inf', '+Inf'],
    ['inf', '+Inf'],
    ['-Inf', '-Inf'],
    ['nan', 'NaN'],
    ['abc', 'abc'],
    ['', ''],
  ])('writes %j as %j', (text, canonical) => {
    expect(canonicalFloat(text)).toBe(canonical);
  });

  it('keeps the number, and its own spelling', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const canonical = canonicalFloat(Object.is(value, -0) ? '-0' : String(value));
        expect(parseGoFloat(canonical)).toBe(value);
        expect(canonicalFloat(canonical)).toBe(canonical);
      }),
    );
  });
});
