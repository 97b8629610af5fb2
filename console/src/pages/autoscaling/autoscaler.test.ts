import { expect, test } from 'vitest';
import { type AutoscalerMetric, metricShare, quantity } from './autoscaler.ts';

const metric = (own: string | null, target: string, type = 'AverageValue'): AutoscalerMetric => ({
  type: 'Pods',
  metric: 'm',
  selector: '',
  origin: null,
  target: { type, text: target },
  seen: own === null ? null : { type, text: own },
  value: null,
  served: null,
  lastError: null,
  problem: null,
});

test('quantities of Kubernetes are numbers', () => {
  expect(quantity('250m')).toBe(0.25);
  expect(quantity('1.5Gi')).toBe(1.5 * 2 ** 30);
  expect(quantity('80')).toBe(80);
  expect(quantity('1e3')).toBe(1000);
  expect(quantity('')).toBeUndefined();
  expect(quantity('5 apples')).toBeUndefined();
});

test('a metric is so full of its target', () => {
  expect(metricShare(metric('300m', '250m'))).toBeCloseTo(1.2);
  expect(metricShare(metric(null, '250m'))).toBeUndefined();
});
