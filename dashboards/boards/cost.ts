import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { type BoardLink, cell } from '../parts/links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { clusterVariable, namespaceVariable, textVariable } from '../parts/variables.ts';

const CLUSTER = '{cluster="$cluster"}';
const CHOSEN = '{cluster="$cluster", namespace=~"$namespace"}';
const WORKLOAD = 'namespace, workload_kind, workload_name';
const HOURS_OF_A_MONTH = 730;
const GIB = 1_073_741_824;

/** Gives series by pod the labels of the pod's workload, and leaves out pods that have ended: these hold nothing any more. */
const ofWorkloads = (expr: string): string =>
  `(${expr}) * on (cluster, namespace, pod) group_left (workload_kind, workload_name) (0 * k8s_pod_status_ready${CHOSEN} + 1)`;
const declared = (resource: string): string =>
  `kube_pod_container_resource_requests{cluster="$cluster", namespace=~"$namespace", resource="${resource}"}`;
const requests = (resource: string, by: string): string =>
  `sum by (${by}) (${ofWorkloads(`sum by (cluster, namespace, pod) (${declared(resource)})`)})`;
const usedCpu = (by: string): string => `sum by (${by}) (avg_over_time(k8s_workload_cpu_core_used${CHOSEN}[$__range]))`;
const usedMemory = (by: string): string =>
  `sum by (${by}) (avg_over_time(k8s_workload_mem_no_cache_bytes${CHOSEN}[$__range]))`;

/** Money for an hour of so many cores, or bytes. */
const cpuPrice = (cores: string): string => `(${cores}) * $cpu_price`;
const memoryPrice = (bytes: string): string => `(${bytes}) / ${GIB} * $memory_price`;
const monthly = (hourly: string): string => `${HOURS_OF_A_MONTH} * (${hourly})`;

// What requests only one of the two, or uses more than it requests of one, still costs the other: so the two are put beside each
// other and summed, where `+` would drop what is missing on one side.
/** Money for an hour of what is requested, by these labels. */
const requestedPrice = (by: string): string => {
  const both = `${cpuPrice(declared('cpu'))} or ${memoryPrice(declared('memory'))}`;
  return `sum by (${by}) (${ofWorkloads(`sum by (cluster, namespace, pod) (${both})`)})`;
};
/** Of that, for what each workload does not use, summed by these labels. */
const wastedPrice = (by: string): string => {
  const cpu = cpuPrice(`clamp_min(${requests('cpu', WORKLOAD)} - ${usedCpu(WORKLOAD)}, 0)`);
  const memory = memoryPrice(`clamp_min(${requests('memory', WORKLOAD)} - ${usedMemory(WORKLOAD)}, 0)`);
  return `sum by (${by}) (label_replace(${cpu}, "resource", "cpu", "", "") or label_replace(${memory}, "resource", "memory", "", ""))`;
};

const CAPACITY = `${cpuPrice(`sum(k8s_cluster_cpu_core_total${CLUSTER})`)} + ${memoryPrice(`sum(k8s_cluster_memory_total${CLUSTER})`)}`;
const share = (metric: string, total: string): string => `sum(${metric}${CLUSTER} * ${total}${CLUSTER} / 100)`;
const REQUESTED = `${cpuPrice(share('k8s_cluster_rate_cpu_core_request_cluster', 'k8s_cluster_cpu_core_total'))}
  + ${memoryPrice(share('k8s_cluster_rate_mem_request_bytes_cluster', 'k8s_cluster_memory_total'))}`;
const USED = `${cpuPrice(`sum(k8s_cluster_cpu_core_used${CLUSTER})`)} + ${memoryPrice(`sum(k8s_cluster_mem_no_cache_bytes${CLUSTER})`)}`;

const toWorkload: BoardLink = {
  title: 'Workload',
  uid: 'pharos-workload',
  variables: {
    cluster: '$cluster',
    namespace: cell('namespace'),
    workload: cell('workload_name'),
    kind: cell('workload_kind'),
  },
};
const toNamespace: BoardLink = {
  title: 'Workloads of the namespace',
  uid: 'pharos-workloads',
  variables: { cluster: '$cluster', namespace: cell('namespace') },
};
const toNode: BoardLink = {
  title: 'Node',
  uid: 'pharos-node',
  variables: { cluster: '$cluster', node: cell('node') },
};

