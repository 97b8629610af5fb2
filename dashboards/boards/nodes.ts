import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { cell, ofSeries } from '../parts/links.ts';
import { toNode } from '../parts/object-links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { YES_NO } from '../parts/value-names.ts';
import { clusterVariable, nodeVariable } from '../parts/variables.ts';

const matchers = 'cluster="$cluster", node=~"$node"';
const links = [toNode(ofSeries)];
/** The nodes that the table shows: the hundred busiest, and those that are not ready. */
const shown = `and on (node) (topk(100, k8s_node_cpu_usage{${matchers}}) or topk(50, k8s_node_status_ready{${matchers}} == 0))`;

/** The nodes of a cluster beside each other. */
export const nodes: Board = {
  uid: 'pharos-nodes',
  title: 'Pharos / Nodes',
  description: 'The nodes of a cluster: which are ready, how busy they are, and how much of them is promised.',
  variables: [clusterVariable(), nodeVariable({ several: true })],
  links: [{ title: 'Cluster', uid: 'pharos-cluster' }],
  rows: [
    {
      panels: [
        stat({
          title: 'Nodes',
          description: 'Nodes chosen above.',
          unit: UNIT.count,
          queries: [{ expr: `count(k8s_node_status_ready{${matchers}})` }],
        }),
        stat({
          title: 'Not ready',
          description: 'Nodes whose kubelet does not say that they are ready.',
          unit: UNIT.count,
          thresholds: { bad: 1 },
          queries: [{ expr: `count(k8s_node_status_ready{${matchers}} == 0) or vector(0)` }],
        }),
        stat({
          title: 'Cordoned',
          description: 'Nodes on which no new pods are placed.',
          unit: UNIT.count,
          thresholds: { warn: 1 },
          queries: [{ expr: `sum(kube_node_spec_unschedulable{${matchers}})` }],
        }),
        stat({
          title: 'Under pressure',
          description: 'Nodes that lack memory, disk or process ids, and so evict pods.',
          unit: UNIT.count,
          thresholds: { bad: 1 },
          queries: [
            {
              expr: `count(max by (node) (kube_node_status_condition{${matchers}, condition=~".*Pressure", status="true"}) == 1)
                or vector(0)`,
            },
          ],
        }),
        stat({
          title: 'CPU used',
          description: 'CPU in use on the machines, the mean of the nodes.',
          unit: UNIT.percent,
          decimals: 1,
          thresholds: { warn: 80, bad: 95 },
          queries: [{ expr: `avg(k8s_node_cpu_usage{${matchers}})` }],
        }),
        stat({
          title: 'Memory used',
          description: 'Memory in use on the machines, with page cache, the mean of the nodes.',
          unit: UNIT.percent,
          decimals: 1,
          thresholds: { warn: 90, bad: 97 },
          queries: [{ expr: `avg(k8s_node_mem_usage{${matchers}})` }],
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Nodes by use',
          description:
            'The hundred busiest, and those not ready. Use is of the whole machine; requests are those of its pods, of what it can allocate.',
          height: 11,
          sortBy: 'CPU used',
          labels: [
            { label: 'node', title: 'Node', link: toNode(cell) },
            { label: 'node_role', title: 'Role' },
          ],
          values: [
            {
              title: 'Ready',
              unit: UNIT.plain,
              names: YES_NO,
              expr: `k8s_node_status_ready{${matchers}} ${shown}`,
            },
            {
              title: 'CPU used',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 80, bad: 95 },
              expr: `k8s_node_cpu_usage{${matchers}} ${shown}`,
            },
            {
              title: 'CPU requested',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 95 },
              expr: `100 * k8s_node_cpu_core_request_total{${matchers}}
                / on (cluster, node) kube_node_status_allocatable{${matchers}, resource="cpu"} ${shown}`,
            },
            {
              title: 'Memory used',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 90, bad: 97 },
              expr: `k8s_node_mem_usage{${matchers}} ${shown}`,
            },
            {
              title: 'Memory requested',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 95 },
              expr: `100 * k8s_node_memory_request_bytes_total{${matchers}}
                / on (cluster, node) kube_node_status_allocatable{${matchers}, resource="memory"} ${shown}`,
            },
            {
              title: 'Restarts in the time range',
              unit: UNIT.count,
              decimals: 0,
              thresholds: { warn: 1, bad: 10 },
              expr: `sum_over_time(k8s_node_pod_restart_total{${matchers}}[$__range]) ${shown}`,
            },
          ],
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'CPU',
          description: 'CPU in use on the whole machine, of its capacity. The ten highest at each point in time.',
          unit: UNIT.percent,
          thresholds: { warn: 80, bad: 95 },
          queries: [{ expr: `topk(10, k8s_node_cpu_usage{${matchers}})`, legend: '{{node}}' }],
          links,
        }),
        graph({
          title: 'Memory',
          description: 'Memory in use on the whole machine, with page cache. The ten highest at each point in time.',
          unit: UNIT.percent,
          thresholds: { warn: 90, bad: 97 },
          queries: [{ expr: `topk(10, k8s_node_mem_usage{${matchers}})`, legend: '{{node}}' }],
          links,
        }),
        graph({
          title: 'Fullest file systems',
          description: 'Space taken of file systems on disks. The ten highest at each point in time.',
          unit: UNIT.percent,
          thresholds: { warn: 80, bad: 90 },
          queries: [
            {
              expr: `topk(10, 100 - 100 * node_filesystem_avail_bytes{cluster="$cluster", instance=~"$node", fstype!~"tmpfs|overlay"}
                / node_filesystem_size_bytes{cluster="$cluster", instance=~"$node", fstype!~"tmpfs|overlay"})`,
              legend: '{{instance}} {{mountpoint}}',
            },
          ],
        }),
        graph({
          title: 'Traffic received',
          description: 'Bytes per second, but for those from public networks. The ten highest at each point in time.',
          unit: UNIT.bytesPerSecond,
          queries: [{ expr: `topk(10, k8s_node_lan_intraffic{${matchers}})`, legend: '{{node}}' }],
          links,
        }),
        graph({
          title: 'Traffic sent',
          description: 'Bytes per second, but for those to public networks. The ten highest at each point in time.',
          unit: UNIT.bytesPerSecond,
          queries: [{ expr: `topk(10, k8s_node_lan_outtraffic{${matchers}})`, legend: '{{node}}' }],
          links,
        }),
        graph({
          title: 'Connections',
          description: 'TCP connections that are established. The ten highest at each point in time.',
          unit: UNIT.count,
          queries: [{ expr: `topk(10, k8s_node_tcp_curr_estab{${matchers}})`, legend: '{{node}}' }],
          links,
        }),
      ],
    },
  ],
};
