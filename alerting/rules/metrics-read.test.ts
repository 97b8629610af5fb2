import { describe, expect, test } from 'vitest';
import { metricsRead, rulesRead } from './metrics-read.ts';

const MINUTE = 60_000;

describe('what an expression reads', () => {
  test.each([
    ['up == 0', { up: 5 }],
    ['rate(a[10m]) / on (x) group_left b', { a: 10, b: 5 }],
    ['a offset 1h - a', { a: 65 }],
    ['rate(a[10m] offset 20m)', { a: 30 }],
    ['max_over_time(rate(a[5m])[30m:1m] offset 10m)', { a: 45 }],
    ['a offset -10m', { a: 0 }],
    ['a @ 100', { a: Number.POSITIVE_INFINITY }],
    ['max_over_time(a[30m:1m] @ end())', { a: Number.POSITIVE_INFINITY }],
    ['quantile(scalar(q), a)', { q: 5, a: 5 }],
    ['label_replace(-(a), "x", "$1", "y", "(.*)") unless absent(b{c="d"})', { a: 5, b: 5 }],
    ['{__name__="a"}', { a: 5 }],
    ['vector(1)', {}],
  ])('%s', (expr, minutes) => {
    const { reaches, mayReadOthers } = metricsRead(expr);
    expect(Object.fromEntries([...reaches].map(([name, reach]) => [name, reach / MINUTE]))).toEqual(minutes);
    expect(mayReadOthers).toBe(false);
  });

  test.each(['{job="a"}', 'a + {__name__=~"b.*"}', 'info(a)', 'a +'])('%s may read others', (expr) => {
    expect(metricsRead(expr).mayReadOthers).toBe(true);
  });

  test('of groups, the furthest of each metric, with the offset of their queries', () => {
    const rule = (expr: string) => ({ kind: 'recording' as const, record: 'r', expr, labels: {} });
    const group = { name: 'g', file: 'f', interval: 0, limit: 0, labels: {} };
    const groups = [
      { ...group, queryOffset: undefined, rules: [rule('a'), rule('rate(b[1m])')] },
      { ...group, queryOffset: 2 * MINUTE, rules: [rule('a')] },
    ];
    expect(Object.fromEntries(rulesRead(groups, { lookback: MINUTE, queryOffset: 1000 }))).toEqual({
      a: 3 * MINUTE,
      b: MINUTE + 1000,
    });
  });
});
