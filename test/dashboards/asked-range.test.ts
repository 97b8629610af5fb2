import { expect, it } from 'vitest';
import { askedRange, builtInVariables } from './asked-range.ts';
import { interpolate } from './template-variables.ts';

it.each([
  ['now-5m', '15s 1m 5m'],
  ['now-1h', '15s 1m 1h'],
  ['now-6h', '20s 1m 6h'],
  ['now-24h', '1m 75s 1d'],
  ['now-7d', '10m 615s 1w'],
  ['now/d', '15s 1m 1h'],
])('has the intervals that Grafana takes for %s on a scrape interval of 15 s', (from, expected) => {
  expect(interpolate('$__interval $__rate_interval $__range', builtInVariables(askedRange(from)))).toBe(expected);
});
