import { expect, test } from 'vitest';
import { joinAlerts, parseValue } from './current-alerts.ts';
import { fingerprint } from './fingerprint.ts';

const time = '2026-01-15T12:00:00.000Z';
const evaluated = (labels: Record<string, string>, state: 'pending' | 'firing' = 'firing') => ({
  labels,
  annotations: {},
  state,
  activeAt: time,
  value: '1.5e+01',
});
const told = (labels: Record<string, string>, silencedBy: readonly string[] = []) => ({
  labels,
  annotations: {},
  fingerprint: fingerprint(labels),
  startsAt: time,
  status: { state: 'active', silencedBy, inhibitedBy: [] },
});

test('an alert knows who silences it, with external labels or without', () => {
  const [a, b] = joinAlerts(
    [evaluated({ alertname: 'A' }), evaluated({ alertname: 'B' })],
    [told({ alertname: 'A' }, ['s1']), told({ alertname: 'B', replica: 'x' }, ['s2'])],
  );
  expect(a).toMatchObject({ silencedBy: ['s1'], value: 15, fingerprint: fingerprint({ alertname: 'A' }) });
  expect(b).toMatchObject({ silencedBy: ['s2'], fingerprint: fingerprint({ alertname: 'B', replica: 'x' }) });
});

test('a pending alert is not what is told of the same name, and what others post is there too', () => {
  const all = joinAlerts(
    [evaluated({ alertname: 'A' }, 'pending')],
    [told({ alertname: 'A' }), told({ alertname: 'C' })],
  );
  expect(all.map(({ state, labels }) => [state, labels.alertname])).toEqual([
    ['pending', 'A'],
    ['firing', 'A'],
    ['firing', 'C'],
  ]);
});

test('values are read as Prometheus writes them', () => {
  expect(parseValue('+Inf')).toBe(Number.POSITIVE_INFINITY);
  expect(parseValue('-Inf')).toBe(Number.NEGATIVE_INFINITY);
  expect(parseValue('NaN')).toBeNaN();
});
