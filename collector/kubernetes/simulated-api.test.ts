import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startServer, TOKEN } from '../../simulator/api/api-client.case.ts';
import type { ApiServer } from '../../simulator/api/api-server.ts';
import { kubeconfigOf } from '../../simulator/api/kubeconfig.ts';
import { selfSigned } from '../../simulator/api/self-signed.ts';
import type { ObjectStore } from '../../simulator/object-store.ts';
import type { CredentialSource, Credentials } from '../credential-source.ts';
import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import type { HttpClientConfig } from '../scrape/scrape-config.ts';
import { Secret } from '../secret.ts';
import { until } from './api-server.case.ts';
import { createKubeClient } from './http-kube-client.ts';
import { resolveAccess } from './kube-access.ts';
import type { KubeClient } from './kube-client.ts';
import type { KubeCluster } from './kube-cluster.ts';
import { LeaderElection } from './leader-election.ts';
import type { ObjectCache } from './object-cache.ts';
import type { KubeObject } from './objects.ts';
import { openKubeCluster } from './watching-cluster.ts';

const directory = mkdtempSync(join(tmpdir(), 'pharos-simulated-'));
const tokenFile = join(directory, 'token');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const silent = pino({ level: 'silent' });

function httpOf(): HttpClientConfig {
  writeFileSync(tokenFile, TOKEN);
  return {
    ...PLAIN_HTTP_CLIENT,
    authorization: { type: 'Bearer', credentials: undefined, credentialsFile: tokenFile },
  };
}

interface Started {
  readonly store: ObjectStore;
  readonly server: ApiServer;
  readonly cluster: KubeCluster;
  readonly registry: Registry;
}

async function start(): Promise<Started> {
  const { store, server } = await startServer({ now: Date.now, limits: { bookmarkInterval: 50 } });
  store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  for (let i = 0; i < 30; i++) createPod(store, `pod-${i}`);
  const registry = new Registry();
  const cluster = openKubeCluster({
    registry,
    name: 'simulated',
    client: createKubeClient({ server: server.url, http: httpOf(), retries: 1, retryDelay: 1 }),
    logger: silent,
    reflector: { pageSize: 7, backOff: 10, maxBackOff: 50 },
  });
  closing.push(() => cluster.close());
  return { store, server, cluster, registry };
}

function createPod(store: ObjectStore, name: string): void {
  const metadata = { name, namespace: 'shop', labels: { app: 'web' } };
  store.create('pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers: [{ name: 'app' }] },
    status: {},
  });
}

/** That the cache is what the store has, version by version. */
function agrees(cache: ObjectCache<KubeObject>, store: ObjectStore): boolean {
  const of = (objects: Iterable<{ readonly metadata: { readonly name: string; readonly resourceVersion?: string } }>) =>
    [...objects].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort();
  return JSON.stringify(of(cache.values())) === JSON.stringify(of(store.list('pods')));
}

/** Changes a third of the pods: gone, new, changed. */
function churn(store: ObjectStore, round: number): void {
  for (let i = 0; i < 10; i++) {
    store.delete('pods', 'shop', `pod-${i * 3}`);
    const pod = store.get('pods', 'shop', `pod-${i * 3 + 1}`);
    if (pod !== undefined) store.update('pods', { ...pod, status: { phase: `round ${round}` } });
    createPod(store, `pod-${i * 3}`);
  }
}

/** Cuts the watches, and what happens before they are back is forgotten. */
function forget({ server, store }: Started): void {
  server.breakWatches();
  churn(store, 0);
  server.compact();
}

describe('on the simulated API server, the cache comes to agree again', () => {
  const LISTED_TWICE = 'pharos_kubernetes_lists_total{cluster="simulated",resource="pods"} 2';
  const failed = (verb: string, reason: string): string =>
    `pharos_kubernetes_errors_total{cluster="simulated",resource="pods",verb="${verb}",reason="${reason}"}`;

  it.each<[string, string, (started: Started) => Promise<void> | void]>([
    ['its watches are cut', failed('watch', 'connection'), ({ server }) => server.breakWatches()],
    ['the history is forgotten', LISTED_TWICE, forget],
    [
      'it is restarted with its history forgotten',
      LISTED_TWICE,
      async (started) => {
        await started.server.stop();
        forget(started);
        await new Promise((resolve) => setTimeout(resolve, 50));
        await started.server.start();
      },
    ],
    [
      'lists fail for a while',
      failed('watch', 'internalerror'),
      (started) => {
        started.server.failLists('pods', 500, 3);
        started.server.failLists('pods', 0, 3);
        forget(started);
      },
    ],
    [
      'garbage comes in a watch',
      failed('watch', 'connection'),
      ({ server }) => server.sendGarbage('pods', { watches: true }),
    ],
    [
      'garbage comes in place of lists',
      failed('watch', 'connection'),
      (started) => {
        started.server.sendGarbage('pods', { count: 5 });
        forget(started);
      },
    ],
    [
      'its token is rotated, which the file says a while later',
      failed('watch', 'unauthorized'),
      async ({ server }) => {
        const token = server.rotateToken(TOKEN, 'another-token');
        server.breakWatches();
        await new Promise((resolve) => setTimeout(resolve, 50));
        writeFileSync(tokenFile, token);
      },
    ],
    [
      'every answer takes long',
      LISTED_TWICE,
      (started) => {
        started.server.setDelay(30);
        forget(started);
      },
    ],
  ])('when %s', async (_, shown, fault) => {
    const started = await start();
    const { store, cluster, registry } = started;
    const { cache } = cluster.watch('pods');
    await cache.synced(AbortSignal.timeout(5_000));
    let smallest = cache.size;
    cache.subscribe(() => {
      smallest = Math.min(smallest, cache.size);
    });
    churn(store, 1);
    await until(() => agrees(cache, store), 'before the fault');
    await fault(started);
    churn(store, 2);
    await until(() => agrees(cache, store), 'after the fault');
    churn(store, 3);
    await until(() => agrees(cache, store), 'later');
    expect(await registry.metrics()).toContain(shown);
    // Pods went one by one and came again; never were many of them gone.
    expect(smallest).toBeGreaterThanOrEqual(20);
  });

  it('sees what selectors say', async () => {
    const { store, cluster } = await start();
    const { cache } = cluster.watch('pods', { labelSelector: 'app=web', fieldSelector: 'metadata.name!=pod-3' });
    await cache.synced(AbortSignal.timeout(5_000));
    expect(cache.size).toBe(29);
    const pod = store.get('pods', 'shop', 'pod-4')!;
    store.update('pods', { ...pod, metadata: { ...pod.metadata, labels: { app: 'other' } } });
    await until(() => cache.size === 28);
    expect(cache.get('shop', 'pod-4')).toBeUndefined();
  });

  it('gets the metadata of secrets and not their content', async () => {
    const { store, cluster } = await start();
    const metadata = { name: 'db', namespace: 'shop' };
    store.create('secrets', { apiVersion: 'v1', kind: 'Secret', metadata, data: { password: 'aHVudGVyMg==' } });
    const page = await cluster.client.list('/api/v1/secrets', { limit: 10, metadataOnly: true });
    expect(JSON.stringify(page.items)).not.toContain('aHVudGVyMg==');
    const { cache } = cluster.watch('secrets');
    await cache.synced(AbortSignal.timeout(5_000));
    expect(cache.get('shop', 'db')?.metadata.name).toBe('db');
  });
});

