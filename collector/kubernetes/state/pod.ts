import type { Condition, Pod, PodSpec } from '../objects.ts';
import { roundQuantityUp } from '../quantity.ts';
import { CONTAINER_FAMILIES, INIT_CONTAINER_FAMILIES } from './container-families.ts';
import { ALPHA, ALPHA_OPT_IN, type Emit, type Family, gauge, OPT_IN } from './family.ts';
import { toSeriesLabels } from './label-names.ts';
import { createdFamily, deletionFamily, labelFamilies, ownerFamily } from './metadata-families.ts';
import { emitChoice, emitStatus, emitTime, numberOf, secondsOf } from './object-values.ts';
import { namespacedWithUid } from './state-resource.ts';

const PHASES = ['Pending', 'Succeeded', 'Failed', 'Unknown', 'Running'];
const QOS_CLASSES = ['BestEffort', 'Burstable', 'Guaranteed'];
const REASONS = ['Evicted', 'NodeAffinity', 'NodeLost', 'Shutdown', 'UnexpectedAdmissionError'];

function conditionOf({ status }: Pod, type: string): Condition | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

/** When the condition came to be what it is, if it is this. */
function since(type: string, status: 'True' | 'False'): Family<Pod>['generate'] {
  return (pod, emit) => {
    const condition = conditionOf(pod, type);
    if (condition?.status === status) emitTime(emit, condition.lastTransitionTime);
  };
}

function hasReason({ status }: Pod, reason: string): boolean {
  return (
    status.reason === reason ||
    status.conditions?.some((condition) => condition.reason === reason) === true ||
    status.containerStatuses?.some(({ state }) => state?.terminated?.reason === reason) === true
  );
}

/** When the last of the containers ended, of those that have. */
function completionTime({ status }: Pod): number | undefined {
  const times = (status.containerStatuses ?? []).map(({ state }) => secondsOf(state?.terminated?.finishedAt) ?? 0);
  const last = Math.max(0, ...times);
  return last > 0 ? last : undefined;
}

function emitClaims(
  { volumes = [] }: PodSpec,
  emit: Emit,
  numberFor: (claim: { readonly readOnly?: boolean }) => number,
): void {
  for (const { name, persistentVolumeClaim: claim } of volumes) {
    if (claim !== undefined) emit(numberFor(claim), 'volume', name, 'persistentvolumeclaim', claim.claimName);
  }
}

function overhead(resource: string, decimals: 0 | 3): Family<Pod>['generate'] {
  return ({ spec }, emit) => {
    const quantity = spec.overhead?.[resource];
    if (quantity !== undefined) emit(roundQuantityUp(quantity, decimals));
  };
}

