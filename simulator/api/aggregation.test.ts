import { createServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../object-store.ts';
import { type Json, startServer, TOKEN } from './api-client.case.ts';
import type { ApiServer, ApiServerOptions } from './api-server.ts';
import { CertificateAuthority } from './certificate-authority.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const NAME = 'metrics.monitoring.svc';
const SERVICE = { namespace: 'monitoring', name: 'metrics' };

interface Seen {
  readonly url: string | undefined;
  readonly headers: Json;
  readonly client: string | undefined;
}

/** A server with a certificate of this authority, which asks for the front proxy's. */
async function startBackend(
  authority: CertificateAuthority,
  {
    hosts = [NAME],
    until,
    clientCa,
  }: { readonly hosts?: readonly string[]; readonly until?: number; readonly clientCa?: string } = {},
): Promise<{ readonly port: number; readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  const pair = authority.issue({ commonName: 'metrics', hosts, ...(until !== undefined && { until }) });
  const server: HttpsServer = createServer(
    { ...pair, requestCert: true, rejectUnauthorized: false, ...(clientCa !== undefined && { ca: clientCa }) },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      const client = socket.authorized ? (socket.getPeerCertificate().subject.CN as string) : undefined;
      seen.push({ url: request.url, headers: request.headers, client });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answerTo(request.url ?? '')));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close().closeAllConnections());
  return { port: (server.address() as AddressInfo).port, seen };
}

function answerTo(url: string): object {
  switch (url) {
    case '/apis/metrics.k8s.io/v1beta1':
      return {
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: 'metrics.k8s.io/v1beta1',
        resources: [
          { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
        ],
      };
    case '/openapi/v2':
      return { paths: { '/apis/metrics.k8s.io/v1beta1/': {}, '/apis/apps/v1/': {} }, definitions: { NodeMetrics: {} } };
    case '/openapi/v3':
      return {
        paths: { 'apis/metrics.k8s.io/v1beta1': { serverRelativeURL: '/openapi/v3/apis/metrics.k8s.io/v1beta1' } },
      };
    default:
      return { kind: 'NodeMetricsList', items: [] };
  }
}

function register(store: ObjectStore, spec: Json): void {
  store.create('apiservices.apiregistration.k8s.io', {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1beta1.metrics.k8s.io' },
    spec: { group: 'metrics.k8s.io', version: 'v1beta1', service: SERVICE, ...spec },
  });
}

/** A Service without a selector, and where it is. */
function createService(store: ObjectStore, port: number): void {
  const ports = [{ name: 'https', port: 443, targetPort: port }];
  store.create('services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: SERVICE,
    spec: { type: 'ClusterIP', ports },
  });
  store.create('endpointslices.discovery.k8s.io', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...SERVICE, name: 'metrics-1', labels: { 'kubernetes.io/service-name': 'metrics' } },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['127.0.0.9'], conditions: { ready: false } },
      { addresses: ['127.0.0.1'], conditions: { ready: true } },
    ],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  });
}

function bundle(authority: CertificateAuthority): string {
  return Buffer.from(authority.cert).toString('base64');
}

