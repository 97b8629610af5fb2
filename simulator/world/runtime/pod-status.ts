import { rfc3339 } from '../../object-store.ts';
import { withCondition } from '../controllers/conditions.ts';
import type { Container, ContainerState, ContainerStatus, PodStatus } from '../objects.ts';
import { hash32 } from '../random.ts';
import type { RunningContainer, RunningPod } from './machine.ts';

/** One container of the pod over all its restarts. */
export interface ContainerLife {
  readonly spec: Container;
  readonly init: boolean;
  /** An init container that stays. */
  readonly sidecar: boolean;
  state: ContainerState;
  lastState: ContainerState;
  restarts: number;
  ready: boolean;
  /** Whether its readiness probe fails because a scenario wants it. */
  failing: boolean;
  backoff: number;
  running: RunningContainer | undefined;
  containerId: string | undefined;
}

/** How a pod ended for good. */
export interface PodEnd {
  readonly phase: 'Succeeded' | 'Failed';
  readonly reason?: string;
  readonly message?: string;
}

export interface PodStatusInput {
  readonly before: PodStatus | undefined;
  /** Undefined before its sandbox is there. */
  readonly running: RunningPod | undefined;
  readonly address: string;
  readonly hostAddress: string;
  readonly startedAt: number;
  readonly ended: PodEnd | undefined;
  readonly terminating: boolean;
  /** The time of what changes. */
  readonly now: number;
}

/** What a kubelet writes into a pod's status, from what it knows of the containers. */
export function podStatusOf(lives: readonly ContainerLife[], input: PodStatusInput): PodStatus {
  const { before, running, address, hostAddress, startedAt, ended, terminating, now } = input;
  const main = lives.filter(({ init }) => !init);
  const initialised = lives.every(
    (life) => !life.init || life.state.terminated?.exitCode === 0 || (life.sidecar && life.ready),
  );
  const ready = ended === undefined && main.every((life) => life.ready);
  const unready = main.filter((life) => !life.ready).map(({ spec }) => spec.name);
  const why =
    ended?.phase === 'Succeeded'
      ? { reason: 'PodCompleted' }
      : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  let conditions = before?.conditions ?? [];
  const put = (type: string, ok: boolean, reason: { readonly reason: string; readonly message?: string }) => {
    const condition = { type, status: ok ? 'True' : 'False', ...(ok ? {} : reason) } as const;
    conditions = withCondition(conditions, condition, rfc3339(now));
  };
  put('PodReadyToStartContainers', running !== undefined && ended === undefined, { reason: 'NoSandbox' });
  put('Initialized', initialised, { reason: 'ContainersNotInitialized' });
  put('ContainersReady', ready, why);
  put('Ready', ready && !terminating, why);
  const init = lives.filter((life) => life.init);
  const started = main.some((life) => life.running !== undefined || life.restarts > 0 || life.state.terminated);
  return {
    ...(ended?.reason !== undefined && { reason: ended.reason }),
    ...(ended?.message !== undefined && { message: ended.message }),
    phase: ended?.phase ?? (started ? 'Running' : 'Pending'),
    conditions,
    hostIP: hostAddress,
    ...(running !== undefined && { podIP: address, podIPs: [{ ip: address }] }),
    startTime: rfc3339(startedAt),
    ...(init.length > 0 && { initContainerStatuses: init.map(containerStatusOf) }),
    containerStatuses: main.map(containerStatusOf),
    ...(before?.qosClass !== undefined && { qosClass: before.qosClass }),
  };
}

function containerStatusOf(life: ContainerLife): ContainerStatus {
  const { image, name } = life.spec;
  return {
    name,
    image,
    imageID: life.containerId === undefined ? '' : imageId(image),
    ready: life.init && !life.sidecar ? life.state.terminated?.exitCode === 0 : life.ready,
    started: life.running !== undefined,
    restartCount: life.restarts,
    ...(life.containerId !== undefined && { containerID: life.containerId }),
    state: life.state,
    lastState: life.lastState,
  };
}

function imageId(image: string): string {
  const part = (salt: number) =>
    hash32(image + salt)
      .toString(16)
      .padStart(8, '0');
  return `${image.replace(/:[^:/]*$/, '')}@sha256:${Array.from({ length: 8 }, (_, salt) => part(salt)).join('')}`;
}