describe('leader election on the simulated API server', () => {
  it('gives the lead on at the end, and nobody two leaders through a restart', async () => {
    const { server, cluster } = await start();
    const fixed = {
      client: cluster.client,
      namespace: 'shop',
      name: 'pharos',
      logger: silent,
      leaseDuration: 600,
      renewDeadline: 400,
      retryPeriod: 50,
    };
    const registry = new Registry();
    const a = new LeaderElection({ ...fixed, identity: 'a', registry });
    try {
      await until(() => a.isLeader());
      expect(await registry.metrics()).toContain('pharos_kubernetes_leader{lease="shop/pharos"} 1');
      const b = new LeaderElection({ ...fixed, identity: 'b' });
      await until(() => b.leader === 'a');
      await server.stop();
      await until(() => !a.isLeader());
      await server.start();
      await until(() => a.isLeader() || b.isLeader());
      expect(a.isLeader() && b.isLeader()).toBe(false);
      await a.close();
      await until(() => b.isLeader());
      await b.close();
    } finally {
      await a.close();
    }
  });
});

describe('over TLS', () => {
  const [serving, client, other] = [selfSigned(), selfSigned(), selfSigned()];

  async function connect(edit: (kubeconfig: string) => string, credentials?: CredentialSource): Promise<KubeClient> {
    const { server } = await startServer({ now: Date.now, tls: { ...serving, clientCa: client.cert } });
    const file = join(directory, 'config');
    writeFileSync(file, edit(kubeconfigOf(server, TOKEN)));
    const resolved = await resolveAccess({ kind: 'kubeconfig', file, context: undefined }, { environment: {} });
    const http = { ...resolved.http, credentials };
    const kube = createKubeClient({ server: resolved.server, http, retries: 1, retryDelay: 1, timeout: 2_000 });
    closing.push(() => kube.close());
    return kube;
  }

  it('a kubeconfig leads to the server that it trusts, and to no other', async () => {
    const kube = await connect((text) => text);
    expect((await kube.list('/api/v1/namespaces', { limit: 1 })).items).toEqual([]);
    const ca = (of: { readonly cert: string }): string => Buffer.from(of.cert).toString('base64');
    const misled = await connect((text) => text.replace(ca(serving), ca(other)));
    await expect(misled.get('/api/v1/namespaces')).rejects.toThrow(/self-signed certificate|unable to verify/);
  });

  it('a client certificate stands in the kubeconfig or is issued, and its successor is used at once', async () => {
    const encode = (pem: string): string => Buffer.from(pem).toString('base64');
    const pair = (of: { readonly cert: string; readonly key: string }): string =>
      `{client-certificate-data: ${encode(of.cert)}, client-key-data: ${encode(of.key)}}`;
    const withCert = await connect((text) => text.replace(/user:\n {4}token: .*/, `user: ${pair(client)}`));
    expect(await withCert.get('/api/v1/pods')).toMatchObject({ kind: 'PodList' });

    const issued: Credentials[] = [other, client].map(({ cert, key }) => ({
      token: undefined,
      cert,
      key: new Secret(key),
    }));
    let current = 0;
    const credentials = { get: () => Promise.resolve(issued[current]!), refused: () => undefined };
    const withIssued = await connect((text) => text.replace(/user:\n {4}token: .*/, 'user: {}'), credentials);
    await expect(withIssued.get('/api/v1/pods')).rejects.toThrow(/User "system:anonymous" cannot list/);
    current = 1;
    expect(await withIssued.get('/api/v1/pods')).toMatchObject({ kind: 'PodList' });
  });
});
