import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { cell, ofSeries } from '../parts/links.ts';
import { toNode, toPod } from '../parts/object-links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { timeline } from '../parts/timeline-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { type Declared, traffic, usedAndDeclared } from '../parts/use-panels.ts';
import { READY, YES_NO } from '../parts/value-names.ts';
import { clusterVariable, namespaceVariable, workloadKindVariable, workloadVariable } from '../parts/variables.ts';

const inNamespace = 'cluster="$cluster", namespace="$namespace"';
const matchers = `${inNamespace}, workload_kind="$kind", workload_name="$workload"`;
/** Keeps of series with a pod those of this workload. */
const itsPods = `and on (pod) k8s_pod_status_ready{${matchers}}`;
/** Keeps of series with a pod those of up to a hundred pods, the ones that are not ready first. */
const shown = `and on (pod) bottomk(100, k8s_pod_status_ready{${matchers}})`;
/** Of the kind that it has, one of these has a value. */
const replicas = (deployment: string, statefulSet: string, daemonSet: string): string =>
  `sum(kube_deployment_${deployment}{${inNamespace}, deployment="$workload"}) and on () k8s_workload_abnormal{${matchers}, workload_kind="Deployment"}
    or sum(kube_statefulset_${statefulSet}{${inNamespace}, statefulset="$workload"}) and on () k8s_workload_abnormal{${matchers}, workload_kind="StatefulSet"}
    or sum(kube_daemonset_status_${daemonSet}{${inNamespace}, daemonset="$workload"}) and on () k8s_workload_abnormal{${matchers}, workload_kind="DaemonSet"}`;
const declared: Declared = (what, resource) =>
  `sum(kube_pod_container_resource_${what}{${inNamespace}, resource="${resource}"} ${itsPods})`;

/** One workload: its replicas, what they use against what they request, and its pods. */
export const workload: Board = {
  uid: 'pharos-workload',
  title: 'Pharos / Workload',
  description: 'A workload: replicas, use against requests and limits, restarts, and its pods.',
  variables: [clusterVariable(), namespaceVariable(), workloadVariable(), workloadKindVariable()],
  links: [
    { title: 'Workloads', uid: 'pharos-workloads' },
    { title: 'Pods', uid: 'pharos-pods' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Pods',
          description: 'Its pods that have not ended.',
          unit: UNIT.count,
          queries: [{ expr: `count(k8s_pod_status_ready{${matchers}})` }],
        }),
        stat({
          title: 'Pods not well',
          description: 'Its pods that are not available, not ready or failed.',
          unit: UNIT.count,
          thresholds: { bad: 1 },
          queries: [{ expr: `k8s_workload_abnormal{${matchers}}` }],
        }),
        stat({
          title: 'Restarts in the time range',
          description: 'Restarts of its containers in the time range shown.',
          unit: UNIT.count,
          decimals: 0,
          thresholds: { warn: 1, bad: 5 },
          queries: [{ expr: `sum_over_time(k8s_workload_pod_restart_total{${matchers}}[$__range])` }],
        }),
        stat({
          title: 'CPU of what it can have',
          description: 'CPU in use, of the limits of its pods, else of their requests, else of their nodes.',
          unit: UNIT.percent,
          decimals: 1,
          thresholds: { warn: 80, bad: 95 },
          queries: [{ expr: `k8s_workload_rate_cpu_core_used_resource{${matchers}}` }],
        }),
        stat({
          title: 'Memory of what it can have',
          description:
            'Memory without page cache, of the limits of its pods, else of their requests, else of their nodes.',
          unit: UNIT.percent,
          decimals: 1,
          thresholds: { warn: 80, bad: 95 },
          queries: [{ expr: `k8s_workload_rate_mem_no_cache_bytes_resource{${matchers}}` }],
        }),
        stat({
          title: 'CPU of the cluster',
          description: 'CPU in use, of what the cluster can allocate.',
          unit: UNIT.percent,
          decimals: 2,
          queries: [{ expr: `k8s_workload_rate_cpu_core_used_cluster{${matchers}}` }],
        }),
      ],
    },
    {
      panels: [
        ...usedAndDeclared(
          { level: 'workload', matchers },
          {
            declared,
            cpu: 'CPU in use by its pods together, with the sum of their requests and limits.',
            memory: 'Memory in use by its pods together, with the sum of their requests and limits.',
          },
        ),
        graph({
          title: 'Replicas',
          description: 'Pods wanted, there and available. Of Jobs and pods of their own, those that have not ended.',
          unit: UNIT.count,
          decimals: 0,
          queries: [
            { expr: replicas('spec_replicas', 'replicas', 'desired_number_scheduled'), legend: 'wanted' },
            { expr: `count(k8s_pod_status_ready{${matchers}})`, legend: 'there' },
            {
              expr: replicas('status_replicas_available', 'status_replicas_available', 'number_available'),
              legend: 'available',
            },
          ],
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Its pods',
          description: 'Up to a hundred of its pods that have not ended, those that are not ready first.',
          height: 9,
          sortBy: 'CPU used',
          labels: [
            {
              label: 'pod',
              title: 'Pod',
              link: toPod((label) => (label === 'namespace' ? '$namespace' : cell(label))),
            },
            { label: 'node', title: 'Node', link: toNode(cell) },
          ],
          values: [
            {
              title: 'Ready',
              unit: UNIT.plain,
              names: YES_NO,
              expr: `bottomk(100, k8s_pod_status_ready{${matchers}})`,
            },
            {
              title: 'Restarts in the time range',
              unit: UNIT.count,
              decimals: 0,
              thresholds: { warn: 1, bad: 5 },
              expr: `sum_over_time(k8s_pod_restart_total{${matchers}}[$__range]) ${shown}`,
            },
            { title: 'CPU used', unit: UNIT.cores, decimals: 3, expr: `k8s_pod_cpu_core_used{${matchers}} ${shown}` },
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
      title: 'By pod',
      panels: [
        timeline({
          title: 'Readiness',
          description: 'Whether pods were ready: up to 20, at each point in time those that were not first.',
          unit: UNIT.plain,
          height: 8,
          names: READY,
          queries: [{ expr: `bottomk(20, k8s_pod_status_ready{${matchers}})`, legend: '{{pod}}' }],
        }),
        graph({
          title: 'CPU by pod',
          width: 12,
          listed: true,
          description: 'CPU in use. The ten highest at each point in time.',
          unit: UNIT.cores,
          queries: [{ expr: `topk(10, k8s_pod_cpu_core_used{${matchers}})`, legend: '{{pod}}' }],
          links: [toPod(ofSeries)],
        }),
        graph({
          title: 'Memory by pod',
          width: 12,
          listed: true,
          description: 'Memory in use without page cache. The ten highest at each point in time.',
          unit: UNIT.bytes,
          queries: [{ expr: `topk(10, k8s_pod_mem_no_cache_bytes{${matchers}})`, legend: '{{pod}}' }],
          links: [toPod(ofSeries)],
        }),
        graph({
          title: 'Restarts by pod',
          description: 'Restarts of containers. The ten highest at each point in time.',
          unit: UNIT.count,
          decimals: 0,
          width: 24,
          bars: true,
          listed: true,
          none: 'none restart',
          queries: [
            { expr: `topk(10, sum_over_time(k8s_pod_restart_total{${matchers}}[$__interval]) > 0)`, legend: '{{pod}}' },
          ],
          links: [toPod(ofSeries)],
        }),
      ],
    },
    { title: 'Traffic and disks', panels: traffic({ level: 'workload', matchers }) },
  ],
};
