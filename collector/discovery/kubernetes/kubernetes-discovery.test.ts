import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Endpoints, Namespace, Node, Pod, Service } from '../../kubernetes/objects.ts';
import type { KubernetesDiscoveryConfig, TargetGroup } from '../../scrape/scrape-config.ts';
import { meta, OneCluster } from './cached-cluster.case.ts';
import { type KubernetesDiscoveryOptions, kubernetesDiscovery } from './kubernetes-discovery.ts';

let clusters: OneCluster;
let log: string[];
const stops: (() => Promise<void>)[] = [];

beforeEach(() => {
  clusters = new OneCluster();
  log = [];
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const CONFIG: KubernetesDiscoveryConfig = {
  kind: 'kubernetes',
  access: { kind: 'in-cluster' },
  role: 'pod',
  namespaces: { names: [], own: false },
  selectors: [],
  attachMetadata: { node: false, namespace: false },
};

function start(
  config: Partial<KubernetesDiscoveryConfig> = {},
  options: Partial<KubernetesDiscoveryOptions> = {},
): { readonly emitted: (readonly TargetGroup[])[]; stop(): Promise<void> } {
  const emitted: (readonly TargetGroup[])[] = [];
  const controller = new AbortController();
  const discovery = kubernetesDiscovery(
    { ...CONFIG, ...config },
    {
      clusters,
      report: {
        failed: (what, error) => void log.push(`failed ${what}: ${error instanceof Error ? error.message : error}`),
        recovered: (what) => void log.push(`recovered ${what}`),
      },
      debounce: 5,
      retry: 5,
      ...options,
    },
  );
  const run = discovery.run((groups) => void emitted.push(groups), controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await run;
  };
  stops.push(stop);
  return { emitted, stop };
}

function pod(name: string, status: Pod['status'] = { podIP: '10.0.0.1' }, nodeName = 'n'): Pod {
  return { metadata: meta(name), spec: { nodeName, containers: [{ name: 'c' }] }, status };
}

const sources = (groups: readonly TargetGroup[] | undefined): string[] | undefined =>
  groups?.map(({ source }) => source);
const settle = () => new Promise((resolve) => setTimeout(resolve, 30));
const soon = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 2 });
const watching = () => soon(() => expect(clusters.cluster.watched.size).toBeGreaterThan(0));

