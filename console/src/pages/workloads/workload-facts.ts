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
  readonly abnormal: number | undefined;
  /** Whether its controller has seen its newest version. */
  readonly isObserved: boolean;
  readonly isPaused: boolean;
  readonly isSuspended: boolean;
  readonly hasGpu: boolean;
  /** Unix seconds. */
  readonly created: number | undefined;
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
  /** Other counts of its kind, such as a Job's `succeeded`. */
  readonly counts: readonly (readonly [string, number])[];
}

/** How a workload is, in a word. */
export interface WorkloadStatus {
  readonly status:
    | 'Healthy'
    | 'Rolling out'
    | 'Degraded'
    | 'Paused'
    | 'Suspended'
    | 'Scaled to zero'
    | 'Complete'
    | 'Unknown';
  readonly tone: 'good' | 'busy' | 'warning' | 'bad' | 'unknown';
  readonly reasons: readonly string[];
}

interface ReplicaMetrics {
  readonly desired?: string;
  readonly ready?: string;
  readonly unavailable?: string;
  readonly updated?: string;
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
  },
  StatefulSet: {
    desired: 'kube_statefulset_replicas',
    ready: 'kube_statefulset_status_replicas_ready',
    updated: 'kube_statefulset_status_replicas_updated',
  },
  DaemonSet: {
    desired: 'kube_daemonset_status_desired_number_scheduled',
    ready: 'kube_daemonset_status_number_ready',
    unavailable: 'kube_daemonset_status_number_unavailable',
    updated: 'kube_daemonset_status_updated_number_scheduled',
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
    `kube_${word}_metadata_generation`,
    `kube_${word}_status_observed_generation`,
    `kube_${word}_status_condition`,
    `kube_${word}_spec_paused`,
    `kube_${word}_spec_suspend`,
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
  const { desired, ready, unavailable, updated } = replicaMetrics(kind);
  const generation = value(`kube_${word}_metadata_generation`);
  const observed = value(`kube_${word}_status_observed_generation`);
  const wanted = value(desired);
  const isReady = value(ready);
  return {
    desired: wanted,
    ready: isReady,
    unavailable:
      value(unavailable) ?? (wanted === undefined || isReady === undefined ? undefined : Math.max(0, wanted - isReady)),
    updated: value(updated),
    abnormal: value('k8s_workload_abnormal'),
    isObserved: generation === undefined || observed === undefined || observed >= generation,
    isPaused: value(`kube_${word}_spec_paused`) === 1,
    isSuspended: value(`kube_${word}_spec_suspend`) === 1,
    hasGpu: value('k8s_workload_gpu_used') !== undefined,
    created: value(`kube_${word}_created`),
    conditions: samples.flatMap(({ labels, value: held }) =>
      labels.__name__ === `kube_${word}_status_condition` && held === 1
        ? [{ type: labels.condition ?? '', status: labels.status ?? '' }]
        : [],
    ),
    counts: Object.entries(COUNTS[kind] ?? {}).flatMap(([title, metric]) => {
      const count = value(metric);
      return count === undefined ? [] : [[title, count] as const];
    }),
  };
}

/** Says of a workload how it is and why. */
export function workloadStatus(kind: string, facts: WorkloadFacts): WorkloadStatus {
  const { desired, ready, unavailable = 0, updated, abnormal = 0 } = facts;
  if (facts.isSuspended) return { status: 'Suspended', tone: 'unknown', reasons: [] };
  const count = (title: string): number => facts.counts.find(([name]) => name === title)?.[1] ?? 0;
  if (kind === 'Job') {
    if (count('Failed') > 0 || abnormal > 0)
      return { status: 'Degraded', tone: 'bad', reasons: [`${plural(Math.max(count('Failed'), abnormal))} failed.`] };
    if (count('Active') === 0 && count('Succeeded') > 0) return { status: 'Complete', tone: 'unknown', reasons: [] };
    return { status: 'Healthy', tone: 'good', reasons: [] };
  }
  if (facts.isPaused)
    return { status: 'Paused', tone: 'unknown', reasons: ['Its rollout is paused: changes of its template wait.'] };
  if (desired === 0 && (ready ?? 0) === 0)
    return { status: 'Scaled to zero', tone: 'unknown', reasons: ['It is to have no pods.'] };
  const isRolling = !facts.isObserved || (desired !== undefined && updated !== undefined && updated < desired);
  const stuck = facts.conditions.some(({ type, status }) => type === 'Progressing' && status === 'false');
  if (stuck)
    return {
      status: 'Degraded',
      tone: 'bad',
      reasons: ['Its rollout makes no progress: the deadline for it is over.', ...missing(unavailable, desired)],
    };
  if (isRolling) {
    const reason =
      updated === undefined || desired === undefined
        ? 'A new version is about to be rolled out.'
        : `${updated} of ${desired} pods run the new version.`;
    return { status: 'Rolling out', tone: 'busy', reasons: [reason, ...missing(unavailable, desired)] };
  }
  if (unavailable > 0 || abnormal > 0)
    return { status: 'Degraded', tone: 'bad', reasons: missing(Math.max(unavailable, abnormal), desired) };
  return desired === undefined && facts.abnormal === undefined
    ? { status: 'Unknown', tone: 'unknown', reasons: [] }
    : { status: 'Healthy', tone: 'good', reasons: [] };
}

function missing(unavailable: number, desired: number | undefined): readonly string[] {
  if (unavailable === 0) return [];
  return [
    `${plural(unavailable)}${desired === undefined ? '' : ` of ${desired}`} ${unavailable === 1 ? 'is' : 'are'} not available.`,
  ];
}

function plural(pods: number): string {
  return pods === 1 ? '1 pod' : `${pods} pods`;
}
