import { expect, it } from 'vitest';
import { readMetric } from './read-metric.ts';
import { ResourceMetrics } from './resource-metrics.ts';

function object(name: string, spec: object = {}, namespace = 'shop') {
  const kind = namespace === '' ? 'ClusterAutoscalingMetric' : 'AutoscalingMetric';
  return {
    apiVersion: 'alerting.pharos.dev/v1',
    kind,
    metadata: { namespace, name },
    spec: { type: 'Pods', expr: 'a', ...spec },
  };
}

function told(resources: ResourceMetrics<ReturnType<typeof object>>) {
  return Object.fromEntries(
    resources
      .outcomes()
      .map(({ object: { metadata }, isAccepted, message }) => [metadata.name, isAccepted ? true : message]),
  );
}

it('judges each resource by itself, and keeps the last good version of one that is wrong', () => {
  const resources = new ResourceMetrics<ReturnType<typeof object>>({ defaults: { freshness: 30_000 } });
  const good = object('good');
  resources.take([good, object('bad', { type: 'Pod', expr: 'sum(', foo: 1 }), object('all', {}, '')]);
  expect(resources.definitions()).toMatchObject([
    { name: 'all', namespace: undefined, isBound: false, origin: 'ClusterAutoscalingMetric all', freshness: 30_000 },
    { name: 'good', namespace: 'shop', isBound: true, origin: 'AutoscalingMetric shop/good' },
  ]);
  expect(told(resources)).toEqual({
    all: true,
    good: true,
    bad:
      'spec.foo: unknown key "foo"; expected one of name, description, type, expr, resources, labels, timestamp, window, freshness, hold, namespace; ' +
      'spec.type: expected one of Pods, Object, External, got "Pod"; did you mean "Pods"?; it is not served',
  });
  const [, before] = resources.definitions();
  resources.take([object('good', { expr: 'a{$selector' })]);
  expect(resources.definitions()).toEqual([before]);
  expect(told(resources).good).toBe(
    'spec.expr: 1:12: parse error: unexpected end of input inside braces; its last good version is served',
  );
  resources.take([good]);
  expect(resources.definitions()).toMatchObject([{ name: 'good' }]);
  resources.take([]);
  expect(resources.definitions()).toEqual([]);
});

it('serves the first of a name: of the configuration, of the cluster, of a namespace', () => {
  const { definition } = readMetric(
    { name: 'taken', type: 'External', expr: 'a' },
    { form: 'snake', origin: 'pharos.yml:3' },
  );
  const resources = new ResourceMetrics<ReturnType<typeof object>>({ configured: () => [definition!] });
  resources.take([
    object('a', { name: 'pods' }),
    object('b', { name: 'pods' }),
    object('c', { name: 'pods' }, 'bank'),
    object('d', { name: 'taken', type: 'External' }),
    object('e', { name: 'taken' }),
    object('f', { name: 'both' }),
    object('g', { name: 'both' }, ''),
  ]);
  expect(resources.definitions().map(({ origin }) => origin)).toEqual([
    'ClusterAutoscalingMetric g',
    'AutoscalingMetric bank/c',
    'AutoscalingMetric shop/a',
    'AutoscalingMetric shop/e',
  ]);
  const message = (name: string) =>
    `expected a name that no other metric of its objects has, got "${name}"; it is not served`;
  expect(told(resources)).toEqual({
    a: true,
    b: message('pods'),
    c: true,
    d: message('taken'),
    e: true,
    f: message('both'),
    g: true,
  });
});

it('lets no namespace use up what there is for all', () => {
  const resources = new ResourceMetrics<ReturnType<typeof object>>({ namespaceLimit: 2 });
  resources.take(['a', 'b', 'c'].map((name) => object(name)));
  expect(resources.definitions()).toHaveLength(2);
  expect(told(resources).c).toBe(
    'metadata.namespace: expected at most 2 AutoscalingMetrics in a namespace, got more; it is not served',
  );
});
