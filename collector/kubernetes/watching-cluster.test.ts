import type { ServerResponse } from 'node:http';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ObjectStore } from '../../simulator/object-store.ts';
import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import type { HttpClientConfig } from '../scrape/scrape-config.ts';
import { Secret } from '../secret.ts';
import { ApiServer, refuse, until } from './api-server.case.ts';
import { createKubeClient, type HttpKubeClientOptions } from './http-kube-client.ts';
import type { KubeCluster } from './kube-cluster.ts';
import type { ObjectCache } from './object-cache.ts';
import type { KubeObject } from './objects.ts';
import { openKubeCluster, type WatchingClusterOptions } from './watching-cluster.ts';

let server: ApiServer;
let cluster: KubeCluster | undefined;
const logged: string[] = [];

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  logged.length = 0;
});
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
  await server.stop();
});

interface Opening extends Partial<Omit<HttpKubeClientOptions, 'http'>>, Partial<WatchingClusterOptions> {
  readonly http?: Partial<HttpClientConfig>;
}

function open({ http, registry, linger = 10_000, name = 'east', ...options }: Opening = {}): KubeCluster {
  const logger = pino({}, { write: (line: string) => void logged.push((JSON.parse(line) as { msg: string }).msg) });
  cluster = openKubeCluster({
    name,
    client: createKubeClient({
      server: server.url,
      http: { ...PLAIN_HTTP_CLIENT, ...http },
      retryDelay: 1,
      retries: 1,
      ...options,
    }),
    logger,
    registry,
    linger,
    ...(options.random !== undefined && { random: options.random }),
    reflector: { backOff: 10, maxBackOff: 50, absentPause: 20, pageSize: 10, ...options.reflector },
  });
  return cluster;
}

function names(cache: ObjectCache<KubeObject>): string[] {
  return [...cache.values()].map(({ metadata }) => metadata.name).sort();
}

function fill(count: number): void {
  for (let i = 0; i < count; i++) server.put(`pod-${String(i).padStart(3, '0')}`);
}

