import fastify from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { AutoscalerMetric } from '../autoscaling/autoscaler.ts';
import { autoscaler, BoardBed, cpuMetric, externalMetric, podsMetric } from '../autoscaling/board.case.ts';
import { MetricsError } from '../autoscaling/metrics-error.ts';
import { autoscalingSection } from './autoscaling-endpoints.ts';
import { MemoryBoard } from './memory-board.case.ts';
import { registerAlertingApi } from './server.ts';

let bed = new BoardBed();
let isServed = true;
const app = fastify();
registerAlertingApi(app, {
  board: new MemoryBoard({ clock: bed.clock, silencedBy: () => [], receivers: {}, config: '' }),
  silences: { list: () => [], get: () => undefined, set: () => Promise.reject(), expire: () => Promise.reject() },
  clock: bed.clock,
  logger: pino({ level: 'silent' }),
  registry: new Registry(),
  version: '1',
  startTime: 0,
  sections: [
    autoscalingSection({
      board: () => (isServed ? bed.board : undefined),
      clock: { now: () => bed.clock.now(), elapsed: () => 0, schedule: () => () => undefined },
    }),
  ],
});
beforeEach(() => {
  bed = new BoardBed();
  isServed = true;
});
afterAll(() => app.close());

interface Shown {
  readonly name: string;
  readonly metrics: readonly Readonly<Record<string, unknown>>[];
  readonly problems: readonly string[];
  readonly [field: string]: unknown;
}

async function ask(path: string, status = 200) {
  const response = await app.inject(`/api/v1/autoscaling${path}`);
  expect([path, response.statusCode]).toEqual([path, status]);
  return response.json();
}

async function list(query = ''): Promise<readonly Shown[]> {
  return (await ask(`?${query}`)).data.autoscalers;
}

async function names(query: string): Promise<string> {
  return (await list(query)).map(({ name }) => name).join(' ');
}

