import type { Labels } from '../../storage/labels.ts';
import type { Owners } from './owners.ts';
import type { PodRow } from './pods.ts';
import { ageAt, type Part, type Reading, read } from './reading.ts';
import { type Draft, type NumberColumn, RowIndex } from './row-index.ts';
import { podProblem, type Rollout, type Run, workloadStatus } from './workload-status.ts';

/** A workload of the list. What is not known, or does not apply, is undefined. */
export interface WorkloadRow {
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  /**
   * Ready, Starting, Rolling out, Paused, Stopped (none are wanted), Degraded (something is wrong) or Unavailable (and none is ready); of a Job
   * Running, Complete, Failed or Suspended; of a CronJob Active, Scheduled or Suspended.
   */
  readonly status: string;
  readonly abnormal: boolean;
  /** What is wrong, such as `ImagePullBackOff (2 pods)`, in parts separated by `; `; '' when nothing is. */
  readonly problem: string;
  /** Pods of it that are ready, and how many are wanted; of a Job those that succeeded, and have to. */
  readonly ready: number | undefined;
  readonly desired: number | undefined;
  readonly updated: number | undefined;
  readonly available: number | undefined;
  /** Pods that there are. */
  readonly pods: number;
  /** Pods of it that are abnormal. */
  readonly podsAbnormal: number;
  /** Restarts of the pods that there are. */
  readonly restarts: number;
  /** Seconds since it was made. */
  readonly age: number | undefined;
  /** Cores. */
  readonly cpu: number | undefined;
  /** Of the pods' limits, else requests, else nodes. */
  readonly cpuOfResource: number | undefined;
  /** Bytes, without page cache. */
  readonly memory: number | undefined;
  readonly memoryOfResource: number | undefined;
  /** Bytes a second. */
  readonly networkReceive: number | undefined;
  readonly networkTransmit: number | undefined;
}

export interface WorkloadSources {
  readonly pods: readonly PodRow[];
  readonly owners: Owners;
}

/** What kube-state-metrics says of a kind: the metric that all of them have, and the columns' metrics after `kube_<kind>_`. */
interface Kind {
  readonly kind: string;
  readonly label: string;
  readonly made: string;
  readonly columns: Readonly<Partial<Record<NumberColumn<WorkloadRow>, string>>>;
}

const KINDS: readonly Kind[] = [
  {
    kind: 'Deployment',
    label: 'deployment',
    made: 'spec_replicas',
    columns: {
      ready: 'status_replicas_ready',
      updated: 'status_replicas_updated',
      available: 'status_replicas_available',
      desired: 'spec_replicas',
    },
  },
  {
    kind: 'StatefulSet',
    label: 'statefulset',
    made: 'replicas',
    columns: {
      ready: 'status_replicas_ready',
      updated: 'status_replicas_updated',
      available: 'status_replicas_available',
      desired: 'replicas',
    },
  },
  {
    kind: 'DaemonSet',
    label: 'daemonset',
    made: 'status_desired_number_scheduled',
    columns: {
      ready: 'status_number_ready',
      updated: 'status_updated_number_scheduled',
      available: 'status_number_available',
      desired: 'status_desired_number_scheduled',
    },
  },
  {
    kind: 'Job',
    label: 'job_name',
    made: 'info',
    columns: { ready: 'status_succeeded', desired: 'spec_completions' },
  },
  { kind: 'CronJob', label: 'cronjob', made: 'info', columns: {} },
];

/** What is said of a workload beside its row. */
interface Told {
  readonly rollout: Rollout;
  readonly run: Run | undefined;
  readonly problems: Map<string, number>;
  starting: number;
  /** Of its newest version, and of the newest that its controller has seen. */
  generation: number;
  observed: number;
}

/**
 * Every workload, by cluster, namespace, kind and name: what pods belong to by the catalogue, so neither the ReplicaSets of
 * Deployments nor the Jobs of CronJobs, and every pod that belongs to nothing.
 */
export async function readWorkloads(reading: Reading, { pods, owners }: WorkloadSources): Promise<WorkloadRow[]> {
  const index = new RowIndex<WorkloadRow>(['cluster', 'namespace', 'workload_kind', 'workload_name']);
  const told = new Map<Draft<WorkloadRow>, Told>();
  await read(
    reading,
    KINDS.flatMap((kind) => partsOf(kind, { index, told, owners, reading })),
  );
  const alone = new Set<Draft<WorkloadRow>>();
  for (const pod of pods) {
    const { cluster, namespace, workloadKind: kind, workload: name } = pod;
    let row = index.at(cluster, namespace, kind, name);
    if (row === undefined) {
      row = started({ cluster, namespace, kind, name });
      index.set([cluster, namespace, kind, name], row);
      told.set(row, toldOf(kind));
      alone.add(row);
    }
    if (alone.has(row)) addAlone(row, pod);
    row.pods++;
    row.restarts += pod.restarts;
    count(told.get(row)!, pod);
    if (pod.abnormal) row.podsAbnormal++;
  }
  await read(reading, [
    index.column('cpu', 'k8s_workload_cpu_core_used'),
    index.column('cpuOfResource', 'k8s_workload_rate_cpu_core_used_resource'),
    index.column('memory', 'k8s_workload_mem_no_cache_bytes'),
    index.column('memoryOfResource', 'k8s_workload_rate_mem_no_cache_bytes_resource'),
    index.column('networkReceive', 'k8s_workload_network_receive_bytes_bw'),
    index.column('networkTransmit', 'k8s_workload_network_transmit_bytes_bw'),
  ]);
  for (const row of index.values()) {
    Object.assign(row, workloadStatus({ ...row, ...finished(told.get(row)!) }));
  }
  return index.sorted();
}

