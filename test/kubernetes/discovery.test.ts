import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startDiscovery } from '../../collector/discovery/discovery.ts';
import { PLAIN_HTTP_CLIENT } from '../../collector/http-transport.ts';
import { SharedKubeClusters } from '../../collector/kubernetes/shared-kube-clusters.ts';
import type { KubernetesDiscoveryConfig, KubernetesRole, TargetGroup } from '../../collector/scrape/scrape-config.ts';
import { ownLabels } from '../../collector/scrape/target.ts';
import { type ApiServer, startApiServer } from '../../simulator/api/api-server.ts';
import type { KubeObject } from '../../simulator/kube-object.ts';
import { ObjectStore } from '../../simulator/object-store.ts';
import { createSampleObjects, samplePod } from './sample-objects.ts';

const TOKEN = 'token-of-the-test';

let directory: string;
let tokenFile: string;
let store: ObjectStore;
let api: ApiServer;
let clusters: SharedKubeClusters;
const stops: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pharos-kubernetes-discovery-'));
  tokenFile = join(directory, 'token');
  await writeFile(tokenFile, TOKEN);
  store = new ObjectStore({ now: Date.now });
  createSampleObjects(store);
  api = await startApiServer({ store, now: Date.now, tokens: [{ token: TOKEN, user: 'admin' }] });
  clusters = new SharedKubeClusters({
    environment: {},
    logger: pino({ level: 'silent' }),
    client: { retryDelay: 5 },
    reflector: { backOff: 10, maxBackOff: 50 },
  });
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await clusters.close();
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

/** The addresses that a role finds, after each change. */
class Found {
  readonly emitted: (readonly TargetGroup[])[] = [];

  constructor(role: KubernetesRole, config: Partial<KubernetesDiscoveryConfig> = {}) {
    const authorization = { type: 'Bearer', credentials: undefined, credentialsFile: tokenFile };
    const discovery: KubernetesDiscoveryConfig = {
      kind: 'kubernetes',
      access: { kind: 'api-server', url: api.url, client: { ...PLAIN_HTTP_CLIENT, authorization } },
      role,
      namespaces: { names: [], own: false },
      selectors: [],
      attachMetadata: { node: false, namespace: false },
      ...config,
    };
    const controller = new AbortController();
    const run = startDiscovery([discovery], {
      emit: (groups) => void this.emitted.push(groups),
      signal: controller.signal,
      logger: pino({ level: 'silent' }),
      debounce: 10,
      clusters,
    });
    stops.push(() => {
      controller.abort();
      return run;
    });
  }

  get addresses(): string[] | undefined {
    return this.emitted
      .at(-1)
      ?.flatMap(({ targets }) => targets.map((target) => ownLabels(target).__address__!))
      .sort();
  }

  async until(condition: (addresses: string[]) => boolean): Promise<void> {
    await vi.waitFor(() => expect(condition(this.addresses ?? [])).toBe(true), { timeout: 10_000, interval: 5 });
  }
}

const addPod = (name: string, ip: string): void => void store.create('pods', samplePod(name, ip));

