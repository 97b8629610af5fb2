import type { Container, ContainerStatus, Pod } from '../objects.ts';
import { ALPHA, ALPHA_OPT_IN, counter, type Family, gauge, OPT_IN } from './family.ts';
import { emitQuantities, numberOf, secondsOf } from './object-values.ts';

/** A pod's containers, or its init containers: they have the same families under other names. */
interface Kind {
  readonly prefix: 'kube_pod_container' | 'kube_pod_init_container';
  readonly specs: (pod: Pod) => readonly Container[];
  readonly statuses: (pod: Pod) => readonly ContainerStatus[];
}

const CONTAINERS: Kind = {
  prefix: 'kube_pod_container',
  specs: ({ spec }) => spec.containers ?? [],
  statuses: ({ status }) => status.containerStatuses ?? [],
};

const INIT_CONTAINERS: Kind = {
  prefix: 'kube_pod_init_container',
  specs: ({ spec }) => spec.initContainers ?? [],
  statuses: ({ status }) => status.initContainerStatuses ?? [],
};

type OfStatus = (status: ContainerStatus) => number | undefined;
type ReasonOf = (status: ContainerStatus) => string | undefined;

/** One series for each container for which there is a value. */
function ofEach({ statuses }: Kind, numberFor: OfStatus): Family<Pod>['generate'] {
  return (pod, emit) => {
    for (const status of statuses(pod)) {
      const value = numberFor(status);
      if (value !== undefined) emit(value, 'container', status.name);
    }
  };
}

/** One series for each container that has a state with a reason. */
function reasons({ statuses }: Kind, reasonOf: ReasonOf): Family<Pod>['generate'] {
  return (pod, emit) => {
    for (const status of statuses(pod)) {
      const reason = reasonOf(status);
      if (reason !== undefined) emit(1, 'container', status.name, 'reason', reason);
    }
  };
}

function resources({ specs }: Kind, which: 'requests' | 'limits'): Family<Pod>['generate'] {
  return (pod, emit) => {
    const node = pod.spec.nodeName ?? '';
    for (const { name, resources } of specs(pod)) {
      emitQuantities(emit, resources?.[which], { of: 'container', before: ['container', name, 'node', node] });
    }
  };
}

function info(kind: Kind): Family<Pod>['generate'] {
  return (pod, emit) => {
    for (const { name, image = '', imageID = '', containerID = '' } of kind.statuses(pod)) {
      const spec = kind.specs(pod).find((each) => each.name === name);
      const labels = [
        'container',
        name,
        'image',
        image,
        'image_spec',
        spec?.image ?? '',
        'image_id',
        imageID,
        'container_id',
        containerID,
      ];
      if (kind === INIT_CONTAINERS) labels.push('restart_policy', spec?.restartPolicy ?? '');
      emit(1, ...labels);
    }
  };
}

const waitingReason: ReasonOf = ({ state }) => state?.waiting && (state.waiting.reason ?? '');
const terminatedReason: ReasonOf = ({ state }) => state?.terminated && (state.terminated.reason ?? '');
const lastTerminatedReason: ReasonOf = ({ lastState }) => lastState?.terminated && (lastState.terminated.reason ?? '');
const startedAt: OfStatus = ({ state }) => secondsOf(state?.running?.startedAt ?? state?.terminated?.startedAt);

