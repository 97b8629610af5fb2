import { expect, test } from 'vitest';
import { type ClusterSamples, clusterSummaries } from './cluster-summary.ts';

const of = (value: number, labels: Readonly<Record<string, string>> = {}) => ({
  labels: { cluster: 'east', ...labels },
  value,
});
const catalogue = (name: string, value: number, cluster = 'east') =>
  of(value, { __name__: `k8s_cluster_${name}`, cluster });

const WELL: ClusterSamples = {
  catalogue: [
    catalogue('cpu_core_total', 40),
    catalogue('cpu_core_used', 10),
    catalogue('rate_cpu_core_request_cluster', 50),
    catalogue('apiserver_healthy', 1),
  ],
  nodes: [of(3)],
  ready: [of(3)],
  cordoned: [of(0)],
  phases: [of(12, { phase: 'Running' }), of(0, { phase: 'Pending' })],
  unready: [],
};

test('a cluster that is well', () => {
  expect(clusterSummaries(WELL)).toEqual([
    {
      cluster: 'east',
      components: [{ name: 'API server', isHealthy: true }],
      nodes: { total: 3, ready: 3, cordoned: 0 },
      pods: { running: 12, pending: 0, failed: 0, unready: 0 },
      cpu: { total: 40, used: 10, requested: 20 },
      memory: { total: undefined, used: undefined, requested: undefined },
      places: { total: undefined, used: undefined, requested: undefined },
      health: 'good',
      reasons: [],
    },
  ]);
});

test('the worst is first, and it is said why', () => {
  const summaries = clusterSummaries({
    ...WELL,
    catalogue: [...WELL.catalogue, catalogue('etcd_healthy', 0, 'west'), catalogue('cpu_core_used', 39, 'south')],
    nodes: [...WELL.nodes, of(2, { cluster: 'west' }), of(1, { cluster: 'south' })],
    ready: [...WELL.ready, of(1, { cluster: 'west' }), of(1, { cluster: 'south' })],
    phases: [...WELL.phases, of(1, { cluster: 'south', phase: 'Pending' })],
  });
  expect(summaries.map(({ cluster, health, reasons }) => [cluster, health, reasons])).toEqual([
    ['west', 'serious', ['etcd does not answer', '1 node is not ready']],
    ['south', 'warning', ['1 pod is pending']],
    ['east', 'good', []],
  ]);
});
