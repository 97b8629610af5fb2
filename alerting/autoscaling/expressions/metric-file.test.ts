import { describe, expect, it } from 'vitest';
import { formatFileProblems } from '../../yaml-reader.ts';
import { parseMetricDefinitions } from './metric-file.ts';

const indented = (text: string): string => text.replaceAll('\n', '\n      ');

function parse(...metrics: readonly string[]) {
  const items = metrics.map((metric) => `\n    - ${indented(metric.trim())}`);
  return parseMetricDefinitions('pharos.yml', `scrape_configs: []\nautoscaling:\n  metrics:${items.join('')}\n`);
}

function problemOf(metric: string): string {
  return formatFileProblems(parse(metric).problems);
}

const RATE = `
name: http_requests
type: Pods
expr: sum by (namespace, pod) (rate(http_requests_total{$selector}[2m]))
`;

describe('named metrics in a configuration', () => {
  it('have defaults', () => {
    const { definitions, problems } = parse(RATE);
    expect(problems).toEqual([]);
    expect(definitions).toMatchObject([
      {
        ...{ name: 'http_requests', type: 'Pods', resources: ['pods'], labels: {}, window: 120_000, freshness: 90_000 },
        ...{ hold: 0, namespace: undefined, isBound: false, origin: 'pharos.yml:4' },
      },
    ]);
  });

  it('say all that there is to say', () => {
    const { definitions, problems } = parse(`
name: orders.waiting
description: Orders that nobody has taken.
type: Object
resources: [services, ingresses.networking.k8s.io]
labels: { namespace: ns, ingress: exported_ingress }
expr: max by (ns, service, exported_ingress) (max_over_time(sum by (ns, service, exported_ingress) (rate(o[1m]))[5m:1m]))
timestamp: min(timestamp(o))
window: 1m
freshness: 2m
hold: 5m
namespace: shop
`);
    expect(problems).toEqual([]);
    expect(definitions).toMatchObject([
      { window: 60_000, freshness: 120_000, hold: 300_000, namespace: 'shop', labels: { namespace: 'ns' } },
    ]);
  });

  it('take defaults that were given', () => {
    const text = `autoscaling: { metrics: [{ name: a, type: External, expr: 'sum(a)' }] }`;
    const { definitions } = parseMetricDefinitions('a.yml', text, { defaults: { freshness: 30_000, hold: 60_000 } });
    expect(definitions).toMatchObject([{ freshness: 30_000, hold: 60_000, window: 0 }]);
  });

  it.each([
    [
      'name: a/b\ntype: External\nexpr: a',
      'pharos.yml:4:7: autoscaling.metrics[0].name: expected a name of letters, digits, _, :, ., @ and -, got "a/b"',
    ],
    ['name: ..\ntype: External\nexpr: a', 'name: expected a name of letters'],
    [
      'name: k8s_pod_cpu\ntype: External\nexpr: a',
      'name: expected a name that does not begin with k8s_, as those of the catalogue do, got "k8s_pod_cpu"',
    ],
    [
      'name: a\ntype: pods\nexpr: a',
      'pharos.yml:5:7: autoscaling.metrics[0].type: expected one of Pods, Object, External, got "pods"',
    ],
    [
      'name: a\ntype: External\nexpr: sum(',
      'pharos.yml:6:7: autoscaling.metrics[0].expr: 1:5: parse error: unclosed left parenthesis',
    ],
    ['name: a\ntype: External\nexpr: a[5m]', 'expr: expected an instant vector, got a range vector'],
    [
      'name: a\ntype: External\nexpr: scalar(a)',
      'expr: expected an instant vector, got a scalar; vector(…) makes one of it',
    ],
    [
      'name: a\ntype: External\nexpr: a offset 1w',
      'expr: how old its samples are cannot be derived: a selector has an offset that makes its samples older than its freshness; expected an expression for it under "timestamp"',
    ],
    ['name: a\ntype: External\nexpr: count_values("x", a)', 'count_values makes labels of values'],
    ['name: a\ntype: External\nexpr: a\nresources: [pods]', 'resources: expected none of type External, got a list'],
    ['name: a\ntype: External\nexpr: a\nlabels: {pod: p}', 'labels: expected none of type External'],
    [
      'name: a\ntype: Object\nexpr: a',
      'resources: the key is missing; expected a list of resources such as services, of type Object',
    ],
    [
      'name: a\ntype: Object\nexpr: a\nresources: [services, services]',
      'pharos.yml:7:29: autoscaling.metrics[0].resources[1]: expected each resource once, got "services" again',
    ],
    [
      'name: a\ntype: Object\nexpr: a\nresources: [nodes]\nnamespace: shop',
      'expected resources that are in a namespace, as it is about shop alone, got "nodes"',
    ],
    [
      'name: a\ntype: Object\nexpr: a\nresources: [services]\nlabels: {pod: p}',
      'labels.pod: unknown key "pod"; expected one of namespace, service',
    ],
    ['name: a\ntype: External\nexpr: a\nhold: 1h', 'hold: expected a duration from 0s to 15m, got "1h"'],
    ['name: a\ntype: External\nexpr: a\nfreshnes: 1h', 'unknown key "freshnes"; did you mean "freshness"?'],
    ['name: a\ntype: External\nexpr: a\ntimestamp: b[1m]', 'timestamp: expected an instant vector, got a range vector'],
    ['type: External\nexpr: a', 'name: the key is missing'],
  ])('say what is wrong: %s', (metric, problem) => {
    expect(problemOf(metric)).toContain(problem);
  });

  it('have names of their own, for the same objects and namespace', () => {
    const of = (rest: string): string => `name: a\nexpr: a\n${rest}`;
    expect(
      parse(of('type: External\nnamespace: bank'), of('type: Pods'), of('type: External\nnamespace: shop')).problems,
    ).toEqual([]);
    expect(parse(of('type: Object\nresources: [services]'), of('type: Pods')).problems).toEqual([]);
    const { problems } = parse(of('type: Pods'), of('type: Object\nresources: [services, pods]'));
    expect(formatFileProblems(problems)).toBe(
      'pharos.yml:7:7: autoscaling.metrics[1].name: expected a name that no other metric has, got "a", which is that of pharos.yml:4',
    );
  });

  it('may be none', () => {
    for (const text of ['', 'autoscaling:', 'autoscaling: { metrics: }', 'autoscaling: { metrics: [] }']) {
      expect(parseMetricDefinitions('a.yml', text)).toEqual({ definitions: [], problems: [] });
    }
    expect(parseMetricDefinitions('a.yml', 'autoscaling: { metrics: 5 }').problems).toHaveLength(1);
    expect(parseMetricDefinitions('a.yml', 'autoscaling: [}').problems).toHaveLength(1);
  });
});