describe('a watched resource', () => {
  it('is listed page by page and then follows every change', async () => {
    fill(35);
    const { cache } = open().watch('pods');
    expect(cache.isSynced).toBe(false);
    await cache.synced(AbortSignal.timeout(5_000));
    expect(cache.size).toBe(35);
    expect(server.requests.filter((request) => /limit=10/.test(request))).toHaveLength(4);
    await until(() => server.watches === 1);
    const changes: string[] = [];
    cache.subscribe(({ before, after }) => {
      changes.push(
        `${before === undefined ? '+' : after === undefined ? '-' : '~'}${(after ?? before)!.metadata.name}`,
      );
    });
    server.put('late', { spec: { nodeName: 'n1', containers: [] } });
    server.put('pod-000', { spec: { nodeName: 'n2', containers: [] } });
    server.store.delete('pods', 'default', 'pod-001');
    await until(() => changes.length === 3);
    expect(changes).toEqual(['+late', '~pod-000', '-pod-001']);
    expect(cache.get('default', 'pod-000')?.spec.nodeName).toBe('n2');
  });

  it('is current from the time of the list, of an event and of a bookmark', async () => {
    server.bookmarkInterval = 20;
    const before = Date.now();
    const { cache } = open().watch('pods');
    expect(cache.currentAt).toBe(0);
    await cache.synced(AbortSignal.timeout(5_000));
    expect(cache.currentAt).toBeGreaterThanOrEqual(before);
    const listed = cache.currentAt;
    await until(() => cache.currentAt > listed);
  });

  it('goes on where a watch ended, without another list', async () => {
    fill(3);
    const { cache } = open().watch('pods');
    await until(() => server.watches === 1);
    server.put('a');
    await until(() => cache.size === 4);
    server.endWatches();
    server.put('b');
    await until(() => cache.size === 5);
    expect(server.requests.filter((request) => /limit=/.test(request))).toHaveLength(1);
  });

  it('is listed again when a watch is told that its version is too old, without forgetting anything meanwhile', async () => {
    fill(15);
    const { cache } = open().watch('pods');
    await until(() => server.watches === 1);
    const gone: string[] = [];
    cache.subscribe(({ after, before }) => after === undefined && gone.push(before!.metadata.name));
    server.fault = (request, response) => /watch=1/.test(request.url!) && held.push(response) > 0;
    const held: ServerResponse[] = [];
    server.endWatches();
    await until(() => held.length > 0);
    server.store.delete('pods', 'default', 'pod-004');
    server.put('new');
    server.store.compact();
    server.fault = undefined;
    held[0]!.end();
    await until(() => cache.get('default', 'new') !== undefined && gone.length > 0);
    expect(gone).toEqual(['pod-004']);
    expect(cache.size).toBe(15);
  });

  it('begins a list anew that expired between two pages, and reads it in one piece when that goes on', async () => {
    fill(40);
    let pages = 0;
    server.beforeNextPage = () => {
      pages++;
      server.put('x');
      server.store.compact();
    };
    const { cache } = open().watch('pods');
    await cache.synced(AbortSignal.timeout(5_000));
    expect(cache.size).toBe(41);
    expect(pages).toBe(2);
    expect(server.requests.filter((request) => !/limit=|watch=/.test(request))).toHaveLength(1);
  });

  it('survives a restart of the API server and resumes without a new list', async () => {
    fill(12);
    const { cache } = open().watch('pods');
    await until(() => server.watches === 1);
    await server.stop();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(cache.size).toBe(12);
    server.put('meanwhile');
    await server.start();
    await until(() => cache.get('default', 'meanwhile') !== undefined);
    expect(cache.size).toBe(13);
    expect(server.requests.filter((request) => /continue=/.test(request))).toHaveLength(1);
  });

  it('takes everything over anew when the API server was restored to an older state', async () => {
    fill(12);
    server.put('pod-000', { status: { phase: 'Failed' } });
    const { cache } = open().watch('pods');
    await until(() => server.watches === 1);
    await server.stop();
    server.store = new ObjectStore({ now: Date.now });
    fill(5);
    await server.start();
    await until(() => cache.size === 5);
    // Its resource version happens to be the same as before.
    expect(cache.get('default', 'pod-000')?.status.phase).toBeUndefined();
    expect(logged.join('\n')).toMatch(/versions went backwards .* it was restored/);
    server.put('after');
    await until(() => cache.size === 6);
  });

  it('notices by a bookmark that the versions went backwards', async () => {
    fill(12);
    server.bookmarkInterval = 10;
    const { cache } = open().watch('pods');
    await until(() => server.watches === 1);
    server.store = new ObjectStore({ now: Date.now });
    fill(2);
    await until(() => cache.size === 2);
  });

  it('keeps what is known when lists fail', async () => {
    fill(12);
    const { cache } = open().watch('pods');
    await until(() => server.watches === 1);
    server.store.compact();
    server.fault = (_request, response) => {
      refuse(response, 500, 'InternalError');
      return true;
    };
    server.endWatches();
    await until(() => logged.some((line) => /cannot watch pods of cluster east: .* got 500/.test(line)));
    expect(cache.size).toBe(12);
    expect(cache.isSynced).toBe(true);
    server.fault = undefined;
    server.put('x');
    await until(() => cache.size === 13);
    expect(logged.at(-1)).toBe('pods of cluster east can be watched again');
  });

  it('does not take a page that breaks off for a complete list', async () => {
    fill(12);
    let broken = 0;
    server.fault = (request, response) => {
      if (!/continue=/.test(request.url!) || ++broken > 4) return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"metadata":{"resourceVersion":"13"},"items":[{"metadata":{"name":"pod-0');
      setTimeout(() => response.destroy(), 5);
      return true;
    };
    const { cache } = open().watch('pods');
    await cache.synced(AbortSignal.timeout(5_000));
    expect(cache.size).toBe(12);
    expect(broken).toBeGreaterThan(4);
  });

  it('tells of what is new in a list before what is gone, and of nothing else', async () => {
    fill(30);
    server.put('a-first');
    const { cache } = open().watch('pods');
    await until(() => server.watches === 1);
    const told: string[] = [];
    cache.subscribe(({ before, after }) =>
      told.push(after === undefined ? `-${before!.metadata.name}` : after.metadata.name),
    );
    server.unheard(() => {
      server.store.delete('pods', 'default', 'a-first');
      server.put('b-new');
      server.put('z-new');
    });
    await until(() => told.length === 3);
    expect(told).toEqual(['b-new', 'z-new', '-a-first']);
  });

  it('asks less and less often a server that ends every watch at once', async () => {
    const times: number[] = [];
    server.fault = (request, response) => {
      if (!/watch=1/.test(request.url!) || times.length >= 8) return false;
      times.push(performance.now());
      response.writeHead(200).end();
      return true;
    };
    const { cache } = open({ reflector: { backOff: 10, maxBackOff: 80 }, random: () => 0.5 }).watch('pods');
    await until(() => server.watches === 1);
    // 10, 20, 40, and from then on 80.
    expect(times[7]! - times[0]!).toBeGreaterThan(380);
    expect(server.requests.filter((request) => /limit=/.test(request))).toHaveLength(1);
    server.put('x');
    await until(() => cache.size === 1);
  });

  it('does not go round in circles with a list whose pages do', async () => {
    let asked = 0;
    server.fault = (_request, response) => {
      if (++asked > 4) return false;
      response.end('{"metadata":{"resourceVersion":"1","continue":"x"},"items":[]}');
      return true;
    };
    const { cache } = open().watch('pods');
    await cache.synced(AbortSignal.timeout(5_000));
    expect(logged[0]).toMatch(/the list leads from a page to the same page/);
  });

  it('notices a connection that is lost without a sign', async () => {
    fill(2);
    const { cache } = open({ watchIdleTimeout: 300 }).watch('pods');
    await until(() => server.watches === 1);
    server.silenceWatches();
    server.put('unheard');
    await until(() => server.requests.filter((request) => /watch=1/.test(request)).length >= 2);
    server.hearWatches();
    server.endWatches();
    await until(() => cache.get('default', 'unheard') !== undefined);
  });

  it('lets an idle watch live that has bookmarks', async () => {
    server.bookmarkInterval = 100;
    open({ watchIdleTimeout: 600 }).watch('pods');
    await until(() => server.watches === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(server.requests.filter((request) => /watch=1/.test(request))).toHaveLength(1);
  });

  it('reads a list over a link that is slow but alive', async () => {
    fill(8);
    server.fault = (request, response) => {
      if (/watch=1/.test(request.url!)) return false;
      const items = server.store.list('pods', { sorted: true });
      const body = Buffer.from(JSON.stringify({ metadata: { resourceVersion: String(server.store.version) }, items }));
      response.writeHead(200, { 'content-type': 'application/json' });
      let at = 0;
      const timer = setInterval(() => {
        response.write(body.subarray(at, (at += 50)));
        if (at >= body.length) {
          clearInterval(timer);
          response.end();
        }
      }, 10);
      return true;
    };
    const { cache } = open({ timeout: 200 }).watch('pods');
    await cache.synced(AbortSignal.timeout(5_000));
    expect(cache.size).toBe(8);
  });

  it('goes on with new credentials when the old ones are refused', async () => {
    fill(2);
    server.token = 'one';
    let current = 'one';
    let refused = 0;
    const credentials = {
      get: () => Promise.resolve({ token: new Secret(current), cert: undefined, key: undefined }),
      refused: () => {
        refused++;
        current = 'two';
      },
    };
    const { cache } = open({ http: { credentials } }).watch('pods');
    await until(() => server.watches === 1);
    server.token = 'two';
    server.endWatches();
    server.put('x');
    await until(() => cache.size === 3);
    expect(refused).toBe(1);
    expect(logged.join('\n')).not.toMatch(/one|two/);
  });

  it('says once for all watches that the API server is away, and of one alone that still fails when it is back', async () => {
    fill(2);
    const east = open();
    const caches = (['pods', 'nodes', 'services'] as const).map((resource) => east.watch(resource).cache);
    await until(() => server.watches === 3);
    await server.stop();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(/^cannot watch \w+ of cluster east: .*; what is known stays$/);
    server.fault = ({ url }, response) => {
      if (!url!.includes('/nodes')) return false;
      refuse(response, 503, 'ServiceUnavailable');
      return true;
    };
    await server.start();
    await until(() => server.watches === 2 && logged.some((line) => /cannot watch nodes .* got 503/.test(line)));
    server.fault = undefined;
    await until(() => server.watches === 3);
    server.store.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } });
    await until(() => logged.includes('nodes of cluster east can be watched again'));
    expect(caches.every(({ isSynced }) => isSynced)).toBe(true);
  });

  it('says once which rule is missing when it is forbidden, and goes on asking', async () => {
    let asked = 0;
    server.fault = (_request, response) => {
      asked++;
      refuse(response, 403, 'Forbidden');
      return true;
    };
    const registry = new Registry();
    const { cache } = open({ registry }).watch('deployments');
    await until(() => asked > 3);
    expect(logged).toEqual([
      'may not list and watch deployments of cluster east: it needs a ClusterRole with the rule {apiGroups: ["apps"], resources: ["deployments"], verbs: ["list", "watch"]}',
    ]);
    expect(cache.isSynced).toBe(false);
    expect(await registry.metrics()).toMatch(
      /pharos_kubernetes_errors_total\{cluster="east",resource="deployments",verb="list",reason="forbidden"\} [3-9]/,
    );
    server.fault = undefined;
    await cache.synced(AbortSignal.timeout(5_000));
  });

  it('counts as empty when the API server does not have it, and is found when it is there later', async () => {
    server.absent.add('apps');
    const { cache } = open().watch('deployments');
    await cache.synced(AbortSignal.timeout(5_000));
    expect(cache.size).toBe(0);
    server.store.create('deployments.apps', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
    });
    server.absent.clear();
    await until(() => cache.size === 1);
    // One that was there is believed to be gone only after some time.
    const sizes: number[] = [];
    server.fault = (_request, response) => {
      sizes.push(cache.size);
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
      return true;
    };
    server.endWatches();
    await until(() => cache.size === 0);
    expect(sizes.slice(0, 3)).toEqual([1, 1, 1]);
  });

  it('waits as long as an overloaded server wants', async () => {
    let asked = 0;
    const times: number[] = [];
    server.fault = (_request, response) => {
      times.push(performance.now());
      if (++asked > 2) return false;
      refuse(response, 429, 'TooManyRequests', { 'retry-after': '1' });
      return true;
    };
    const { cache } = open({ retries: 0 }).watch('pods');
    await cache.synced(AbortSignal.timeout(5_000));
    expect(times[1]! - times[0]!).toBeGreaterThan(990);
  });

  it('asks for the metadata of secrets only', async () => {
    const { cache } = open().watch('secrets');
    await cache.synced(AbortSignal.timeout(5_000));
    await until(() => server.watches === 1);
    expect(server.accepts).toEqual([
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    ]);
  });
});

