import { expect, test } from 'vitest';
import { laneTitles } from './lane-titles.ts';

test('alerts of one name are told apart by what differs', () => {
  const down = (instance: string, severity: string) => ({ alertname: 'Down', job: 'a', instance, severity });
  const alerts = [down('x:80', 'warn'), { alertname: 'Up', job: 'b' }, down('y:80', 'critical')];
  const titles = laneTitles(alerts, ({ alertname = '' }) => alertname);
  const told = (all: readonly Record<string, string>[]) => [...laneTitles(all, () => 'A').values()];
  // One label is enough, where there is one.
  const two = { instance: 'x:80', node: 'n' };
  expect(told([two, { instance: 'y:80', node: 'm' }, { instance: 'z:80', node: 'm' }])).toEqual([
    'A · x:80',
    'A · y:80',
    'A · z:80',
  ]);
  expect(told([two, { instance: 'x:80', node: 'm' }, { instance: 'z:80', node: 'm' }])[1]).toBe(
    'A · {instance="x:80", node="m"}',
  );
  expect(alerts.map((labels) => titles.get(labels))).toEqual(['Down · x:80', 'Up', 'Down · y:80']);
});
