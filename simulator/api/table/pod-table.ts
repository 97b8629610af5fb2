import type { KubeObject } from '../../kube-object.ts';
import { age, type Cell, columns, orNone, since, type TableDefinition } from './cells.ts';

interface ContainerState {
  readonly waiting?: { readonly reason?: string };
  readonly running?: object;
  readonly terminated?: {
    readonly reason?: string;
    readonly exitCode?: number;
    readonly signal?: number;
    readonly finishedAt?: string;
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly started?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
}

interface Pod extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly readinessGates?: readonly { readonly conditionType: string }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly podIP?: string;
    readonly nominatedNodeName?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
}

export const POD_TABLE: TableDefinition = {
  columns: columns('Name, Ready, Status, Restarts, Age | IP, Node, Nominated Node, Readiness Gates'),
  cells: podCells,
};

function podCells(object: KubeObject, now: number): readonly Cell[] {
  const pod = object as Pod;
  const { ready, total, reason, restarts, restarted } = summary(pod);
  const gates = pod.spec?.readinessGates ?? [];
  const passed = gates.filter(({ conditionType }) => hasCondition(pod, conditionType));
  return [
    pod.metadata.name,
    `${ready}/${total}`,
    reason,
    restarts > 0 && restarted !== undefined ? `${restarts} (${since(restarted, now)} ago)` : String(restarts),
    age(pod, now),
    orNone(pod.status?.podIP),
    orNone(pod.spec?.nodeName),
    orNone(pod.status?.nominatedNodeName),
    gates.length === 0 ? '<none>' : `${passed.length}/${gates.length}`,
  ];
}

interface Summary {
  ready: number;
  total: number;
  reason: string;
  restarts: number;
  /** When the last container was ended before it was started again. */
  restarted: string | undefined;
}

/** A pod's state in one word: what its containers wait for or ended with says more than its phase. */
function summary(pod: Pod): Summary {
  const { phase = 'Unknown', reason, containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const sidecars = new Set(
    initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  const sum: Summary = {
    ready: 0,
    total: containers.length + sidecars.size,
    reason: reason || phase,
    restarts: 0,
    restarted: undefined,
  };
  if (
    (pod.status?.conditions ?? []).some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated')
  ) {
    sum.reason = 'SchedulingGated';
  }
  const count = (status: ContainerStatus) => {
    sum.restarts += status.restartCount ?? 0;
    const finished = status.lastState?.terminated?.finishedAt;
    if (finished !== undefined && (sum.restarted === undefined || finished > sum.restarted)) sum.restarted = finished;
  };

  const sidecarCounts: ContainerStatus[] = [];
  let initializing = false;
  for (const [i, status] of initContainerStatuses.entries()) {
    count(status);
    const { terminated, waiting } = status.state ?? {};
    const sidecar = sidecars.has(status.name);
    if (sidecar) sidecarCounts.push(status);
    if (terminated?.exitCode === 0 || (sidecar && status.started === true)) {
      if (sidecar && status.ready === true) sum.ready++;
      continue;
    }
    if (terminated !== undefined) sum.reason = `Init:${endReason(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') sum.reason = `Init:${waiting.reason}`;
    else sum.reason = `Init:${i}/${initContainers.length}`;
    initializing = true;
    break;
  }
  if (!initializing || hasCondition(pod, 'Initialized')) {
    // What was restarted while it was initialized does not count any more.
    sum.restarts = 0;
    sum.restarted = undefined;
    for (const status of sidecarCounts) count(status);
    let running = false;
    for (const status of [...containerStatuses].reverse()) {
      count(status);
      const { terminated, waiting, running: runs } = status.state ?? {};
      if (waiting?.reason) sum.reason = waiting.reason;
      else if (terminated !== undefined) sum.reason = endReason(terminated);
      else if (status.ready === true && runs !== undefined) {
        running = true;
        sum.ready++;
      }
    }
    if (sum.reason === 'Completed' && running) sum.reason = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady';
  }

  if (pod.metadata.deletionTimestamp !== undefined) {
    if (reason === 'NodeLost') sum.reason = 'Unknown';
    else if (phase !== 'Succeeded' && phase !== 'Failed') sum.reason = 'Terminating';
  }
  return sum;
}

function endReason({ reason, signal, exitCode }: NonNullable<ContainerState['terminated']>): string {
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`;
}

function hasCondition(pod: Pod, wanted: string): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === wanted && status === 'True');
}
