import type { ChartSection } from '../../objects/chart-description.ts';
import { quoted, selector } from '../../objects/selector.ts';

/** The charts of a node: the catalogue's, and those of its cgroup and of node_exporter, whose `instance` is the node's name or address. */
export function nodeCharts(
  { cluster, node, ip }: { readonly cluster: string; readonly node: string; readonly ip: string },
  { hasGpu }: { readonly hasGpu: boolean },
): readonly ChartSection[] {
  const own = selector({ cluster, node });
  const of = (name: string, legend: string) => ({ query: `max(k8s_node_${name}${own})`, legend });
  const root = selector({ cluster, node, id: '/' });
  const rate = (name: string, legend: string) => ({
    query: `sum(rate(container_fs_${name}_total${root}[2m]))`,
    legend,
  });
  const named = `instance=~${quoted(
    `(${[node, ip]
      .filter((one) => one !== '')
      .map(escaped)
      .join('|')})(:[0-9]+)?`,
  )}`;
  const disk = selector({ cluster }, named, 'fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|vfat|nsfs"');
  const amount = (name: string, resource: string) =>
    `max(kube_node_status_${name}${selector({ cluster, node, resource })})`;
  const sections: ChartSection[] = [
    {
      title: 'CPU and memory',
      charts: [
        {
          title: 'CPU',
          unit: '%',
          lines: [
            of('cpu_usage', 'Used'),
            {
              query: `100 * max(k8s_node_cpu_core_request_total${own}) / ${amount('capacity', 'cpu')}`,
              legend: 'Request',
              isBound: true,
            },
          ],
        },
        {
          title: 'Memory',
          unit: '%',
          description: 'With page cache.',
          lines: [
            of('mem_usage', 'Used'),
            {
              query: `100 * max(k8s_node_memory_request_bytes_total${own}) / ${amount('capacity', 'memory')}`,
              legend: 'Request',
              isBound: true,
            },
          ],
        },
        {
          title: 'CPU by pod',
          unit: 'cores',
          lines: [{ query: `topk(8, k8s_pod_cpu_core_used${own})`, legend: '{{pod}}' }],
        },
        {
          title: 'Memory by pod',
          unit: 'bytes',
          lines: [{ query: `topk(8, k8s_pod_mem_no_cache_bytes${own})`, legend: '{{pod}}' }],
        },
      ],
    },
    {
      title: 'Network',
      charts: [
        {
          title: 'Traffic',
          unit: 'bytes/s',
          lines: [of('lan_intraffic', 'Received'), of('lan_outtraffic', 'Sent')],
        },
        {
          title: 'Traffic of public networks',
          unit: 'bytes/s',
          lines: [of('wan_intraffic', 'Received'), of('wan_outtraffic', 'Sent')],
        },
        { title: 'Open TCP connections', unit: '1', lines: [of('tcp_curr_estab', 'Open')] },
      ],
    },
    {
      title: 'File systems',
      charts: [
        {
          title: 'Full',
          unit: '%',
          lines: [
            {
              query: `100 * (1 - max by (mountpoint) (node_filesystem_avail_bytes${disk} / node_filesystem_size_bytes${disk}))`,
              legend: '{{mountpoint}}',
            },
          ],
        },
        {
          title: 'Bytes',
          unit: 'bytes/s',
          lines: [rate('reads_bytes', 'Read'), rate('writes_bytes', 'Written')],
        },
        { title: 'Operations', unit: 'operations/s', lines: [rate('reads', 'Reads'), rate('writes', 'Writes')] },
      ],
    },
    {
      title: 'Pods',
      charts: [
        {
          title: 'Pods',
          unit: '1',
          lines: [
            { query: `count(group by (namespace, pod) (kube_pod_info${own}))`, legend: 'There are' },
            { query: amount('allocatable', 'pods'), legend: 'Limit', isBound: true },
          ],
        },
        { title: 'Restarts', unit: '1', lines: [of('pod_restart_total', 'Restarts')] },
        { title: 'Ready', unit: '1', lines: [of('status_ready', 'Ready')] },
      ],
    },
  ];
  if (hasGpu)
    sections.push({
      title: 'GPU',
      charts: [
        { title: 'GPU', unit: '%', lines: [of('rate_gpu_used', 'Used')] },
        { title: 'GPU memory', unit: '%', lines: [of('rate_gpu_memory_used', 'Used')] },
      ],
    });
  return sections;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
