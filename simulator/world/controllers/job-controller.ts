import { type Condition, isActive, isReady, type Job, keyOf, type Pod } from '../objects.ts';
import type { ControllerContext } from './controller-context.ts';
import { controllerKeyOf } from './owners.ts';
import { WorkQueue } from './work-queue.ts';

const RESOURCE = 'jobs.batch';

/** Runs a Job's pods until enough have succeeded or too many have failed. */
export class JobController {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, { delay: 200, reconcile: (key) => this.#reconcile(key) });
    context.onChange(RESOURCE, (object, { gone }) => {
      if (!gone) this.#queue.add(keyOf(object));
    });
    context.onChange('pods', (pod) => {
      const owner = controllerKeyOf(pod, 'Job');
      if (owner !== undefined) this.#queue.add(owner);
    });
  }

  #reconcile(key: string): void {
    const { index, clock, timestamp, events, bootstrapping } = this.#context;
    const job = index.byKey<Job>(RESOURCE, key);
    if (job === undefined || job.metadata.deletionTimestamp !== undefined) return;
    const ended = job.status?.conditions?.find(({ type, status }) => isEnd(type) && status === 'True');
    if (ended !== undefined) {
      this.#expire(key, job, ended);
      return;
    }
    const pods = index.owned(job.metadata.uid!, 'pods') as readonly Pod[];
    const active = pods.filter(isActive);
    const succeeded = Math.max(
      job.status?.succeeded ?? 0,
      pods.filter(({ status }) => status?.phase === 'Succeeded').length,
    );
    const failed = Math.max(job.status?.failed ?? 0, pods.filter(({ status }) => status?.phase === 'Failed').length);
    const { completions = 1, parallelism = 1, backoffLimit = 6, activeDeadlineSeconds, suspend = false } = job.spec;
    const began = bootstrapping ? job.metadata.creationTimestamp! : timestamp;
    const startTime = job.status?.startTime ?? (suspend ? undefined : began);
    const restarts = active.reduce((sum, pod) => sum + restartsOf(pod), 0);
    const late =
      activeDeadlineSeconds !== undefined &&
      startTime !== undefined &&
      clock.now() >= Date.parse(startTime) + activeDeadlineSeconds * 1000;
    let condition: Condition | undefined;
    if (failed + restarts > backoffLimit) {
      condition = {
        type: 'Failed',
        status: 'True',
        reason: 'BackoffLimitExceeded',
        message: 'Job has reached the specified backoff limit',
      };
    } else if (late) {
      condition = {
        type: 'Failed',
        status: 'True',
        reason: 'DeadlineExceeded',
        message: 'Job was active longer than specified deadline',
      };
    } else if (succeeded >= completions) {
      condition = {
        type: 'Complete',
        status: 'True',
        reason: 'CompletionsReached',
        message: 'Reached expected number of succeeded pods',
      };
    }
    const surplus = condition !== undefined || suspend ? active.length : Math.max(0, active.length - parallelism);
    for (const pod of active.slice(0, surplus)) this.#context.deletePod(pod);
    let running = active.length - surplus;
    if (condition === undefined && !suspend) {
      const wanted = Math.min(parallelism, completions - succeeded);
      // Failed pods are replaced after a while that doubles, as their back-off wants it.
      const wait = failed === 0 ? 0 : Math.min(360_000, 10_000 * 2 ** (failed - 1)) - (clock.now() - lastFailure(pods));
      if (running < wanted && wait > 0) this.#queue.add(key, wait);
      for (; running < wanted && wait <= 0; running++) this.#create(job);
      if (activeDeadlineSeconds !== undefined && startTime !== undefined) {
        this.#queue.add(key, Math.max(1000, Date.parse(startTime) + activeDeadlineSeconds * 1000 - clock.now()));
      }
    } else if (condition !== undefined) {
      const completed = condition.type === 'Complete';
      events.record(job, {
        type: completed ? 'Normal' : 'Warning',
        reason: completed ? 'Completed' : condition.reason!,
        message: completed ? 'Job completed' : condition.message!,
        component: 'job-controller',
      });
    }
    const ready = active.slice(surplus).filter(isReady).length;
    this.#context.setStatus(RESOURCE, job, {
      ...(startTime !== undefined && { startTime }),
      ...(running > 0 && { active: running }),
      ready,
      ...(succeeded > 0 && { succeeded }),
      ...(failed > 0 && { failed }),
      ...(condition?.type === 'Complete' && { completionTime: timestamp }),
      ...(condition !== undefined && {
        conditions: [{ ...condition, lastProbeTime: timestamp, lastTransitionTime: timestamp }],
      }),
    });
  }

  #create(job: Job): void {
    const { random, events } = this.#context;
    const labels = {
      'batch.kubernetes.io/controller-uid': job.metadata.uid!,
      'batch.kubernetes.io/job-name': job.metadata.name,
      'controller-uid': job.metadata.uid!,
      'job-name': job.metadata.name,
    };
    const name = `${job.metadata.name}-${random.suffix(5)}`;
    this.#context.createPod(job, { name, template: job.spec.template, labels });
    events.record(job, { reason: 'SuccessfulCreate', message: `Created pod: ${name}`, component: 'job-controller' });
  }

  #expire(key: string, job: Job, ended: Condition): void {
    const { ttlSecondsAfterFinished } = job.spec;
    if (ttlSecondsAfterFinished === undefined) return;
    const { store, clock } = this.#context;
    const left = Date.parse(ended.lastTransitionTime!) + ttlSecondsAfterFinished * 1000 - clock.now();
    if (left > 0) this.#queue.add(key, left);
    else store.delete(RESOURCE, job.metadata.namespace ?? '', job.metadata.name);
  }
}

/** Whether a Job with this condition is over. */
export function isEnd(type: string): boolean {
  return type === 'Complete' || type === 'Failed';
}

function restartsOf(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

function lastFailure(pods: readonly Pod[]): number {
  const times = pods.flatMap(({ status }) =>
    status?.phase === 'Failed'
      ? (status.containerStatuses ?? []).map(({ state }) => Date.parse(state.terminated?.finishedAt ?? ''))
      : [],
  );
  return Math.max(0, ...times.filter((time) => !Number.isNaN(time)));
}
