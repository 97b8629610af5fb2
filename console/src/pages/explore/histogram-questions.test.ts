import { expect, test } from 'vitest';
import { histogramQuestions, namedMetrics } from './histogram-questions.ts';

test.each([
  ['http_seconds', ['http_seconds']],
  ['http_seconds{le="a}b", job=~\'x\'}', ['http_seconds{le="a}b", job=~\'x\'}']],
  ['histogram_avg(rate(http_seconds{job="a"}[5m]))', ['http_seconds{job="a"}']],
  ['sum by (le, pod) (rate(a:b[1h:1m] offset 5m)) / on (node) group_left up', ['a:b', 'up']],
  ['histogram_quantile(0.9, a) or a{b="c"} and 1e3 + Inf', ['a']],
  ['{__name__="x", job="y"}', []],
  ['label_replace(a, "b", "c", "d", "e")', ['a']],
  ['quantile_over_time(.5, a[5m] @ end()) > bool 2', ['a']],
])('the metrics of %s', (expression, metrics) => {
  expect(namedMetrics(expression).map(({ name, matchers }) => name + matchers)).toEqual(metrics);
});

test('the questions keep the matchers', () => {
  expect(histogramQuestions({ name: 'x_seconds', matchers: '{job="a"}' }).map(({ expr }) => expr)).toEqual([
    'histogram_quantile(0.95, sum by (le) (rate(x_seconds_bucket{job="a"}[5m])))',
    'sum(rate(x_seconds_sum{job="a"}[5m])) / sum(rate(x_seconds_count{job="a"}[5m]))',
    'sum(rate(x_seconds_count{job="a"}[5m]))',
  ]);
});
