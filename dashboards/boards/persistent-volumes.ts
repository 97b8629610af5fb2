import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { type BoardLink, cell, ofSeries } from '../parts/links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { clusterVariable, namespaceVariable } from '../parts/variables.ts';

const toPod: BoardLink = {
  title: 'Pod',
  uid: 'pharos-pod',
  variables: { cluster: '$cluster', namespace: cell('namespace'), pod: cell('pod') },
};

const CHOSEN = '{cluster="$cluster", namespace=~"$namespace"}';
const LEGEND = '{{namespace}}/{{persistentvolumeclaim}}';
const used = `kubelet_volume_stats_used_bytes${CHOSEN}`;
const capacity = `kubelet_volume_stats_capacity_bytes${CHOSEN}`;
const available = `kubelet_volume_stats_available_bytes${CHOSEN}`;
/** The expression for each claim; a volume that several nodes have mounted is told of by each of their kubelets. */
const each = (expr: string): string => `max by (namespace, persistentvolumeclaim) (${expr})`;
const FILL = { warn: 80, bad: 90 };
const filled = each(`100 * ${used} / ${capacity}`);
const notBound = `kube_persistentvolumeclaim_status_phase{cluster="$cluster", namespace=~"$namespace", phase!="Bound"} == 1`;
/** The expression for each claim that the table shows: the hundred fullest, and those that are not bound. */
const shown = (expr: string): string =>
  `${each(expr)} and on (namespace, persistentvolumeclaim) (topk(100, ${filled}) or topk(50, ${each(notBound)}))`;
const links = [
  {
    title: 'Pods of the namespace',
    uid: 'pharos-pods',
    variables: { cluster: '$cluster', namespace: ofSeries('namespace') },
  },
];

