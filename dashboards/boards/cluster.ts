import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { cell, ofSeries } from '../parts/links.ts';
import { toNode, toWorkloads } from '../parts/object-links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { timeline } from '../parts/timeline-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { traffic } from '../parts/use-panels.ts';
import { YES_NO } from '../parts/value-names.ts';
import { clusterVariable } from '../parts/variables.ts';

const matchers = 'cluster="$cluster"';

/** One cluster at a glance: what it has, how much of it is used and promised, and what is not well in it. */
export const cluster: Board = {
  uid: 'pharos-cluster',
  title: 'Pharos / Cluster',
  description: 'A cluster: capacity, use and requests, health of nodes, pods, workloads and the control plane.',
  variables: [clusterVariable()],
  links: [
    { title: 'Fleet', uid: 'pharos-fleet' },
    { title: 'Nodes', uid: 'pharos-nodes' },
    { title: 'Namespaces', uid: 'pharos-namespaces' },
    { title: 'Workloads', uid: 'pharos-workloads' },
    { title: 'Pods', uid: 'pharos-pods' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Nodes',
          description: 'Nodes, those of the control plane too.',
          unit: UNIT.count,
          queries: [{ expr: `k8s_cluster_node_total{${matchers}}` }],
        }),
        stat({
          title: 'Nodes not ready',
          description: 'Nodes whose kubelet does not say that they are ready.',
          unit: UNIT.count,
          queries: [{ expr: `count(k8s_node_status_ready{${matchers}} == 0) or vector(0)` }],
          thresholds: { bad: 1 },
        }),
        stat({
          title: 'Pods',
          description: 'Pods on nodes that have not ended.',
          unit: UNIT.count,
          queries: [{ expr: `k8s_cluster_pods_used_total{${matchers}}` }],
        }),
        stat({
          title: 'Pods not ready',
          description: 'Pods that have not ended and are not ready, starting ones among them.',
          unit: UNIT.count,
          queries: [{ expr: `count(k8s_pod_status_ready{${matchers}} == 0) or vector(0)` }],
          thresholds: { warn: 1, bad: 10 },
        }),
        stat({
          title: 'Abnormal workloads',
          description: 'Workloads that have pods which are not available, not ready or failed.',
          unit: UNIT.count,
          queries: [{ expr: `count(k8s_workload_abnormal{${matchers}} > 0) or vector(0)` }],
          thresholds: { warn: 1, bad: 10 },
        }),
        stat({
          title: 'Alerts firing',
          description: 'Alerts about this cluster that fire now.',
          unit: UNIT.count,
          queries: [{ expr: `count(ALERTS{alertstate="firing", ${matchers}}) or vector(0)` }],
          thresholds: { warn: 1 },
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'CPU',
          description: 'CPU in use and requested by pods, of what the nodes that are not control plane can allocate.',
          unit: UNIT.percent,
          queries: [
            { expr: `k8s_cluster_rate_cpu_core_used_cluster{${matchers}}`, legend: 'used' },
            { expr: `k8s_cluster_rate_cpu_core_request_cluster{${matchers}}`, legend: 'requested' },
          ],
          thresholds: { warn: 80, bad: 100 },
        }),
        graph({
          title: 'Memory',
          description: 'Memory in use, without and with page cache, and requested, of what the nodes can allocate.',
          unit: UNIT.percent,
          queries: [
            { expr: `k8s_cluster_rate_mem_no_cache_bytes_cluster{${matchers}}`, legend: 'used' },
            { expr: `k8s_cluster_rate_mem_usage_bytes_cluster{${matchers}}`, legend: 'used, with page cache' },
            { expr: `k8s_cluster_rate_mem_request_bytes_cluster{${matchers}}`, legend: 'requested' },
          ],
          thresholds: { warn: 80, bad: 100 },
        }),
        graph({
          title: 'Places for pods',
          description: 'Pods that take a place on a node, and the places that there are.',
          unit: UNIT.count,
          queries: [
            { expr: `k8s_cluster_pods_used_total{${matchers}}`, legend: 'taken' },
            { expr: `k8s_cluster_allocatable_pods_total{${matchers}}`, legend: 'there are' },
          ],
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Largest namespaces',
          description: 'The 15 namespaces that use most CPU.',
          width: 12,
          height: 10,
          labels: [{ label: 'namespace', title: 'Namespace', link: toWorkloads(cell) }],
          sortBy: 'CPU used',
          values: [
            {
              title: 'CPU used',
              unit: UNIT.cores,
              decimals: 2,
              expr: `topk(15, k8s_namespace_cpu_core_used{${matchers}})`,
            },
            {
              title: 'Memory used',
              unit: UNIT.bytes,
              expr: `k8s_namespace_mem_no_cache_bytes{${matchers}} and on (namespace)
                topk(15, k8s_namespace_cpu_core_used{${matchers}})`,
            },
            {
              title: 'Pods not well',
              unit: UNIT.count,
              thresholds: { warn: 1, bad: 5 },
              expr: `k8s_namespace_abnormal{${matchers}} and on (namespace)
                topk(15, k8s_namespace_cpu_core_used{${matchers}})`,
            },
          ],
        }),
        table({
          title: 'Busiest nodes',
          description: 'The 15 nodes with the highest CPU use, of their capacity.',
          width: 12,
          height: 10,
          labels: [{ label: 'node', title: 'Node', link: toNode(cell) }],
          sortBy: 'CPU used',
          values: [
            {
              title: 'CPU used',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 80, bad: 95 },
              expr: `topk(15, k8s_node_cpu_usage{${matchers}})`,
            },
            {
              title: 'Memory used, with page cache',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 90, bad: 97 },
              expr: `k8s_node_mem_usage{${matchers}} and on (node) topk(15, k8s_node_cpu_usage{${matchers}})`,
            },
            {
              title: 'Ready',
              unit: UNIT.plain,
              names: YES_NO,
              expr: `k8s_node_status_ready{${matchers}} and on (node) topk(15, k8s_node_cpu_usage{${matchers}})`,
            },
          ],
        }),
      ],
    },
    {
      title: 'Control plane',
      panels: [
        timeline({
          title: 'Components',
          description:
            'Whether enough of each component answers. Absent where it is not scraped, as when it is managed.',
          unit: UNIT.plain,
          width: 16,
          height: 6,
          names: { '0': { text: 'down', color: 'red' }, '1': { text: 'healthy', color: 'green' } },
          queries: [
            { expr: `k8s_cluster_apiserver_healthy{${matchers}}`, legend: 'API server' },
            { expr: `k8s_cluster_etcd_healthy{${matchers}}`, legend: 'etcd' },
            { expr: `k8s_cluster_scheduler_healthy{${matchers}}`, legend: 'scheduler' },
            { expr: `k8s_cluster_controller_manager_healthy{${matchers}}`, legend: 'controller manager' },
          ],
        }),
        graph({
          title: "etcd's database",
          description: "The largest size of etcd's database; etcd stops at its quota, which is 2 GB unless raised.",
          unit: UNIT.bytes,
          height: 6,
          queries: [{ expr: `k8s_cluster_etcd_db_total_size_bytes{${matchers}}`, legend: 'size' }],
          thresholds: { warn: 1.6e9 },
        }),
      ],
    },
    {
      title: 'Traffic, disks and restarts',
      panels: [
        ...traffic({ level: 'cluster', matchers }),
        graph({
          title: 'Restarts',
          description: 'Restarts of containers, by namespace.',
          unit: UNIT.count,
          width: 24,
          decimals: 0,
          bars: true,
          listed: true,
          none: 'none restart',
          queries: [
            {
              expr: `topk(10, sum_over_time(k8s_namespace_pod_restart_total{${matchers}}[$__interval]) > 0)`,
              legend: '{{namespace}}',
            },
          ],
          links: [toWorkloads(ofSeries)],
        }),
      ],
    },
    {
      title: 'GPUs',
      closed: true,
      panels: [
        graph({
          title: 'GPU',
          description: 'GPU in use and requested by pods, of what the nodes have.',
          unit: UNIT.percent,
          width: 12,
          queries: [
            { expr: `k8s_cluster_rate_gpu_used_cluster{${matchers}}`, legend: 'used' },
            { expr: `k8s_cluster_rate_gpu_request_cluster{${matchers}}`, legend: 'requested' },
          ],
        }),
        graph({
          title: 'GPU memory',
          description: 'GPU memory in use and requested by pods, of what the nodes have.',
          unit: UNIT.percent,
          width: 12,
          queries: [
            { expr: `k8s_cluster_rate_gpu_memory_used_cluster{${matchers}}`, legend: 'used' },
            { expr: `k8s_cluster_rate_gpu_memory_request_cluster{${matchers}}`, legend: 'requested' },
          ],
        }),
      ],
    },
  ],
};