const nodeCapacity = (resource: string): string =>
  `sum by (node) (kube_node_status_allocatable{cluster="$cluster", resource="${resource}"})`;
const nodeRequests = (what: string): string =>
  `sum by (node) (k8s_node_${what}_request_${what === 'memory' ? 'bytes_' : ''}total${CLUSTER})`;
const idleNodes = `topk(100, ${monthly(
  `${cpuPrice(`${nodeCapacity('cpu')} - ${nodeRequests('cpu_core')}`)}
    + ${memoryPrice(`${nodeCapacity('memory')} - ${nodeRequests('memory')}`)}`,
)})`;
const ofIdleNodes = (expr: string): string => `${expr} and on (node) ${idleNodes}`;
/** What columns of namespaces and of workloads have in common. */
const columns = (by: string) => {
  const dearest = (expr: string): string => `${expr} and on (${by}) topk(100, ${requestedPrice(by)})`;
  return [
    { title: 'CPU requested', unit: UNIT.cores, decimals: 2, expr: dearest(requests('cpu', by)) },
    { title: 'CPU used', unit: UNIT.cores, decimals: 2, expr: dearest(usedCpu(by)) },
    { title: 'Memory requested', unit: UNIT.bytes, expr: dearest(requests('memory', by)) },
    { title: 'Memory used', unit: UNIT.bytes, expr: dearest(usedMemory(by)) },
    { title: 'Cost a month', unit: UNIT.currency, decimals: 2, expr: `topk(100, ${monthly(requestedPrice(by))})` },
    { title: 'Waste a month', unit: UNIT.currency, decimals: 2, expr: dearest(monthly(wastedPrice(by))) },
  ];
};

