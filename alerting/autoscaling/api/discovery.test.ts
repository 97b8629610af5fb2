import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MetricsApisBed } from './metrics-apis-bed.case.ts';

const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

let bed: MetricsApisBed;
beforeAll(async () => (bed = await MetricsApisBed.start()));
afterAll(() => bed.close());

describe('discovery', () => {
  it('lists groups and versions', async () => {
    const { groups, kind } = (await bed.get('/apis')).json();
    expect(kind).toBe('APIGroupList');
    expect(groups.map(({ name }: { name: string }) => name)).toEqual([
      'metrics.k8s.io',
      'custom.metrics.k8s.io',
      'external.metrics.k8s.io',
    ]);
    expect((await bed.get('/apis/custom.metrics.k8s.io')).json()).toEqual({
      kind: 'APIGroup',
      apiVersion: 'v1',
      name: 'custom.metrics.k8s.io',
      versions: [
        { groupVersion: 'custom.metrics.k8s.io/v1beta2', version: 'v1beta2' },
        { groupVersion: 'custom.metrics.k8s.io/v1beta1', version: 'v1beta1' },
      ],
      preferredVersion: { groupVersion: 'custom.metrics.k8s.io/v1beta2', version: 'v1beta2' },
    });
    expect((await bed.get('/apis/apps')).status).toBe(404);
    expect((await bed.get('/apis/metrics.k8s.io/v1')).status).toBe(404);
    expect((await bed.get('/api')).status).toBe(404);
    expect((await bed.get('/')).json().paths).toContain('/apis/metrics.k8s.io/v1beta1');
    expect((await bed.get('/version')).json()).toMatchObject({ major: '1', minor: '2', gitVersion: 'v1.2.3' });
  });

  it('lists what can be done with what is there', async () => {
    const resources = async (version: string) => {
      const { kind, groupVersion, resources } = (await bed.get(`/apis/${version}/`)).json();
      expect([kind, groupVersion]).toEqual(['APIResourceList', version]);
      return resources.map((r: { name: string; namespaced: boolean; kind: string; verbs: string[] }) =>
        [r.name, r.namespaced ? 'namespaced' : 'cluster', r.kind, ...r.verbs].join(' '),
      );
    };
    expect(await resources('metrics.k8s.io/v1beta1')).toEqual([
      'nodes cluster NodeMetrics get list',
      'pods namespaced PodMetrics get list',
    ]);
    for (const version of ['v1beta1', 'v1beta2']) {
      expect(await resources(`custom.metrics.k8s.io/${version}`)).toEqual([
        'ingresses.networking.k8s.io/requests namespaced MetricValueList get',
        'pods/load namespaced MetricValueList get',
        'services/requests namespaced MetricValueList get',
      ]);
    }
    expect(await resources('external.metrics.k8s.io/v1beta1')).toEqual([
      'queue namespaced ExternalMetricValueList get',
    ]);
  });

  it('says it all in one answer to who asks so', async () => {
    const answer = await bed.get('/apis', { headers: { accept: AGGREGATED } });
    expect(answer.headers['content-type']).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    const list = answer.json();
    expect([list.kind, list.apiVersion]).toEqual(['APIGroupDiscoveryList', 'apidiscovery.k8s.io/v2']);
    const [usage, custom, external] = list.items;
    expect(usage).toEqual({
      metadata: { name: 'metrics.k8s.io', creationTimestamp: null },
      versions: [
        {
          version: 'v1beta1',
          freshness: 'Current',
          resources: [
            ['nodes', 'NodeMetrics', 'Cluster'],
            ['pods', 'PodMetrics', 'Namespaced'],
          ].map(([resource, kind, scope]) => ({
            resource,
            responseKind: { group: 'metrics.k8s.io', version: 'v1beta1', kind },
            scope,
            singularResource: '',
            verbs: ['get', 'list'],
          })),
        },
      ],
    });
    expect(custom.versions.map(({ version }: { version: string }) => version)).toEqual(['v1beta2', 'v1beta1']);
    expect(custom.versions[0].resources[1]).toMatchObject({
      resource: 'pods',
      verbs: [],
      subresources: [{ subresource: 'load', verbs: ['get'] }],
    });
    expect(external.versions[0].resources[0]).toMatchObject({ resource: 'queue', scope: 'Namespaced', verbs: ['get'] });
    const older = await bed.get('/apis', { headers: { accept: AGGREGATED.slice(AGGREGATED.indexOf(',') + 1) } });
    expect(older.json().apiVersion).toBe('apidiscovery.k8s.io/v2beta1');
    expect((await bed.get('/apis', { headers: { accept: 'application/json' } })).json().kind).toBe('APIGroupList');
  });

  it('lists a hundred metrics, what is configured first', async () => {
    const before = bed.fake.served;
    const [catalogue, , configured] = before as [(typeof before)[0], unknown, (typeof before)[0]];
    bed.fake.served = [
      ...Array.from({ length: 150 }, (_, i) => ({ ...catalogue, name: `k8s_pod_${i}` })),
      { ...configured, name: 'mine' },
    ];
    const { resources } = (await bed.get('/apis/custom.metrics.k8s.io/v1beta1')).json();
    bed.fake.served = before;
    expect(resources).toHaveLength(100);
    expect(resources.map(({ name }: { name: string }) => name)).toContain('services/mine');
  });
});

describe('OpenAPI', () => {
  it('has no reference that leads nowhere', async () => {
    const v2 = (await bed.get('/openapi/v2')).json();
    expect(v2.swagger).toBe('2.0');
    const index = (await bed.get('/openapi/v3')).json();
    const places = Object.entries(index.paths) as [string, { serverRelativeURL: string }][];
    expect(places.map(([place]) => place)).toEqual([
      'apis/metrics.k8s.io/v1beta1',
      'apis/custom.metrics.k8s.io/v1beta2',
      'apis/custom.metrics.k8s.io/v1beta1',
      'apis/external.metrics.k8s.io/v1beta1',
    ]);
    const documents = await Promise.all(
      places.map(async ([, { serverRelativeURL }]) => (await bed.get(serverRelativeURL)).json()),
    );
    let references = 0;
    for (const document of [v2, ...documents]) {
      for (const [, place] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
        references++;
        const found = place!.split('/').reduce((value, key) => value?.[key], document);
        expect(found, place).toBeDefined();
      }
    }
    expect(references).toBeGreaterThan(20);
    const schema = documents[0].components.schemas['io.k8s.metrics.v1beta1.PodMetrics'];
    expect(schema['x-kubernetes-group-version-kind']).toEqual([
      { group: 'metrics.k8s.io', version: 'v1beta1', kind: 'PodMetrics' },
    ]);
    expect((await bed.get('/openapi/v3/apis/apps/v1')).status).toBe(404);
  });

  it('is sent only when it is new', async () => {
    const first = await bed.get('/openapi/v2');
    const again = await bed.get('/openapi/v2', { headers: { 'if-none-match': first.headers.etag! } });
    expect([again.status, again.text]).toEqual([304, '']);
  });
});
