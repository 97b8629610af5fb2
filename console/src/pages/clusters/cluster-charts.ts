import {
  type CatalogueObject,
  catalogueLine,
  fileSystemCharts,
  gpuCharts,
  networkCharts,
} from '../../objects/catalogue-charts.ts';
import type { ChartDescription, ChartLine, ChartSection } from '../../objects/chart-description.ts';
import { named, selector } from '../../objects/selector.ts';
import type { ControlPlanePart } from './cluster-facts.ts';
import { controlPlaneCharts } from './control-plane-charts.ts';

/** What of a cluster there is to be drawn. */
export interface ClusterParts {
  readonly gpu: boolean;
  readonly virtualNodes: boolean;
  readonly scraped: ReadonlySet<ControlPlanePart>;
}

/** Every metric that the catalogue has of a cluster, its namespaces that have most of each, and its control plane. */
export function clusterCharts(cluster: string, has: ClusterParts): readonly ChartSection[] {
  const own = selector({ cluster });
  const object: CatalogueObject = { level: 'cluster', selector: own };
  const line = (metric: string, legend: string): ChartLine => catalogueLine(object, metric, legend);
  const bound = (metric: string, legend: string): ChartLine => ({ ...line(metric, legend), isBound: true });
  const part = (share: string, whole: string): ChartLine => ({
    legend: 'Request',
    query: `max(k8s_cluster_${share}${own}) / 100 * max(k8s_cluster_${whole}${own})`,
    isBound: true,
  });
  const byNamespace = (title: string, unit: string, metric: string, description?: string): ChartDescription => ({
    title,
    unit,
    ...(description !== undefined && { description }),
    lines: [{ legend: '{{namespace}}', query: `topk(10, max by (namespace) (k8s_namespace_${metric}${own}))` }],
  });
  const traffic = selector(
    { cluster },
    named(['receive', 'transmit'].map((way) => `k8s_namespace_network_${way}_bytes_bw`)),
  );
  const sections: ChartSection[] = [
    {
      title: 'CPU and memory',
      charts: [
        {
          title: 'CPU',
          unit: 'cores',
          description: 'Of pods on nodes that are not of the control plane.',
          lines: [line('cpu_core_used', 'Used'), part('rate_cpu_core_request_cluster', 'cpu_core_total')],
        },
        {
          title: 'CPU, of what pods can have',
          unit: '%',
          lines: [line('rate_cpu_core_used_cluster', 'Used'), bound('rate_cpu_core_request_cluster', 'Request')],
        },
        byNamespace('CPU, the ten busiest namespaces', 'cores', 'cpu_core_used'),
        {
          title: 'Memory',
          unit: 'bytes',
          description: 'Of pods on nodes that are not of the control plane.',
          lines: [
            line('mem_no_cache_bytes', 'Used'),
            line('mem_usage_bytes', 'With page cache'),
            part('rate_mem_request_bytes_cluster', 'memory_total'),
          ],
        },
        {
          title: 'Memory, of what pods can have',
          unit: '%',
          lines: [
            line('rate_mem_no_cache_bytes_cluster', 'Used'),
            line('rate_mem_usage_bytes_cluster', 'With page cache'),
            bound('rate_mem_request_bytes_cluster', 'Request'),
          ],
        },
        byNamespace('Memory, the ten largest namespaces', 'bytes', 'mem_no_cache_bytes', 'Without page cache.'),
      ],
    },
    {
      title: 'Nodes and pods',
      charts: [
        {
          title: 'Nodes',
          unit: '',
          description: 'Those of the control plane too.',
          lines: [{ legend: 'Ready', query: `sum(k8s_node_status_ready${own})` }, bound('node_total', 'There are')],
        },
        {
          title: 'Pods',
          unit: '',
          description: 'On nodes, not ended, and how many the nodes can take.',
          lines: [line('pods_used_total', 'There are'), bound('allocatable_pods_total', 'Limit')],
        },
        {
          title: 'Abnormal, by namespace',
          unit: '',
          description: 'Pods that are wanted and not available, and those of Jobs that failed.',
          lines: [
            {
              legend: '{{namespace}}',
              query: `topk(10, max by (namespace) (k8s_namespace_abnormal${own}) > 0)`,
            },
          ],
        },
        {
          title: 'Restarts, by namespace',
          unit: '',
          description: 'Restarts of containers in the two minutes before.',
          lines: [
            {
              legend: '{{namespace}}',
              query: `topk(10, sum by (namespace) (sum_over_time(k8s_namespace_pod_restart_total${own}[2m])) > 0)`,
            },
          ],
        },
        { title: 'CPU that pods can have', unit: 'cores', lines: [line('cpu_core_total', 'There are')] },
        { title: 'Memory that pods can have', unit: 'bytes', lines: [line('memory_total', 'There is')] },
      ],
    },
    {
      title: 'Network',
      charts: [
        ...networkCharts(object),
        {
          title: 'Bytes since the sample before',
          unit: 'bytes',
          lines: [line('network_receive_bytes', 'Received'), line('network_transmit_bytes', 'Sent')],
        },
        {
          title: 'Traffic, the ten busiest namespaces',
          unit: 'bytes/s',
          description: 'Received and sent together.',
          lines: [{ legend: '{{namespace}}', query: `topk(10, sum by (namespace) (${traffic}))` }],
        },
      ],
    },
    {
      title: 'File system',
      charts: [
        ...fileSystemCharts(object),
        byNamespace('Read, the ten busiest namespaces', 'bytes/s', 'fs_read_bytes'),
        byNamespace('Written, the ten busiest namespaces', 'bytes/s', 'fs_write_bytes'),
      ],
    },
  ];
  if (has.gpu) sections.push({ title: 'GPU', charts: gpuSection(object) });
  if (has.virtualNodes)
    sections.push({
      title: 'Virtual nodes',
      charts: [
        { title: 'CPU on virtual nodes', unit: 'cores', lines: [line('eks_cpu_core_used', 'Used')] },
        {
          title: 'Memory on virtual nodes',
          unit: 'bytes',
          lines: [line('eks_mem_no_cache_bytes', 'Used'), line('eks_mem_usage_bytes', 'With page cache')],
        },
      ],
    });
  return [...sections, ...controlPlaneCharts(cluster, has.scraped)];
}

function gpuSection(object: CatalogueObject): readonly ChartDescription[] {
  const line = (metric: string, legend: string): ChartLine => catalogueLine(object, metric, legend);
  const totals: Readonly<Record<string, ChartLine>> = {
    GPU: { ...line('gpu_total', 'There are'), isBound: true },
    'GPU memory': { ...line('gpu_memory_total_bytes', 'There is'), isBound: true },
  };
  return [
    ...gpuCharts(object).map((chart) => ({ ...chart, lines: [...chart.lines, ...[totals[chart.title] ?? []].flat()] })),
    {
      title: 'GPU, of what pods can have',
      unit: '%',
      lines: [line('rate_gpu_used_cluster', 'Used'), { ...line('rate_gpu_request_cluster', 'Request'), isBound: true }],
    },
    {
      title: 'GPU memory, of what pods can have',
      unit: '%',
      lines: [
        line('rate_gpu_memory_used_cluster', 'Used'),
        { ...line('rate_gpu_memory_request_cluster', 'Request'), isBound: true },
      ],
    },
  ];
}