describe('sharing', () => {
  it('gives all who watch the same one cache, until a while after the last of them has left', async () => {
    fill(3);
    const { watch } = open({ linger: 50 });
    const east = cluster!;
    expect(watch).toBeDefined();
    const one = east.watch('pods');
    const two = east.watch('pods', {});
    const other = east.watch('pods', { labelSelector: 'app=x' });
    expect(two.cache).toBe(one.cache);
    expect(other.cache).not.toBe(one.cache);
    await until(() => server.watches === 2);
    one.close();
    one.close();
    two.close();
    // A reload: somebody asks again soon.
    const three = east.watch('pods');
    expect(three.cache).toBe(one.cache);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.watches).toBe(2);
    three.close();
    await until(() => server.watches === 1);
    expect(east.watch('pods').cache).not.toBe(one.cache);
  });

  it('merges the watches of single namespaces', async () => {
    for (const namespace of ['a', 'b', 'c']) server.put(`in-${namespace}`, { namespace });
    const { cache } = open().watch('pods', { namespaces: ['b', 'a', 'b'] });
    await cache.synced(AbortSignal.timeout(5_000));
    expect(names(cache)).toEqual(['in-a', 'in-b']);
    expect(cache.size).toBe(2);
    expect(cache.get('b', 'in-b')?.metadata.name).toBe('in-b');
    expect(cache.get('c', 'in-c')).toBeUndefined();
    expect(cache.currentAt).toBeGreaterThan(0);
    await until(() => server.watches === 2);
    const changes: string[] = [];
    cache.subscribe(({ after }) => changes.push(after?.metadata.name ?? 'gone'));
    server.put('more', { namespace: 'a' });
    server.put('more', { namespace: 'c' });
    server.store.delete('pods', 'b', 'in-b');
    await until(() => changes.length === 2);
    expect(changes.sort()).toEqual(['gone', 'more']);
    expect(server.requests.every((request) => /\/namespaces\/[ab]\//.test(request))).toBe(true);
  });

  it('tells about its watches in metrics', async () => {
    fill(12);
    const registry = new Registry();
    const east = open({ registry });
    const { cache } = east.watch('pods');
    await until(() => server.watches === 1);
    server.put('x');
    await until(() => cache.size === 13);
    const text = await registry.metrics();
    expect(text).toContain('pharos_kubernetes_objects{cluster="east",resource="pods"} 13');
    expect(text).toContain('pharos_kubernetes_synced{cluster="east",resource="pods"} 1');
    expect(text).toContain('pharos_kubernetes_lists_total{cluster="east",resource="pods"} 1');
    expect(text).toContain('pharos_kubernetes_events_total{cluster="east",resource="pods",type="ADDED"} 1');
    expect(text).toContain('pharos_kubernetes_resource_version_lag{cluster="east",resource="pods"} 0');
    await east.close();
    expect(await registry.metrics()).not.toContain('pharos_kubernetes_objects{');
  });
});
