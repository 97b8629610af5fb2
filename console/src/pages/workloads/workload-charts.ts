import {
  type CatalogueObject,
  catalogueLine,
  fileSystemCharts,
  gpuCharts,
  networkCharts,
  useCharts,
} from '../../objects/catalogue-charts.ts';
import type { ChartDescription, ChartLine, ChartSection } from '../../objects/chart-description.ts';
import { selector } from '../../objects/selector.ts';
import { ofObject, replicaMetrics, type WorkloadName, workloadSelector } from './workload-facts.ts';

/** What the catalogue knows of a workload, its replicas, and its rollouts. */
export function workloadCharts(name: WorkloadName, has: { readonly gpu: boolean }): ChartSection[] {
  const { cluster, namespace, kind } = name;
  const workload: CatalogueObject = { level: 'workload', selector: workloadSelector(name) };
  // Requests are those of the pods that belong to it at the time.
  const bound = (metric: string, resource: string): string =>
    `sum(${metric}${selector({ cluster, namespace, resource })} and on (pod) k8s_pod_status_ready${workload.selector})`;
  return [
    { title: 'Replicas', charts: [...replicaCharts(name), ...(kind === 'Deployment' ? [replicaSetChart(name)] : [])] },
    {
      title: 'CPU and memory',
      charts: [
        ...useCharts(workload, bound),
        {
          title: 'CPU, of what it may have',
          unit: '%',
          description: 'Of the limits of its pods, else their requests, else their nodes.',
          lines: [
            catalogueLine(workload, 'rate_cpu_core_used_resource', 'Of its resources'),
            catalogueLine(workload, 'rate_cpu_core_used_cluster', 'Of the cluster'),
          ],
        },
        {
          title: 'Memory, of what it may have',
          unit: '%',
          description: 'Without page cache; of the limits of its pods, else their requests, else their nodes.',
          lines: [
            catalogueLine(workload, 'rate_mem_no_cache_bytes_resource', 'Of its resources'),
            catalogueLine(workload, 'rate_mem_no_cache_cluster', 'Of the cluster'),
          ],
        },
        {
          title: 'CPU, the ten busiest pods',
          unit: 'cores',
          lines: [{ legend: '{{pod}}', query: `topk(10, max by (pod) (k8s_pod_cpu_core_used${workload.selector}))` }],
        },
        {
          title: 'Memory, the ten largest pods',
          unit: 'bytes',
          lines: [
            { legend: '{{pod}}', query: `topk(10, max by (pod) (k8s_pod_mem_no_cache_bytes${workload.selector}))` },
          ],
        },
      ],
    },
    { title: 'Network', charts: networkCharts(workload) },
    { title: 'File system', charts: fileSystemCharts(workload) },
    ...(has.gpu ? [{ title: 'GPU', charts: gpuCharts(workload) }] : []),
  ];
}

function replicaCharts(name: WorkloadName): readonly ChartDescription[] {
  const { desired, updated, ready, available } = replicaMetrics(name.kind);
  const own = ofObject(name);
  const line = (legend: string, metric: string | undefined, isBound = false): readonly ChartLine[] =>
    metric === undefined ? [] : [{ legend, query: `max(${metric}${own})`, isBound }];
  const workload: CatalogueObject = { level: 'workload', selector: workloadSelector(name) };
  const replicas = [
    ...line('Desired', desired, true),
    ...line('Updated', updated),
    ...line('Ready', ready),
    ...line('Available', available),
  ];
  return [
    ...(replicas.length === 0
      ? []
      : [
          {
            title: 'Rollout',
            unit: '',
            description:
              'Updated are those of the newest version, available those that have been ready for long enough.',
            lines: replicas,
          },
        ]),
    {
      title: 'Abnormal and restarts',
      unit: '',
      description:
        'Abnormal are pods that are wanted and not available, of a Job those that failed; restarts are those in the two minutes before.',
      lines: [
        catalogueLine(workload, 'abnormal', 'Abnormal'),
        {
          legend: 'Restarts',
          query: `sum(sum_over_time(k8s_workload_pod_restart_total${workload.selector}[2m]))`,
        },
      ],
    },
  ];
}

function replicaSetChart({ cluster, namespace, name }: WorkloadName): ChartDescription {
  const owned = selector({ cluster, namespace, owner_kind: 'Deployment', owner_name: name });
  return {
    title: 'Pods by replica set',
    unit: '',
    description: 'Where one falls and another rises, a new version was rolled out.',
    lines: [
      {
        legend: '{{replicaset}}',
        query: `(max by (replicaset) (kube_replicaset_status_replicas${selector({ cluster, namespace })} and on (replicaset) kube_replicaset_owner${owned})) > 0`,
      },
    ],
  };
}
