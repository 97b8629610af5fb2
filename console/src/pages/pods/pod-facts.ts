import type { InstantSample } from '../../api/query-instant.ts';

/** What is known of a container. Numbers that nobody told are undefined. */
export interface ContainerFacts {
  readonly name: string;
  readonly isInit: boolean;
  /** An init container that goes on beside the others. */
  readonly isSidecar: boolean;
  readonly image: string | undefined;
  readonly imageId: string | undefined;
  readonly isReady: boolean | undefined;
  readonly state: 'running' | 'waiting' | 'terminated' | 'unknown';
  /** Why it waits or has ended. */
  readonly reason: string | undefined;
  readonly restarts: number;
  /** In the last half hour. */
  readonly restartsLately: number;
  readonly lastReason: string | undefined;
  readonly lastExitCode: number | undefined;
  readonly cpuRequest: number | undefined;
  readonly cpuLimit: number | undefined;
  readonly memoryRequest: number | undefined;
  readonly memoryLimit: number | undefined;
  /** Cores, and bytes without page cache. */
  readonly cpuUsed: number | undefined;
  readonly memoryUsed: number | undefined;
  readonly hasGpu: boolean;
}

/** What is known of a pod. Times are Unix seconds. */
export interface PodFacts {
  readonly phase: string | undefined;
  readonly isReady: boolean | undefined;
  /** Such as `Evicted`. */
  readonly reason: string | undefined;
  readonly isUnschedulable: boolean;
  readonly isBeingDeleted: boolean;
  readonly node: string | undefined;
  readonly podIp: string | undefined;
  readonly hostNetwork: boolean;
  readonly priorityClass: string | undefined;
  /** Who made it: a ReplicaSet where the workload is a Deployment. */
  readonly ownerKind: string | undefined;
  readonly ownerName: string | undefined;
  readonly workloadKind: string | undefined;
  readonly workloadName: string | undefined;
  readonly created: number | undefined;
  readonly started: number | undefined;
  readonly claims: readonly string[];
  readonly hasGpu: boolean;
  /** Init containers first, then by name. */
  readonly containers: readonly ContainerFacts[];
}

const OF_CONTAINER = [
  'info',
  'status_ready',
  'status_restarts_total',
  'status_running',
  'status_waiting',
  'status_waiting_reason',
  'status_terminated',
  'status_terminated_reason',
  'status_last_terminated_reason',
  'status_last_terminated_exitcode',
  'resource_requests',
  'resource_limits',
];

/** The metrics that `podFacts` reads. */
export const POD_FACT_METRICS: readonly string[] = [
  'kube_pod_info',
  'kube_pod_owner',
  'kube_pod_created',
  'kube_pod_start_time',
  'kube_pod_deletion_timestamp',
  'kube_pod_status_phase',
  'kube_pod_status_ready',
  'kube_pod_status_reason',
  'kube_pod_status_unschedulable',
  'kube_pod_spec_volumes_persistentvolumeclaims_info',
  'k8s_pod_status_ready',
  'k8s_pod_gpu_request',
  'k8s_container_cpu_core_used',
  'k8s_container_mem_no_cache_bytes',
  'k8s_container_gpu_used',
  ...OF_CONTAINER.map((name) => `kube_pod_container_${name}`),
  ...OF_CONTAINER.map((name) => `kube_pod_init_container_${name}`),
];

/** How a sample is called that says how often a container was restarted in the last half hour. */
export const RESTARTS_LATELY = 'restarts_lately';

