import { expect, test } from 'vitest';
import { parseValue } from './current-alerts.ts';

test('values are read as Prometheus writes them', () => {
  expect(parseValue('1.5e+01')).toBe(15);
  expect(parseValue('+Inf')).toBe(Number.POSITIVE_INFINITY);
  expect(parseValue('-Inf')).toBe(Number.NEGATIVE_INFINITY);
  expect(parseValue('NaN')).toBeNaN();
});
