import type { Job } from '../objects.ts';
import { ALPHA_OPT_IN, type Emit, type Family, gauge } from './family.ts';
import { createdFamily, labelFamilies, ownerFamily } from './metadata-families.ts';
import { emitNumber, emitStatus, emitTime, numberOf } from './object-values.ts';
import { namespaced } from './state-resource.ts';

const FAILURES = ['BackoffLimitExceeded', 'DeadlineExceeded', 'Evicted'];

function ofCondition(type: string): Family<Job>['generate'] {
  return ({ status }, emit) => {
    for (const condition of status.conditions ?? []) {
      if (condition.type === type) emitStatus(emit, condition, { label: 'condition' });
    }
  };
}

/** Without failed pods one series of 0; else whether the job failed for a known reason, or the pods when it is unknown. */
function emitFailed({ status }: Job, emit: Emit): void {
  const failed = status.failed ?? 0;
  const conditions = (status.conditions ?? []).filter(({ type }) => type === 'Failed');
  if (failed > 0) {
    for (const { reason } of conditions) {
      for (const each of FAILURES) emit(numberOf(reason === each), 'reason', each);
    }
  }
  if (!conditions.some(({ reason = '' }) => FAILURES.includes(reason)) || failed === 0) emit(failed);
}

export const JOBS = namespaced('jobs', 'job_name', [
  gauge('kube_job_info', 'That there is a job.', (_, emit) => emit(1)),
  createdFamily('kube_job', {}),
  ownerFamily('kube_job'),
  gauge('kube_job_spec_parallelism', 'How many pods of a job may run at a time.', ({ spec }, emit) =>
    emitNumber(emit, spec.parallelism),
  ),
  gauge('kube_job_spec_completions', 'How many pods of a job are to succeed.', ({ spec }, emit) =>
    emitNumber(emit, spec.completions),
  ),
  gauge('kube_job_spec_active_deadline_seconds', 'How long a job may take, in seconds.', ({ spec }, emit) =>
    emitNumber(emit, spec.activeDeadlineSeconds),
  ),
  gauge('kube_job_status_active', 'How many pods of a job run.', ({ status }, emit) => emit(status.active ?? 0)),
  gauge(
    'kube_job_status_ready',
    'How many pods of a job are ready.',
    ({ status }, emit) => emit(status.ready ?? 0),
    ALPHA_OPT_IN,
  ),
  gauge('kube_job_status_succeeded', 'How many pods of a job succeeded.', ({ status }, emit) =>
    emit(status.succeeded ?? 0),
  ),
  gauge('kube_job_status_failed', 'How many pods of a job failed, or why the job did.', emitFailed),
  gauge('kube_job_status_start_time', 'When a job started, as Unix time.', ({ status }, emit) =>
    emitTime(emit, status.startTime),
  ),
  gauge('kube_job_status_completion_time', 'When a job was complete, as Unix time.', ({ status }, emit) =>
    emitTime(emit, status.completionTime),
  ),
  gauge('kube_job_complete', 'Whether a job is complete.', ofCondition('Complete')),
  gauge('kube_job_failed', 'Whether a job has failed.', ofCondition('Failed')),
  gauge(
    'kube_job_status_suspended',
    'Whether a job is suspended.',
    ({ status }, emit) => {
      const condition = status.conditions?.find(({ type }) => type === 'Suspended');
      if (condition !== undefined) emit(numberOf(condition.status === 'True'));
    },
    ALPHA_OPT_IN,
  ),
  ...labelFamilies('kube_job'),
]);
