import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { type BoardLink, cell, ofSeries } from '../parts/links.ts';
import { toWorkload } from '../parts/object-links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { namespaceTotals, topUse } from '../parts/use-panels.ts';
import { clusterVariable, namespaceVariable } from '../parts/variables.ts';

const matchers = 'cluster="$cluster", namespace=~"$namespace"';
/** The workloads that the table shows: the hundred that use most CPU, and those that are not well. */
const shown = `and on (namespace, workload_kind, workload_name)
  (topk(100, k8s_workload_cpu_core_used{${matchers}}) or topk(50, k8s_workload_abnormal{${matchers}} > 0))`;

/** Deployments in a rollout: pods are missing of the current version, or there are some of an older one. */
const rollouts = `(kube_deployment_status_replicas_updated{${matchers}} < kube_deployment_spec_replicas{${matchers}}
  or kube_deployment_status_replicas{${matchers}} > kube_deployment_status_replicas_updated{${matchers}})`;
const inRollout = (metric: string): string =>
  `kube_deployment_${metric}{${matchers}} and on (namespace, deployment) topk(50, ${rollouts})`;
const toDeployment: BoardLink = {
  title: 'Workload',
  uid: 'pharos-workload',
  variables: {
    cluster: '$cluster',
    namespace: cell('namespace'),
    workload: cell('deployment'),
    kind: 'Deployment',
  },
};

/** The workloads of some namespaces beside each other. */
export const workloads: Board = {
  uid: 'pharos-workloads',
  title: 'Pharos / Workloads',
  description: 'Deployments, StatefulSets, DaemonSets, Jobs and the rest: which are not well, and what they use.',
  variables: [clusterVariable(), namespaceVariable({ several: true })],
  links: [
    { title: 'Cluster', uid: 'pharos-cluster' },
    { title: 'Namespaces', uid: 'pharos-namespaces' },
    { title: 'Pods', uid: 'pharos-pods' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Workloads',
          description: 'Workloads of the namespaces chosen above.',
          unit: UNIT.count,
          queries: [{ expr: `count(k8s_workload_pod_restart_total{${matchers}})` }],
        }),
        stat({
          title: 'Abnormal',
          description: 'Workloads that have pods which are not available, not ready or failed.',
          unit: UNIT.count,
          thresholds: { warn: 1, bad: 10 },
          queries: [{ expr: `count(k8s_workload_abnormal{${matchers}} > 0) or vector(0)` }],
        }),
        ...namespaceTotals(matchers),
        stat({
          title: 'Rollouts not complete',
          description: 'Deployments whose pods are not all of the current version yet.',
          unit: UNIT.count,
          thresholds: { warn: 1 },
          queries: [{ expr: `count(${rollouts}) or vector(0)` }],
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Workloads by use',
          description:
            'The hundred that use most CPU, and those not well. Shares are of the limits of their pods, else of their requests, else of their nodes.',
          sortBy: 'CPU used',
          labels: [
            { label: 'namespace', title: 'Namespace' },
            { label: 'workload_kind', title: 'Kind' },
            { label: 'workload_name', title: 'Workload', link: toWorkload(cell) },
          ],
          values: [
            {
              title: 'Pods not well',
              unit: UNIT.count,
              thresholds: { warn: 1, bad: 5 },
              expr: `k8s_workload_abnormal{${matchers}} ${shown}`,
            },
            {
              title: 'Restarts in the time range',
              unit: UNIT.count,
              decimals: 0,
              thresholds: { warn: 1, bad: 5 },
              expr: `sum_over_time(k8s_workload_pod_restart_total{${matchers}}[$__range]) ${shown}`,
            },
            {
              title: 'CPU used',
              unit: UNIT.cores,
              decimals: 3,
              expr: `k8s_workload_cpu_core_used{${matchers}} ${shown}`,
            },
            {
              title: 'CPU share',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 80, bad: 95 },
              expr: `k8s_workload_rate_cpu_core_used_resource{${matchers}} ${shown}`,
            },
            {
              title: 'Memory used',
              unit: UNIT.bytes,
              expr: `k8s_workload_mem_no_cache_bytes{${matchers}} ${shown}`,
            },
            {
              title: 'Memory share',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 80, bad: 95 },
              expr: `k8s_workload_rate_mem_no_cache_bytes_resource{${matchers}} ${shown}`,
            },
          ],
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'Pods not well',
          description: 'Pods that are not available, not ready or failed. The ten highest at each point in time.',
          unit: UNIT.count,
          decimals: 0,
          width: 12,
          listed: true,
          none: 'all are well',
          queries: [
            {
              expr: `topk(10, k8s_workload_abnormal{${matchers}} > 0)`,
              legend: '{{namespace}}/{{workload_name}}',
            },
          ],
          links: [toWorkload(ofSeries)],
        }),
        graph({
          title: 'Restarts',
          description: 'Restarts of containers. The ten highest at each point in time.',
          unit: UNIT.count,
          decimals: 0,
          width: 12,
          bars: true,
          listed: true,
          none: 'none restart',
          queries: [
            {
              expr: `topk(10, sum_over_time(k8s_workload_pod_restart_total{${matchers}}[$__interval]) > 0)`,
              legend: '{{namespace}}/{{workload_name}}',
            },
          ],
          links: [toWorkload(ofSeries)],
        }),
        table({
          title: 'Rollouts',
          description: 'Up to 50 Deployments whose pods are not all of the current version yet. One that stays hangs.',
          none: 'none are in a rollout',
          height: 6,
          sortBy: 'Not available',
          labels: [
            { label: 'namespace', title: 'Namespace' },
            { label: 'deployment', title: 'Deployment', link: toDeployment },
          ],
          values: [
            { title: 'Pods wanted', unit: UNIT.count, expr: inRollout('spec_replicas') },
            { title: 'There', unit: UNIT.count, expr: inRollout('status_replicas') },
            { title: 'Of the current version', unit: UNIT.count, expr: inRollout('status_replicas_updated') },
            {
              title: 'Not available',
              unit: UNIT.count,
              thresholds: { warn: 1 },
              expr: inRollout('status_replicas_unavailable'),
            },
          ],
        }),
        ...topUse(
          { level: 'workload', matchers },
          { legend: '{{namespace}}/{{workload_name}}', links: [toWorkload(ofSeries)] },
        ),
      ],
    },
  ],
};
