import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Json, startServer } from './api-client.case.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const WIDGETS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'] },
    versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} } }],
  },
};

describe('discovery', () => {
  it('lists groups, versions and resources', async () => {
    const { ask } = await startServer();
    expect((await ask('/api')).body.versions).toEqual(['v1']);
    const { body: groups } = await ask('/apis');
    const names = groups.groups.map(({ name }: Json) => name);
    expect(names).toEqual(expect.arrayContaining(['apps', 'batch', 'autoscaling', 'monitoring.coreos.com', 'policy']));
    const autoscaling = (await ask('/apis/autoscaling')).body;
    expect(autoscaling.preferredVersion).toEqual({ groupVersion: 'autoscaling/v2', version: 'v2' });
    const { body: apps } = await ask('/apis/apps/v1');
    expect(apps).toMatchObject({ kind: 'APIResourceList', groupVersion: 'apps/v1' });
    expect(apps.resources.map(({ name }: Json) => name)).toEqual(
      expect.arrayContaining(['deployments', 'deployments/scale']),
    );
    const { body: core } = await ask('/api/v1');
    const pods = core.resources.find(({ name }: Json) => name === 'pods');
    expect(pods).toMatchObject({ kind: 'Pod', namespaced: true, shortNames: ['po'], categories: ['all'] });
    expect((await ask('/apis/nothing')).status).toBe(404);
  });

  it('tells everything at once to clients that ask so', async () => {
    const { ask, server } = await startServer();
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const response = await fetch(`${server.url}/apis`, { headers: { accept, authorization: 'Bearer admin-token' } });
    expect(response.headers.get('content-type')).toBe(
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    );
    const list = (await response.json()) as Json;
    const apps = list.items.find(({ metadata }: Json) => metadata.name === 'apps');
    expect(apps.versions[0].resources.find(({ resource }: Json) => resource === 'deployments')).toMatchObject({
      responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' },
      scope: 'Namespaced',
      subresources: expect.arrayContaining([expect.objectContaining({ subresource: 'scale' })]),
    });
    expect((await ask('/openapi/v2')).body.swagger).toBe('2.0');
    expect(Object.keys((await ask('/openapi/v3')).body.paths)).toContain('apis/apps/v1');
    expect(Object.keys((await ask('/openapi/v3/apis/batch/v1')).body.paths)).toContain(
      '/apis/batch/v1/namespaces/{namespace}/jobs/{name}',
    );
  });

  it('serves what a CustomResourceDefinition describes, until it is deleted', async () => {
    const { store, ask } = await startServer();
    store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web' } });
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await ask(definitions, { method: 'POST', body: WIDGETS });
    const { body: established } = await ask(`${definitions}/widgets.example.com`);
    expect(established.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Established', status: 'True' }),
    );
    const widgets = '/apis/example.com/v1/namespaces/web/widgets';
    const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec: { size: 1 } };
    expect((await ask(widgets, { method: 'POST', body: widget })).body.metadata.generation).toBe(1);
    const { body } = await ask('/apis/example.com/v1/widgets');
    expect([body.kind, body.items[0].kind]).toEqual(['WidgetList', 'Widget']);
    await ask(`${definitions}/widgets.example.com`, { method: 'DELETE' });
    expect((await ask(widgets)).status).toBe(404);
    expect(store.count('widgets.example.com')).toBe(0);
  });

  it('passes on to the server that an APIService names', async () => {
    const seen: Json[] = [];
    const backend = createServer((request, response) => {
      seen.push({ url: request.url, user: request.headers['x-remote-user'], token: request.headers.authorization });
      response.writeHead(200, { 'content-type': 'application/json' });
      if (request.url?.endsWith('/cut')) response.write('{', () => response.destroy());
      else response.end('{"kind":"NodeMetricsList","items":[]}');
    });
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    closing.push(() => backend.close().closeAllConnections());
    const backends = new Map<string, string>();
    const { store, ask } = await startServer({ backends, limits: { probeInterval: 20 } });
    store.create('apiservices.apiregistration.k8s.io', {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.k8s.io' },
      spec: { group: 'metrics.k8s.io', version: 'v1beta1', service: { namespace: 'monitoring', name: 'pharos' } },
    });
    const path = '/apis/metrics.k8s.io/v1beta1/nodes?limit=5';
    expect((await ask(path)).status).toBe(503);
    const available = async (wanted: string) => {
      for (let i = 0; ; i++) {
        const { body } = await ask('/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io');
        const condition = body.status?.conditions[0];
        if (condition?.status === wanted) return condition.reason;
        if (i > 100) throw new Error(`the APIService is ${JSON.stringify(condition)}`);
        await sleep(10);
      }
    };
    expect(await available('False')).toBe('ServiceNotFound');
    backends.set('monitoring/pharos', `http://127.0.0.1:${(backend.address() as AddressInfo).port}`);
    expect(await available('True')).toBe('Passed');
    expect((await ask(path)).body.kind).toBe('NodeMetricsList');
    expect(seen).toContainEqual({
      url: '/apis/metrics.k8s.io/v1beta1',
      user: 'system:kube-aggregator',
      token: undefined,
    });
    expect(seen).toContainEqual({ url: path, user: 'admin', token: undefined });
    await expect(ask('/apis/metrics.k8s.io/v1beta1/cut')).rejects.toThrow();
    expect((await ask('/apis')).body.groups.map(({ name }: Json) => name)).toContain('metrics.k8s.io');
  });
});
