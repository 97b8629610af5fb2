import { graph } from './graph-panel.ts';
import type { BoardLink } from './links.ts';
import type { Panel } from './panel.ts';
import { stat } from './stat-panel.ts';
import { UNIT } from './unit.ts';

/** Objects of one level of the k8s_* catalogue. */
export interface Objects {
  /** As the catalogue's names have it: `k8s_pod_…`. */
  readonly level: 'cluster' | 'namespace' | 'workload' | 'pod';
  /** Matchers of the objects, without braces. */
  readonly matchers: string;
}

/** What is declared of a resource: an expression for the sum of requests, or of limits. */
export type Declared = (what: 'requests' | 'limits', resource: 'cpu' | 'memory') => string;

/** CPU and memory of one object, each in a graph with what is requested and the limit. */
export function usedAndDeclared(
  { level, matchers }: { readonly level: 'workload' | 'pod' | 'container'; readonly matchers: string },
  { declared, cpu, memory }: { readonly declared: Declared; readonly cpu: string; readonly memory: string },
): readonly Panel[] {
  const both = (resource: 'cpu' | 'memory') => [
    { expr: declared('requests', resource), legend: 'requested' },
    { expr: declared('limits', resource), legend: 'limit' },
  ];
  return [
    graph({
      title: 'CPU',
      description: cpu,
      unit: UNIT.cores,
      queries: [{ expr: `k8s_${level}_cpu_core_used{${matchers}}`, legend: 'used' }, ...both('cpu')],
    }),
    graph({
      title: 'Memory',
      description: memory,
      unit: UNIT.bytes,
      queries: [
        { expr: `k8s_${level}_mem_no_cache_bytes{${matchers}}`, legend: 'used' },
        { expr: `k8s_${level}_mem_usage_bytes{${matchers}}`, legend: 'used, with page cache' },
        ...both('memory'),
      ],
    }),
  ];
}

/** Restarts and use of the namespaces chosen together, one figure each. */
export function namespaceTotals(matchers: string): readonly Panel[] {
  return [
    stat({
      title: 'Restarts in the time range',
      description: 'Restarts of containers in the time range shown.',
      unit: UNIT.count,
      decimals: 0,
      thresholds: { warn: 1, bad: 20 },
      queries: [{ expr: `sum(sum_over_time(k8s_namespace_pod_restart_total{${matchers}}[$__range]))` }],
    }),
    stat({
      title: 'CPU used in all',
      description: 'CPU in use by the namespaces chosen.',
      unit: UNIT.cores,
      decimals: 1,
      queries: [{ expr: `sum(k8s_namespace_cpu_core_used{${matchers}})` }],
    }),
    stat({
      title: 'Memory used in all',
      description: 'Memory in use without page cache by the namespaces chosen.',
      unit: UNIT.bytes,
      queries: [{ expr: `sum(k8s_namespace_mem_no_cache_bytes{${matchers}})` }],
    }),
  ];
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
      width: 12,
      listed: true,
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
