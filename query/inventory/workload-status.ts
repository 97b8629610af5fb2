import type { PodRow } from './pods.ts';

/** What a workload's status is made of. */
export interface WorkloadCondition {
  readonly kind: string;
  readonly ready: number | undefined;
  readonly desired: number | undefined;
  readonly updated: number | undefined;
  /** Its pods that are starting, and not for too long. */
  readonly starting: number;
  /** How many of its pods have which problem. */
  readonly problems: ReadonlyMap<string, number>;
  readonly rollout: Rollout;
  /** What a Job or CronJob is doing; undefined for other kinds. */
  readonly run: Run | undefined;
}

/** What the controller of a workload says of its rollout. */
export interface Rollout {
  /** Whether there is a version that the controller has not seen. */
  isUnseen: boolean;
  isPaused: boolean;
  /** Progress was to be made within a time that is over. */
  isOverdue: boolean;
  /** Pods cannot be made: a quota or an admission webhook is against it. */
  isRefused: boolean;
}

/** What a Job or CronJob is doing. */
export interface Run {
  active: number;
  failed: boolean;
  suspended: boolean;
}

export interface WorkloadStatus {
  readonly status: string;
  readonly abnormal: boolean;
  /** What is wrong, in parts separated by `; `; '' when nothing is. */
  readonly problem: string;
}

/** How a workload is, in a word, and what is wrong with it: the only place that decides it. */
export function workloadStatus(condition: WorkloadCondition): WorkloadStatus {
  const { ready = 0, desired = 0, updated, starting, problems, rollout, run } = condition;
  const told = [...problems].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word, n]) => ofPods(word, n));
  if (run !== undefined) return runStatus(condition, run, told);
  if (desired === 0 && problems.size === 0) return { status: 'Stopped', abnormal: false, problem: '' };
  if (rollout.isOverdue) told.push('its rollout is past its deadline');
  if (rollout.isRefused) told.push('pods cannot be created');
  const isRolling = rollout.isUnseen || (updated !== undefined && updated < desired && !rollout.isPaused);
  const missing = desired - ready;
  if (told.length === 0 && missing > 0 && starting === 0 && !isRolling)
    told.push(missing === 1 ? '1 pod is missing' : `${missing} pods are missing`);
  if (told.length > 0) {
    return { status: ready === 0 ? 'Unavailable' : 'Degraded', abnormal: true, problem: told.join('; ') };
  }
  const status = isRolling ? 'Rolling out' : missing > 0 ? 'Starting' : rollout.isPaused ? 'Paused' : 'Ready';
  return { status, abnormal: false, problem: '' };
}

/** What is wrong with a pod, in a word; '' when nothing is. */
export function podProblem({ status, abnormal, unschedulable }: PodRow): string {
  if (!abnormal) return '';
  if (unschedulable) return 'Unschedulable';
  return status === 'Running' ? 'NotReady' : status;
}

function runStatus({ kind, ready = 0, desired = 0 }: WorkloadCondition, run: Run, told: string[]): WorkloadStatus {
  if (run.suspended) return { status: 'Suspended', abnormal: false, problem: '' };
  const problem = told.join('; ');
  if (kind === 'CronJob')
    return { status: run.active > 0 ? 'Active' : 'Scheduled', abnormal: told.length > 0, problem };
  if (run.failed) return { status: 'Failed', abnormal: true, problem: problem || 'it has failed too often' };
  // What failed before it was done does not matter any more.
  if (ready >= Math.max(1, desired)) return { status: 'Complete', abnormal: false, problem: '' };
  return { status: 'Running', abnormal: told.length > 0, problem };
}

function ofPods(word: string, pods: number): string {
  return `${word} (${pods === 1 ? '1 pod' : `${pods} pods`})`;
}
