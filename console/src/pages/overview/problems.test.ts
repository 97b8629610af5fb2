import { expect, test } from 'vitest';
import { type ProblemSources, problemQueries, problems } from './problems.ts';

const NONE: ProblemSources = {
  nodes: [],
  workloads: [],
  samples: { killed: [], restarted: [], limited: [], idle: [], autoscalers: [], volumes: [] },
  autoscaling: undefined,
};
const shop = { cluster: 'east', namespace: 'shop' };
const web = { ...shop, workload_kind: 'Deployment', workload_name: 'web' };
const hpa = (name: string) => ({ ...shop, horizontalpodautoscaler: name });
const workload = (name: string, status: string, problem: string) => ({
  ...{ ...shop, kind: 'Deployment', name, status, abnormal: true, problem },
});

test('the worst is first, and an object is named once', () => {
  const found = problems({
    ...NONE,
    nodes: [
      { cluster: 'east', node: 'node-2', status: 'Ready', conditions: 'DiskPressure' },
      { cluster: 'east', node: 'node-1', status: 'Unknown', conditions: '' },
    ],
    workloads: [
      workload('cart', 'Degraded', 'ImagePullBackOff (1 pod)'),
      workload('web', 'Unavailable', 'CrashLoopBackOff (2 pods)'),
    ],
    samples: {
      ...NONE.samples,
      killed: [{ labels: web, value: 1 }],
      restarted: [
        { labels: web, value: 9 },
        { labels: { ...web, workload_name: 'api' }, value: 3.2 },
      ],
    },
  });
  expect(found.map(({ level, what, name, detail }) => [level, what, name, detail])).toEqual([
    ['serious', 'Not ready', 'node-1', 'nothing is heard from it'],
    ['serious', 'Unavailable', 'web', 'CrashLoopBackOff (2 pods); 1 container needed more memory than the limit'],
    ['warning', 'DiskPressure', 'node-2', ''],
    ['warning', 'Degraded', 'cart', 'ImagePullBackOff (1 pod)'],
    ['warning', 'Restarts', 'api', 'a container was restarted 3 times'],
  ]);
  expect(found[1]!.path).toBe('/workloads/east/shop/Deployment/web');
});

test('autoscalers that cannot scale or may not scale further are problems, and so are metrics APIs that lead nowhere', () => {
  const api = { group: 'metrics.k8s.io', version: 'v1beta1', state: 'registered', detail: '', available: null };
  const found = problems({
    ...NONE,
    samples: {
      ...NONE.samples,
      autoscalers: ['a', 'b', 'c'].map((name) => ({ labels: hpa(name), value: 5 })),
      idle: [
        { labels: hpa('a'), value: 1 },
        { labels: hpa('b'), value: 1 },
      ],
      limited: [{ labels: hpa('c'), value: 5 }],
    },
    autoscaling: {
      autoscalers: [
        { namespace: 'shop', name: 'a', problems: ['cpu: none of the pods has it'] },
        { namespace: 'shop', name: 'elsewhere', problems: ['of another cluster'] },
        { namespace: 'shop', name: 'c', problems: [] },
      ],
      registration: [
        api,
        { ...api, version: 'v1', state: 'foreign', detail: 'it leads to another' },
        { ...api, version: 'v2', state: 'missing', detail: 'apply it' },
        { ...api, version: 'v3', available: { status: 'False', reason: 'NoEndpoints', message: 'nobody listens' } },
      ],
    },
  });
  expect(found.map(({ kind, what, name, detail }) => [kind, what, name, detail])).toEqual([
    ['Metrics API', 'Not registered', 'metrics.k8s.io/v2', 'apply it'],
    ['Metrics API', 'Not available', 'metrics.k8s.io/v3', 'NoEndpoints: nobody listens'],
    ['HPA', 'Cannot scale', 'a', 'cpu: none of the pods has it'],
    ['HPA', 'Cannot scale', 'b', 'its metric cannot be had, or its target is not there'],
    ['HPA', 'At its maximum', 'c', 'it wants 5 pods and may have no more'],
  ]);
});

test('nothing is wrong where nothing is told', () => {
  expect(problems(NONE)).toEqual([]);
});

test('queries can be about one cluster', () => {
  const texts = Object.values(problemQueries('east', 60));
  expect(texts.every((text) => text.includes('cluster="east"'))).toBe(true);
  expect(Object.values(problemQueries(undefined, 60)).some((text) => text.includes('cluster='))).toBe(false);
});
