import { expect, test } from 'vitest';
import { decidedText, metricText } from './metric-text.ts';

const breakable = (text: string): string => text.replaceAll('\u00a0', ' ');
const text = (metric: string, own: string | null, target: string, type = 'AverageValue') =>
  breakable(metricText({ metric, seen: own === null ? null : { type, text: own }, target: { type, text: target } }));

test('a metric and its target have the same unit and the same form', () => {
  expect(text('cpu', '53', '70', 'Utilization')).toBe('53 / 70 %');
  expect(text('cpu', '300m', '1250m')).toBe('0.3 / 1.25 cores');
  expect(text('memory', '671088640', '1Gi')).toBe('0.625 / 1 GiB');
  expect(text('k8s_workload_cpu_core_used', '97m', '70m')).toBe('0.097 / 0.07 cores');
  expect(text('k8s_pod_rate_cpu_core_used_request', '48552m', '70')).toBe('48.6 / 70 %');
  expect(text('k8s_pod_network_receive_bytes_bw', '3Mi', '1Mi')).toBe('3 / 1 MiB/s');
  expect(text('queue_messages', '30334m', '30')).toBe('30.3 / 30');
  expect(text('queue_messages', '900', '2k')).toBe('0.9 / 2 k');
  expect(text('cpu of web', '250m', '500m')).toBe('0.25 / 0.5 cores');
});

test('what it is now goes before what was seen last; what is not known is a dash', () => {
  const target = { type: 'Value', text: '2' };
  const seen = { type: 'Value', text: '1' };
  expect(breakable(metricText({ metric: 'm', seen, target, value: 32.622892539494515 }))).toBe('32.6 / 2');
  expect(breakable(metricText({ metric: 'm', seen: null, target, value: '1500m' }))).toBe('1.5 / 2');
  expect(text('m', null, '250m')).toBe('– / 0.25');
  expect(text('m', '5', 'many')).toBe('5 / many');
});

test('what a decision was made on is told alike', () => {
  expect(breakable(decidedText('queue_messages 33600m/30'))).toBe('queue_messages 33.6 / 30');
  expect(breakable(decidedText('cpu of search 78%/70%'))).toBe('cpu of search 78 / 70 %');
  expect(breakable(decidedText('cpu 1/250m'))).toBe('cpu 1 / 0.25 cores');
  expect(decidedText('nothing was seen')).toBe('nothing was seen');
});
