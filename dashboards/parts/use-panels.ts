import { graph } from './graph-panel.ts';
import type { BoardLink } from './links.ts';
import type { Panel } from './panel.ts';
import { UNIT } from './unit.ts';

/** Objects of one level of the k8s_* catalogue. */
export interface Objects {
  /** As the catalogue's names have it: `k8s_pod_…`. */
  readonly level: 'cluster' | 'namespace' | 'workload' | 'pod';
  /** Matchers of the objects, without braces. */
  readonly matchers: string;
}

/** What the objects that use most use, one line for each: CPU, memory, traffic and file systems, the ten highest. */
export function topUse(
  objects: Objects,
  { legend, links }: { legend: string; links: readonly BoardLink[] },
): readonly Panel[] {
  const top = (title: string, metric: string, rest: Pick<Parameters<typeof graph>[0], 'description' | 'unit'>) =>
    graph({
      title,
      ...rest,
      description: `${rest.description} The ten highest at each point in time.`,
      queries: [{ expr: `topk(10, k8s_${objects.level}_${metric}{${objects.matchers}})`, legend }],
      links,
    });
  return [
    top('CPU used', 'cpu_core_used', { description: 'CPU in use.', unit: UNIT.cores }),
    top('Memory used', 'mem_no_cache_bytes', { description: 'Memory in use without page cache.', unit: UNIT.bytes }),
    top('Traffic received', 'network_receive_bytes_bw', {
      description: 'Bytes received per second.',
      unit: UNIT.bytesPerSecond,
    }),
    top('Traffic sent', 'network_transmit_bytes_bw', {
      description: 'Bytes sent per second.',
      unit: UNIT.bytesPerSecond,
    }),
    top('Read from disk', 'fs_read_bytes', {
      description: 'Bytes read per second from block devices.',
      unit: UNIT.bytesPerSecond,
    }),
    top('Written to disk', 'fs_write_bytes', {
      description: 'Bytes written per second to block devices.',
      unit: UNIT.bytesPerSecond,
    }),
  ];
}

/** Traffic and file systems of one object, or of the sum of several: both directions in each graph. */
export function traffic({ level, matchers }: Objects): readonly Panel[] {
  const sum = (metric: string) => `sum(k8s_${level}_${metric}{${matchers}})`;
  return [
    graph({
      title: 'Traffic',
      description: 'Bytes received and sent per second. Pods on the network of their node have none of their own.',
      unit: UNIT.bytesPerSecond,
      queries: [
        { expr: sum('network_receive_bytes_bw'), legend: 'received' },
        { expr: sum('network_transmit_bytes_bw'), legend: 'sent' },
      ],
    }),
    graph({
      title: 'Disk',
      description: 'Bytes read from and written to block devices per second.',
      unit: UNIT.bytesPerSecond,
      queries: [
        { expr: sum('fs_read_bytes'), legend: 'read' },
        { expr: sum('fs_write_bytes'), legend: 'written' },
      ],
    }),
    graph({
      title: 'Disk operations',
      description: 'Reads and writes of block devices per second.',
      unit: UNIT.operationsPerSecond,
      queries: [
        { expr: sum('fs_read_times'), legend: 'reads' },
        { expr: sum('fs_write_times'), legend: 'writes' },
      ],
    }),
  ];
}
