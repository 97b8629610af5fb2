import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { type BoardLink, cell, ofSeries } from '../parts/links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { clusterVariable, labelVariable, namespaceVariable } from '../parts/variables.ts';

const toNamespace: BoardLink = {
  title: 'Workloads of the namespace',
  uid: 'pharos-workloads',
  variables: { cluster: '$cluster', namespace: cell('namespace') },
};
const toService = (pick: (label: string) => string): BoardLink => ({
  title: 'Only this service',
  uid: 'pharos-services',
  variables: { cluster: '$cluster', namespace: pick('namespace'), service: pick('service') },
});

const CHOSEN = '{cluster="$cluster", namespace=~"$namespace", service=~"$service"}';
const links = [toService(ofSeries)];
const LEGEND = '{{namespace}}/{{service}}';
/** The services that the table shows: the hundred whose pods use most CPU, and those with pods that are not ready. */
const SHOWN = `and on (namespace, service)
  (topk(100, k8s_service_cpu_core_used${CHOSEN}) or topk(50, k8s_service_abnormal${CHOSEN} > 0))`;
/** The expression for each of these services, as a column of the table. */
const each = (expr: string): string => `sum by (namespace, service) (${expr} ${SHOWN})`;
const most = (metric: string): string => `topk(10, ${metric}${CHOSEN})`;

