import { describe, expect, it } from 'vitest';
import { fieldOf } from '../written-form.ts';
import { SMALL_CATALOGUE } from './catalogue.case.ts';
import { readResource } from './policy-resource.ts';
import { resourceId } from './resource-scope.ts';

const SPEC = { level: 'pod', conditions: [{ metric: 'k8s_pod_cpu_core_used', operator: 'gt', threshold: 1 }] };

function read(
  spec: unknown,
  { kind = 'AlertPolicy', cluster = 'east', ...more }: { kind?: string; cluster?: string; metadata?: object } = {},
) {
  const metadata = { name: 'cpu', ...(kind === 'AlertPolicy' && { namespace: 'shop' }) };
  const object = { apiVersion: 'alerting.pharos.dev/v1', kind, metadata, spec, ...more };
  const { policy, problems } = readResource(object, { catalogue: SMALL_CATALOGUE, cluster });
  return { policy, problems: problems.map(({ path, message }) => `${fieldOf(path)}: ${message}`) };
}

describe('a policy of a namespace', () => {
  it('is about objects of its own namespace and cluster', () => {
    const { policy } = read({ ...SPEC, objects: { include: { pod: ['web-*'] }, exclude: { pod: ['web-0'] } } });
    expect(policy).toMatchObject({
      id: resourceId({ cluster: 'east', namespace: 'shop' }, 'cpu'),
      name: 'cpu',
      source: 'east/shop/cpu',
      objects: { include: { pod: ['web-*'], cluster: ['east'], namespace: ['shop'] }, exclude: { pod: ['web-0'] } },
    });
    expect(read({ ...SPEC, name: 'CPU', objects: { include: { namespace: ['shop'] } } }).policy?.name).toBe('CPU');
    expect(read(SPEC, { cluster: '' }).policy).toMatchObject({
      source: 'shop/cpu',
      objects: { include: { namespace: ['shop'] } },
    });
  });

  it.each([
    [
      { objects: { include: { namespace: ['shop', 'bank'] } } },
      'spec.objects.include.namespace[1]: expected only its own namespace shop, got "bank"',
    ],
    [
      { objects: { include: { namespace: ['*'] } } },
      'spec.objects.include.namespace[0]: expected only its own namespace shop, got "*"',
    ],
    [
      { objects: { include: { cluster: ['west'] } } },
      'spec.objects.include.cluster[0]: expected only its own cluster east, got "west"',
    ],
    [
      { level: 'node', conditions: [{ ...SPEC.conditions[0], metric: 'k8s_node_cpu_usage' }] },
      'spec.level: expected one of namespace, workload, pod, container, service in a resource of a namespace, got "node"; a ClusterAlertPolicy can have it',
    ],
    [
      { annotations: { a: '{{ with query "secrets" }}{{ . }}{{ end }}' } },
      'spec.annotations.a: expected a template without the function query, which could read what is in other namespaces',
    ],
    [
      { labels: { a: '{{ define "x" }}{{ "secrets" | query | first | value }}{{ end }}{{ template "x" }}' } },
      'spec.labels.a: expected a template without the function query, which could read what is in other namespaces',
    ],
    [{ id: 'mine' }, 'spec.id: expected none, since it comes from the name, got "id"'],
    [
      { labels: { namespace: 'bank' } },
      'spec.labels.namespace: expected another name: Pharos sets the label namespace itself',
    ],
  ])('is about nothing else: %j', (more, problem) => {
    expect(read({ ...SPEC, ...more }).problems).toEqual([problem]);
  });

  it('may speak of queries', () => {
    expect(
      read({ ...SPEC, annotations: { a: 'the query {{ "query" }} of {{ $labels.query }} is slow' } }).problems,
    ).toEqual([]);
  });
});

describe('a policy of a cluster', () => {
  it('is about anything in its cluster', () => {
    const spec = { level: 'node', conditions: [{ metric: 'k8s_node_cpu_usage', operator: 'gt', threshold: 1 }] };
    expect(read(spec, { kind: 'ClusterAlertPolicy' }).policy).toMatchObject({
      source: 'east/cpu',
      objects: { include: { cluster: ['east'] } },
    });
    expect(
      read({ ...spec, objects: { include: { cluster: ['*'] } } }, { kind: 'ClusterAlertPolicy' }).problems,
    ).toEqual(['spec.objects.include.cluster[0]: expected only its own cluster east, got "*"']);
    expect(
      read({ ...spec, objects: { include: { cluster: ['x'] } } }, { kind: 'ClusterAlertPolicy', cluster: '' }).problems,
    ).toEqual(['spec.objects.include.cluster[0]: expected none, since the cluster has no name, got "x"']);
    expect(read({ ...SPEC, annotations: { a: '{{ query "up" }}' } }, { kind: 'ClusterAlertPolicy' }).problems).toEqual(
      [],
    );
  });

  it('has to be one', () => {
    expect(read(null, { kind: 'Policy', metadata: {} }).problems).toEqual([
      'kind: expected AlertPolicy or ClusterAlertPolicy, got "Policy"',
      'metadata.name: expected a name, got nothing',
      'spec: expected a map of keys and values, got nothing',
    ]);
  });
});

describe('the id of a resource', () => {
  it('is no other one', () => {
    const ids = [
      resourceId({ cluster: '', namespace: 'a-b' }, 'c'),
      resourceId({ cluster: '', namespace: 'a' }, 'b-c'),
      resourceId({ cluster: 'a', namespace: 'b' }, 'c'),
      resourceId({ cluster: 'a', namespace: '' }, 'b-c'),
      resourceId({ cluster: '', namespace: 'a' }, 'b.c'),
    ];
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^k8s-a-b-c-[0-9a-f]{16}$/);
  });

  it('is an id', () => {
    const longest = resourceId({ cluster: 'É'.repeat(100), namespace: 'n'.repeat(63) }, `${'-.'.repeat(120)}x`);
    expect(longest).toMatch(/^k8s-[a-z0-9-]{1,96}$/);
    expect(longest.length).toBeLessThanOrEqual(100);
  });
});
