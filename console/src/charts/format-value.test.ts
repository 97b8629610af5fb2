import { describe, expect, test } from 'vitest';
import { formatValue } from './format-value.ts';

describe('formatValue', () => {
  test.each([
    [0, 'bytes', '0 B'],
    [1023, 'bytes', '1023 B'],
    [1024, 'bytes', '1 KiB'],
    [1536 * 1024 ** 2, 'bytes', '1.5 GiB'],
    [1_048_575, 'bytes', '1 MiB'],
    [250_000, 'bytes/s', '244 KiB/s'],
    [0.25, 'cores', '250m'],
    [0.0123, 'cores', '12.3m'],
    [0.9999, 'cores', '1'],
    [1.25, 'cores', '1.25'],
    [0, 'cores', '0'],
    [83.24, '%', '83.2 %'],
    [0.04, '%', '0.04 %'],
    [100, '%', '100 %'],
    [12_400, 'operations/s', '12.4 k/s'],
    [12, 'packets/s', '12/s'],
    [150, '1/100 GPU', '1.5 GPU'],
    [0.0035, 's', '3.5 ms'],
    [90, 's', '1.5 min'],
    [0, 's', '0 s'],
    [172_800, 's', '2 d'],
    [1234, '1', '1234'],
    [1_234_567, '1', '1.23 M'],
    [999_999, '1', '1 M'],
    [0.0005, '1', '500 µ'],
    [3, 'pods', '3 pods'],
  ])('%d %s is %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });

  test('what is no number', () => {
    expect(formatValue(undefined, 'bytes')).toBe('–');
    expect(formatValue(null)).toBe('–');
    expect(formatValue(Number.NaN, '%')).toBe('–');
    expect(formatValue(Number.POSITIVE_INFINITY, '%')).toBe('∞');
    expect(formatValue(-2048, 'bytes')).toBe('−2 KiB');
  });
});
