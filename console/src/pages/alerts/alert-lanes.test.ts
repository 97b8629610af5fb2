import { expect, test } from 'vitest';
import { type AlertEvent, alertLanes } from './alert-lanes.ts';

const text = (minute: number): string => new Date(minute * 60_000).toISOString();
const range = { start: 0, end: 60 * 60_000 };
const event = (minute: number, state: AlertEvent['state'], more: Partial<AlertEvent> = {}): AlertEvent => ({
  time: text(minute),
  fingerprint: `f${minute}`,
  rule: { id: 'r', file: 'f', group: 'g', name: 'A' },
  state,
  value: String(minute),
  labels: { alertname: 'A', severity: 'warn' },
  annotations: {},
  activeAt: null,
  firedAt: null,
  resolvedAt: null,
  ...more,
});
const minutes = (lane: ReturnType<typeof alertLanes>[number]) =>
  lane.spans.map(({ from, to, state, isOpen }) => [from / 60_000, to / 60_000, state, isOpen]);

test('an alert goes from state to state, whatever the order in which it is told', () => {
  const [lane] = alertLanes([event(20, 'inactive'), event(10, 'firing'), event(5, 'pending')], [], range);
  expect(minutes(lane!)).toEqual([
    [5, 10, 'pending', false],
    [10, 20, 'firing', false],
  ]);
});

test('severities of one alert are one lane, which is open while it fires', () => {
  const serious = { alertname: 'A', severity: 'serious' };
  const lanes = alertLanes([event(10, 'firing'), event(30, 'firing', { labels: serious })], [], range);
  expect(lanes).toHaveLength(1);
  expect(lanes[0]!.fingerprint).toBe('f30');
  expect(lanes[0]!.spans.map(({ severity, isOpen }) => [severity, isOpen])).toEqual([
    ['warn', false],
    ['serious', true],
  ]);
});

test('what began before the range is known from the change that ended it', () => {
  const end = event(10, 'inactive', { activeAt: text(-30), firedAt: text(5) });
  expect(minutes(alertLanes([end], [], range)[0]!)).toEqual([
    [0, 5, 'pending', false],
    [5, 10, 'firing', false],
  ]);
});

test('an alert that did not change in the range is there while it lasts', () => {
  const one = {
    fingerprint: 'x',
    state: 'firing' as const,
    labels: { alertname: 'B' },
    annotations: {},
    activeAt: -1,
    value: 3,
    silencedBy: [],
    inhibitedBy: [],
  };
  const lanes = alertLanes([event(50, 'firing')], [one], range);
  expect(lanes.map(({ labels }) => labels.alertname)).toEqual(['B', 'A']);
  expect(minutes(lanes[0]!)).toEqual([[0, 60, 'firing', true]]);
});