/** Persistent volumes: how full they are, and when they will be. */
export const persistentVolumes: Board = {
  uid: 'pharos-persistent-volumes',
  title: 'Pharos / Persistent volumes',
  description: 'Claims and volumes: how full they are, how fast they fill, and which are not where they should be.',
  variables: [clusterVariable(), namespaceVariable({ several: true })],
  links: [
    { title: 'Pods', uid: 'pharos-pods' },
    { title: 'Alerts and policies', uid: 'pharos-alerts' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Claims',
          description: 'Persistent volume claims, bound or not.',
          unit: UNIT.count,
          queries: [{ expr: `count(kube_persistentvolumeclaim_info${CHOSEN})` }],
        }),
        stat({
          title: 'Not bound',
          description: 'Claims that wait for a volume or have lost theirs. Pods with such a claim do not start.',
          unit: UNIT.count,
          queries: [
            {
              expr: `count(${notBound}) or vector(0)`,
            },
          ],
          thresholds: { bad: 1 },
        }),
        stat({
          title: 'Nearly full',
          description: 'Claims of which 80 % and more are used.',
          unit: UNIT.count,
          queries: [{ expr: `count(${filled} > 80) or vector(0)` }],
          thresholds: { warn: 1, bad: 3 },
        }),
        stat({
          title: 'Full within a day',
          description: 'Claims that are full within 24 hours if they go on to fill as in the last hour.',
          unit: UNIT.count,
          queries: [
            {
              expr: `count(${each(`${available} / (deriv(${used}[1h]) > 0)`)} < 86400) or vector(0)`,
            },
          ],
          thresholds: { warn: 1, bad: 3 },
        }),
        stat({
          title: 'Used',
          description: 'Of the capacity of all mounted volumes.',
          unit: UNIT.percent,
          decimals: 0,
          queries: [{ expr: `100 * sum(${each(used)}) / sum(${each(capacity)})` }],
          thresholds: FILL,
        }),
        stat({
          title: 'Volumes without a claim',
          description:
            'Volumes of the cluster whose claim was deleted, or that failed: they cost and nobody uses them.',
          unit: UNIT.count,
          queries: [
            {
              expr: 'count(kube_persistentvolume_status_phase{cluster="$cluster", phase=~"Released|Failed"} == 1) or vector(0)',
            },
          ],
          thresholds: { warn: 1 },
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Claims by fill level',
          description:
            'The hundred fullest, and those not bound. "Full in" goes on with the last hour; without a value the claim does not grow.',
          labels: [
            { label: 'namespace', title: 'Namespace' },
            { label: 'persistentvolumeclaim', title: 'Claim' },
          ],
          sortBy: 'Used',
          height: 9,
          values: [
            {
              title: 'Used',
              unit: UNIT.percent,
              decimals: 1,
              expr: shown(`100 * ${used} / ${capacity}`),
              thresholds: FILL,
            },
            { title: 'Used bytes', unit: UNIT.bytes, expr: shown(used) },
            { title: 'Capacity', unit: UNIT.bytes, expr: shown(capacity) },
            {
              title: 'Requested',
              unit: UNIT.bytes,
              expr: shown(`kube_persistentvolumeclaim_resource_requests_storage_bytes${CHOSEN}`),
            },
            {
              title: 'Full in',
              unit: UNIT.seconds,
              decimals: 0,
              expr: shown(`${available} / (deriv(${used}[1h]) > 0)`),
              thresholds: { warn: 604_800, bad: 86_400, lowIsBad: true },
            },
            {
              title: 'Inodes used',
              unit: UNIT.percent,
              decimals: 1,
              expr: shown(`100 * kubelet_volume_stats_inodes_used${CHOSEN} / kubelet_volume_stats_inodes${CHOSEN}`),
              thresholds: FILL,
            },
          ],
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'Fill level',
          description: 'Used space of each claim: the ten fullest.',
          unit: UNIT.percent,
          max: 100,
          queries: [{ expr: `topk(10, ${filled})`, legend: LEGEND }],
          links,
          thresholds: FILL,
        }),
        graph({
          title: 'Growth',
          description: 'Bytes per second that claims grow by, over ten minutes: the ten that grow fastest.',
          unit: UNIT.bytesPerSecond,
          none: 'none grow',
          queries: [{ expr: `topk(10, ${each(`deriv(${used}[10m])`)} > 0)`, legend: LEGEND }],
          links,
        }),
        graph({
          title: 'Inodes used',
          description: 'A file system without free inodes is full, whatever space is left: the ten fullest.',
          unit: UNIT.percent,
          max: 100,
          queries: [
            {
              expr: `topk(10, ${each(`100 * kubelet_volume_stats_inodes_used${CHOSEN} / kubelet_volume_stats_inodes${CHOSEN}`)})`,
              legend: LEGEND,
            },
          ],
          links,
          thresholds: FILL,
        }),
      ],
    },
    {
      title: 'Who mounts what, and storage classes',
      closed: true,
      panels: [
        table({
          title: 'Pods and their claims',
          description: 'Which pod mounts which claim, and how full that is: the hundred fullest.',
          labels: [
            { label: 'namespace', title: 'Namespace' },
            { label: 'pod', title: 'Pod', link: toPod },
            { label: 'persistentvolumeclaim', title: 'Claim' },
          ],
          sortBy: 'Used',
          width: 14,
          height: 10,
          values: [
            {
              title: 'Used',
              unit: UNIT.percent,
              decimals: 1,
              expr: `topk(100, max by (namespace, pod, persistentvolumeclaim) (
                kube_pod_spec_volumes_persistentvolumeclaims_info${CHOSEN}
                  * on (namespace, persistentvolumeclaim) group_left () ${filled}))`,
              thresholds: FILL,
            },
          ],
        }),
        table({
          title: 'Storage classes',
          description: 'Volumes of the whole cluster by their class.',
          labels: [{ label: 'storageclass', title: 'Class' }],
          sortBy: 'Capacity',
          width: 10,
          height: 10,
          values: [
            {
              title: 'Volumes',
              unit: UNIT.count,
              expr: 'count by (storageclass) (kube_persistentvolume_info{cluster="$cluster"})',
            },
            {
              title: 'Capacity',
              unit: UNIT.bytes,
              expr: `sum by (storageclass) (kube_persistentvolume_capacity_bytes{cluster="$cluster"}
                * on (cluster, persistentvolume) group_left (storageclass) kube_persistentvolume_info{cluster="$cluster"})`,
            },
          ],
        }),
      ],
    },
    {
      title: 'What kubelets do with volumes',
      closed: true,
      panels: [
        graph({
          title: 'Storage operations',
          description: 'Mounts, unmounts and the like, of all nodes.',
          unit: UNIT.perSecond,
          queries: [
            {
              expr: 'sum by (operation_name) (rate(storage_operation_duration_seconds_count{cluster="$cluster"}[$__rate_interval]))',
              legend: '{{operation_name}}',
            },
          ],
        }),
        graph({
          title: 'Time of an operation',
          description: 'On average. Pods wait for their volumes to be mounted.',
          unit: UNIT.seconds,
          queries: [
            {
              expr: `sum by (operation_name) (rate(storage_operation_duration_seconds_sum{cluster="$cluster"}[$__rate_interval]))
                / sum by (operation_name) (rate(storage_operation_duration_seconds_count{cluster="$cluster"}[$__rate_interval]))`,
              legend: '{{operation_name}}',
            },
          ],
        }),
        graph({
          title: 'Volumes of nodes',
          description: 'Volumes that are mounted, and that should be. Lines that stay apart are mounts that fail.',
          unit: UNIT.count,
          queries: [{ expr: 'sum by (state) (volume_manager_total_volumes{cluster="$cluster"})', legend: '{{state}}' }],
        }),
      ],
    },
  ],
};
