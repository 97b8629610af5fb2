import { expect, test } from 'vitest';
import { alertObject } from './alert-object.ts';

test('an alert is about the smallest object that its labels name', () => {
  const workload = { cluster: 'east', namespace: 'shop', workload_kind: 'Deployment', workload_name: 'web' };
  expect(alertObject(workload)).toEqual({
    kind: 'Deployment',
    text: 'shop/web',
    path: '/workloads/east/shop/Deployment/web',
  });
  expect(alertObject({ ...workload, pod: 'web-1', node: 'n1' }).path).toBe('/pods/east/shop/web-1');
  expect(alertObject({ ...workload, pod: 'web-1', container: 'main' }).path).toBe('/pods/east/shop/web-1/main');
  expect(alertObject({ node: 'n1' })).toEqual({ kind: 'node', text: 'n1', path: '/nodes/-/n1' });
});

test('what has no page has no path', () => {
  expect(alertObject({ instance: 'a:9100', job: 'node' })).toEqual({ kind: 'node', text: 'a:9100', path: undefined });
  expect(alertObject({ alertname: 'Watchdog' }).text).toBe('everything');
});

test('rules about kube_* metrics name workloads by their kind', () => {
  expect(alertObject({ namespace: 'shop', statefulset: 'db' }).path).toBe('/workloads/-/shop/StatefulSet/db');
});
