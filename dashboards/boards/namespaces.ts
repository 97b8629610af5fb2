import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { cell, ofSeries } from '../parts/links.ts';
import { toWorkloads } from '../parts/object-links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { namespaceTotals, topUse } from '../parts/use-panels.ts';
import { clusterVariable, namespaceVariable } from '../parts/variables.ts';

const matchers = 'cluster="$cluster", namespace=~"$namespace"';
const hard = `kube_resourcequota{${matchers}, type="hard"}`;
const used = `kube_resourcequota{${matchers}, type="used"}`;
/** What pods that have not ended request. */
const requested = (resource: string): string =>
  `sum by (namespace) (kube_pod_container_resource_requests{${matchers}, resource="${resource}"}
    and on (namespace, pod) k8s_pod_status_ready{${matchers}})`;

/** The namespaces of a cluster beside each other. */
export const namespaces: Board = {
  uid: 'pharos-namespaces',
  title: 'Pharos / Namespaces',
  description: 'The namespaces of a cluster: what they use, what they request, their quotas, what is not well in them.',
  variables: [clusterVariable(), namespaceVariable({ several: true })],
  links: [
    { title: 'Cluster', uid: 'pharos-cluster' },
    { title: 'Workloads', uid: 'pharos-workloads' },
    { title: 'Pods', uid: 'pharos-pods' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Namespaces',
          description: 'Namespaces chosen above.',
          unit: UNIT.count,
          queries: [{ expr: `count(kube_namespace_created{${matchers}})` }],
        }),
        stat({
          title: 'Pods',
          description: 'Pods that have not ended.',
          unit: UNIT.count,
          queries: [{ expr: `count(k8s_pod_status_ready{${matchers}})` }],
        }),
        stat({
          title: 'Pods not well',
          description: 'Pods of workloads that are not available, not ready or failed.',
          unit: UNIT.count,
          thresholds: { warn: 1, bad: 10 },
          queries: [{ expr: `sum(k8s_namespace_abnormal{${matchers}})` }],
        }),
        ...namespaceTotals(matchers),
      ],
    },
    {
      panels: [
        table({
          title: 'Namespaces by use',
          description: 'Shares are of what the cluster can allocate; requests are those of pods that have not ended.',
          height: 11,
          sortBy: 'CPU used',
          labels: [{ label: 'namespace', title: 'Namespace', link: toWorkloads(cell) }],
          values: [
            {
              title: 'Pods',
              unit: UNIT.count,
              expr: `count by (namespace) (k8s_pod_status_ready{${matchers}})`,
            },
            {
              title: 'Not well',
              unit: UNIT.count,
              thresholds: { warn: 1, bad: 5 },
              expr: `k8s_namespace_abnormal{${matchers}}`,
            },
            { title: 'CPU used', unit: UNIT.cores, decimals: 2, expr: `k8s_namespace_cpu_core_used{${matchers}}` },
            {
              title: 'CPU share',
              unit: UNIT.percent,
              decimals: 1,
              expr: `k8s_namespace_rate_cpu_core_used_cluster{${matchers}}`,
            },
            {
              title: 'CPU requested',
              unit: UNIT.cores,
              decimals: 2,
              expr: requested('cpu'),
            },
            { title: 'Memory used', unit: UNIT.bytes, expr: `k8s_namespace_mem_no_cache_bytes{${matchers}}` },
            {
              title: 'Memory share',
              unit: UNIT.percent,
              decimals: 1,
              expr: `k8s_namespace_rate_mem_no_cache_cluster{${matchers}}`,
            },
            {
              title: 'Memory requested',
              unit: UNIT.bytes,
              expr: requested('memory'),
            },
          ],
        }),
      ],
    },
    { panels: topUse({ level: 'namespace', matchers }, { legend: '{{namespace}}', links: [toWorkloads(ofSeries)] }) },
    {
      title: 'Quotas and restarts',
      panels: [
        table({
          title: 'Quotas nearly used up',
          description: 'The 50 quotas with the largest share used: at 100 % the API server refuses more.',
          width: 12,
          height: 10,
          sortBy: 'Used',
          labels: [
            { label: 'namespace', title: 'Namespace', link: toWorkloads(cell) },
            { label: 'resourcequota', title: 'Quota' },
            { label: 'resource', title: 'Resource' },
          ],
          values: [
            {
              title: 'Used',
              unit: UNIT.percent,
              decimals: 1,
              thresholds: { warn: 80, bad: 95 },
              expr: `topk(50, 100 * ${used} / ignoring (type) (${hard} > 0))`,
            },
          ],
        }),
        graph({
          title: 'Restarts',
          description: 'Restarts of containers. The ten highest at each point in time.',
          unit: UNIT.count,
          decimals: 0,
          width: 12,
          height: 10,
          bars: true,
          listed: true,
          none: 'none restart',
          queries: [
            {
              expr: `topk(10, sum_over_time(k8s_namespace_pod_restart_total{${matchers}}[$__interval]) > 0)`,
              legend: '{{namespace}}',
            },
          ],
          links: [toWorkloads(ofSeries)],
        }),
      ],
    },
  ],
};
