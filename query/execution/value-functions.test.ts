import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatGo, formatPlain } from './format-value.ts';
import { VALUE_KERNELS } from './value-functions.ts';

function apply(func: string, value: number): number {
  const block = { first: 0, count: 1, values: Float64Array.of(value), present: Uint8Array.of(1) };
  VALUE_KERNELS.get(func)!(block, { grid: { start: 0, step: 0, steps: 1 }, params: [] });
  return block.values[0]!;
}

const REFERENCES: Readonly<Record<string, (date: Date) => number>> = {
  year: (date) => date.getUTCFullYear(),
  month: (date) => date.getUTCMonth() + 1,
  day_of_month: (date) => date.getUTCDate(),
  day_of_week: (date) => date.getUTCDay(),
  day_of_year: (date) => 1 + Math.round((startOfDay(date) - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000),
  days_in_month: (date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  hour: (date) => date.getUTCHours(),
  minute: (date) => date.getUTCMinutes(),
};

function startOfDay(date: Date): number {
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
}

describe('date functions', () => {
  it.each(Object.entries(REFERENCES))('%s agrees with Date', (func, reference) => {
    // From the year 1000 to 3000: Date.UTC takes two-digit years for the 20th century.
    const seconds = fc.integer({ min: -30_610_000_000, max: 32_500_000_000 });
    fc.assert(
      fc.property(seconds, (value) => {
        expect(apply(func, value)).toBe(reference(new Date(value * 1000)));
      }),
    );
  });

  it('a whole hour before 1970 has no minutes, and not -0 of them', () => {
    expect(apply('minute', -39_769_200)).toBe(0);
    expect(apply('hour', -86_400)).toBe(0);
    expect(apply('day_of_week', -4 * 86_400)).toBe(0);
  });

  it.each(Object.keys(REFERENCES))('%s of no time is NaN', (func) => {
    expect(apply(func, Number.NaN)).toBeNaN();
    expect(apply(func, Number.POSITIVE_INFINITY)).toBeNaN();
  });
});

describe('formatPlain', () => {
  it('never writes an exponent, and reads back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = formatPlain(value);
        expect(text).not.toMatch(/e/);
        expect(Number(text)).toBe(value);
      }),
    );
  });

  it.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
    [1.5e-9, '0.0000000015'],
    [-1.25e21, '-1250000000000000000000'],
  ])('writes %d as %s', (value, text) => expect(formatPlain(value)).toBe(text));
});

describe('formatGo', () => {
  it.each([
    [1.1, '1.1'],
    [-0.1, '-0.1'],
    [0.00001, '1e-05'],
    [999999.5, '999999.5'],
    [1e6, '1e+06'],
    [1748783065.731, '1.748783065731e+09'],
    [1e21, '1e+21'],
    [Number.NaN, 'NaN'],
  ])('writes %d as %s', (value, text) => expect(formatGo(value)).toBe(text));
});
