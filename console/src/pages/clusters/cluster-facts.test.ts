import { expect, test } from 'vitest';
import { clusterFactQueries, clusterFacts } from './cluster-facts.ts';

const of = (value: number, labels: Readonly<Record<string, string>> = {}) => ({
  labels: { cluster: 'east', ...labels },
  value,
});
const metric = (name: string, value: number) => of(value, { __name__: name });

const NOTHING = {
  ...{ catalogue: [], nodes: [], ready: [], cordoned: [], phases: [], unready: [] },
  ...{ kubelets: [], runtimes: [], created: [], extras: [], parts: [] },
};

test('a cluster, with its versions, its GPUs and what its control plane tells', () => {
  const facts = clusterFacts('east', {
    ...NOTHING,
    nodes: [of(3)],
    ready: [of(2)],
    kubelets: [of(1, { kubelet_version: 'v1.32.1' }), of(2, { kubelet_version: 'v1.33.4' }), of(1)],
    created: [{ labels: {}, value: 1_700_000_000 }],
    extras: [
      metric('k8s_cluster_gpu_total', 800),
      metric('k8s_cluster_gpu_used', 250),
      metric('k8s_cluster_rate_gpu_request_cluster', 50),
    ],
    parts: [metric('etcd_server_has_leader', 1), metric('workqueue_depth', 1)],
  });
  expect(facts).toMatchObject({
    summary: { health: 'serious', reasons: ['1 node is not ready'] },
    kubelets: [
      { name: 'v1.33.4', count: 2 },
      { name: 'v1.32.1', count: 1 },
    ],
    runtimes: [],
    created: 1_700_000_000,
    gpu: { capacity: 8, used: 2.5, requested: 4 },
    hasVirtualNodes: false,
    scraped: new Set(['etcd', 'Controller manager']),
  });
});

test('a cluster without a name is asked for by the absence of one', () => {
  for (const query of Object.values(clusterFactQueries(''))) expect(query).toContain('cluster=""');
  const unnamed = { labels: {}, value: 1 };
  const facts = clusterFacts('', { ...NOTHING, nodes: [unnamed], ready: [unnamed] });
  expect(facts).toMatchObject({ summary: { cluster: '', health: 'good' }, gpu: undefined });
});

test('a cluster that is not there', () => {
  expect(clusterFacts('west', { ...NOTHING, nodes: [of(3)] })).toBeUndefined();
});
