import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../kube-object.ts';
import { World } from '../world.ts';

const HPAS = 'horizontalpodautoscalers.autoscaling';
const START = Date.parse('2026-03-04T12:00:00Z');

/** Answers by the end of the path; a number is a status. */
type Answers = Record<string, object | number>;

interface Status {
  readonly currentReplicas: number;
  readonly desiredReplicas: number;
  readonly currentMetrics?: readonly object[];
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
  }[];
}

/** A cluster whose autoscaler `legacy/monolith` has these metrics, answered by `answers`. */
function scaled(metrics: readonly object[], answers: Answers, spec: object = {}) {
  const world = new World({ nodes: 6, pods: 40, start: START });
  const asked: string[] = [];
  world.serveThrough(
    (path) => {
      asked.push(path);
      const name = decodeURIComponent(path.split('?', 1)[0]!).split('/').at(-1)!;
      const answer = answers[name] ?? 404;
      return Promise.resolve(
        typeof answer === 'number' ? { status: answer, body: null } : { status: 200, body: answer },
      );
    },
    { host: '127.0.0.1', port: 1 },
  );
  for (const name of [
    'v1beta1.custom.metrics.k8s.io',
    'v1beta2.custom.metrics.k8s.io',
    'v1beta1.external.metrics.k8s.io',
  ])
    world.store.create('apiservices.apiregistration.k8s.io', {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name },
    });
  world.store.create(HPAS, {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'monolith', namespace: 'legacy' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'monolith' },
      minReplicas: 1,
      maxReplicas: 10,
      behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
      metrics,
      ...spec,
    },
  });
  return {
    asked,
    replicas: () => (world.store.get('deployments.apps', 'legacy', 'monolith')!.spec as { replicas: number }).replicas,
    setReplicas: (replicas: number) => {
      const deployment = world.store.get('deployments.apps', 'legacy', 'monolith') as KubeObject & { spec: object };
      world.store.update('deployments.apps', { ...deployment, spec: { ...deployment.spec, replicas } });
    },
    /** The status after the next look. */
    async next(): Promise<Status> {
      world.advance(15_000);
      await new Promise((resolve) => setImmediate(resolve));
      return world.store.get(HPAS, 'legacy', 'monolith')!.status as unknown as Status;
    },
    events: () =>
      world.store
        .list('events', { namespace: 'legacy' })
        .filter((event) => (event.involvedObject as { kind: string }).kind === 'HorizontalPodAutoscaler')
        .map(({ reason }) => reason),
  };
}

const external = (name: string, averageValue: string) => ({
  type: 'External',
  external: { metric: { name }, target: { type: 'AverageValue', averageValue } },
});
const values = (...all: readonly string[]) => ({ items: all.map((value) => ({ value })) });
const of = (status: Status, type: string) => status.conditions.find((condition) => condition.type === type);

describe('an autoscaler', () => {
  it('takes the most that any metric wants, and only goes up while one says nothing', async () => {
    const answers: Answers = { jobs: values('15', '25'), mails: values('5') };
    const target = scaled([external('jobs', '10'), external('mails', '10')], answers);
    const status = await target.next();
    expect(target.replicas()).toBe(4);
    expect(status).toMatchObject({ currentReplicas: 2, desiredReplicas: 4 });
    expect(of(status, 'ScalingActive')).toMatchObject({ status: 'True', reason: 'ValidMetricFound' });
    expect(of(status, 'AbleToScale')).toMatchObject({ status: 'True', reason: 'SucceededRescale' });
    // One fails: the other may not take anything away.
    answers.jobs = 503;
    const failing = await target.next();
    expect(target.replicas()).toBe(4);
    expect(of(failing, 'ScalingActive')).toMatchObject({ status: 'False', reason: 'FailedGetExternalMetric' });
    expect(of(failing, 'ScalingActive')!.message).toContain(
      'unable to fetch metrics from external metrics API: the server is currently unable to handle the request',
    );
    expect(failing.currentMetrics).toMatchObject([{ type: '' }, { type: 'External' }]);
    expect(target.events()).toEqual(
      expect.arrayContaining(['SuccessfulRescale', 'FailedGetExternalMetric', 'FailedComputeMetricsReplicas']),
    );
    // It may add.
    answers.mails = values('60');
    expect(of(await target.next(), 'ScalingActive')).toMatchObject({ status: 'True' });
    expect(target.replicas()).toBe(6);
    answers.mails = values('5');
    answers.jobs = values('1');
    await target.next();
    expect(target.replicas()).toBe(1);
  });

  it('says which metric it could not get, and changes nothing', async () => {
    const pods = {
      type: 'Pods',
      pods: {
        metric: { name: 'requests', selector: { matchLabels: { verb: 'GET' } } },
        target: { type: 'AverageValue', averageValue: '10' },
      },
    };
    const object = {
      type: 'Object',
      object: {
        metric: { name: 'hits' },
        describedObject: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'front' },
        target: { type: 'Value', value: '10' },
      },
    };
    const target = scaled([pods, object], { requests: { items: [] }, hits: values('1', '2') });
    const status = await target.next();
    expect(of(status, 'ScalingActive')).toMatchObject({ status: 'False', reason: 'FailedGetPodsMetric' });
    expect(target.replicas()).toBe(2);
    expect(target.asked).toEqual([
      '/apis/custom.metrics.k8s.io/v1beta2/namespaces/legacy/pods/%2A/requests?labelSelector=app%3Dmonolith%2Capp.kubernetes.io%2Fname%3Dmonolith&metricLabelSelector=verb%3DGET',
      '/apis/custom.metrics.k8s.io/v1beta2/namespaces/legacy/ingresses.networking.k8s.io/front/hits',
    ]);
    expect(target.events()).toEqual(expect.arrayContaining(['FailedGetPodsMetric', 'FailedGetObjectMetric']));
  });

  it('brings back what is out of bounds without any metric', async () => {
    const target = scaled([external('jobs', '10')], {});
    target.setReplicas(14);
    const status = await target.next();
    expect(target.replicas()).toBe(10);
    expect(status).toMatchObject({ currentReplicas: 14, desiredReplicas: 10 });
    target.setReplicas(0);
    expect(of(await target.next(), 'ScalingActive')).toMatchObject({ status: 'False', reason: 'ScalingDisabled' });
    expect(target.replicas()).toBe(0);
  });

  it('takes a value that does not fit for nothing', async () => {
    const answers: Answers = { jobs: values('10P') };
    const target = scaled([external('jobs', '10')], answers);
    await target.next();
    expect(target.replicas()).toBe(1);
  });
});
