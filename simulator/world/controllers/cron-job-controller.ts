import { rfc3339 } from '../../object-store.ts';
import { type CronJob, type Job, keyOf } from '../objects.ts';
import { type ControllerContext, ownerReference } from './controller-context.ts';
import { CronSchedule } from './cron-schedule.ts';
import { isEnd } from './job-controller.ts';
import { controllerKeyOf } from './owners.ts';
import { WorkQueue } from './work-queue.ts';

const RESOURCE = 'cronjobs.batch';
const JOBS = 'jobs.batch';

/** Makes Jobs at the times that a CronJob names, and takes away old ones. */
export class CronJobController {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, { delay: 250, reconcile: (key) => this.#reconcile(key) });
    context.onChange(RESOURCE, (object, { gone }) => {
      if (!gone) this.#queue.add(keyOf(object));
    });
    context.onChange(JOBS, (job) => {
      const owner = controllerKeyOf(job, 'CronJob');
      if (owner !== undefined) this.#queue.add(owner);
    });
  }

  #reconcile(key: string): void {
    const { index, clock, events } = this.#context;
    const cron = index.byKey<CronJob>(RESOURCE, key);
    if (cron === undefined || cron.metadata.deletionTimestamp !== undefined) return;
    let schedule: CronSchedule;
    try {
      schedule = new CronSchedule(cron.spec.schedule);
    } catch (error) {
      events.record(cron, {
        type: 'Warning',
        reason: 'UnparseableSchedule',
        message: (error as Error).message,
        component: 'cronjob-controller',
      });
      return;
    }
    const jobs = index.owned(cron.metadata.uid!, JOBS) as readonly Job[];
    const active = jobs.filter((job) => !isOver(job));
    const now = clock.now();
    const last = cron.status?.lastScheduleTime;
    // Times that passed before the cluster was there are not made up for.
    const since =
      last === undefined ? Math.max(Date.parse(cron.metadata.creationTimestamp!), now - 61_000) : Date.parse(last);
    let due = cron.spec.suspend === true ? undefined : schedule.next(since);
    let latest: number | undefined;
    for (; due !== undefined && due <= now; due = schedule.next(due)) latest = due;
    let scheduled: string | undefined = last;
    const references = active.map(({ metadata }) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
    }));
    if (latest !== undefined && !(cron.spec.concurrencyPolicy === 'Forbid' && active.length > 0)) {
      if (cron.spec.concurrencyPolicy === 'Replace') for (const job of active) this.#remove(job);
      const job = this.#create(cron, latest);
      scheduled = rfc3339(latest);
      if (job !== undefined)
        references.push({
          apiVersion: 'batch/v1',
          kind: 'Job',
          name: job.metadata.name,
          namespace: job.metadata.namespace,
          uid: job.metadata.uid,
        });
    }
    if (due !== undefined) this.#queue.add(key, due - now + 50);
    this.#trim(cron, jobs);
    const successes = jobs
      .map((job) => job.status?.completionTime)
      .filter((time) => time !== undefined)
      .sort();
    this.#context.setStatus(RESOURCE, cron, {
      ...(references.length > 0 && { active: references }),
      ...(scheduled !== undefined && { lastScheduleTime: scheduled }),
      ...(successes.length > 0 && { lastSuccessfulTime: successes.at(-1) }),
    });
  }

  #create(cron: CronJob, time: number): Job | undefined {
    const { store, events } = this.#context;
    const { spec, metadata } = cron.spec.jobTemplate;
    const name = `${cron.metadata.name}-${Math.floor(time / 60_000)}`;
    const job = store.create(JOBS, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name,
        ...(cron.metadata.namespace !== undefined && { namespace: cron.metadata.namespace }),
        generation: 1,
        labels: { ...(metadata?.labels ?? spec.template.metadata?.labels) },
        annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': rfc3339(time) },
        ownerReferences: [ownerReference(cron)],
      },
      spec,
      status: {},
    });
    events.record(cron, {
      reason: 'SuccessfulCreate',
      message: `Created job ${name}`,
      component: 'cronjob-controller',
    });
    return job as Job | undefined;
  }

  /** Keeps the last ones that succeeded and that failed. */
  #trim({ spec }: CronJob, jobs: readonly Job[]): void {
    const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = spec;
    const ended = (type: string) =>
      jobs
        .filter((job) =>
          job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True'),
        )
        .sort((a, b) => (a.metadata.creationTimestamp! < b.metadata.creationTimestamp! ? 1 : -1));
    for (const job of ended('Complete').slice(successfulJobsHistoryLimit)) this.#remove(job);
    for (const job of ended('Failed').slice(failedJobsHistoryLimit)) this.#remove(job);
  }

  #remove(job: Job): void {
    this.#context.store.delete(JOBS, job.metadata.namespace ?? '', job.metadata.name);
  }
}

function isOver(job: Job): boolean {
  return job.status?.conditions?.some(({ type, status }) => isEnd(type) && status === 'True') ?? false;
}