/** The condition of the APIService, when it is found to be for this reason. */
async function condition(store: ObjectStore, reason: string): Promise<Json> {
  const until = performance.now() + 3000;
  for (;;) {
    const service = store.get('apiservices.apiregistration.k8s.io', '', 'v1beta1.metrics.k8s.io') as Json;
    const found = service.status?.conditions[0];
    if (found?.reason === reason) return found;
    if (performance.now() > until) throw new Error(`${reason} was wanted, the condition is ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function start(options: Partial<ApiServerOptions> = {}): Promise<{
  readonly store: ObjectStore;
  readonly server: ApiServer;
  readonly ask: Awaited<ReturnType<typeof startServer>>['ask'];
}> {
  const started = await startServer({ limits: { probeInterval: 60_000 }, ...options });
  started.server.frontProxy.publish();
  return started;
}

function requestHeaderCa(store: ObjectStore): string {
  const { data } = store.get('configmaps', 'kube-system', 'extension-apiserver-authentication') as Json;
  return data['requestheader-client-ca-file'];
}

describe('aggregation', () => {
  it('vouches for its users with a certificate that the cluster publishes', async () => {
    const tokens = [
      {
        token: TOKEN,
        user: 'jürgen',
        uid: 'u-1',
        groups: ['ops', 'dev'],
        extra: { 'example.org/Scopes': ['a b', 'c'] },
      },
    ];
    const { store, ask } = await start({ tokens });
    const authority = new CertificateAuthority('serving');
    const { port, seen } = await startBackend(authority, { clientCa: requestHeaderCa(store) });
    createService(store, port);
    register(store, { caBundle: bundle(authority) });
    await condition(store, 'Passed');
    expect(seen[0]).toMatchObject({
      url: '/apis/metrics.k8s.io/v1beta1',
      client: 'front-proxy-client',
      headers: {
        host: `127.0.0.1:${port}`,
        'x-remote-user': 'system:kube-aggregator',
        'x-remote-group': 'system:masters',
      },
    });
    expect(seen[0]!.headers.accept).toBeUndefined();
    const headers = {
      accept: 'application/vnd.kubernetes.protobuf, */*',
      'x-remote-user': 'admin',
      'x-remote-group': 'system:masters',
      'x-remote-extra-scopes': 'everything',
      'x-remote-uid': '0',
    };
    const path = '/apis/metrics.k8s.io/v1beta1/namespaces/web/pods/*/requests?labelSelector=app%20in%20(a)&a=1';
    expect((await ask(path, { headers })).body).toEqual({ kind: 'NodeMetricsList', items: [] });
    const last = seen.at(-1)!;
    expect(last.url).toBe(
      '/apis/metrics.k8s.io/v1beta1/namespaces/web/pods/%2A/requests?a=1&labelSelector=app+in+%28a%29',
    );
    const { authorization, ...sent } = last.headers;
    expect(authorization).toBeUndefined();
    expect(Buffer.from(sent['x-remote-user'], 'latin1').toString()).toBe('jürgen');
    expect(sent).toMatchObject({
      accept: 'application/vnd.kubernetes.protobuf, */*',
      'x-remote-group': 'ops, dev, system:authenticated',
      'x-remote-uid': 'u-1',
      'x-remote-extra-example.org%2fscopes': 'a b, c',
    });
    expect(Object.keys(sent).filter((name) => name.startsWith('x-remote-extra'))).toHaveLength(1);
  });

  it('is believed under the new authority after a rotation, and not under the old one', async () => {
    const { store, server, ask } = await start();
    const authority = new CertificateAuthority('serving');
    const { port, seen } = await startBackend(authority, { clientCa: requestHeaderCa(store) });
    createService(store, port);
    register(store, { caBundle: bundle(authority) });
    await condition(store, 'Passed');
    const before = requestHeaderCa(store);
    server.frontProxy.rotate();
    expect(requestHeaderCa(store)).not.toBe(before);
    await ask('/apis/metrics.k8s.io/v1beta1/nodes');
    expect(seen.at(-1)).toMatchObject({ url: '/apis/metrics.k8s.io/v1beta1/nodes', client: undefined });
  });

  it('says why a server is not available', async () => {
    const { store, ask } = await start();
    const authority = new CertificateAuthority('serving');
    const path = '/apis/metrics.k8s.io/v1beta1/nodes';
    register(store, { caBundle: bundle(authority) });
    const { message } = await condition(store, 'ServiceNotFound');
    expect(message).toBe('service/metrics in "monitoring" is not present');
    expect(await ask(path)).toEqual({ status: 503, body: 'service unavailable\n' });
    const { port } = await startBackend(authority);
    const ports = [{ name: 'https', port: 444 }];
    const service = { apiVersion: 'v1', kind: 'Service', metadata: SERVICE };
    store.create('services', { ...service, spec: { ports } });
    await condition(store, 'ServicePortError');
    store.update('services', { ...service, spec: { ports: [{ name: 'https', port: 443 }] } });
    await condition(store, 'EndpointsNotFound');
    const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata: SERVICE };
    store.create('endpoints', { ...endpoints, subsets: [{ ports: [{ name: 'https', port }] }] });
    await condition(store, 'MissingEndpoints');
    const addresses = [{ ip: '127.0.0.1' }];
    store.update('endpoints', { ...endpoints, subsets: [{ addresses, ports: [{ name: 'https', port: 1 }] }] });
    expect((await condition(store, 'FailedDiscoveryCheck')).message).toContain('connection refused');
    store.update('endpoints', { ...endpoints, subsets: [{ addresses, ports: [{ name: 'https', port }] }] });
    await condition(store, 'Passed');
    expect((await ask(path)).status).toBe(200);
    store.delete('endpoints', 'monitoring', 'metrics');
    await condition(store, 'EndpointsNotFound');
    expect((await ask(path)).status).toBe(503);
  });

  it('believes only certificates of the caBundle, for the name of the Service, unless it is told to believe all', async () => {
    const authority = new CertificateAuthority('serving');
    const wrong = async (backend: Parameters<typeof startBackend>[1], spec: Json) => {
      const { store } = await start();
      const { port } = await startBackend(authority, backend);
      createService(store, port);
      register(store, spec);
      return (await condition(store, 'FailedDiscoveryCheck')).message;
    };
    const caBundle = bundle(authority);
    expect(await wrong({}, {})).toContain('signed by unknown authority');
    expect(await wrong({}, { caBundle: bundle(new CertificateAuthority('serving')) })).toContain('x509: ');
    expect(await wrong({ hosts: ['127.0.0.1', 'metrics'] }, { caBundle })).toContain(`is not valid for ${NAME}`);
    expect(await wrong({ until: Date.now() - 1000 }, { caBundle })).toContain('certificate has expired');
    const { store } = await start();
    const { port } = await startBackend(authority, { hosts: ['elsewhere'] });
    createService(store, port);
    register(store, { insecureSkipTLSVerify: true });
    await condition(store, 'Passed');
  });

  it('tells in discovery and OpenAPI what the servers serve', async () => {
    const { store, ask } = await start();
    const authority = new CertificateAuthority('serving');
    const { port } = await startBackend(authority);
    createService(store, port);
    register(store, { caBundle: bundle(authority) });
    await condition(store, 'Passed');
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const found = async () => {
      const { body } = await ask('/apis', { headers: { accept } });
      const list = typeof body === 'string' ? JSON.parse(body) : body;
      return list.items.find(({ metadata }: Json) => metadata.name === 'metrics.k8s.io').versions[0];
    };
    expect(await found()).toMatchObject({
      version: 'v1beta1',
      freshness: 'Current',
      resources: [
        { resource: 'nodes', scope: 'Cluster', responseKind: { group: 'metrics.k8s.io', kind: 'NodeMetrics' } },
      ],
    });
    const { paths, definitions } = (await ask('/openapi/v2')).body;
    expect([Object.keys(paths), Object.keys(definitions)]).toEqual([
      ['/apis/metrics.k8s.io/v1beta1/'],
      ['NodeMetrics'],
    ]);
    expect(Object.keys((await ask('/openapi/v3')).body.paths)).toEqual(
      expect.arrayContaining(['apis/apps/v1', 'apis/metrics.k8s.io/v1beta1']),
    );
    store.delete('endpointslices.discovery.k8s.io', 'monitoring', 'metrics-1');
    await condition(store, 'EndpointsNotFound');
    expect((await found()).freshness).toBe('Stale');
  });
});