describe('an autoscaler', () => {
  beforeEach(() => bed.autoscalers.listed());

  it('is shown with what its controller was told last, and when it asked', async () => {
    bed.put('web', [podsMetric('k8s_pod_cpu', 5), externalMetric('queue', 10), cpuMetric(60, 81)]);
    bed.values.set('k8s_pod_cpu', [3, 6]);
    bed.values.set('queue', [30, 12]);
    bed.usage = [0.2, 0.4];
    await bed.poll();
    await bed.clock.advance(15_000);
    const asked = bed.questions;
    const [web] = await list();
    // Nothing was evaluated for it.
    expect(bed.questions).toBe(asked);
    expect(web!.problems).toEqual([]);
    expect(web!.metrics).toEqual([
      {
        type: 'Pods',
        metric: 'k8s_pod_cpu',
        selector: '',
        object: null,
        origin: 'the test',
        target: { type: 'AverageValue', text: '5' },
        seen: null,
        value: 4.5,
        served: { count: 2, sum: 9, average: 4.5, time: '2026-03-02T11:59:40.000Z', age: 35, window: 60 },
        asked: '2026-03-02T12:00:00.000Z',
        lastError: null,
        problem: null,
      },
      // Each of two replicas has half of it.
      expect.objectContaining({ type: 'External', metric: 'queue', value: 21, problem: null }),
      expect.objectContaining({
        type: 'Resource',
        metric: 'cpu',
        origin: 'metrics.k8s.io',
        seen: { type: 'Utilization', text: '81' },
        // What pods request is the controller's to know.
        value: null,
        served: expect.objectContaining({ count: 2, sum: expect.closeTo(0.8), age: 25, window: 15 }),
      }),
    ]);
  });

  it('of which nobody asked lately is shown with what it would be told', async () => {
    bed.put('web', [podsMetric('k8s_pod_cpu', 5)]);
    bed.values.set('k8s_pod_cpu', [3]);
    const shown = async () => (await list())[0]!.metrics[0]!;
    expect(await shown()).toMatchObject({ value: 3, asked: null, lastError: null, problem: null });
    await bed.poll();
    bed.values.set('k8s_pod_cpu', [4]);
    await bed.clock.advance(60_000);
    expect(await shown()).toMatchObject({ value: 3, asked: '2026-03-02T12:00:00.000Z' });
    await bed.clock.advance(1);
    expect(await shown()).toMatchObject({ value: 4, asked: '2026-03-02T12:00:00.000Z' });
    bed.values.set('k8s_pod_cpu', []);
    const nothing = 'the answer is empty: none of the pods that match has it';
    expect(await shown()).toMatchObject({ value: null, served: null, problem: nothing });
    await bed.poll();
    expect(await shown()).toMatchObject({ value: null, served: null, problem: nothing });
  });

  it('is shown with the last error, which stays to be seen when all is well again', async () => {
    bed.put('web', [podsMetric('k8s_pod_cpu', 5)]);
    bed.values.set('k8s_pod_cpu', new MetricsError('noValue', 'the newest sample is 140s old, at most 120s is served'));
    await bed.poll();
    const [failed] = await list();
    const message = 'the newest sample is 140s old, at most 120s is served';
    const lastError = { time: '2026-03-02T12:00:00.000Z', message };
    expect(failed!.metrics[0]).toMatchObject({ value: null, served: null, lastError, problem: message });
    expect(failed!.problems).toEqual([`k8s_pod_cpu: ${message}`]);
    await bed.clock.advance(15_000);
    bed.values.set('k8s_pod_cpu', [1]);
    await bed.poll();
    const [well] = await list();
    expect(well!.metrics[0]).toMatchObject({ value: 1, lastError, problem: null });
    expect(well!.problems).toEqual([]);
  });

  it('is told what is wrong with what it names', async () => {
    const object = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' };
    bed.put('web', [
      podsMetric('k8s_pod_cpuu', 1),
      podsMetric('k8s_workload_cpu', 1),
      podsMetric('queue', 1),
      externalMetric('secret_queue', 1),
      externalMetric('something_else', 1),
      { ...podsMetric('k8s_pod_cpu', 1), fault: 'the selector is wrong' },
      { ...podsMetric('k8s_workload_cpu', 1), type: 'Object', object } as AutoscalerMetric,
      { ...cpuMetric(1), resource: 'gpu' } as AutoscalerMetric,
      { type: 'unknown', written: 'Telepathy', target: undefined, current: undefined, fault: undefined },
    ]);
    await bed.poll();
    const [web] = await list();
    expect(web!.problems).toEqual([
      'k8s_pod_cpuu: no metric of pods named k8s_pod_cpuu is served in namespace shop; did you mean k8s_pod_cpu?',
      'k8s_workload_cpu: k8s_workload_cpu is served of deployments.apps, not of pods',
      'queue: queue is an external metric, not a custom one',
      'secret_queue: no external metric named secret_queue is served in namespace shop',
      'something_else: no external metric named something_else is served in namespace shop',
      'k8s_pod_cpu: the selector is wrong',
      'k8s_workload_cpu: k8s_workload_cpu is served of deployments.apps, not of statefulsets.apps',
      'gpu: of resources, cpu and memory are served, not gpu',
      'Telepathy: metrics of type Telepathy are not known here',
    ]);
  });

  it('is told what its conditions say, but not of one that was turned off, and why its pods are not known', async () => {
    const condition = { status: 'False', since: 0, message: 'the server could not find the requested resource' };
    bed.put('a', [], { conditions: [{ ...condition, type: 'ScalingActive', reason: 'FailedGetPodsMetric' }] });
    bed.put('b', [], { conditions: [{ ...condition, type: 'ScalingActive', reason: 'ScalingDisabled' }] });
    bed.put('c', [podsMetric('k8s_pod_cpu', 1)], { pods: undefined, podsUnknown: 'there is no Deployment c' });
    expect((await list()).map(({ problems }) => problems)).toEqual([
      ['ScalingActive is False, FailedGetPodsMetric: the server could not find the requested resource'],
      [],
      ['k8s_pod_cpu: there is no Deployment c'],
    ]);
  });

  it('is explained by itself, with its decisions', async () => {
    bed.values.set('k8s_pod_cpu', [3]);
    bed.put('web', [podsMetric('k8s_pod_cpu', 5)]);
    await bed.clock.advance(5_000);
    bed.put('web', [podsMetric('k8s_pod_cpu', 5)], { desiredReplicas: 5, lastScale: bed.clock.now() - 1_000 });
    await bed.clock.advance(30_000);
    bed.put('web', [podsMetric('k8s_pod_cpu', 5)], { desiredReplicas: 3, lastScale: bed.clock.now() });
    const decisions = [
      { time: '2026-03-02T12:00:35.000Z', from: 5, to: 3, limit: '', metrics: [] },
      { time: '2026-03-02T12:00:04.000Z', from: 2, to: 5, limit: '', metrics: [] },
    ];
    expect((await ask('/shop/web')).data).toMatchObject({
      name: 'web',
      pods: 'app=web',
      metrics: [{ value: 3, explanation: ['k8s_pod_cpu is what it is'] }],
      decisions,
      lastDecision: decisions[0],
    });
    expect(await ask('/shop/wbe', 404)).toMatchObject({ error: 'there is no HorizontalPodAutoscaler "shop/wbe"' });
  });

  it('that is gone is remembered in nothing', async () => {
    bed.put('web', [podsMetric('k8s_pod_cpu', 5)]);
    bed.values.set('k8s_pod_cpu', [3]);
    await bed.poll();
    const { key } = bed.autoscalers.get('shop', 'web')!.questions[0]!;
    expect(bed.asked.get(key)).toBeDefined();
    bed.put('web', [podsMetric('k8s_pod_cpu', 6)]);
    expect(bed.asked.get(key)).toBeDefined();
    bed.autoscalers.remove('shop', 'web');
    expect(bed.asked.get(key)).toBeUndefined();
    expect(await list()).toEqual([]);
  });
});