/** Of a pod's containers. */
export const CONTAINER_FAMILIES: readonly Family<Pod>[] = [
  gauge('kube_pod_container_info', 'What image a container runs.', info(CONTAINERS)),
  gauge(
    'kube_pod_container_resource_requests',
    'How much of a resource a container asks for.',
    resources(CONTAINERS, 'requests'),
  ),
  gauge(
    'kube_pod_container_resource_limits',
    'How much of a resource a container may use at most.',
    resources(CONTAINERS, 'limits'),
  ),
  gauge('kube_pod_container_state_started', 'When a container started, as Unix time.', ofEach(CONTAINERS, startedAt), {
    optIn: true,
  }),
  gauge(
    'kube_pod_container_status_ready',
    'Whether a container is ready.',
    ofEach(CONTAINERS, ({ ready }) => numberOf(ready)),
  ),
  counter(
    'kube_pod_container_status_restarts_total',
    'How often a container was started again.',
    ofEach(CONTAINERS, ({ restartCount }) => restartCount ?? 0),
  ),
  gauge(
    'kube_pod_container_status_running',
    'Whether a container runs.',
    ofEach(CONTAINERS, ({ state }) => numberOf(state?.running !== undefined)),
  ),
  gauge(
    'kube_pod_container_status_waiting',
    'Whether a container waits to be started.',
    ofEach(CONTAINERS, ({ state }) => numberOf(state?.waiting !== undefined)),
    OPT_IN,
  ),
  gauge('kube_pod_container_status_waiting_reason', 'Why a container waits.', reasons(CONTAINERS, waitingReason)),
  gauge(
    'kube_pod_container_status_terminated',
    'Whether a container has ended.',
    ofEach(CONTAINERS, ({ state }) => numberOf(state?.terminated !== undefined)),
    OPT_IN,
  ),
  gauge(
    'kube_pod_container_status_terminated_reason',
    'Why a container has ended.',
    reasons(CONTAINERS, terminatedReason),
    ALPHA,
  ),
  gauge(
    'kube_pod_container_status_last_terminated_reason',
    'Why a container ended the last time.',
    reasons(CONTAINERS, lastTerminatedReason),
    ALPHA,
  ),
  gauge(
    'kube_pod_container_status_last_terminated_exitcode',
    'With which code a container ended the last time.',
    ofEach(CONTAINERS, ({ lastState }) => lastState?.terminated && (lastState.terminated.exitCode ?? 0)),
    ALPHA,
  ),
  gauge(
    'kube_pod_container_status_last_terminated_timestamp',
    'When a container ended the last time, as Unix time.',
    ofEach(CONTAINERS, ({ lastState }) => secondsOf(lastState?.terminated?.finishedAt)),
    ALPHA_OPT_IN,
  ),
];

/** Of a pod's init containers. */
export const INIT_CONTAINER_FAMILIES: readonly Family<Pod>[] = [
  gauge('kube_pod_init_container_info', 'What image an init container runs.', info(INIT_CONTAINERS)),
  gauge(
    'kube_pod_init_container_resource_requests',
    'How much of a resource an init container asks for.',
    resources(INIT_CONTAINERS, 'requests'),
    ALPHA,
  ),
  gauge(
    'kube_pod_init_container_resource_limits',
    'How much of a resource an init container may use at most.',
    resources(INIT_CONTAINERS, 'limits'),
    ALPHA,
  ),
  gauge(
    'kube_pod_init_container_status_ready',
    'Whether an init container is ready, or has done its work.',
    ofEach(INIT_CONTAINERS, ({ ready }) => numberOf(ready)),
    OPT_IN,
  ),
  counter(
    'kube_pod_init_container_status_restarts_total',
    'How often an init container was started again.',
    ofEach(INIT_CONTAINERS, ({ restartCount }) => restartCount ?? 0),
  ),
  gauge(
    'kube_pod_init_container_status_running',
    'Whether an init container runs.',
    ofEach(INIT_CONTAINERS, ({ state }) => numberOf(state?.running !== undefined)),
    OPT_IN,
  ),
  gauge(
    'kube_pod_init_container_status_waiting',
    'Whether an init container waits to be started.',
    ofEach(INIT_CONTAINERS, ({ state }) => numberOf(state?.waiting !== undefined)),
    OPT_IN,
  ),
  gauge(
    'kube_pod_init_container_status_waiting_reason',
    'Why an init container waits.',
    reasons(INIT_CONTAINERS, waitingReason),
    ALPHA,
  ),
  gauge(
    'kube_pod_init_container_status_terminated',
    'Whether an init container has ended.',
    ofEach(INIT_CONTAINERS, ({ state }) => numberOf(state?.terminated !== undefined)),
    OPT_IN,
  ),
  gauge(
    'kube_pod_init_container_status_terminated_reason',
    'Why an init container has ended.',
    reasons(INIT_CONTAINERS, terminatedReason),
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_pod_init_container_status_last_terminated_reason',
    'Why an init container ended the last time.',
    reasons(INIT_CONTAINERS, lastTerminatedReason),
    ALPHA_OPT_IN,
  ),
];
