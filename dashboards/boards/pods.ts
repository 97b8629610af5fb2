import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { cell, ofSeries } from '../parts/links.ts';
import { toNode, toPod, toWorkload } from '../parts/object-links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { topUse } from '../parts/use-panels.ts';
import { YES_NO } from '../parts/value-names.ts';
import { clusterVariable, namespaceVariable } from '../parts/variables.ts';

const matchers = 'cluster="$cluster", namespace=~"$namespace"';
/** The pods that the table shows: the hundred that use most CPU, and those that are not ready. */
const shown = `and on (namespace, pod)
  (topk(100, k8s_pod_cpu_core_used{${matchers}}) or topk(50, k8s_pod_status_ready{${matchers}} == 0))`;

/** The pods of some namespaces beside each other. */
export const pods: Board = {
  uid: 'pharos-pods',
  title: 'Pharos / Pods',
  description: 'Pods: which are not ready and why, which restart, and what they use.',
  variables: [clusterVariable(), namespaceVariable({ several: true })],
  links: [
    { title: 'Cluster', uid: 'pharos-cluster' },
    { title: 'Namespaces', uid: 'pharos-namespaces' },
    { title: 'Workloads', uid: 'pharos-workloads' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Running',
          description: 'Pods in the phase Running.',
          unit: UNIT.count,
          queries: [{ expr: `sum(kube_pod_status_phase{${matchers}, phase="Running"})` }],
        }),
        stat({
          title: 'Pending',
          description: 'Pods that have no node yet, or whose images are being fetched.',
          unit: UNIT.count,
          thresholds: { warn: 1, bad: 10 },
          queries: [{ expr: `sum(kube_pod_status_phase{${matchers}, phase="Pending"})` }],
        }),
        stat({
          title: 'Failed',
          description: 'Pods that have ended with an error and are still there.',
          unit: UNIT.count,
          thresholds: { warn: 1 },
          queries: [{ expr: `sum(kube_pod_status_phase{${matchers}, phase="Failed"})` }],
        }),
        stat({
          title: 'Not ready',
          description: 'Pods that have not ended and are not ready, starting ones among them.',
          unit: UNIT.count,
          thresholds: { warn: 1, bad: 10 },
          queries: [{ expr: `count(k8s_pod_status_ready{${matchers}} == 0) or vector(0)` }],
        }),
        stat({
          title: 'Crash loops',
          description: 'Containers that wait to be restarted after they failed.',
          unit: UNIT.count,
          thresholds: { bad: 1 },
          queries: [
            {
              expr: `count(kube_pod_container_status_waiting_reason{${matchers}, reason="CrashLoopBackOff"} == 1) or vector(0)`,
            },
          ],
        }),
        stat({
          title: 'Restarts in the time range',
          description: 'Restarts of containers in the time range shown.',
          unit: UNIT.count,
          decimals: 0,
          thresholds: { warn: 1, bad: 20 },
          queries: [{ expr: `sum(sum_over_time(k8s_namespace_pod_restart_total{${matchers}}[$__range]))` }],
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Pods by use',
          description:
            'The hundred that use most CPU, and 50 of those not ready. Shares are of the limits, else of the requests, else of the node.',
          sortBy: 'CPU used',
          labels: [
            { label: 'namespace', title: 'Namespace' },
            { label: 'pod', title: 'Pod', link: toPod(cell) },
            { label: 'workload_kind', title: 'Kind' },
            { label: 'workload_name', title: 'Workload', link: toWorkload(cell) },
            { label: 'node', title: 'Node', link: toNode(cell) },
          ],
          values: [
            { title: 'Ready', unit: UNIT.plain, names: YES_NO, expr: `k8s_pod_status_ready{${matchers}} ${shown}` },
            {
              title: 'Restarts in the time range',
              unit: UNIT.count,
              decimals: 0,
              thresholds: { warn: 1, bad: 5 },
              expr: `sum_over_time(k8s_pod_restart_total{${matchers}}[$__range]) ${shown}`,
            },
            {
              title: 'CPU used',
              unit: UNIT.cores,
              decimals: 3,
              expr: `k8s_pod_cpu_core_used{${matchers}} ${shown}`,
            },
            {
              title: 'CPU share',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 80, bad: 95 },
              expr: `k8s_pod_rate_cpu_core_used_resource{${matchers}} ${shown}`,
            },
            { title: 'Memory used', unit: UNIT.bytes, expr: `k8s_pod_mem_no_cache_bytes{${matchers}} ${shown}` },
            {
              title: 'Memory share',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 80, bad: 95 },
              expr: `k8s_pod_rate_mem_no_cache_resource{${matchers}} ${shown}`,
            },
          ],
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Pods that restart',
          description: 'The 25 with most restarts in the time range.',
          none: 'none',
          width: 12,
          height: 9,
          sortBy: 'Restarts',
          labels: [
            { label: 'namespace', title: 'Namespace' },
            { label: 'pod', title: 'Pod', link: toPod(cell) },
          ],
          values: [
            {
              title: 'Restarts',
              unit: UNIT.count,
              decimals: 0,
              thresholds: { warn: 1, bad: 5 },
              expr: `topk(25, sum_over_time(k8s_pod_restart_total{${matchers}}[$__range]) > 0)`,
            },
          ],
        }),
        table({
          title: 'Containers that wait',
          description: 'Up to 50 containers that do not run, and why: an image that cannot be fetched, a crash loop.',
          none: 'none',
          width: 12,
          height: 9,
          sortBy: 'Waits',
          labels: [
            { label: 'namespace', title: 'Namespace' },
            { label: 'pod', title: 'Pod', link: toPod(cell) },
            { label: 'container', title: 'Container' },
            { label: 'reason', title: 'Reason' },
          ],
          values: [
            {
              title: 'Waits',
              unit: UNIT.plain,
              names: { '1': { text: 'yes', color: 'orange' } },
              expr: `topk(50, kube_pod_container_status_waiting_reason{${matchers}} == 1)`,
            },
          ],
        }),
        ...topUse({ level: 'pod', matchers }, { legend: '{{namespace}}/{{pod}}', links: [toPod(ofSeries)] }),
      ],
    },
    {
      title: 'Phases over time',
      closed: true,
      panels: [
        graph({
          title: 'Phases',
          description: 'Pods by phase.',
          unit: UNIT.count,
          decimals: 0,
          width: 24,
          stacked: true,
          queries: [{ expr: `sum by (phase) (kube_pod_status_phase{${matchers}})`, legend: '{{phase}}' }],
        }),
      ],
    },
  ],
};
