import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { cell } from '../parts/links.ts';
import { toPod, toWorkload } from '../parts/object-links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { timeline } from '../parts/timeline-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { WELL, YES_NO } from '../parts/value-names.ts';
import { clusterVariable, nodeVariable } from '../parts/variables.ts';

const matchers = 'cluster="$cluster", node="$node"';
/** What a node exporter tells: it has the node's name as its instance. */
const machine = 'cluster="$cluster", instance="$node"';
const onDisk = 'fstype!~"tmpfs|overlay"';
const devices = 'device!~"lo|veth.*|docker.*|cni.*|flannel.*|cali.*|tunl.*"';

/** One node: the machine, and the pods on it. */
export const node: Board = {
  uid: 'pharos-node',
  title: 'Pharos / Node',
  description: 'A node: its conditions, what the machine is doing, what is promised, and the pods on it.',
  variables: [clusterVariable(), nodeVariable()],
  links: [
    { title: 'Cluster', uid: 'pharos-cluster' },
    { title: 'Nodes', uid: 'pharos-nodes' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Ready',
          description: 'Whether the kubelet says that the node is ready.',
          unit: UNIT.plain,
          names: YES_NO,
          queries: [{ expr: `k8s_node_status_ready{${matchers}}` }],
        }),
        stat({
          title: 'CPU used',
          description: 'CPU in use on the whole machine, of its capacity.',
          unit: UNIT.percent,
          decimals: 1,
          thresholds: { warn: 80, bad: 95 },
          queries: [{ expr: `k8s_node_cpu_usage{${matchers}}` }],
        }),
        stat({
          title: 'CPU requested',
          description: 'CPU that its pods request, of what it can allocate.',
          unit: UNIT.percent,
          decimals: 1,
          thresholds: { warn: 95 },
          queries: [
            {
              expr: `100 * sum(k8s_node_cpu_core_request_total{${matchers}})
                / sum(kube_node_status_allocatable{${matchers}, resource="cpu"})`,
            },
          ],
        }),
        stat({
          title: 'Memory used',
          description: 'Memory in use on the whole machine, with page cache, of its capacity.',
          unit: UNIT.percent,
          decimals: 1,
          thresholds: { warn: 90, bad: 97 },
          queries: [{ expr: `k8s_node_mem_usage{${matchers}}` }],
        }),
        stat({
          title: 'Memory requested',
          description: 'Memory that its pods request, of what it can allocate.',
          unit: UNIT.percent,
          decimals: 1,
          thresholds: { warn: 95 },
          queries: [
            {
              expr: `100 * sum(k8s_node_memory_request_bytes_total{${matchers}})
                / sum(kube_node_status_allocatable{${matchers}, resource="memory"})`,
            },
          ],
        }),
        stat({
          title: 'Pods',
          description: 'Pods on it that have not ended, of those it can take.',
          unit: UNIT.count,
          queries: [
            { expr: `count(k8s_pod_status_ready{${matchers}})`, legend: 'pods' },
            { expr: `sum(kube_node_status_allocatable{${matchers}, resource="pods"})`, legend: 'places' },
          ],
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'CPU by mode',
          description: 'What the cores do, of all that there are. Steal is what the hypervisor gave to others.',
          unit: UNIT.percent,
          stacked: true,
          max: 100,
          queries: [
            {
              expr: `100 * sum by (mode) (rate(node_cpu_seconds_total{${machine}, mode!="idle"}[$__rate_interval]))
                / scalar(sum(rate(node_cpu_seconds_total{${machine}}[$__rate_interval])))`,
              legend: '{{mode}}',
            },
          ],
        }),
        graph({
          title: 'Memory by kind',
          description: 'What programs have, the caches that can be given up, and all there is.',
          unit: UNIT.bytes,
          queries: [
            {
              expr: `node_memory_MemTotal_bytes{${machine}} - node_memory_MemAvailable_bytes{${machine}}`,
              legend: 'not available',
            },
            {
              expr: `node_memory_Cached_bytes{${machine}} + node_memory_Buffers_bytes{${machine}}`,
              legend: 'page cache',
            },
            { expr: `node_memory_MemTotal_bytes{${machine}}`, legend: 'there is' },
          ],
        }),
        graph({
          title: 'Load by core',
          description: 'Processes that run or wait for a core or a disk, by core: above 1 they wait.',
          unit: UNIT.plain,
          decimals: 2,
          thresholds: { warn: 1, bad: 2 },
          queries: [1, 5, 15].map((minutes) => ({
            expr: `node_load${minutes}{${machine}}
              / on (instance) count by (instance) (node_cpu_seconds_total{${machine}, mode="idle"})`,
            legend: `${minutes} min`,
          })),
        }),
        graph({
          title: 'File systems',
          description: 'Space taken of file systems on disks.',
          unit: UNIT.percent,
          max: 100,
          thresholds: { warn: 80, bad: 90 },
          queries: [
            {
              expr: `100 - 100 * node_filesystem_avail_bytes{${machine}, ${onDisk}}
                / node_filesystem_size_bytes{${machine}, ${onDisk}}`,
              legend: '{{mountpoint}}',
            },
          ],
        }),
        graph({
          title: 'Disks',
          description: 'Bytes read and written per second, all disks together.',
          unit: UNIT.bytesPerSecond,
          queries: [
            { expr: `sum(rate(node_disk_read_bytes_total{${machine}}[$__rate_interval]))`, legend: 'read' },
            { expr: `sum(rate(node_disk_written_bytes_total{${machine}}[$__rate_interval]))`, legend: 'written' },
          ],
        }),
        graph({
          title: 'Traffic',
          description: 'Bytes received and sent per second by its interfaces, those of pods left out.',
          unit: UNIT.bytesPerSecond,
          queries: [
            {
              expr: `sum(rate(node_network_receive_bytes_total{${machine}, ${devices}}[$__rate_interval]))`,
              legend: 'received',
            },
            {
              expr: `sum(rate(node_network_transmit_bytes_total{${machine}, ${devices}}[$__rate_interval]))`,
              legend: 'sent',
            },
          ],
        }),
      ],
    },
    {
      panels: [
        timeline({
          title: 'Conditions',
          description: 'The conditions that the kubelet tells; under pressure it evicts pods.',
          unit: UNIT.plain,
          names: WELL,
          queries: [
            {
              expr: `max by (condition) (kube_node_status_condition{${matchers}, condition!="Ready", status="true"})`,
              legend: '{{condition}}',
            },
            { expr: `1 - k8s_node_status_ready{${matchers}}`, legend: 'Ready' },
          ],
        }),
        table({
          title: 'Pods on the node',
          description: 'Its pods that have not ended.',
          sortBy: 'CPU used',
          labels: [
            { label: 'namespace', title: 'Namespace' },
            { label: 'workload_kind', title: 'Kind' },
            { label: 'workload_name', title: 'Workload', link: toWorkload(cell) },
            { label: 'pod', title: 'Pod', link: toPod(cell) },
          ],
          values: [
            {
              title: 'Ready',
              unit: UNIT.plain,
              names: YES_NO,
              expr: `k8s_pod_status_ready{${matchers}}`,
            },
            { title: 'CPU used', unit: UNIT.cores, decimals: 3, expr: `k8s_pod_cpu_core_used{${matchers}}` },
            {
              title: 'CPU of the node',
              unit: UNIT.percent,
              decimals: 1,
              expr: `k8s_pod_rate_cpu_core_used_node{${matchers}}`,
            },
            { title: 'Memory used', unit: UNIT.bytes, expr: `k8s_pod_mem_no_cache_bytes{${matchers}}` },
            {
              title: 'Memory of the node',
              unit: UNIT.percent,
              decimals: 1,
              expr: `k8s_pod_rate_mem_no_cache_node{${matchers}}`,
            },
            {
              title: 'Restarts in the time range',
              unit: UNIT.count,
              decimals: 0,
              thresholds: { warn: 1, bad: 5 },
              expr: `sum_over_time(k8s_pod_restart_total{${matchers}}[$__range])`,
            },
          ],
        }),
      ],
    },
    {
      title: 'Pressure and errors',
      closed: true,
      panels: [
        graph({
          title: 'Waiting for resources',
          description: 'The share of time in which some process waited for CPU, memory or a disk.',
          unit: UNIT.ratio,
          queries: ['cpu', 'memory', 'io'].map((resource) => ({
            expr: `rate(node_pressure_${resource}_waiting_seconds_total{${machine}}[$__rate_interval])`,
            legend: resource,
          })),
        }),
        graph({
          title: 'Packets lost',
          description: 'Packets per second that interfaces dropped or found wrong.',
          unit: UNIT.packetsPerSecond,
          thresholds: { warn: 10 },
          queries: [
            {
              expr: `sum(rate(node_network_receive_drop_total{${machine}}[$__rate_interval]))
                + sum(rate(node_network_receive_errs_total{${machine}}[$__rate_interval]))`,
              legend: 'received',
            },
            {
              expr: `sum(rate(node_network_transmit_drop_total{${machine}}[$__rate_interval]))
                + sum(rate(node_network_transmit_errs_total{${machine}}[$__rate_interval]))`,
              legend: 'sent',
            },
          ],
        }),
        graph({
          title: 'Connections tracked',
          description: 'Entries of the connection table: when it is full, new connections fail.',
          unit: UNIT.percent,
          max: 100,
          thresholds: { warn: 75, bad: 90 },
          queries: [
            {
              expr: `100 * node_nf_conntrack_entries{${machine}} / node_nf_conntrack_entries_limit{${machine}}`,
              legend: 'taken',
            },
          ],
        }),
      ],
    },
  ],
};