/** Reads one pod's samples of POD_FACT_METRICS and RESTARTS_LATELY; undefined when nothing is known of it. Of pods that had its name one after the other, the newest. */
export function podFacts(samples: readonly InstantSample[]): PodFacts | undefined {
  if (samples.length === 0) return undefined;
  const uid = newestUid(samples);
  const own = samples.filter(({ labels }) => uid === undefined || labels.uid === undefined || labels.uid === uid);
  const find = (name: string, isWanted: (sample: InstantSample) => boolean = () => true): InstantSample | undefined =>
    own.find((sample) => sample.labels.__name__ === name && isWanted(sample));
  const holds = ({ value }: InstantSample): boolean => value === 1;
  const phase = find('kube_pod_status_phase', holds)?.labels.phase;
  // Nothing is told by default of what init containers do; once a pod runs, they have done their work.
  const inits = containersOf(own, 'kube_pod_init_container_').map((init) =>
    init.state !== 'unknown' || phase !== 'Running'
      ? init
      : init.isSidecar
        ? { ...init, state: 'running' as const }
        : { ...init, state: 'terminated' as const, reason: 'Completed' },
  );
  const info = find('kube_pod_info')?.labels;
  const owner = find('kube_pod_owner')?.labels;
  const catalogued = find('k8s_pod_status_ready')?.labels;
  const ready = find('kube_pod_status_ready', holds)?.labels.condition;
  return {
    phase,
    isReady: ready === undefined ? undefined : ready === 'true',
    reason: find('kube_pod_status_reason', holds)?.labels.reason,
    isUnschedulable: find('kube_pod_status_unschedulable', holds) !== undefined,
    isBeingDeleted: find('kube_pod_deletion_timestamp') !== undefined,
    node: said(info?.node),
    podIp: said(info?.pod_ip),
    hostNetwork: info?.host_network === 'true',
    priorityClass: said(info?.priority_class),
    ownerKind: said(owner?.owner_kind),
    ownerName: said(owner?.owner_name),
    workloadKind: catalogued?.workload_kind,
    workloadName: catalogued?.workload_name,
    created: find('kube_pod_created')?.value,
    started: find('kube_pod_start_time')?.value,
    claims: own.flatMap(({ labels }) =>
      labels.__name__ === 'kube_pod_spec_volumes_persistentvolumeclaims_info' &&
      labels.persistentvolumeclaim !== undefined
        ? [labels.persistentvolumeclaim]
        : [],
    ),
    hasGpu: find('k8s_pod_gpu_request') !== undefined,
    containers: [...inits, ...containersOf(own, 'kube_pod_container_')],
  };
}

function newestUid(samples: readonly InstantSample[]): string | undefined {
  let newest: InstantSample | undefined;
  for (const sample of samples) {
    if (sample.labels.__name__ !== 'kube_pod_created') continue;
    if (newest === undefined || sample.value > newest.value) newest = sample;
  }
  return newest?.labels.uid;
}

function containersOf(samples: readonly InstantSample[], prefix: string): readonly ContainerFacts[] {
  const byName = new Map<string, Map<string, InstantSample[]>>();
  for (const sample of samples) {
    const { __name__: metric = '', container } = sample.labels;
    if (container === undefined || !metric.startsWith(prefix)) continue;
    if (!byName.has(container)) byName.set(container, new Map());
    const ofName = byName.get(container)!;
    const name = metric.slice(prefix.length);
    ofName.set(name, [...(ofName.get(name) ?? []), sample]);
  }
  return [...byName.keys()].sort().map((name) => containerFacts(name, prefix, byName.get(name)!, samples));
}

function containerFacts(
  name: string,
  prefix: string,
  samples: ReadonlyMap<string, readonly InstantSample[]>,
  all: readonly InstantSample[],
): ContainerFacts {
  const other = (metric: string): number | undefined =>
    all.find(({ labels }) => labels.__name__ === metric && labels.container === name)?.value;
  const first = (metric: string): InstantSample | undefined => samples.get(metric)?.[0];
  const held = (metric: string): InstantSample | undefined => samples.get(metric)?.find(({ value }) => value === 1);
  const amount = (metric: string, resource: string): number | undefined =>
    samples.get(metric)?.find(({ labels }) => labels.resource === resource)?.value;
  const waiting = held('status_waiting_reason')?.labels.reason;
  const terminated = held('status_terminated_reason')?.labels.reason;
  const isRunning = first('status_running')?.value;
  let state: ContainerFacts['state'] = 'unknown';
  if (isRunning === 1) state = 'running';
  else if (waiting !== undefined || held('status_waiting') !== undefined) state = 'waiting';
  else if (terminated !== undefined || held('status_terminated') !== undefined) state = 'terminated';
  const ready = first('status_ready')?.value;
  const info = first('info')?.labels;
  return {
    name,
    isInit: prefix === 'kube_pod_init_container_',
    isSidecar: info?.restart_policy === 'Always',
    image: said(info?.image_spec) ?? said(info?.image),
    imageId: said(info?.image_id),
    isReady: ready === undefined ? undefined : ready === 1,
    state,
    reason: state === 'waiting' ? waiting : state === 'terminated' ? terminated : undefined,
    restarts: first('status_restarts_total')?.value ?? 0,
    restartsLately: other(RESTARTS_LATELY) ?? 0,
    lastReason: held('status_last_terminated_reason')?.labels.reason,
    lastExitCode: first('status_last_terminated_exitcode')?.value,
    cpuRequest: amount('resource_requests', 'cpu'),
    cpuLimit: amount('resource_limits', 'cpu'),
    memoryRequest: amount('resource_requests', 'memory'),
    memoryLimit: amount('resource_limits', 'memory'),
    cpuUsed: other('k8s_container_cpu_core_used'),
    memoryUsed: other('k8s_container_mem_no_cache_bytes'),
    hasGpu: other('k8s_container_gpu_used') !== undefined,
  };
}

function said(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
