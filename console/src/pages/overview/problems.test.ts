import { expect, test } from 'vitest';
import { type ProblemSamples, problemQueries, problems } from './problems.ts';

const NONE = Object.fromEntries(
  Object.keys(problemQueries(undefined, 60)).map((name) => [name, []]),
) as unknown as ProblemSamples;
const seconds = (value: number): string => `${value} s`;
const pod = { cluster: 'east', namespace: 'shop', pod: 'web-1' };

test('the worst is first, and a pod is named once', () => {
  const found = problems(
    {
      ...NONE,
      waiting: [{ labels: { ...pod, container: 'app', reason: 'CrashLoopBackOff' }, value: 1 }],
      restarted: [{ labels: { ...pod, container: 'app' }, value: 7 }],
      unready: [{ labels: pod, value: 300 }],
      pending: [{ labels: { ...pod, pod: 'web-2' }, value: 130 }],
      deployments: [{ labels: { cluster: 'east', namespace: 'shop', deployment: 'web' }, value: 2 }],
      nodes: [{ labels: { cluster: 'east', node: 'node-1' }, value: 1 }],
    },
    seconds,
  );
  expect(found.map(({ level, what, name, path }) => [level, what, name, path])).toEqual([
    ['serious', 'Not ready', 'node-1', '/nodes/east/node-1'],
    ['serious', 'CrashLoopBackOff', 'web-1', '/pods/east/shop/web-1'],
    ['warning', 'Pending', 'web-2', '/pods/east/shop/web-2'],
    ['warning', 'Too few pods', 'web', '/workloads/east/shop/Deployment/web'],
  ]);
  expect(found.map(({ detail }) => detail).slice(1)).toEqual([
    'container app',
    'for 130 s',
    '2 are missing or not ready',
  ]);
});

test('nothing is wrong where nothing is told', () => {
  expect(problems(NONE, seconds)).toEqual([]);
});

test('queries can be about one cluster', () => {
  const texts = Object.values(problemQueries('east', 60));
  expect(texts.every((text) => text.includes('cluster="east"'))).toBe(true);
  expect(Object.values(problemQueries(undefined, 60)).some((text) => text.includes('cluster='))).toBe(false);
});