describe('autoscalers', () => {
  beforeEach(() => {
    bed.autoscalers.listed();
    bed.values.set('k8s_pod_cpu', [3]);
    bed.put('web', [podsMetric('k8s_pod_cpu', 1)], { currentReplicas: 7, lastScale: 3 });
    bed.put('api', [podsMetric('k8s_pod_cpuu', 1)], { currentReplicas: 1, lastScale: 9 });
    bed.autoscalers.put({
      ...autoscaler('ledger'),
      namespace: 'bank',
      target: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'book' },
      metrics: [externalMetric('queue', 1)],
      currentReplicas: undefined,
    });
  });

  it('are found, sorted and shown in pages', async () => {
    expect(await names('')).toBe('ledger api web');
    expect(await names('sort=name')).toBe('api ledger web');
    expect(await names('sort=-currentReplicas')).toBe('web api ledger');
    expect(await names('sort=-lastScale')).toBe('api web ledger');
    expect(await names('sort=-problems&limit=1')).toBe('api');
    expect(await names('limit=1&offset=1')).toBe('api');
    expect(await names('namespace=bank')).toBe('ledger');
    expect(await names('namespace=bank&namespace=shop&kind=Deployment')).toBe('api web');
    expect(await names('metric=k8s_pod_cpu')).toBe('web');
    expect(await names('type=External&type=Resource')).toBe('ledger');
    expect(await names('problem=true')).toBe('api');
    expect(await names('problem=false')).toBe('ledger web');
    expect(await names('search=BOO')).toBe('ledger');
    expect((await ask('?limit=1')).data).toMatchObject({ total: 3, time: '2026-03-02T12:00:00.000Z' });
  });

  it('come with how the metrics APIs stand with the API server', async () => {
    expect((await ask('')).data.registration).toEqual([]);
    const found = { group: 'metrics.k8s.io', version: 'v1beta1', state: 'missing', detail: 'there is none' } as const;
    bed.registration = [{ ...found, available: undefined, at: bed.clock.now() }];
    expect((await ask('')).data.registration).toEqual([{ ...found, available: null, at: '2026-03-02T12:00:00.000Z' }]);
  });

  it('name the parameter that is wrong', async () => {
    const sorts = 'name, namespace, currentReplicas, desiredReplicas, lastScale, problems';
    expect((await ask('?sort=age', 400)).error).toBe(
      `invalid parameter "sort": expected one of ${sorts}, maybe after a minus, got "age"`,
    );
    expect((await ask('?limit=0.5', 400)).error).toContain('invalid parameter "limit"');
    expect((await ask('?type=Podz', 400)).error).toContain('got "Podz"');
    expect((await ask('?problem=maybe', 400)).error).toContain('got "maybe"');
    expect((await ask('?colour=red', 400)).error).toContain('invalid parameter "colour"');
  });
});

it('never says that there are none before they have been listed', async () => {
  bed.put('web', []);
  expect((await ask('', 503)).error).toBe('the HorizontalPodAutoscalers of the cluster have not been listed yet');
  await ask('/shop/web', 503);
  isServed = false;
  expect((await ask('', 404)).error).toBe('no metrics are served to autoscalers here');
});
