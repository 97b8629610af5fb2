import { expect, test } from 'vitest';
import { conditionQuery, conditionText, oneOf } from './condition-query.ts';

const condition = { metric: 'm', statistic: 'sum', period: '5m' } as const;

test('a query selects the objects of the policy', () => {
  expect(conditionQuery(condition, { include: {}, exclude: {} })).toBe('sum_over_time(m[5m])');
  const objects = { include: { namespace: ['shop'], pod: ['web-*', 'a.b'] }, exclude: { node: ['n1'], empty: [] } };
  expect(conditionQuery(condition, objects)).toBe(
    'sum_over_time(m{namespace="shop", pod=~"web-.*|a\\\\.b", node!="n1"}[5m])',
  );
});

test('patterns are alternatives, negated as a whole', () => {
  expect(oneOf('a', ['x*'], '!')).toBe('a!~"x.*"');
  expect(oneOf('a', [])).toBe('');
});

test('a condition is told in a line', () => {
  const told = { ...condition, operator: 'ge', thresholds: { remind: 1, warn: 3 } } as const;
  expect(conditionText({ ...told, periods: 1 })).toBe('sum of m over 5m ≥ 1 (remind), 3 (warn)');
  expect(conditionText({ ...told, periods: 3, outOf: 5 })).toMatch(/in 3 of 5 periods$/);
  expect(conditionText({ ...told, periods: 3 })).toMatch(/3 periods in a row$/);
});
