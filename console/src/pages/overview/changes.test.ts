import { expect, test } from 'vitest';
import { type AlertTransition, type ClusterEvent, changesOfAlerts, changesOfEvents } from './changes.ts';

const event = (part: Partial<ClusterEvent>): ClusterEvent => ({
  time: '2026-01-15T12:00:00.000Z',
  cluster: 'east',
  namespace: 'shop',
  kind: 'Deployment',
  name: 'web',
  reason: 'ScalingReplicaSet',
  type: 'Normal',
  message: 'Scaled up replica set web-1 from 2 to 3',
  count: 1,
  ...part,
});

test('a replica set that takes the place of another is a rollout', () => {
  const changes = changesOfEvents([
    event({ message: 'Scaled down replica set web-1 from 3 to 2' }),
    event({ message: 'Scaled up replica set web-2 to 1', time: '2026-01-15T11:59:00.000Z' }),
  ]);
  expect(changes).toMatchObject([
    { kind: 'rollout', title: 'Rolled out', detail: 'to replica set web-2', time: Date.UTC(2026, 0, 15, 12) },
  ]);
  expect(changes[0]!.objects).toEqual([{ name: 'shop/web', path: '/workloads/east/shop/Deployment/web' }]);
});

test('a change in size is told once: by the autoscaler that wanted it, or else by the Deployment', () => {
  expect(changesOfEvents([event({})])).toMatchObject([
    { kind: 'scaling', title: 'Scaled from 2 to 3 pods', detail: '' },
  ]);
  const rescale = event({
    kind: 'HorizontalPodAutoscaler',
    name: 'web-hpa',
    reason: 'SuccessfulRescale',
    message: 'New size: 3; reason: cpu resource utilization (percentage of request) above target',
  });
  expect(changesOfEvents([event({}), rescale])).toMatchObject([
    { title: 'Autoscaler set 3 pods', detail: 'cpu resource utilization (percentage of request) above target' },
  ]);
  expect(changesOfEvents([event({ time: '2026-01-15T11:00:00.000Z' }), rescale])).toHaveLength(2);
});

test('a change in size says from what to what, and by which way', () => {
  const scaled = (...messages: readonly string[]) =>
    changesOfEvents(messages.map((message) => event({ message: `Scaled ${message}` }))).map(({ title, detail }) => [
      title,
      detail,
    ]);
  expect(scaled('up replica set web-1 from 0 to 3')).toEqual([['Scaled from 0 to 3 pods', '']]);
  expect(scaled('up replica set web-1 to 1')).toEqual([['Scaled to 1 pod', '']]);
  // The newest first.
  expect(scaled('down replica set web-1 from 5 to 3', 'up replica set web-1 from 2 to 5')).toEqual([
    ['Scaled from 2 to 3 pods', '2 → 5 → 3'],
  ]);
  expect(scaled('down replica set web-1 from 3 to 2', 'up replica set web-1 from 2 to 3')).toEqual([
    ['Scaled to 2 pods', '2 → 3 → 2'],
  ]);
  expect(scaled('in a way of its own')).toEqual([['Scaled', 'Scaled in a way of its own']]);
});

test('warnings of one reason in one namespace are one change, which names the first objects', () => {
  const warnings = [1, 2, 3, 4, 4].map((i) =>
    event({ kind: 'Pod', name: `web-${i}`, reason: 'BackOff', type: 'Warning', message: 'Back-off', count: 2 }),
  );
  const [change, ...others] = changesOfEvents([...warnings, event({ kind: 'Pod', reason: 'Started' })]);
  expect(others).toEqual([]);
  expect(change).toMatchObject({ kind: 'warning', level: 'warning', title: 'BackOff', count: 10, objectCount: 4 });
  expect(change!.objects.map(({ path }) => path)).toEqual(['1', '2', '3'].map((i) => `/pods/east/shop/web-${i}`));
});

test('what nodes say is a change, good or bad', () => {
  const node = { kind: 'Node', namespace: '', name: 'node-1' };
  expect(
    changesOfEvents([
      event({ ...node, reason: 'NodeNotReady' }),
      event({ ...node, reason: 'NodeReady', time: '2026-01-15T11:00:00.000Z' }),
      event({ ...node, reason: 'NodeHasNoDiskPressure', time: '2026-01-15T10:00:00.000Z' }),
    ]).map(({ kind, title, level }) => [kind, title, level]),
  ).toEqual([
    ['node', 'NodeNotReady', 'warning'],
    ['node', 'NodeReady', 'good'],
    ['node', 'NodeHasNoDiskPressure', 'good'],
  ]);
});

test('alerts that fired or ended are changes, those that were only pending are not', () => {
  const transition = (part: Partial<AlertTransition>): AlertTransition => ({
    time: '2026-01-15T12:00:00.000Z',
    fingerprint: 'f1',
    state: 'firing',
    labels: { alertname: 'TooHot', severity: 'warning', namespace: 'shop', pod: 'web-1' },
    annotations: { summary: 'web-1 is too hot' },
    firedAt: '2026-01-15T12:00:00.000Z',
    ...part,
  });
  const changes = changesOfAlerts([
    transition({}),
    transition({ fingerprint: 'f2', labels: { alertname: 'TooHot', severity: 'warning', node: 'node-1' } }),
    transition({ state: 'inactive', time: '2026-01-15T11:00:00.000Z' }),
    transition({ state: 'inactive', firedAt: null, labels: { alertname: 'Never' } }),
  ]);
  expect(changes.map(({ title, level, count }) => [title, level, count])).toEqual([
    ['TooHot fired', 'warning', 2],
    ['TooHot ended', 'good', 1],
  ]);
  expect(changes[0]!.objects).toEqual([
    { name: 'shop/web-1', path: '/alerts/f1' },
    { name: 'node-1', path: '/alerts/f2' },
  ]);
});
