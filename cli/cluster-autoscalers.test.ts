import { describe, expect, it } from 'vitest';
import { AskedQuestions } from '../alerting/autoscaling/asked-questions.ts';
import { Autoscalers, type WantedMetrics } from '../alerting/autoscaling/autoscalers.ts';
import { SteppedClock } from '../alerting/stepped-clock.case.ts';
import { FakeCluster } from '../collector/kubernetes/operator/fake-cluster.case.ts';
import { RESOURCES } from '../collector/kubernetes/resources.ts';
import { clusterAutoscalers } from './cluster-autoscalers.ts';

let version = 0;

function metadata(name: string, namespace = 'shop') {
  return { name, namespace, uid: `uid of ${name}`, resourceVersion: String(++version) };
}

/** As the API server gives it, and as a cache keeps it. */
function autoscaler(name: string, spec: object, status: object = {}) {
  return RESOURCES.horizontalpodautoscalers.slim({
    metadata: metadata(name),
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 9, ...spec },
    status,
  });
}

function deployment(name: string, selector: object) {
  return RESOURCES.deployments.slim({ metadata: metadata(name), spec: { selector } });
}

const EVERY_TYPE = [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
  {
    type: 'ContainerResource',
    containerResource: { name: 'memory', container: 'app', target: { type: 'AverageValue', averageValue: '1Gi' } },
  },
  {
    type: 'Pods',
    pods: {
      metric: { name: 'k8s_pod_a', selector: { matchLabels: { code: '500' } } },
      target: { type: 'AverageValue', averageValue: '1500m' },
    },
  },
  {
    type: 'Object',
    object: {
      metric: { name: 'requests' },
      describedObject: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'front' },
      target: { type: 'Value', value: '2k' },
    },
  },
  {
    type: 'External',
    external: {
      metric: {
        name: 'queue',
        selector: { matchExpressions: [{ key: 'topic', operator: 'NotIn', values: ['b', 'a', 'b'] }] },
      },
      target: { type: 'AverageValue', averageValue: 30 },
    },
  },
];

function follow() {
  const cluster = new FakeCluster();
  const clock = new SteppedClock();
  const told: WantedMetrics[] = [];
  const asked = new AskedQuestions(clock);
  const autoscalers = new Autoscalers({ asked, clock, onWanted: (wanted) => void told.push(wanted) });
  const end = clusterAutoscalers(cluster, autoscalers);
  return { cluster, clock, told, asked, autoscalers, end, cache: cluster.cache('horizontalpodautoscalers') };
}

