import { expect, test } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import type { AlertSnapshot } from '../alert-snapshot.ts';
import { fingerprint } from '../fingerprint.ts';
import { currentAlerts } from './current-alerts.ts';

const time = '2026-01-15T12:00:00.000Z';
const evaluated = (labels: Record<string, string>, state: 'pending' | 'firing' = 'firing'): AlertSnapshot => ({
  labels,
  annotations: {},
  state,
  activeAt: time,
  value: '1.5e+01',
});
const told = (labels: Record<string, string>, silencedBy: readonly string[] = []) => ({
  labels,
  annotations: {},
  fingerprint: fingerprint(Labels.from(labels)),
  startsAt: time,
  status: { silencedBy, inhibitedBy: [] },
  receivers: [{ name: 'ops' }],
  generatorURL: 'http://a/graph?g0.expr=up+%3D%3D+0&g0.tab=1',
});

test('an alert knows who silences it, with external labels or without', () => {
  const [a, b] = currentAlerts(
    [evaluated({ alertname: 'A' }), evaluated({ alertname: 'B' })],
    [told({ alertname: 'A' }, ['s1']), told({ alertname: 'B', replica: 'x' }, ['s2'])],
  );
  expect(a).toMatchObject({
    receivers: ['ops'],
    query: 'up == 0',
    silencedBy: ['s1'],
    value: '1.5e+01',
    activeAt: Date.parse(time),
  });
  expect(a!.fingerprint).toBe(told({ alertname: 'A' }).fingerprint);
  expect(b).toMatchObject({
    silencedBy: ['s2'],
    fingerprint: told({ alertname: 'B', replica: 'x' }).fingerprint,
    labels: { alertname: 'B' },
  });
});

test('a pending alert is not what is told of the same name, and what others post is there too', () => {
  const all = currentAlerts(
    [evaluated({ alertname: 'A' }, 'pending')],
    [told({ alertname: 'A' }), told({ alertname: 'C' })],
  );
  expect(all.map(({ state, labels, value }) => [state, labels.alertname, value])).toEqual([
    ['pending', 'A', '1.5e+01'],
    ['firing', 'A', undefined],
    ['firing', 'C', undefined],
  ]);
});
