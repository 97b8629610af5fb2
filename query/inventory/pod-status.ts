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

/** How long a pod may be starting, in seconds, before that is abnormal. */
const STARTS_WITHIN = 300;
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

/** Whether somebody should look at a pod: by its status, or because it is not ready. `age` in seconds. */
export function isAbnormal(status: string, { isReady, age }: { isReady: boolean; age: number | undefined }): boolean {
  if (STARTING.test(status)) return !isReady && (age ?? 0) > STARTS_WITHIN;
  return !NORMAL.has(status);
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
