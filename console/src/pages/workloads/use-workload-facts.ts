import { getJson } from '../../api/get-json.ts';
import { queryInstant } from '../../api/query-instant.ts';
import { type Loaded, useData } from '../../api/use-data.ts';
import { useTimeRange } from '../../app/time-range.ts';
import { clusterScope, useTimeScope } from '../../objects/inventory-scope.ts';
import { named, selector } from '../../objects/selector.ts';
import {
  ofObject,
  WORKLOAD_CATALOGUE_METRICS,
  type WorkloadFacts,
  type WorkloadName,
  workloadFactMetrics,
  workloadFacts,
  workloadSelector,
} from './workload-facts.ts';

/** What the page of a workload shows of it at one time. */
export interface KnownWorkload {
  readonly facts: WorkloadFacts;
  /** How it is, as lists have it; undefined when the inventory does not know it. */
  readonly state: WorkloadState | undefined;
  /** The names of its pods. */
  readonly pods: readonly string[];
  /** The names of its replica sets that have pods. */
  readonly replicaSets: readonly string[];
}

/** A row of the inventory, as far as it says how a workload is. */
interface WorkloadState {
  readonly status: string;
  readonly abnormal: boolean;
  readonly problem: string;
}

/** What is known of a workload at the end of the shared time range, so now, or as it was; null when nothing is. */
export function useWorkloadFacts(name: WorkloadName): Loaded<KnownWorkload | null> {
  const [range] = useTimeRange();
  const time = range.isLive ? undefined : range.end;
  const scope = useTimeScope();
  return useData(
    JSON.stringify([name, time]),
    async (signal) => {
      const ask = (query: string) => queryInstant(query, { time, signal });
      const { cluster, namespace, kind } = name;
      const owned = selector({ cluster, namespace, owner_kind: 'Deployment', owner_name: name.name });
      const row = new URLSearchParams({ ...clusterScope(cluster), namespace, kind, workload: name.name, ...scope });
      const [{ items }, own, catalogued, pods, replicaSets] = await Promise.all([
        getJson<{ readonly items: readonly WorkloadState[] }>(`/api/v1/inventory/workloads?${row}`, { signal }),
        ask(ofObject(name, named(workloadFactMetrics(kind)))),
        ask(workloadSelector(name, named(WORKLOAD_CATALOGUE_METRICS))),
        ask(`k8s_pod_status_ready${workloadSelector(name)}`),
        kind === 'Deployment'
          ? ask(
              `kube_replicaset_spec_replicas${selector({ cluster, namespace })} > 0 and on (replicaset) kube_replicaset_owner${owned}`,
            )
          : [],
      ]);
      const facts = workloadFacts(kind, [...own, ...catalogued]);
      if (facts === undefined && pods.length === 0) return null;
      return {
        facts: facts ?? workloadFacts(kind, pods)!,
        state: items[0],
        pods: pods.map(({ labels }) => labels.pod ?? ''),
        replicaSets: replicaSets.map(({ labels }) => labels.replicaset ?? ''),
      };
    },
    range.isLive,
  );
}
