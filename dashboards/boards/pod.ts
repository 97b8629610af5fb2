import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { cell, ofSeries } from '../parts/links.ts';
import { toContainer, toNode, toWorkload } from '../parts/object-links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { timeline } from '../parts/timeline-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { type Declared, traffic, usedAndDeclared } from '../parts/use-panels.ts';
import { READY, YES_NO } from '../parts/value-names.ts';
import { clusterVariable, namespaceVariable, podVariable } from '../parts/variables.ts';

const matchers = 'cluster="$cluster", namespace="$namespace", pod="$pod"';
const declared: Declared = (what, resource) =>
  `sum(kube_pod_container_resource_${what}{${matchers}, resource="${resource}"})`;

/** One pod: how it is, what it uses against what it requests, and its containers. */
export const pod: Board = {
  uid: 'pharos-pod',
  title: 'Pharos / Pod',
  description: 'A pod: readiness, restarts, use against requests and limits, and its containers.',
  variables: [clusterVariable(), namespaceVariable(), podVariable()],
  links: [
    { title: 'Workloads', uid: 'pharos-workloads' },
    { title: 'Pods', uid: 'pharos-pods' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Ready',
          description: 'Whether it can be sent requests.',
          unit: UNIT.plain,
          names: YES_NO,
          queries: [{ expr: `k8s_pod_status_ready{${matchers}}` }],
        }),
        stat({
          title: 'Workload',
          description: 'What it belongs to; a click leads there.',
          unit: UNIT.plain,
          nameOnly: true,
          queries: [{ expr: `k8s_pod_status_ready{${matchers}}`, legend: '{{workload_kind}} {{workload_name}}' }],
          links: [toWorkload(ofSeries)],
        }),
        stat({
          title: 'Node',
          description: 'Where it runs; a click leads there.',
          unit: UNIT.plain,
          nameOnly: true,
          queries: [{ expr: `k8s_pod_status_ready{${matchers}}`, legend: '{{node}}' }],
          links: [toNode(ofSeries)],
        }),
        stat({
          title: 'Age',
          description: 'Since it was made.',
          unit: UNIT.seconds,
          queries: [{ expr: `time() - kube_pod_created{${matchers}}` }],
        }),
        stat({
          title: 'Restarts in all',
          description: 'Restarts of its containers since it was made.',
          unit: UNIT.count,
          thresholds: { warn: 1, bad: 10 },
          queries: [{ expr: `sum(kube_pod_container_status_restarts_total{${matchers}})` }],
        }),
        stat({
          title: 'Memory of what it can have',
          description:
            'Memory without page cache, of its limit, else its request, else the node. At its limit it is killed.',
          unit: UNIT.percent,
          decimals: 1,
          thresholds: { warn: 80, bad: 95 },
          queries: [{ expr: `k8s_pod_rate_mem_no_cache_resource{${matchers}}` }],
        }),
      ],
    },
    {
      panels: [
        ...usedAndDeclared(
          { level: 'pod', matchers },
          {
            declared,
            cpu: 'CPU in use, with what is requested and the limit where every container has one.',
            memory: 'Memory in use, with what is requested and the limit.',
          },
        ),
        graph({
          title: 'Throttled',
          description: 'The share of periods in which a container had used up its CPU limit and was stopped.',
          unit: UNIT.percent,
          max: 100,
          thresholds: { warn: 25, bad: 50 },
          queries: [
            {
              expr: `100 * sum by (container) (rate(container_cpu_cfs_throttled_periods_total{${matchers}, container!=""}[$__rate_interval]))
                / sum by (container) (rate(container_cpu_cfs_periods_total{${matchers}, container!=""}[$__rate_interval]))`,
              legend: '{{container}}',
            },
          ],
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Its containers',
          description: 'Shares are of the limits; a container without one has none.',
          height: 6,
          sortBy: 'CPU used',
          labels: [{ label: 'container', title: 'Container', link: toContainer(cell) }],
          values: [
            { title: 'Ready', unit: UNIT.plain, names: YES_NO, expr: `kube_pod_container_status_ready{${matchers}}` },
            {
              title: 'Restarts',
              unit: UNIT.count,
              thresholds: { warn: 1, bad: 10 },
              expr: `kube_pod_container_status_restarts_total{${matchers}}`,
            },
            { title: 'CPU used', unit: UNIT.cores, decimals: 3, expr: `k8s_container_cpu_core_used{${matchers}}` },
            {
              title: 'CPU of the limit',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 80, bad: 95 },
              expr: `k8s_container_rate_cpu_core_used_limit{${matchers}}`,
            },
            { title: 'Memory used', unit: UNIT.bytes, expr: `k8s_container_mem_no_cache_bytes{${matchers}}` },
            {
              title: 'Memory of the limit',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 80, bad: 95 },
              expr: `k8s_container_rate_mem_no_cache_limit{${matchers}}`,
            },
          ],
        }),
        timeline({
          title: 'Readiness',
          description: 'Whether the pod and each of its containers were ready.',
          unit: UNIT.plain,
          names: READY,
          queries: [
            { expr: `k8s_pod_status_ready{${matchers}}`, legend: 'pod' },
            { expr: `kube_pod_container_status_ready{${matchers}}`, legend: '{{container}}' },
          ],
        }),
      ],
    },
    {
      title: 'By container',
      panels: [
        graph({
          title: 'CPU by container',
          description: 'CPU in use.',
          unit: UNIT.cores,
          stacked: true,
          queries: [{ expr: `k8s_container_cpu_core_used{${matchers}}`, legend: '{{container}}' }],
          links: [toContainer(ofSeries)],
        }),
        graph({
          title: 'Memory by container',
          description: 'Memory in use without page cache.',
          unit: UNIT.bytes,
          stacked: true,
          queries: [{ expr: `k8s_container_mem_no_cache_bytes{${matchers}}`, legend: '{{container}}' }],
          links: [toContainer(ofSeries)],
        }),
        graph({
          title: 'Restarts by container',
          description: 'Restarts since the pod was made.',
          unit: UNIT.count,
          decimals: 0,
          queries: [{ expr: `kube_pod_container_status_restarts_total{${matchers}}`, legend: '{{container}}' }],
          links: [toContainer(ofSeries)],
        }),
      ],
    },
    { title: 'Traffic and disks', panels: traffic({ level: 'pod', matchers }) },
  ],
};
