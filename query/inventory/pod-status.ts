import type { ContainerState } from './container-states.ts';

/** What a pod's status is read from. */
export interface PodCondition {
  /** Pending, Running, Succeeded, Failed or Unknown; '' when it is not known. */
  readonly phase: string;
  /** Why it is in it, such as Evicted; '' when nothing is said. */
  readonly reason: string;
  readonly isDeleted: boolean;
  readonly isReady: boolean;
  /** In the order in which the status is looked for. */
  readonly containers: readonly ContainerState[];
}

/** Statuses of pods with which nothing is wrong. */
const NORMAL: ReadonlySet<string> = new Set(['Running', 'Completed', 'Succeeded', 'Terminating']);

/** How long a pod may be starting, in seconds, before that is abnormal; one that was restarted does not start any more. */
const STARTS_WITHIN = 300;
/** The same while no node can take it: where nodes are added as they are needed, this takes a while. */
const SCHEDULED_WITHIN = 60;
const STARTING = /^(Pending|ContainerCreating|PodInitializing|Init:\d+\/\d+|Running)$/;

/** The status that kubectl shows of a pod. */
export function podStatus({ phase, reason, isDeleted, isReady, containers }: PodCondition): string {
  if (isDeleted) return reason === 'NodeLost' ? 'Unknown' : 'Terminating';
  // Of init containers it may be known only that there are some.
  const inits = containers.filter(({ isInit, state, reason }) => isInit && (state !== 'unknown' || reason !== ''));
  const initStatus = initializing(inits);
  if (initStatus !== undefined && phase === 'Pending') return initStatus;
  let status = reason || phase || 'Unknown';
  const own = containers.filter(({ isInit }) => !isInit);
  for (const container of own) if (container.reason !== '') status = container.reason;
  if (status === 'Completed' && own.some(({ state, ready }) => state === 'running' && ready)) {
    return isReady ? 'Running' : 'NotReady';
  }
  return status;
}

/** What says whether a pod that is starting may still do so. */
export interface PodStart {
  readonly isReady: boolean;
  readonly restarts: number;
  /** Seconds. */
  readonly age: number | undefined;
  /** No node can take it. */
  readonly unschedulable: boolean;
}

/** Whether somebody should look at a pod: by its status, or because it is not ready. */
export function isAbnormal(status: string, { isReady, restarts, age = 0, unschedulable }: PodStart): boolean {
  if (!STARTING.test(status)) return !NORMAL.has(status);
  return !isReady && (restarts > 0 || age > (unschedulable ? SCHEDULED_WITHIN : STARTS_WITHIN));
}

/** What is shown of a pod whose init containers are not done; undefined when they are. Sidecars that run are done. */
function initializing(inits: readonly ContainerState[]): string | undefined {
  const undone = inits.filter(({ state, reason, ready }) => {
    return !(state === 'terminated' && reason === 'Completed') && !(state === 'running' && ready);
  });
  if (undone.length === 0) return undefined;
  const told = undone.find(({ state, reason }) => {
    return state === 'terminated' || (state === 'waiting' && reason !== '' && reason !== 'PodInitializing');
  });
  if (told !== undefined) return `Init:${told.reason || 'Error'}`;
  return `Init:${inits.length - undone.length}/${inits.length}`;
}