describe('discovery in Kubernetes', () => {
  it('emits nothing before the cache is synced, then everything at once', async () => {
    const { emitted } = start();
    await watching();
    clusters.cluster.cache('pods').put(pod('early'));
    await settle();
    expect(emitted).toEqual([]);
    clusters.cluster.list({ pods: [pod('a'), pod('pending', {}), pod('b')] });
    await soon(() => expect(emitted.map(sources)).toEqual([['pod/default/a', 'pod/default/b']]));
  });

  it('emits an empty list for a cluster without such objects', async () => {
    const { emitted } = start();
    await watching();
    clusters.cluster.list();
    await soon(() => expect(emitted).toEqual([[]]));
  });

  it('renders only what has changed, and collects changes', async () => {
    const { emitted } = start();
    await watching();
    const pods = clusters.cluster.cache('pods');
    clusters.cluster.list({ pods: [pod('a'), pod('b'), pod('c')] });
    await soon(() => expect(emitted).toHaveLength(1));
    pods.put(pod('b', { podIP: '10.0.0.2' }));
    pods.remove('default', 'c');
    pods.put(pod('d'));
    await soon(() => expect(emitted).toHaveLength(2));
    const [before, after] = emitted;
    expect(sources(after)).toEqual(['pod/default/a', 'pod/default/b', 'pod/default/d']);
    expect(after![0]).toBe(before![0]);
    expect(after![1]!.targets).toMatchObject([{ __address__: '10.0.0.2' }]);
    pods.put(pod('b', { podIP: '' }));
    await soon(() => expect(sources(emitted[2])).toEqual(['pod/default/a', 'pod/default/d']));
  });

  it('keeps the places of groups: where one goes, the last one moves to', async () => {
    const { emitted } = start();
    await watching();
    const pods = clusters.cluster.cache('pods');
    clusters.cluster.list({ pods: ['a', 'b', 'c', 'd'].map((name) => pod(name)) });
    await soon(() => expect(emitted).toHaveLength(1));
    pods.remove('default', 'b');
    await soon(() => expect(sources(emitted[1])).toEqual(['pod/default/a', 'pod/default/d', 'pod/default/c']));
    pods.remove('default', 'c');
    await soon(() => expect(sources(emitted[2])).toEqual(['pod/default/a', 'pod/default/d']));
    pods.put(pod('d', { podIP: '10.0.0.7' }));
    pods.remove('default', 'a');
    pods.put(pod('b'));
    await soon(() => expect(sources(emitted[3])).toEqual(['pod/default/d', 'pod/default/b']));
    expect(emitted[3]![0]!.targets).toMatchObject([{ __address__: '10.0.0.7' }]);
    pods.remove('default', 'd');
    pods.remove('default', 'b');
    await soon(() => expect(sources(emitted[4])).toEqual([]));
    expect(sources(emitted[0])).toHaveLength(4);
  });

  it('says nothing when targets come out as they were', async () => {
    const { emitted } = start();
    await watching();
    clusters.cluster.list({ pods: [pod('a')] });
    await soon(() => expect(emitted).toHaveLength(1));
    const restarted = { podIP: '10.0.0.1', containerStatuses: [{ name: 'other', restartCount: 3 }] };
    clusters.cluster.cache('pods').put(pod('a', restarted));
    clusters.cluster.cache('pods').put(pod('pending', {}));
    clusters.cluster.cache('pods').remove('default', 'pending');
    await settle();
    expect(emitted).toHaveLength(1);
  });

  it('renders endpoints again when a pod, service, node or namespace of theirs comes, changes or goes', async () => {
    const { emitted } = start({ role: 'endpoints', attachMetadata: { node: true, namespace: true } });
    await watching();
    const endpoints: Endpoints = {
      metadata: meta('web'),
      subsets: [
        {
          addresses: [{ ip: '10.0.0.1', nodeName: 'n', targetRef: { kind: 'Pod', namespace: 'default', name: 'a' } }],
          ports: [{ port: 80 }],
        },
      ],
    };
    const other: Endpoints = {
      metadata: meta('other', { namespace: 'elsewhere' }),
      subsets: [{ addresses: [{ ip: '10.0.0.9' }], ports: [{ port: 80 }] }],
    };
    clusters.cluster.list({ endpoints: [endpoints, other] });
    await soon(() => expect(emitted).toHaveLength(1));
    const has = async (labels: Record<string, string>, missing: string[] = []): Promise<void> => {
      await soon(() => {
        const [group, unchanged] = emitted.at(-1)!;
        const all = { ...group!.labels, ...(group!.targets[0] as Record<string, string>) };
        expect(all).toMatchObject(labels);
        for (const name of missing) expect(all).not.toHaveProperty(name);
        expect(unchanged).toBe(emitted[0]![1]);
      });
    };
    const { cluster } = clusters;
    const service: Service = { metadata: meta('web', { labels: { a: '1' } }), spec: {}, status: {} };
    const node: Node = { metadata: meta('n', { namespace: '', labels: { b: '1' } }), spec: {}, status: {} };
    const namespace: Namespace = { metadata: meta('default', { namespace: '', labels: { c: '1' } }), status: {} };
    cluster.cache('pods').put(pod('a', { podIP: '10.0.0.1', phase: 'Running' }));
    await has({ __meta_kubernetes_pod_phase: 'Running' });
    cluster.cache('services').put(service);
    await has({ __meta_kubernetes_service_label_a: '1' });
    cluster.cache('nodes').put(node);
    await has({ __meta_kubernetes_node_label_b: '1' });
    cluster.cache('namespaces').put(namespace);
    await has({ __meta_kubernetes_namespace_label_c: '1' });
    cluster.cache('pods').put(pod('a', { podIP: '10.0.0.1', phase: 'Failed' }));
    cluster.cache('nodes').remove('', 'n');
    await has({ __meta_kubernetes_pod_phase: 'Failed' }, ['__meta_kubernetes_node_label_b']);
    cluster.cache('pods').remove('default', 'a');
    cluster.cache('services').remove('default', 'web');
    cluster.cache('namespaces').remove('', 'default');
    await has({}, [
      '__meta_kubernetes_pod_phase',
      '__meta_kubernetes_service_label_a',
      '__meta_kubernetes_namespace_label_c',
    ]);
    const count = emitted.length;
    cluster.cache('pods').put(pod('unrelated'));
    await settle();
    expect(emitted).toHaveLength(count);
  });

  it('asks for what role, namespaces and selectors say', async () => {
    start({
      role: 'endpointslice',
      namespaces: { names: ['b', 'a', 'b'], own: false },
      selectors: [
        { role: 'endpointslice', label: 'x=y', field: '' },
        { role: 'pod', label: '', field: 'spec.nodeName=n' },
      ],
      attachMetadata: { node: true, namespace: false },
    });
    await watching();
    const namespaces = ['a', 'b'];
    expect([...clusters.cluster.watched].map(([resource, { scope }]) => [resource, scope])).toEqual([
      ['endpointslices', { namespaces, labelSelector: 'x=y' }],
      ['pods', { namespaces, fieldSelector: 'spec.nodeName=n' }],
      ['services', { namespaces }],
      ['nodes', {}],
    ]);
  });

  it('attaches nothing that the role does not know of', async () => {
    start({ role: 'service', attachMetadata: { node: true, namespace: true } });
    await watching();
    expect([...clusters.cluster.watched.keys()]).toEqual(['services', 'namespaces']);
  });

  it('gives the same groups to all who ask for the same, until the last one ends', async () => {
    const [first, second] = [start(), start()];
    const other = start({ namespaces: { names: ['default'], own: false } });
    await soon(() => expect(clusters.leases).toBe(3));
    clusters.cluster.list({ pods: [pod('a')] });
    await soon(() => expect(first.emitted.length + second.emitted.length + other.emitted.length).toBe(3));
    expect(clusters.cluster.watched.get('pods')!.leases).toBe(2);
    const late = start();
    await soon(() => expect(late.emitted).toHaveLength(1));
    expect(late.emitted[0]![0]).toBe(first.emitted[0]![0]);
    expect(second.emitted[0]![0]).toBe(first.emitted[0]![0]);
    expect(other.emitted[0]![0]).not.toBe(first.emitted[0]![0]);
    await first.stop();
    await second.stop();
    clusters.cluster.cache('pods').put(pod('b'));
    await soon(() => expect(sources(late.emitted.at(-1))).toEqual(['pod/default/a', 'pod/default/b']));
    expect(first.emitted).toHaveLength(1);
    await late.stop();
    await other.stop();
    expect(clusters.cluster.watched.get('pods')!.leases).toBe(0);
    expect(clusters.leases).toBe(0);
  });

  it('tries again when the access cannot be read', async () => {
    clusters.failures = 2;
    const { emitted } = start();
    await watching();
    clusters.cluster.list();
    await soon(() => expect(emitted).toEqual([[]]));
    const failed = 'failed Kubernetes: no such file or directory';
    expect(log).toEqual([failed, failed, 'recovered Kubernetes']);
  });

  it('ends while it waits for anything', async () => {
    clusters.failures = Number.POSITIVE_INFINITY;
    const failing = start({}, { retry: 3_600_000 });
    await soon(() => expect(log).toHaveLength(1));
    await failing.stop();
    clusters.failures = 0;
    const { emitted, stop } = start();
    await watching();
    await stop();
    clusters.cluster.list({ pods: [pod('a')] });
    await settle();
    expect(emitted).toEqual([]);
    expect(clusters.leases).toBe(0);
  });

  it('finds the own namespace in a file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pharos-own-namespace-'));
    try {
      const ownNamespaceFile = join(directory, 'namespace');
      const namespaces = { names: ['z'], own: true };
      start({ namespaces }, { ownNamespaceFile });
      await soon(() => expect(log[0]).toMatch(/own namespace from .*namespace: no such file or directory/));
      await writeFile(ownNamespaceFile, '');
      await soon(() => expect(log.at(-1)).toMatch(/is empty/));
      await writeFile(ownNamespaceFile, 'mine\n');
      await watching();
      expect(clusters.cluster.watched.get('pods')!.scope).toEqual({ namespaces: ['mine', 'z'] });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