/** Pods, with their containers. */
export const PODS = namespacedWithUid('pods', 'pod', [
  gauge('kube_pod_info', 'Where a pod runs and what made it.', ({ metadata, spec, status }, emit) => {
    const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
    emit(
      1,
      'host_ip',
      status.hostIP ?? '',
      'pod_ip',
      status.podIP ?? '',
      'node',
      spec.nodeName ?? '',
      'created_by_kind',
      controller?.kind ?? '',
      'created_by_name',
      controller?.name ?? '',
      'priority_class',
      spec.priorityClassName ?? '',
      'host_network',
      String(spec.hostNetwork === true),
    );
  }),
  gauge(
    'kube_pod_ips',
    'The addresses of a pod.',
    ({ status }, emit) => {
      for (const { ip } of status.podIPs ?? []) emit(1, 'ip', ip, 'ip_family', ip.includes(':') ? '6' : '4');
    },
    ALPHA_OPT_IN,
  ),
  ownerFamily('kube_pod'),
  createdFamily('kube_pod', {}),
  deletionFamily('kube_pod', ALPHA),
  gauge('kube_pod_start_time', 'When a node took a pod, as Unix time.', ({ status }, emit) =>
    emitTime(emit, status.startTime),
  ),
  gauge(
    'kube_pod_completion_time',
    'When the last container of a pod ended, as Unix time.',
    (pod, emit) => {
      const seconds = completionTime(pod);
      if (seconds !== undefined) emit(seconds);
    },
    OPT_IN,
  ),
  gauge('kube_pod_status_phase', 'In which phase a pod is.', ({ status }, emit) =>
    emitChoice(emit, status.phase, PHASES, 'phase'),
  ),
  gauge(
    'kube_pod_status_qos_class',
    'Of which quality-of-service class a pod is.',
    ({ status }, emit) => emitChoice(emit, status.qosClass, QOS_CLASSES, 'qos_class'),
    ALPHA_OPT_IN,
  ),
  gauge('kube_pod_status_ready', 'Whether a pod is ready.', (pod, emit) => {
    const condition = conditionOf(pod, 'Ready');
    if (condition !== undefined) emitStatus(emit, condition, { label: 'condition' });
  }),
  gauge(
    'kube_pod_status_scheduled',
    'Whether a pod has a node.',
    (pod, emit) => {
      const condition = conditionOf(pod, 'PodScheduled');
      if (condition !== undefined) emitStatus(emit, condition, { label: 'condition' });
    },
    OPT_IN,
  ),
  gauge(
    'kube_pod_status_reason',
    'Whether a pod is in its state for this reason.',
    (pod, emit) => {
      for (const reason of REASONS) emit(numberOf(hasReason(pod, reason)), 'reason', reason);
    },
    ALPHA,
  ),
  gauge(
    'kube_pod_status_scheduled_time',
    'When a pod got its node, as Unix time.',
    since('PodScheduled', 'True'),
    OPT_IN,
  ),
  gauge('kube_pod_status_unschedulable', 'That no node can take a pod.', (pod, emit) => {
    if (conditionOf(pod, 'PodScheduled')?.status === 'False') emit(1);
  }),
  gauge(
    'kube_pod_status_unscheduled_time',
    'Since when no node can take a pod, as Unix time.',
    since('PodScheduled', 'False'),
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_pod_status_initialized_time',
    'When the init containers of a pod were done, as Unix time.',
    since('Initialized', 'True'),
    ALPHA_OPT_IN,
  ),
  gauge('kube_pod_status_ready_time', 'Since when a pod is ready, as Unix time.', since('Ready', 'True'), ALPHA_OPT_IN),
  gauge(
    'kube_pod_status_container_ready_time',
    'Since when all containers of a pod are ready, as Unix time.',
    since('ContainersReady', 'True'),
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_pod_restart_policy',
    'What becomes of a container of a pod that ends.',
    ({ spec }, emit) => emit(1, 'type', spec.restartPolicy ?? ''),
    OPT_IN,
  ),
  gauge(
    'kube_pod_runtimeclass_name_info',
    'The runtime class of a pod, where it has one.',
    ({ spec }, emit) => {
      if (spec.runtimeClassName !== undefined) emit(1, 'runtimeclass_name', spec.runtimeClassName);
    },
    ALPHA_OPT_IN,
  ),
  gauge('kube_pod_overhead_cpu_cores', 'Cores that the sandbox of a pod takes.', overhead('cpu', 3), ALPHA_OPT_IN),
  gauge(
    'kube_pod_overhead_memory_bytes',
    'Memory that the sandbox of a pod takes.',
    overhead('memory', 0),
    ALPHA_OPT_IN,
  ),
  gauge('kube_pod_spec_volumes_persistentvolumeclaims_info', 'The claim behind a volume of a pod.', ({ spec }, emit) =>
    emitClaims(spec, emit, () => 1),
  ),
  gauge(
    'kube_pod_spec_volumes_persistentvolumeclaims_readonly',
    'Whether a pod may only read the claim behind a volume.',
    ({ spec }, emit) => emitClaims(spec, emit, ({ readOnly }) => numberOf(readOnly)),
    OPT_IN,
  ),
  gauge(
    'kube_pod_tolerations',
    'Taints that a pod tolerates.',
    ({ spec }, emit) => {
      for (const { key = '', operator = '', value = '', effect = '', tolerationSeconds } of spec.tolerations ?? []) {
        const seconds = tolerationSeconds === undefined ? '' : String(tolerationSeconds);
        emit(1, 'key', key, 'operator', operator, 'value', value, 'effect', effect, 'toleration_seconds', seconds);
      }
    },
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_pod_nodeselectors',
    'Labels that a node must have for a pod.',
    ({ spec }, emit) => emit(1, ...toSeriesLabels('nodeselector', spec.nodeSelector)),
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_pod_service_account',
    'As whom a pod speaks to the API.',
    ({ spec }, emit) => emit(1, 'service_account', spec.serviceAccountName ?? ''),
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_pod_scheduler',
    'Which scheduler finds a node for a pod.',
    ({ spec }, emit) => emit(1, 'name', spec.schedulerName ?? ''),
    ALPHA_OPT_IN,
  ),
  ...labelFamilies('kube_pod'),
  ...CONTAINER_FAMILIES,
  ...INIT_CONTAINER_FAMILIES,
]);