/** What the cluster costs, for whom, and how much of it nobody uses. */
export const cost: Board = {
  uid: 'pharos-cost',
  title: 'Pharos / Cost and waste',
  description:
    'Requests against use, and what it costs: idle capacity of the cluster, and requests that nobody uses, by namespace and workload. Prices are those at the top; a GB is 2^30 bytes and a month 730 hours.',
  variables: [
    clusterVariable(),
    namespaceVariable({ several: true }),
    textVariable({ name: 'cpu_price', title: 'Price of a core-hour', value: '0.03' }),
    textVariable({ name: 'memory_price', title: 'Price of a GB-hour', value: '0.004' }),
  ],
  links: [
    { title: 'Workloads', uid: 'pharos-workloads' },
    { title: 'Autoscaling', uid: 'pharos-autoscaling' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Capacity a month',
          description:
            'What pods can have on the nodes of the cluster that are not control plane, at the prices above.',
          unit: UNIT.currency,
          decimals: 0,
          queries: [{ expr: monthly(CAPACITY) }],
        }),
        stat({
          title: 'Requested a month',
          description: 'What pods of the cluster request of it.',
          unit: UNIT.currency,
          decimals: 0,
          queries: [{ expr: monthly(REQUESTED) }],
        }),
        stat({
          title: 'Used a month',
          description: 'What the pods of the cluster use now, if they went on so for a month.',
          unit: UNIT.currency,
          decimals: 0,
          queries: [{ expr: monthly(USED) }],
        }),
        stat({
          title: 'Idle capacity a month',
          description: 'Capacity that nobody requests: what fewer or smaller nodes would save.',
          unit: UNIT.currency,
          decimals: 0,
          queries: [{ expr: monthly(`(${CAPACITY}) - (${REQUESTED})`) }],
        }),
        stat({
          title: 'Waste a month',
          description: 'Requested by workloads of the namespaces chosen, and not used on average over the time range.',
          unit: UNIT.currency,
          decimals: 0,
          queries: [{ expr: monthly(wastedPrice('')) }],
        }),
        stat({
          title: 'Used, of the requests',
          description:
            'By price, of the whole cluster. 50 to 70 % leaves room for peaks; far less is paid for nothing.',
          unit: UNIT.percent,
          decimals: 0,
          queries: [{ expr: `100 * (${USED}) / (${REQUESTED})` }],
          thresholds: { warn: 50, bad: 25, lowIsBad: true },
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'Cost of an hour',
          description:
            'Between capacity and requests lies idle capacity, between requests and use what is requested for nothing.',
          unit: UNIT.currency,
          queries: [
            { expr: CAPACITY, legend: 'capacity' },
            { expr: REQUESTED, legend: 'requested' },
            { expr: USED, legend: 'used' },
          ],
        }),
        graph({
          title: 'CPU of the cluster',
          description: 'What pods can have, request and use.',
          unit: UNIT.cores,
          queries: [
            { expr: `sum(k8s_cluster_cpu_core_total${CLUSTER})`, legend: 'capacity' },
            {
              expr: share('k8s_cluster_rate_cpu_core_request_cluster', 'k8s_cluster_cpu_core_total'),
              legend: 'requested',
            },
            { expr: `sum(k8s_cluster_cpu_core_used${CLUSTER})`, legend: 'used' },
          ],
        }),
        graph({
          title: 'Memory of the cluster',
          description: 'What pods can have, request and use without page cache.',
          unit: UNIT.bytes,
          queries: [
            { expr: `sum(k8s_cluster_memory_total${CLUSTER})`, legend: 'capacity' },
            {
              expr: share('k8s_cluster_rate_mem_request_bytes_cluster', 'k8s_cluster_memory_total'),
              legend: 'requested',
            },
            { expr: `sum(k8s_cluster_mem_no_cache_bytes${CLUSTER})`, legend: 'used' },
          ],
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Namespaces',
          description:
            'The hundred that cost most. Use is the average over the time range; cost is that of the requests, waste that of what its workloads request and do not use.',
          labels: [{ label: 'namespace', title: 'Namespace', link: toNamespace }],
          sortBy: 'Waste a month',
          height: 10,
          values: columns('namespace'),
        }),
      ],
    },
    {
      title: 'Workloads',
      panels: [
        table({
          title: 'Workloads by waste',
          description:
            'Of the hundred that cost most: lower the requests of those at the top, or scale them by load. Without a value nothing is requested.',
          labels: [
            { label: 'namespace', title: 'Namespace' },
            { label: 'workload_kind', title: 'Kind' },
            { label: 'workload_name', title: 'Workload', link: toWorkload },
          ],
          sortBy: 'Waste a month',
          height: 14,
          values: columns(WORKLOAD),
        }),
      ],
    },
    {
      title: 'Nodes',
      closed: true,
      panels: [
        table({
          title: 'Nodes by what is left',
          description:
            'What pods do not request of each node: the hundred with most. Nodes that are nearly empty can be drained and returned.',
          labels: [{ label: 'node', title: 'Node', link: toNode }],
          sortBy: 'Idle a month',
          height: 12,
          values: [
            { title: 'CPU', unit: UNIT.cores, decimals: 1, expr: ofIdleNodes(nodeCapacity('cpu')) },
            {
              title: 'CPU requested',
              unit: UNIT.percent,
              decimals: 0,
              expr: ofIdleNodes(`100 * ${nodeRequests('cpu_core')} / ${nodeCapacity('cpu')}`),
              thresholds: { warn: 50, bad: 20, lowIsBad: true },
            },
            { title: 'Memory', unit: UNIT.bytes, expr: ofIdleNodes(nodeCapacity('memory')) },
            {
              title: 'Memory requested',
              unit: UNIT.percent,
              decimals: 0,
              expr: ofIdleNodes(`100 * ${nodeRequests('memory')} / ${nodeCapacity('memory')}`),
              thresholds: { warn: 50, bad: 20, lowIsBad: true },
            },
            { title: 'Idle a month', unit: UNIT.currency, decimals: 2, expr: idleNodes },
          ],
        }),
      ],
    },
  ],
};
