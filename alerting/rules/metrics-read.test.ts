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
    const { all, metrics, mayReadOthers } = metricsRead(expr);
    const furthest = all.toSorted((a, b) => a[1] - b[1]).map(([name, reach]) => [name, reach / MINUTE]);
    expect(Object.fromEntries(furthest)).toEqual(minutes);
    expect([...metrics].sort()).toEqual(Object.keys(minutes).sort());
    expect(mayReadOthers).toBe(false);
  });

  test.each(['{job="a"}', 'a + {__name__=~"b.*"}', 'info(a)', 'a +'])('%s may read others', (expr) => {
    expect(metricsRead(expr).mayReadOthers).toBe(true);
  });

  test('of groups, the furthest of each metric, with the offset of their queries, and what rules write', () => {
    const rule = (record: string, expr: string) => ({ kind: 'recording' as const, record, expr, labels: {} });
    const group = { name: 'g', file: 'f', interval: 0, limit: 0, labels: {} };
    const far = [rule('r', 'rate(far[2h])'), rule('s', 'rate(r[2h]) + rate(b[2h])')];
    const groups = [
      { ...group, queryOffset: undefined, rules: [rule('x', 'a'), rule('x', 'rate(b[1m])'), ...far] },
      { ...group, queryOffset: 2 * MINUTE, rules: [rule('x', 'a')] },
    ];
    const options = { lookback: MINUTE, queryOffset: 1000, maxReach: 60 * MINUTE };
    expect(Object.fromEntries(rulesRead(groups, options))).toEqual({ a: 3 * MINUTE, b: MINUTE + 1000, r: 0 });
  });
});
