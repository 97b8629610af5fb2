import type { CronJob } from '../objects.ts';
import { CronSchedule } from './cron-schedule.ts';
import { ALPHA, ALPHA_OPT_IN, type Emit, gauge } from './family.ts';
import { createdFamily, labelFamilies, resourceVersionFamily } from './metadata-families.ts';
import { emitNumber, emitTime, numberOf } from './object-values.ts';
import { namespaced } from './state-resource.ts';

/** After the last time, or after its creation; nothing while it is suspended or when its schedule cannot be read. */
function emitNextTime({ metadata, spec, status }: CronJob, emit: Emit): void {
  if (spec.suspend === true) return;
  const after = Date.parse(status.lastScheduleTime ?? metadata.creationTimestamp);
  if (Number.isNaN(after)) return;
  const next = new CronSchedule(spec.schedule, spec.timeZone).next(after);
  if (next !== undefined) emit(next / 1000);
}

export const CRON_JOBS = namespaced('cronjobs', 'cronjob', [
  gauge('kube_cronjob_info', 'When a cron job is due and what it does when it still runs.', ({ spec }, emit) =>
    emit(
      1,
      'schedule',
      spec.schedule ?? '',
      'concurrency_policy',
      spec.concurrencyPolicy ?? '',
      'timezone',
      spec.timeZone ?? 'local',
    ),
  ),
  createdFamily('kube_cronjob', {}),
  resourceVersionFamily('kube_cronjob', { optIn: true }),
  gauge('kube_cronjob_spec_suspend', 'Whether a cron job is suspended.', ({ spec }, emit) =>
    emit(numberOf(spec.suspend)),
  ),
  gauge(
    'kube_cronjob_spec_starting_deadline_seconds',
    'How late a job of a cron job may start, in seconds.',
    ({ spec }, emit) => emitNumber(emit, spec.startingDeadlineSeconds),
  ),
  gauge(
    'kube_cronjob_spec_successful_job_history_limit',
    'How many jobs of a cron job that succeeded are kept.',
    ({ spec }, emit) => emitNumber(emit, spec.successfulJobsHistoryLimit),
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_cronjob_spec_failed_job_history_limit',
    'How many jobs of a cron job that failed are kept.',
    ({ spec }, emit) => emitNumber(emit, spec.failedJobsHistoryLimit),
    ALPHA_OPT_IN,
  ),
  gauge('kube_cronjob_status_active', 'How many jobs of a cron job run.', ({ status }, emit) =>
    emit(status.active?.length ?? 0),
  ),
  gauge('kube_cronjob_status_last_schedule_time', 'When a cron job was due last, as Unix time.', ({ status }, emit) =>
    emitTime(emit, status.lastScheduleTime),
  ),
  gauge(
    'kube_cronjob_status_last_successful_time',
    'When a job of a cron job succeeded last, as Unix time.',
    ({ status }, emit) => emitTime(emit, status.lastSuccessfulTime),
    ALPHA,
  ),
  gauge('kube_cronjob_next_schedule_time', 'When a cron job is due next, as Unix time.', emitNextTime),
  ...labelFamilies('kube_cronjob'),
]);
