import type { InstantSample } from '../../api/query-instant.ts';
import { podPath, workloadPath } from '../../app/object-paths.ts';
import { formatValue, type Unit } from '../../charts/format-value.ts';
import { selector } from '../../objects/selector.ts';

/** What can be used much of, and of whom it is asked. */
export const RESOURCES = {
  cpu: { title: 'CPU', metric: 'cpu_core_used', unit: 'cores' },
  memory: { title: 'Memory', metric: 'mem_no_cache_bytes', unit: 'bytes' },
  limit: { title: 'Memory of limit', metric: 'rate_mem_no_cache_limit', unit: '%' },
  traffic: { title: 'Traffic', metric: 'network_transmit_bytes_bw', unit: 'bytes/s' },
} as const satisfies Readonly<Record<string, { title: string; metric: string; unit: Unit }>>;

export type Resource = keyof typeof RESOURCES;

/** One that uses much. */
export interface Consumer {
  readonly name: string;
  readonly place: string;
  readonly path: string;
  readonly value: number;
}

/** How much it is, with its unit; cores, of which some use many and others few, are all told in whole ones. */
export function consumption(value: number, unit: Unit): string {
  if (unit !== 'cores') return formatValue(value, unit);
  return `${value < 0.1 ? Number(value.toPrecision(2)) : value.toFixed(2)} cores`;
}

/** The pods that use the most of something. */
export function consumersQuery(resource: Resource, cluster: string | undefined, count: number): string {
  return `topk(${count}, k8s_pod_${RESOURCES[resource].metric}${selector({ cluster })})`;
}

/** The workloads that use the most; of what is a share of each pod's limit there is no sum, so the fullest pod counts. */
export function workloadsQuery(resource: Resource, cluster: string | undefined, count: number): string {
  const by = 'by (cluster, namespace, workload_kind, workload_name)';
  const aggregated = resource === 'limit' ? 'max' : 'sum';
  return `topk(${count}, ${aggregated} ${by} (k8s_pod_${RESOURCES[resource].metric}${selector({ cluster }, 'workload_name!=""')}))`;
}

/** Answers of one of these queries, the largest first. */
export function consumers(samples: readonly InstantSample[]): readonly Consumer[] {
  return samples
    .map(({ labels, value }) => {
      const { cluster = '', namespace = '', pod, workload_kind: kind = '', workload_name: workload = '' } = labels;
      const name = pod ?? workload;
      const object = { cluster, namespace, name };
      const path = pod === undefined ? workloadPath(kind, object) : podPath(object);
      return {
        name,
        place: [cluster, namespace, pod === undefined ? kind : ''].filter((part) => part !== '').join(' / '),
        path,
        value,
      };
    })
    .toSorted((a, b) => b.value - a.value);
}