describe('the autoscalers of a cluster', () => {
  it('are read with all that they want, and what their controller asks for it', async () => {
    const { cluster, clock, told, autoscalers, cache } = follow();
    cluster.cache('deployments').replace([deployment('web', { matchLabels: { app: 'web' } })], 1);
    const status = {
      currentReplicas: 3,
      desiredReplicas: 4,
      lastScaleTime: '2026-03-02T11:59:00Z',
      conditions: [
        {
          type: 'AbleToScale',
          status: 'True',
          reason: 'ReadyForNewScale',
          message: 'all is well',
          lastTransitionTime: '',
        },
      ],
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 81, averageValue: '162m' } } },
        { type: '' },
        { type: 'Pods', pods: { metric: { name: 'k8s_pod_a' }, current: { averageValue: '1200m' } } },
      ],
    };
    cache.put(autoscaler('web', { metrics: EVERY_TYPE }, status));
    await clock.advance(1_000);
    // Others may still be to come.
    expect(told).toEqual([]);
    expect(autoscalers.isListed).toBe(false);
    cache.replace(cache.values(), 1);
    await clock.advance(1_000);
    expect(autoscalers.isListed).toBe(true);
    const { autoscaler: web, questions } = autoscalers.get('shop', 'web')!;
    expect(web).toMatchObject({
      minReplicas: 1,
      maxReplicas: 9,
      currentReplicas: 3,
      desiredReplicas: 4,
      lastScale: Date.UTC(2026, 2, 2, 11, 59),
      podsUnknown: '',
      conditions: [{ type: 'AbleToScale', reason: 'ReadyForNewScale', message: 'all is well', since: 0 }],
    });
    expect(web.metrics.map(({ target, current }) => [target, current?.text])).toEqual([
      [{ type: 'Utilization', text: '60', value: 60 }, '81'],
      [{ type: 'AverageValue', text: '1Gi', value: 2 ** 30 }, undefined],
      [{ type: 'AverageValue', text: '1500m', value: 1.5 }, '1200m'],
      [{ type: 'Value', text: '2k', value: 2_000 }, undefined],
      [{ type: 'AverageValue', text: '30', value: 30 }, undefined],
    ]);
    const pods = [{ key: 'app', operator: 'In', values: ['web'] }];
    expect(questions.map((question) => question?.asked)).toMatchObject([
      { api: 'resource', namespace: 'shop', selector: pods },
      { api: 'resource', namespace: 'shop', selector: pods },
      {
        api: 'custom',
        question: {
          resource: 'pods',
          namespace: 'shop',
          name: undefined,
          selector: pods,
          metric: 'k8s_pod_a',
          metricSelector: [{ key: 'code', operator: 'In', values: ['500'] }],
        },
      },
      { api: 'custom', question: { resource: 'ingresses.networking.k8s.io', name: 'front', metric: 'requests' } },
      {
        api: 'external',
        question: { namespace: 'shop', metric: 'queue', selector: [{ operator: 'NotIn', values: ['a', 'b'] }] },
      },
    ]);
    expect(told).toHaveLength(1);
    expect(told[0]).toEqual({
      metrics: [
        {
          api: 'custom',
          name: 'k8s_pod_a',
          resource: 'pods',
          namespace: 'shop',
          selector: [{ key: 'code', operator: 'In', values: ['500'] }],
        },
        {
          api: 'custom',
          name: 'requests',
          resource: 'ingresses.networking.k8s.io',
          namespace: 'shop',
          selector: [],
        },
        {
          api: 'external',
          name: 'queue',
          resource: '',
          namespace: 'shop',
          selector: [{ key: 'topic', operator: 'NotIn', values: ['a', 'b'] }],
        },
      ],
      usage: true,
    });
  });

  it('tell what they want only when it changes', async () => {
    const { clock, told, cache } = follow();
    const [, , pods, , queue] = EVERY_TYPE;
    cache.replace([autoscaler('a', { metrics: [queue] })], 1);
    await clock.advance(1_000);
    for (let i = 0; i < 5; i++) {
      cache.put(autoscaler('a', { metrics: [queue] }, { desiredReplicas: i }));
      await clock.advance(1_000);
    }
    cache.put(autoscaler('b', { metrics: [queue] }));
    await clock.advance(1_000);
    const names = ({ metrics }: WantedMetrics) => metrics.map(({ name }) => name);
    expect(told.map((wanted) => [names(wanted), wanted.usage])).toEqual([[['queue'], false]]);
    cache.put(autoscaler('b', { metrics: [pods] }));
    await clock.advance(1_000);
    cache.remove('shop', 'a');
    await clock.advance(1_000);
    cache.remove('shop', 'b');
    await clock.advance(1_000);
    expect(told.slice(1).map(names)).toEqual([['k8s_pod_a', 'queue'], ['k8s_pod_a'], []]);
  });

  it('say that none are wanted when there are none', async () => {
    const { clock, told, cache } = follow();
    cache.replace([], 1);
    await clock.advance(1_000);
    expect(told).toEqual([{ metrics: [], usage: false }]);
  });

  it('have the pods of their target when it is known, and say why not otherwise', async () => {
    const { cluster, clock, autoscalers, cache } = follow();
    cache.replace([autoscaler('a', { metrics: EVERY_TYPE.slice(2, 3) })], 1);
    const rollout = { kind: 'Rollout', name: 'web', apiVersion: 'argoproj.io/v1alpha1' };
    cache.put(autoscaler('b', { metrics: EVERY_TYPE.slice(2, 3), scaleTargetRef: rollout }));
    const of = (name: string) => autoscalers.get('shop', name)!;
    expect(of('a').autoscaler.podsUnknown).toBe('the deployments have not been listed yet');
    expect(of('b').autoscaler.podsUnknown).toBe('it is not known here which pods a Rollout has');
    const deployments = cluster.cache('deployments');
    deployments.replace([], 1);
    await clock.advance(0);
    expect(of('a').autoscaler.podsUnknown).toBe('there is no Deployment web');
    expect(of('a').questions).toEqual([undefined]);
    deployments.put(deployment('web', { matchLabels: { app: 'web' } }));
    expect(of('a').autoscaler).toMatchObject({ podsUnknown: '', pods: [{ key: 'app' }] });
    expect(of('a').questions[0]?.asked.api).toBe('custom');
    deployments.put(deployment('web', { matchExpressions: [{ key: 'app', operator: 'Near', values: ['x'] }] }));
    expect(of('a').autoscaler.podsUnknown).toBe(
      'the selector of the Deployment web: the operator of a selector must be one of In, NotIn, Exists, DoesNotExist, got "Near"',
    );
  });

  it('name the rule that a selector breaks', async () => {
    const { autoscalers, cache } = follow();
    const external = (selector: object) => ({
      type: 'External',
      external: { metric: { name: 'q', selector }, target: { value: '1' } },
    });
    const expression = (one: object) => external({ matchExpressions: [one] });
    cache.put(
      autoscaler('a', {
        metrics: [
          external({ matchLabels: { 'a b': 'c' } }),
          external({ matchLabels: { a: '"} or vector(1)' } }),
          expression({ key: 'a', operator: 'In' }),
          expression({ key: 'a', operator: 'Exists', values: ['x'] }),
          { type: 'Telepathy' },
        ],
      }),
    );
    const { autoscaler: read, questions } = autoscalers.get('shop', 'a')!;
    expect(questions.every((question) => question === undefined)).toBe(true);
    expect(read.metrics.map(({ fault }) => fault)).toEqual([
      expect.stringMatching(/^the selector of the metric q: a label's key: name part must consist of .*, got "a b"$/),
      expect.stringMatching(
        /^the selector of the metric q: a label's value: a valid label must .*, got "\\"} or vector\(1\)"$/,
      ),
      `the selector of the metric q: a selector's In must have values, got 0 of them`,
      `the selector of the metric q: a selector's Exists must have no values, got 1 of them`,
      undefined,
    ]);
    expect(read.metrics[4]).toMatchObject({ type: 'unknown', written: 'Telepathy' });
  });

  it('have their last twenty decisions kept', async () => {
    const { clock, autoscalers, cache } = follow();
    const at = (desiredReplicas: number, more: object = {}) =>
      cache.put(autoscaler('a', { metrics: EVERY_TYPE.slice(4) }, { desiredReplicas, ...more }));
    at(2);
    at(2, { currentReplicas: 2 });
    expect(autoscalers.get('shop', 'a')!.decisions).toEqual([]);
    at(5, {
      lastScaleTime: '2026-03-02T12:00:01Z',
      conditions: [{ type: 'ScalingLimited', status: 'True', reason: 'ScaleUpLimit' }],
      currentMetrics: [{ type: 'External', external: { metric: { name: 'queue' }, current: { averageValue: '95' } } }],
    });
    await clock.advance(60_000);
    at(4, { lastScaleTime: '2026-03-02T12:00:01Z' });
    expect(autoscalers.get('shop', 'a')!.decisions).toEqual([
      { at: Date.UTC(2026, 2, 2, 12, 0, 1), from: 2, to: 5, limit: 'ScaleUpLimit', metrics: ['queue 95/30'] },
      { at: Date.UTC(2026, 2, 2, 12, 1), from: 5, to: 4, limit: '', metrics: [] },
    ]);
    for (let i = 0; i < 50; i++) at(5 + i);
    const { decisions } = autoscalers.get('shop', 'a')!;
    expect([decisions.length, decisions[0]!.to, decisions[19]!.to]).toEqual([20, 35, 54]);
  });

  it('leave nothing behind', async () => {
    const { cluster, clock, told, end, cache } = follow();
    cache.replace([autoscaler('a', { metrics: EVERY_TYPE })], 1);
    await clock.advance(1_000);
    cache.put(autoscaler('b', { metrics: EVERY_TYPE.slice(2, 3) }));
    end.close();
    await clock.advance(1_000);
    cache.remove('shop', 'a');
    await clock.advance(1_000);
    expect([cluster.open, clock.pending, told.length]).toEqual([0, 0, 1]);
  });
});