describe('targets in a cluster', () => {
  it('are found by every role', async () => {
    const expected: Readonly<Record<KubernetesRole, readonly string[]>> = {
      node: ['192.168.0.1:10250', 'node-2.local:10255'],
      pod: [
        '10.1.0.1',
        '10.1.0.1',
        '10.1.0.1:15000',
        '10.1.0.1:8080',
        '10.1.0.1:8080',
        '10.1.0.1:9090',
        '10.1.0.3',
        '10.1.0.4:8080',
        '10.1.0.5:8080',
        '[fd00::2]:8080',
        '[fd00::3]',
      ],
      service: [
        'balanced-without-ip.default.svc:443',
        'balanced.default.svc:443',
        'elsewhere.other.svc:1',
        'external.default.svc:5432',
        'headless.default.svc:80',
        'web.default.svc:80',
        'web.default.svc:81',
      ],
      endpoints: [
        '10.1.0.1:15000',
        '10.1.0.1:8080',
        '10.1.0.1:9090',
        '10.1.0.4:1',
        '10.1.0.5:8080',
        '10.1.0.9:8080',
        '192.168.0.1:10250',
        '192.168.0.2:10250',
        '9.9.9.9:53',
        '[fd00::2]:8080',
      ],
      endpointslice: [
        '10.1.0.1:15000',
        '10.1.0.1:8080',
        '10.1.0.1:9090',
        '10.1.0.1:9999',
        '10.1.0.5:8080',
        '10.1.0.5:9999',
        '10.1.0.9:8080',
        '10.1.0.9:9999',
        '192.168.0.1:8080',
        '192.168.0.1:9999',
        'db.example.org:5432',
      ],
      ingress: ['', 'a.b.secure.example', 'a.secure.example', 'a.secure.example', 'exact.example', 'plain.example'],
    };
    const roles = Object.keys(expected) as KubernetesRole[];
    const found = roles.map((role) => new Found(role));
    for (const one of found) await one.until((addresses) => addresses.length > 0);
    expect(Object.fromEntries(roles.map((role, i) => [role, found[i]!.addresses]))).toEqual(expected);
  });

  it('come and go with their pods, in every role that joins them', async () => {
    const pods = new Found('pod');
    const endpoints = new Found('endpoints');
    const slices = new Found('endpointslice');
    for (const found of [pods, endpoints, slices]) await found.until((addresses) => addresses.length > 0);
    const metadata = { name: 'new', namespace: 'default', labels: { 'kubernetes.io/service-name': 'new' } };
    const targetRef = { kind: 'Pod', namespace: 'default', name: 'new' };
    const subset = { addresses: [{ ip: '10.9.9.9', targetRef }], ports: [{ port: 1234, protocol: 'TCP' }] };
    store.create('endpoints', { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets: [subset] });
    store.create('endpointslices.discovery.k8s.io', {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata,
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.9.9.9'], targetRef }],
      ports: [{ port: 1234, protocol: 'TCP' }],
    });
    for (const found of [endpoints, slices]) await found.until((addresses) => addresses.includes('10.9.9.9:1234'));
    addPod('new', '10.9.9.9');
    // The pod's own port, which its service does not have.
    for (const found of [pods, endpoints, slices]) await found.until((all) => all.includes('10.9.9.9:8080'));
    store.delete('pods', 'default', 'new');
    for (const found of [pods, endpoints, slices]) await found.until((all) => !all.includes('10.9.9.9:8080'));
    expect(endpoints.addresses).toContain('10.9.9.9:1234');
    // What was not touched is the same object throughout.
    const of = (groups: readonly TargetGroup[]) => groups.find(({ source }) => source.endsWith('/pod/default/web-1'));
    expect(new Set(pods.emitted.map(of)).size).toBe(1);
  });

  it('stay while the API server is away, and follow what happened meanwhile', async () => {
    const pods = new Found('pod');
    await pods.until((addresses) => addresses.length > 0);
    const before = pods.addresses;
    await api.stop();
    addPod('meanwhile', '10.9.9.1');
    store.delete('pods', 'default', 'web-2');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(pods.addresses).toEqual(before);
    await api.start();
    await pods.until((all) => all.includes('10.9.9.1:8080') && !all.includes('[fd00::2]:8080'));
    // Of seven pods with targets one has gone and one has come.
    for (const groups of pods.emitted) expect(groups.length).toBeGreaterThanOrEqual(6);
  });

  it('are read anew when what the watch has missed is forgotten', async () => {
    const pods = new Found('pod');
    await pods.until((addresses) => addresses.length > 0);
    await api.stop();
    addPod('late', '10.9.9.2');
    api.compact();
    await api.start();
    await pods.until((addresses) => addresses.includes('10.9.9.2:8080'));
    expect(pods.emitted).toHaveLength(2);
  });

  it('stay when lists fail, whatever else happens', async () => {
    const pods = new Found('pod', { attachMetadata: { node: true, namespace: true } });
    await pods.until((addresses) => addresses.length > 0);
    const { length } = pods.addresses!;
    api.failLists('*', 500, 4);
    api.failLists('*', 0, 4);
    api.compact();
    api.breakWatches();
    addPod('late', '10.9.9.3');
    await pods.until((addresses) => addresses.includes('10.9.9.3:8080'));
    for (const groups of pods.emitted) {
      expect(groups.flatMap(({ targets }) => targets).length).toBeGreaterThanOrEqual(length);
    }
  });

  it('go on with another token when the first one expires', async () => {
    const pods = new Found('pod');
    await pods.until((addresses) => addresses.length > 0);
    const before = pods.addresses;
    const next = api.rotateToken(TOKEN);
    api.compact();
    api.breakWatches();
    addPod('late', '10.9.9.4');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(pods.addresses).toEqual(before);
    await writeFile(tokenFile, next);
    await pods.until((addresses) => addresses.includes('10.9.9.4:8080'));
  });

  it('are those that selectors and namespaces name, also after a change', async () => {
    const labelled = new Found('pod', { selectors: [{ role: 'pod', label: 'app=db', field: '' }] });
    const phase = new Found('pod', { selectors: [{ role: 'pod', label: '', field: 'status.phase=Failed' }] });
    const namespaced = new Found('pod', { namespaces: { names: ['other', 'third'], own: false } });
    await labelled.until((addresses) => addresses.join() === '10.1.0.4:8080');
    await phase.until((addresses) => addresses.join() === '10.1.0.5:8080');
    await namespaced.until((addresses) => addresses.join() === '10.1.0.4:8080');
    const pod = store.get('pods', 'other', 'elsewhere')!;
    store.update('pods', { ...pod, metadata: { ...pod.metadata, labels: {} } });
    store.create('pods', withNamespace(samplePod('third', '10.9.9.5'), 'third'));
    await labelled.until((addresses) => addresses.length === 0);
    await namespaced.until((addresses) => addresses.join() === '10.1.0.4:8080,10.9.9.5:8080');
  });
});

function withNamespace(object: KubeObject, namespace: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace } };
}
