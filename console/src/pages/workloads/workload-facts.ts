import type { InstantSample } from '../../api/query-instant.ts';
import { selector } from '../../objects/selector.ts';

/** Names a workload; `kind` as Kubernetes writes it. */
export interface WorkloadName {
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}

/** What is known of a workload. Counts are of pods; what its kind does not have, or nobody told, is undefined. */
export interface WorkloadFacts {
  readonly desired: number | undefined;
  readonly ready: number | undefined;
  readonly unavailable: number | undefined;
  /** How many run the newest version. */
  readonly updated: number | undefined;
  readonly available: number | undefined;
  readonly abnormal: number | undefined;
  readonly hasGpu: boolean;
  /** Unix seconds. */
  readonly created: number | undefined;
  readonly conditions: readonly { readonly type: string; readonly status: 'true' | 'false' | 'unknown' }[];
  /** Other counts of its kind, such as a Job's `succeeded`. */
  readonly counts: readonly (readonly [string, number])[];
}

interface ReplicaMetrics {
  readonly desired?: string;
  readonly ready?: string;
  readonly unavailable?: string;
  readonly updated?: string;
  readonly available?: string;
}

/** Which metrics count the pods of workloads of a kind. */
export function replicaMetrics(kind: string): ReplicaMetrics {
  return REPLICAS[kind] ?? {};
}

const REPLICAS: Readonly<Record<string, ReplicaMetrics>> = {
  Deployment: {
    desired: 'kube_deployment_spec_replicas',
    ready: 'kube_deployment_status_replicas_ready',
    unavailable: 'kube_deployment_status_replicas_unavailable',
    updated: 'kube_deployment_status_replicas_updated',
    available: 'kube_deployment_status_replicas_available',
  },
  StatefulSet: {
    desired: 'kube_statefulset_replicas',
    ready: 'kube_statefulset_status_replicas_ready',
    updated: 'kube_statefulset_status_replicas_updated',
    available: 'kube_statefulset_status_replicas_available',
  },
  DaemonSet: {
    desired: 'kube_daemonset_status_desired_number_scheduled',
    ready: 'kube_daemonset_status_number_ready',
    unavailable: 'kube_daemonset_status_number_unavailable',
    updated: 'kube_daemonset_status_updated_number_scheduled',
    available: 'kube_daemonset_status_number_available',
  },
  ReplicaSet: { desired: 'kube_replicaset_spec_replicas', ready: 'kube_replicaset_status_ready_replicas' },
};

/** Counts that some kinds have besides. */
const COUNTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Job: {
    Completions: 'kube_job_spec_completions',
    Active: 'kube_job_status_active',
    Succeeded: 'kube_job_status_succeeded',
    Failed: 'kube_job_status_failed',
  },
  CronJob: { 'Active jobs': 'kube_cronjob_status_active' },
  DaemonSet: { Misscheduled: 'kube_daemonset_status_number_misscheduled' },
};

/** Selects a workload's series of the catalogue. */
export function workloadSelector({ cluster, namespace, kind, name }: WorkloadName, ...more: readonly string[]): string {
  return selector({ cluster, namespace, workload_kind: kind, workload_name: name }, ...more);
}

/** Selects a workload's series of kube-state-metrics. */
export function ofObject({ cluster, namespace, kind, name }: WorkloadName, ...more: readonly string[]): string {
  // `job` is a label of every series.
  const label = kind === 'Job' ? 'job_name' : kind.toLowerCase();
  return selector({ cluster, namespace, [label]: name }, ...more);
}

/** The metrics that `workloadFacts` reads of workloads of a kind, but for the catalogue's. */
export function workloadFactMetrics(kind: string): readonly string[] {
  const word = kind.toLowerCase();
  return [
    ...Object.values(replicaMetrics(kind)),
    ...Object.values(COUNTS[kind] ?? {}),
    `kube_${word}_created`,
    `kube_${word}_status_condition`,
  ];
}

/** The metrics of the catalogue that `workloadFacts` reads. */
export const WORKLOAD_CATALOGUE_METRICS: readonly string[] = ['k8s_workload_abnormal', 'k8s_workload_gpu_used'];

/** Reads the samples of `workloadFactMetrics` and WORKLOAD_CATALOGUE_METRICS; undefined when nothing is known of it. */
export function workloadFacts(kind: string, samples: readonly InstantSample[]): WorkloadFacts | undefined {
  if (samples.length === 0) return undefined;
  const word = kind.toLowerCase();
  const value = (name: string | undefined): number | undefined =>
    samples.find(({ labels }) => labels.__name__ === name)?.value;
  const { desired, ready, unavailable, updated, available } = replicaMetrics(kind);
  const wanted = value(desired);
  const isReady = value(ready);
  return {
    desired: wanted,
    ready: isReady,
    unavailable:
      value(unavailable) ?? (wanted === undefined || isReady === undefined ? undefined : Math.max(0, wanted - isReady)),
    updated: value(updated),
    available: value(available),
    abnormal: value('k8s_workload_abnormal'),
    hasGpu: value('k8s_workload_gpu_used') !== undefined,
    created: value(`kube_${word}_created`),
    conditions: samples.flatMap(({ labels, value: held }) =>
      labels.__name__ === `kube_${word}_status_condition` && held === 1
        ? [{ type: labels.condition ?? '', status: statusOf(labels.status) }]
        : [],
    ),
    counts: Object.entries(COUNTS[kind] ?? {}).flatMap(([title, metric]) => {
      const count = value(metric);
      return count === undefined ? [] : [[title, count] as const];
    }),
  };
}

function statusOf(text: string | undefined): 'true' | 'false' | 'unknown' {
  return text === 'true' || text === 'false' ? text : 'unknown';
}
