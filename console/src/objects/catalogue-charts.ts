import type { ChartDescription, ChartLine } from './chart-description.ts';

/** The series of one object in the catalogue: its level, and the matchers that select it, in braces. */
export interface CatalogueObject {
  readonly level: 'cluster' | 'workload' | 'pod' | 'container';
  readonly selector: string;
}

/**
 * The newest metric of an object at each time, under a level's name: `max(k8s_pod_cpu_core_used{pod="web-0"})`. A pod that moved to
 * another node, or a container that was started anew, is two series; `max` makes one line of them.
 */
export function catalogueLine({ level, selector }: CatalogueObject, metric: string, legend: string): ChartLine {
  return { legend, query: `max(k8s_${level}_${metric}${selector})` };
}

/** Traffic. Containers have packets alone, and those only where they are alone in their pod. */
export function networkCharts(object: CatalogueObject): readonly ChartDescription[] {
  const packets: ChartDescription = {
    title: 'Packets',
    unit: 'packets/s',
    lines: [
      catalogueLine(object, 'network_receive_packets', 'Received'),
      catalogueLine(object, 'network_transmit_packets', 'Sent'),
    ],
  };
  if (object.level === 'container') return [packets];
  return [
    {
      title: 'Traffic',
      unit: 'bytes/s',
      lines: [
        catalogueLine(object, 'network_receive_bytes_bw', 'Received'),
        catalogueLine(object, 'network_transmit_bytes_bw', 'Sent'),
      ],
    },
    packets,
  ];
}

/** What is read from and written to block devices. */
export function fileSystemCharts(object: CatalogueObject): readonly ChartDescription[] {
  return [
    {
      title: 'File system',
      unit: 'bytes/s',
      lines: [catalogueLine(object, 'fs_read_bytes', 'Read'), catalogueLine(object, 'fs_write_bytes', 'Written')],
    },
    {
      title: 'File system operations',
      unit: 'operations/s',
      lines: [catalogueLine(object, 'fs_read_times', 'Reads'), catalogueLine(object, 'fs_write_times', 'Writes')],
    },
  ];
}

/** Work and memory of GPUs, of those that have any. */
export function gpuCharts(object: CatalogueObject): readonly ChartDescription[] {
  const requests = object.level === 'pod';
  return [
    {
      title: 'GPU',
      unit: '1/100 GPU',
      description: '100 is a whole card.',
      lines: [
        catalogueLine(object, 'gpu_used', 'Used'),
        ...(requests ? [{ ...catalogueLine(object, 'gpu_request', 'Request'), isBound: true }] : []),
      ],
    },
    {
      title: 'GPU memory',
      unit: 'bytes',
      lines: [
        catalogueLine(object, 'gpu_memory_used_bytes', 'Used'),
        ...(requests ? [{ ...catalogueLine(object, 'gpu_memory_request_bytes', 'Request'), isBound: true }] : []),
      ],
    },
  ];
}

/** CPU and memory in percent of what was requested, of limits and of the node; a line without such a divisor is absent. */
export function ratioCharts(object: CatalogueObject): readonly ChartDescription[] {
  const of = (metric: string): readonly ChartLine[] => [
    catalogueLine(object, `${metric}_request`, 'Of request'),
    catalogueLine(object, `${metric}_limit`, 'Of limit'),
    catalogueLine(object, `${metric}_node`, 'Of node'),
  ];
  return [
    { title: 'CPU, of what it may have', unit: '%', lines: of('rate_cpu_core_used') },
    {
      title: 'Memory, of what it may have',
      unit: '%',
      description: 'Without page cache.',
      lines: of('rate_mem_no_cache'),
    },
  ];
}

/** CPU and memory in use, beside requests and limits: `bound` makes the sum of a metric of containers for a resource. */
export function useCharts(
  object: CatalogueObject,
  bound: (metric: string, resource: 'cpu' | 'memory') => string,
): readonly ChartDescription[] {
  const bounds = (resource: 'cpu' | 'memory'): readonly ChartLine[] => [
    { legend: 'Request', query: bound('kube_pod_container_resource_requests', resource), isBound: true },
    { legend: 'Limit', query: bound('kube_pod_container_resource_limits', resource), isBound: true },
  ];
  return [
    { title: 'CPU', unit: 'cores', lines: [catalogueLine(object, 'cpu_core_used', 'Used'), ...bounds('cpu')] },
    {
      title: 'Memory',
      unit: 'bytes',
      lines: [
        catalogueLine(object, 'mem_no_cache_bytes', 'Used'),
        catalogueLine(object, 'mem_usage_bytes', 'With page cache'),
        ...bounds('memory'),
      ],
    },
  ];
}
