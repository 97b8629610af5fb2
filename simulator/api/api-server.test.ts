import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { NOW, pod, startServer, TOKEN } from './api-client.case.ts';
import { kubeconfigOf } from './kubeconfig.ts';

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('API server', () => {
  it('answers health and version to anybody, and nothing else', async () => {
    const { server } = await startServer();
    const get = async (path: string) => {
      const response = await fetch(server.url + path);
      return [response.status, await response.text()];
    };
    expect(await get('/healthz')).toEqual([200, 'ok']);
    expect(await get('/readyz?verbose')).toEqual([200, expect.stringContaining('readyz check passed')]);
    expect((await get('/version'))[0]).toBe(200);
    const [status, text] = await get('/api/v1/namespaces/web/pods');
    expect(status).toBe(403);
    expect(JSON.parse(text as string).message).toBe(
      'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "web"',
    );
  });

  it('knows tokens until they expire or are replaced', async () => {
    let now = NOW;
    const tokens = [
      { token: 'short', user: 'system:serviceaccount:monitoring:pharos', expires: NOW + 1000 },
      { token: 'long', user: 'jane' },
    ];
    const { server, ask } = await startServer({ tokens, now: () => now });
    const status = async (token: string) => (await ask('/api/v1/nodes', bearer(token))).status;
    expect(await status('short')).toBe(200);
    expect(await status('unknown')).toBe(401);
    now += 1000;
    const { status: code, body } = await ask('/api/v1/nodes', bearer('short'));
    expect([code, body]).toEqual([
      401,
      {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'Unauthorized',
        reason: 'Unauthorized',
        code: 401,
      },
    ]);
    const next = server.rotateToken('long');
    expect([await status('long'), await status(next)]).toEqual([401, 200]);
    server.expireToken(next);
    expect(await status(next)).toBe(401);
  });

  it('allows what rules say', async () => {
    const allow = [
      { verbs: ['get', 'list'], groups: [''], resources: ['pods', 'nodes/proxy'], namespaces: ['web', ''] },
      { verbs: ['get'], paths: ['/metrics'] },
    ];
    const { store, ask } = await startServer({ tokens: [{ token: TOKEN, user: 'viewer', allow }] });
    store.create('pods', pod('web', 'a'));
    const status = async (path: string) => (await ask(path)).status;
    expect(await status('/api/v1/namespaces/web/pods/a')).toBe(200);
    expect(await status('/metrics')).toBe(200);
    expect(await status('/apis/apps/v1')).toBe(200);
    expect(await status('/api/v1/namespaces/web/pods?watch=true')).toBe(403);
    const named = await ask('/apis/apps/v1/namespaces/web/deployments/d');
    expect(named.body).toMatchObject({
      message:
        'deployments.apps "d" is forbidden: User "viewer" cannot get resource "deployments" in API group "apps" in the namespace "web"',
      reason: 'Forbidden',
      details: { name: 'd', group: 'apps', kind: 'deployments' },
    });
    expect((await ask('/logs')).body.message).toBe('forbidden: User "viewer" cannot get path "/logs"');
    expect((await ask('/api/v1/persistentvolumes')).body.message).toContain('at the cluster scope');
  });

  it('passes requests on to nodes, pods and services', async () => {
    const asked: object[] = [];
    const { store, ask, server } = await startServer({
      proxy: async ({ kind, namespace, name, scheme, port, path, query, headers }) => {
        asked.push({ kind, namespace, name, scheme, port, path, query, authorization: headers.authorization });
        if (path === '/refused') throw new Error('dial tcp 10.0.0.1:10250: connect: connection refused');
        if (path === '/never') await sleep(60_000, undefined, { ref: false });
        return {
          status: 200,
          headers: { 'content-type': 'text/plain' },
          body: [Buffer.from('up '), Buffer.from('1\n')],
        };
      },
      limits: { proxyTimeout: 50 },
    });
    store.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
    store.create('pods', pod('web', 'a'));
    expect(await ask('/api/v1/nodes/n1/proxy/metrics/cadvisor?a=b')).toEqual({ status: 200, body: 'up 1\n' });
    await ask('/api/v1/nodes/https:n1:10255/proxy/metrics');
    await ask('/api/v1/namespaces/web/pods/http:a:9100/proxy/');
    expect(asked).toEqual([
      {
        kind: 'node',
        namespace: '',
        name: 'n1',
        scheme: 'https',
        port: '10250',
        path: '/metrics/cadvisor',
        query: 'a=b',
      },
      { kind: 'node', namespace: '', name: 'n1', scheme: 'https', port: '10255', path: '/metrics', query: '' },
      { kind: 'pod', namespace: 'web', name: 'a', scheme: 'http', port: '9100', path: '/', query: '' },
    ]);
    expect((await ask('/api/v1/nodes/n2/proxy/metrics')).status).toBe(404);
    const refused = await ask('/api/v1/nodes/n1/proxy/refused');
    expect([refused.status, refused.body.message]).toEqual([
      503,
      'error trying to reach service: dial tcp 10.0.0.1:10250: connect: connection refused',
    ]);
    expect((await ask('/api/v1/nodes/n1/proxy/never')).status).toBe(504);
    expect(server.metrics()).toContain('resource="nodes",scope="resource",subresource="proxy",verb="CONNECT"');
  });

  it('stops, and starts at the same port with the same objects', async () => {
    const { store, server, ask, watch } = await startServer();
    store.create('pods', pod('web', 'a'));
    const watching = watch('/api/v1/pods?watch=true');
    await watching.until(1);
    await server.stop();
    await expect(watching.ended).rejects.toThrow();
    await expect(ask('/api/v1/pods')).rejects.toThrow();
    await server.start();
    expect((await ask('/api/v1/pods')).body.items.length).toBe(1);
  });

  it('fails on demand', async () => {
    const { store, server, ask, watch } = await startServer();
    store.create('pods', pod('web', 'a'));
    server.failLists('pods', 503, 1);
    server.failLists('*', 0, 1);
    expect((await ask('/api/v1/pods')).status).toBe(503);
    await expect(ask('/api/v1/pods')).rejects.toThrow();
    expect((await ask('/api/v1/pods')).status).toBe(200);
    server.sendGarbage('pods');
    await expect(ask('/api/v1/pods')).rejects.toThrow(SyntaxError);
    const watching = watch('/api/v1/pods?watch=true');
    await watching.until(1);
    server.sendGarbage('pods', { watches: true });
    await expect(watching.ended).rejects.toThrow(SyntaxError);
    server.setDelay(60);
    const started = performance.now();
    await ask('/api/v1/pods');
    expect(performance.now() - started).toBeGreaterThan(55);
    server.clearFaults();
    expect(server.requestCounts().find(({ labels, code }) => labels.verb === 'LIST' && code === 503)?.count).toBe(1);
    expect(server.metrics()).toContain(
      'apiserver_request_total{code="503",component="apiserver",dry_run="",group="",resource="pods",scope="cluster",subresource="",verb="LIST",version="v1"} 1',
    );
  });

  it('has a page of metrics that can be scraped', async () => {
    const { store, server, ask } = await startServer();
    store.create('pods', pod('web', 'a'));
    for (const path of ['/api/v1/pods', '/api/v1/namespaces/web/pods/a', '/apis/apps/v1', '/api/v1/nodes/x/proxy/'])
      await ask(path);
    server.failLists('pods', 429, 1);
    await ask('/api/v1/pods');
    const lines: string[] = (await ask('/metrics')).body.trimEnd().split('\n');
    const samples = lines.filter((line) => !line.startsWith('#'));
    for (const line of samples) expect(line).toMatch(/^[a-z_]+(\{([a-z_]+="[^"]*",?)+\})? [\d.e+-]+$/);
    expect(new Set(samples.map((line) => line.slice(0, line.lastIndexOf(' ')))).size).toBe(samples.length);
    const of = (name: string, part: string) =>
      samples.filter((line) => line.startsWith(`${name}{`) && line.includes(part));
    expect(of('apiserver_request_sli_duration_seconds_count', 'verb="LIST"')).toEqual([expect.stringMatching(/ 2$/)]);
    expect(of('apiserver_request_sli_duration_seconds_bucket', 'verb="CONNECT"')).toEqual([]);
    expect(of('apiserver_request_terminations_total', 'code="429"')).toEqual([expect.stringMatching(/ 1$/)]);
    expect(of('apiserver_storage_objects', 'pods')).toEqual(['apiserver_storage_objects{resource="pods"} 1']);
  });

  it('describes itself in a kubeconfig', async () => {
    const { server } = await startServer();
    expect(kubeconfigOf(server, 'secret')).toContain(`server: "${server.url}"`);
    expect(kubeconfigOf(server, 'secret')).toContain('token: "secret"');
  });
});