/** Services: what their pods use, and whether these are ready to answer. */
export const services: Board = {
  uid: 'pharos-services',
  title: 'Pharos / Services',
  description: 'Services of a cluster by what the pods behind them use, and the addresses that lead to them.',
  variables: [
    clusterVariable(),
    namespaceVariable({ several: true }),
    labelVariable({
      name: 'service',
      title: 'Service',
      of: 'kube_service_info{cluster="$cluster", namespace=~"$namespace"}',
      several: true,
    }),
  ],
  links: [
    { title: 'Workloads', uid: 'pharos-workloads' },
    { title: 'Alerts and policies', uid: 'pharos-alerts' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Services',
          description: 'Services that there are, those without pods among them.',
          unit: UNIT.count,
          queries: [{ expr: `count(kube_service_info${CHOSEN})` }],
        }),
        stat({
          title: 'With pods not ready',
          description: 'Services of which some pod does not get requests, because it is not ready.',
          unit: UNIT.count,
          queries: [{ expr: `count(k8s_service_abnormal${CHOSEN} > 0) or vector(0)` }],
          thresholds: { warn: 1, bad: 10 },
        }),
        stat({
          title: 'Restarts',
          description: 'Restarts of containers behind the services in the time range.',
          unit: UNIT.count,
          decimals: 0,
          queries: [{ expr: `sum(sum_over_time(k8s_service_pod_restart_total${CHOSEN}[$__range]))` }],
          thresholds: { warn: 1, bad: 20 },
        }),
        stat({
          title: 'CPU used',
          description: 'By all pods behind the services; pods of two services count twice.',
          unit: UNIT.cores,
          decimals: 1,
          queries: [{ expr: `sum(k8s_service_cpu_core_used${CHOSEN})` }],
        }),
        stat({
          title: 'Received',
          description: 'Traffic that the pods behind the services receive.',
          unit: UNIT.bytesPerSecond,
          queries: [{ expr: `sum(k8s_service_network_receive_bytes_bw${CHOSEN})` }],
        }),
        stat({
          title: 'Sent',
          description: 'Traffic that the pods behind the services send.',
          unit: UNIT.bytesPerSecond,
          queries: [{ expr: `sum(k8s_service_network_transmit_bytes_bw${CHOSEN})` }],
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Services by use',
          description:
            'The hundred that use most CPU, and those with pods that are not ready. Memory is without page cache.',
          labels: [
            { label: 'namespace', title: 'Namespace', link: toNamespace },
            { label: 'service', title: 'Service', link: toService(cell) },
          ],
          sortBy: 'CPU',
          height: 9,
          values: [
            {
              title: 'Pods not ready',
              unit: UNIT.count,
              expr: each(`k8s_service_abnormal${CHOSEN}`),
              thresholds: { warn: 1, bad: 3 },
            },
            {
              title: 'Restarts',
              unit: UNIT.count,
              decimals: 0,
              expr: each(`sum_over_time(k8s_service_pod_restart_total${CHOSEN}[$__range])`),
              thresholds: { warn: 1, bad: 10 },
            },
            { title: 'CPU', unit: UNIT.cores, decimals: 2, expr: each(`k8s_service_cpu_core_used${CHOSEN}`) },
            {
              title: 'CPU of what is given',
              unit: UNIT.percent,
              decimals: 0,
              expr: each(`k8s_service_rate_cpu_core_used_resource${CHOSEN}`),
              thresholds: { warn: 80, bad: 95 },
            },
            { title: 'Memory', unit: UNIT.bytes, expr: each(`k8s_service_mem_no_cache_bytes${CHOSEN}`) },
            {
              title: 'Memory of what is given',
              unit: UNIT.percent,
              decimals: 0,
              expr: each(`k8s_service_rate_mem_no_cache_bytes_resource${CHOSEN}`),
              thresholds: { warn: 85, bad: 95 },
            },
            {
              title: 'Received',
              unit: UNIT.bytesPerSecond,
              expr: each(`k8s_service_network_receive_bytes_bw${CHOSEN}`),
            },
            { title: 'Sent', unit: UNIT.bytesPerSecond, expr: each(`k8s_service_network_transmit_bytes_bw${CHOSEN}`) },
          ],
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'CPU',
          description: 'CPU in use by the pods behind each service: the ten that use most.',
          unit: UNIT.cores,
          queries: [{ expr: most('k8s_service_cpu_core_used'), legend: LEGEND }],
          links,
        }),
        graph({
          title: 'Memory',
          description: 'Memory without page cache of the pods behind each service: the ten that use most.',
          unit: UNIT.bytes,
          queries: [{ expr: most('k8s_service_mem_no_cache_bytes'), legend: LEGEND }],
          links,
        }),
        graph({
          title: 'Pods not ready',
          description: 'Pods that do not get requests because they are not ready. Short ones are pods that start.',
          unit: UNIT.count,
          decimals: 0,
          none: 'all are ready',
          queries: [{ expr: `${most('k8s_service_abnormal')} > 0`, legend: LEGEND }],
          links,
        }),
      ],
    },
    {
      title: 'Traffic and disks',
      closed: true,
      panels: [
        graph({
          title: 'Traffic received',
          description: 'Bytes per second: the ten services that receive most.',
          unit: UNIT.bytesPerSecond,
          width: 12,
          listed: true,
          queries: [{ expr: most('k8s_service_network_receive_bytes_bw'), legend: LEGEND }],
          links,
        }),
        graph({
          title: 'Traffic sent',
          description: 'Bytes per second: the ten services that send most.',
          unit: UNIT.bytesPerSecond,
          width: 12,
          listed: true,
          queries: [{ expr: most('k8s_service_network_transmit_bytes_bw'), legend: LEGEND }],
          links,
        }),
        graph({
          title: 'Read from disks',
          description: 'Bytes per second that the pods behind the service read from block devices.',
          unit: UNIT.bytesPerSecond,
          width: 12,
          listed: true,
          queries: [{ expr: most('k8s_service_fs_read_bytes'), legend: LEGEND }],
          links,
        }),
        graph({
          title: 'Written to disks',
          description: 'Bytes per second that the pods behind the service write to block devices.',
          unit: UNIT.bytesPerSecond,
          width: 12,
          listed: true,
          queries: [{ expr: most('k8s_service_fs_write_bytes'), legend: LEGEND }],
          links,
        }),
      ],
    },
    {
      title: 'Addresses',
      closed: true,
      panels: [
        table({
          title: 'Services by type',
          description: 'How services are reached: LoadBalancer and NodePort from outside the cluster.',
          labels: [{ label: 'type', title: 'Type' }],
          sortBy: 'Services',
          width: 6,
          height: 10,
          values: [
            {
              title: 'Services',
              unit: UNIT.count,
              expr: `count by (type) (kube_service_spec_type${CHOSEN})`,
            },
          ],
        }),
        table({
          title: 'Ingresses',
          description: 'Where hosts and paths lead, and how many pods of the service there are not ready.',
          labels: [
            { label: 'host', title: 'Host' },
            { label: 'path', title: 'Path' },
            { label: 'namespace', title: 'Namespace' },
            { label: 'ingress', title: 'Ingress' },
            { label: 'service_name', title: 'Service' },
          ],
          sortBy: 'Pods not ready',
          width: 18,
          height: 10,
          values: [
            {
              title: 'Pods not ready',
              unit: UNIT.count,
              expr: `sum by (host, path, namespace, ingress, service_name) (
                kube_ingress_path{cluster="$cluster", namespace=~"$namespace", service_name=~"$service"}
                  * on (cluster, namespace, service_name) group_left ()
                label_replace(k8s_service_abnormal${CHOSEN}, "service_name", "$1", "service", "(.*)"))`,
              thresholds: { warn: 1, bad: 3 },
            },
          ],
        }),
      ],
    },
  ],
};