interface Building {
  readonly index: RowIndex<WorkloadRow>;
  readonly told: Map<Draft<WorkloadRow>, Told>;
  readonly owners: Owners;
  readonly reading: Reading;
}

function partsOf({ kind, label, made, columns }: Kind, { index, told, owners, reading }: Building): Part[] {
  const prefix = `kube_${kind.toLowerCase()}_`;
  const find = (labels: Labels) => index.at(labels.get('cluster'), labels.get('namespace'), kind, labels.get(label));
  const into = (expr: string, put: (row: Draft<WorkloadRow>, value: number) => void): Part => ({
    expr: prefix + expr,
    take: (labels, value) => {
      const row = find(labels);
      if (row !== undefined) put(row, value);
    },
  });
  const parts: Part[] = [
    {
      expr: prefix + made,
      take: (labels) => {
        const [cluster, namespace, name] = [labels.get('cluster'), labels.get('namespace'), labels.get(label)];
        if (find(labels) !== undefined || owners.ownerOf(cluster, namespace, { kind, name }) !== undefined) return;
        const row = started({ cluster, namespace, kind, name });
        index.set([cluster, namespace, kind, name], row);
        told.set(row, toldOf(kind));
      },
    },
    into('created', (row, value) => (row.age = ageAt(reading, value))),
  ];
  for (const [column, metric] of Object.entries(columns)) {
    parts.push(into(metric, (row, value) => (row[column as NumberColumn<WorkloadRow>] = value)));
  }
  const say = (expr: string, put: (one: Told, value: number) => void): Part =>
    into(expr, (row, value) => put(told.get(row)!, value));
  if (kind === 'Job') {
    parts.push(
      say('failed{condition="true"} == 1', ({ run }) => (run!.failed = true)),
      say('status_suspended == 1', ({ run }) => (run!.suspended = true)),
    );
  } else if (kind === 'CronJob') {
    parts.push(
      say('status_active', ({ run }, value) => (run!.active = value)),
      say('spec_suspend == 1', ({ run }) => (run!.suspended = true)),
    );
  } else {
    parts.push(
      say('metadata_generation', (one, value) => (one.generation = value)),
      say('status_observed_generation', (one, value) => (one.observed = value)),
    );
  }
  if (kind === 'Deployment') {
    const holds = (condition: string, status: string): string =>
      `status_condition{condition="${condition}",status="${status}"} == 1`;
    parts.push(
      say('spec_paused == 1', ({ rollout }) => (rollout.isPaused = true)),
      say(holds('Progressing', 'false'), ({ rollout }) => (rollout.isOverdue = true)),
      say(holds('ReplicaFailure', 'true'), ({ rollout }) => (rollout.isRefused = true)),
    );
  }
  return parts;
}

function toldOf(kind: string): Told {
  return {
    rollout: { isUnseen: false, isPaused: false, isOverdue: false, isRefused: false },
    run: kind.endsWith('Job') ? { active: 0, failed: false, suspended: false } : undefined,
    problems: new Map(),
    starting: 0,
    generation: Number.NaN,
    observed: Number.NaN,
  };
}

function count(told: Told, pod: PodRow): void {
  const problem = podProblem(pod);
  if (problem !== '') told.problems.set(problem, (told.problems.get(problem) ?? 0) + 1);
  else if (
    /^(Pending|Running)$/.test(pod.phase) &&
    pod.containersReady < pod.containers &&
    pod.status !== 'Terminating'
  )
    told.starting++;
}

/** Without both generations nothing is unseen. */
function finished({ generation, observed, ...told }: Told): Pick<Told, 'run' | 'problems' | 'starting' | 'rollout'> {
  return { ...told, rollout: { ...told.rollout, isUnseen: observed < generation } };
}

/** A workload of which only the pods are known: a bare pod, one of a node, or one of a kind that is not looked at. */
function addAlone(row: Draft<WorkloadRow>, { phase, age, containersReady, containers }: PodRow): void {
  row.age = Math.max(row.age ?? 0, age ?? 0);
  if (phase === 'Succeeded') return;
  row.desired = (row.desired ?? 0) + 1;
  row.ready = (row.ready ?? 0) + (containersReady === containers ? 1 : 0);
}

function started(names: Pick<WorkloadRow, 'cluster' | 'namespace' | 'kind' | 'name'>): Draft<WorkloadRow> {
  return {
    ...names,
    status: '',
    abnormal: false,
    problem: '',
    ready: undefined,
    desired: undefined,
    updated: undefined,
    available: undefined,
    pods: 0,
    podsAbnormal: 0,
    restarts: 0,
    age: undefined,
    cpu: undefined,
    cpuOfResource: undefined,
    memory: undefined,
    memoryOfResource: undefined,
    networkReceive: undefined,
    networkTransmit: undefined,
  };
}
