import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { cell, ofSeries } from '../parts/links.ts';
import { toCluster } from '../parts/object-links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { UNIT } from '../parts/unit.ts';

/** All clusters beside each other: which one wants looking at. */
export const fleet: Board = {
  uid: 'pharos-fleet',
  title: 'Pharos / Fleet',
  description: 'All clusters: how large they are, how full, and what is wrong in them.',
  variables: [],
  links: [],
  rows: [
    {
      panels: [
        stat({
          title: 'Clusters',
          description: 'Clusters that are monitored.',
          unit: UNIT.count,
          queries: [{ expr: 'count(k8s_cluster_node_total)' }],
        }),
        stat({
          title: 'Nodes',
          description: 'Nodes of all clusters.',
          unit: UNIT.count,
          queries: [{ expr: 'sum(k8s_cluster_node_total)' }],
        }),
        stat({
          title: 'Nodes not ready',
          description: 'Nodes of all clusters whose kubelet does not say that they are ready.',
          unit: UNIT.count,
          queries: [{ expr: 'count(k8s_node_status_ready == 0) or vector(0)' }],
          thresholds: { bad: 1 },
        }),
        stat({
          title: 'Pods',
          description: 'Pods of all clusters that take a place on a node.',
          unit: UNIT.count,
          queries: [{ expr: 'sum(k8s_cluster_pods_used_total)' }],
        }),
        stat({
          title: 'Pods not ready',
          description: 'Pods of all clusters that have not ended and are not ready, starting ones among them.',
          unit: UNIT.count,
          queries: [{ expr: 'count(k8s_pod_status_ready == 0) or vector(0)' }],
          thresholds: { warn: 1, bad: 20 },
        }),
        stat({
          title: 'Alerts firing',
          description: 'Alerts of rules and policies that fire now.',
          unit: UNIT.count,
          queries: [{ expr: 'count(ALERTS{alertstate="firing"}) or vector(0)' }],
          thresholds: { warn: 1 },
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Clusters by use',
          description: 'Use and requests are shares of what nodes that are not control plane can allocate.',
          labels: [{ label: 'cluster', title: 'Cluster', link: toCluster(cell) }],
          sortBy: 'CPU used',
          height: 7,
          values: [
            { title: 'Nodes', unit: UNIT.count, expr: 'sum by (cluster) (k8s_cluster_node_total)' },
            {
              title: 'Not ready',
              unit: UNIT.count,
              expr: 'sum by (cluster) (1 - k8s_node_status_ready)',
              thresholds: { bad: 1 },
            },
            { title: 'Pods', unit: UNIT.count, expr: 'sum by (cluster) (k8s_cluster_pods_used_total)' },
            {
              title: 'CPU used',
              unit: UNIT.percent,
              decimals: 1,
              expr: 'sum by (cluster) (k8s_cluster_rate_cpu_core_used_cluster)',
              thresholds: { warn: 70, bad: 90 },
            },
            {
              title: 'CPU requested',
              unit: UNIT.percent,
              decimals: 1,
              expr: 'sum by (cluster) (k8s_cluster_rate_cpu_core_request_cluster)',
              thresholds: { warn: 85, bad: 100 },
            },
            {
              title: 'Memory used',
              unit: UNIT.percent,
              decimals: 1,
              expr: 'sum by (cluster) (k8s_cluster_rate_mem_no_cache_bytes_cluster)',
              thresholds: { warn: 75, bad: 90 },
            },
            {
              title: 'Memory requested',
              unit: UNIT.percent,
              decimals: 1,
              expr: 'sum by (cluster) (k8s_cluster_rate_mem_request_bytes_cluster)',
              thresholds: { warn: 85, bad: 100 },
            },
            {
              title: 'Abnormal workloads',
              unit: UNIT.count,
              expr: 'sum by (cluster) (k8s_workload_abnormal > bool 0)',
              thresholds: { warn: 1, bad: 10 },
            },
          ],
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'CPU used',
          description: 'CPU in use, of what the nodes that are not control plane can allocate.',
          unit: UNIT.percent,
          queries: [{ expr: 'topk(20, k8s_cluster_rate_cpu_core_used_cluster)', legend: '{{cluster}}' }],
          thresholds: { warn: 70, bad: 90 },
          links: [toCluster(ofSeries)],
        }),
        graph({
          title: 'Memory used',
          description: 'Memory in use without page cache, of what the nodes that are not control plane can allocate.',
          unit: UNIT.percent,
          queries: [{ expr: 'topk(20, k8s_cluster_rate_mem_no_cache_bytes_cluster)', legend: '{{cluster}}' }],
          thresholds: { warn: 75, bad: 90 },
          links: [toCluster(ofSeries)],
        }),
        graph({
          title: 'Places for pods taken',
          description: 'Pods that take a place, of those the nodes have: full, no pod starts whatever else is free.',
          unit: UNIT.percent,
          queries: [
            {
              expr: 'topk(20, 100 * k8s_cluster_pods_used_total / k8s_cluster_allocatable_pods_total)',
              legend: '{{cluster}}',
            },
          ],
          thresholds: { warn: 80, bad: 95 },
          links: [toCluster(ofSeries)],
        }),
        graph({
          title: 'Traffic received',
          description: 'Bytes per second that pods receive.',
          unit: UNIT.bytesPerSecond,
          queries: [{ expr: 'topk(20, k8s_cluster_network_receive_bytes_bw)', legend: '{{cluster}}' }],
          links: [toCluster(ofSeries)],
        }),
        graph({
          title: 'Traffic sent',
          description: 'Bytes per second that pods send.',
          unit: UNIT.bytesPerSecond,
          queries: [{ expr: 'topk(20, k8s_cluster_network_transmit_bytes_bw)', legend: '{{cluster}}' }],
          links: [toCluster(ofSeries)],
        }),
        graph({
          title: 'Alerts firing over time',
          description: 'Alerts of rules and policies that fire, by cluster.',
          unit: UNIT.count,
          decimals: 0,
          none: 'none fire',
          queries: [
            {
              expr: `count by (cluster) (label_replace(ALERTS{alertstate="firing"}, "cluster", "of no cluster", "cluster", ""))`,
              legend: '{{cluster}}',
            },
          ],
          links: [toCluster(ofSeries)],
        }),
      ],
    },
  ],
};
