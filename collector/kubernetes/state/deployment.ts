import type { Deployment, Quantity } from '../objects.ts';
import { ALPHA_OPT_IN, type Family, gauge } from './family.ts';
import { createdFamily, deletionFamily, generationFamily, labelFamilies, ownerFamily } from './metadata-families.ts';
import { emitNumber, emitStatus, numberOf } from './object-values.ts';
import { namespaced } from './state-resource.ts';

/** Reasons that the deployment controller gives; others are told as `unknown`, so that their number is bounded. */
const REASONS: ReadonlySet<string> = new Set([
  '',
  'ReplicaSetUpdated',
  'ReplicaSetCreateError',
  'NewReplicaSetCreated',
  'FoundNewReplicaSet',
  'NewReplicaSetAvailable',
  'ProgressDeadlineExceeded',
  'DeploymentPaused',
  'DeploymentResumed',
  'MinimumReplicasAvailable',
  'MinimumReplicasUnavailable',
]);

/** A number of pods, or a part of all of them: `25%` of 10 is 3 rounded up and 2 rounded down. */
function podsOf(quantity: Quantity, replicas: number, round: (pods: number) => number): number | undefined {
  const match = /^(\d+)(%?)$/.exec(String(quantity));
  if (match === null) return undefined;
  return match[2] === '' ? Number(match[1]) : round((Number(match[1]) * replicas) / 100);
}

function rollingUpdate(which: 'maxUnavailable' | 'maxSurge'): Family<Deployment>['generate'] {
  return ({ spec }, emit) => {
    const quantity = spec.strategy?.rollingUpdate?.[which];
    if (quantity === undefined) return;
    emitNumber(emit, podsOf(quantity, spec.replicas ?? 1, which === 'maxSurge' ? Math.ceil : Math.floor));
  };
}

export const DEPLOYMENTS = namespaced('deployments', 'deployment', [
  createdFamily('kube_deployment', {}),
  deletionFamily('kube_deployment'),
  generationFamily('kube_deployment'),
  ownerFamily('kube_deployment', ALPHA_OPT_IN),
  gauge('kube_deployment_spec_replicas', 'How many pods a deployment is to have.', ({ spec }, emit) =>
    emit(spec.replicas ?? 1),
  ),
  gauge('kube_deployment_spec_paused', 'Whether the rollout of a deployment is paused.', ({ spec }, emit) =>
    emit(numberOf(spec.paused)),
  ),
  gauge(
    'kube_deployment_spec_strategy_rollingupdate_max_unavailable',
    'How many pods of a deployment may be missing during a rollout.',
    rollingUpdate('maxUnavailable'),
  ),
  gauge(
    'kube_deployment_spec_strategy_rollingupdate_max_surge',
    'How many pods of a deployment there may be too many during a rollout.',
    rollingUpdate('maxSurge'),
  ),
  gauge('kube_deployment_status_replicas', 'How many pods a deployment has.', ({ status }, emit) =>
    emit(status.replicas ?? 0),
  ),
  gauge('kube_deployment_status_replicas_ready', 'How many pods of a deployment are ready.', ({ status }, emit) =>
    emit(status.readyReplicas ?? 0),
  ),
  gauge(
    'kube_deployment_status_replicas_available',
    'How many pods of a deployment have been ready for long enough.',
    ({ status }, emit) => emit(status.availableReplicas ?? 0),
  ),
  gauge('kube_deployment_status_replicas_unavailable', 'How many pods a deployment lacks.', ({ status }, emit) =>
    emit(status.unavailableReplicas ?? 0),
  ),
  gauge(
    'kube_deployment_status_replicas_updated',
    'How many pods of a deployment are of its present template.',
    ({ status }, emit) => emit(status.updatedReplicas ?? 0),
  ),
  gauge(
    'kube_deployment_status_terminating_replicas',
    'How many pods of a deployment are ending, where the cluster counts them.',
    ({ status }, emit) => emitNumber(emit, status.terminatingReplicas),
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_deployment_status_observed_generation',
    'Which generation of a deployment its controller has seen.',
    ({ status }, emit) => emit(status.observedGeneration ?? 0),
  ),
  gauge(
    'kube_deployment_status_condition',
    'Whether a condition of a deployment has this status.',
    ({ status }, emit) => {
      for (const condition of status.conditions ?? []) {
        const { reason = '', type } = condition;
        const known = REASONS.has(reason) ? reason : 'unknown';
        emitStatus(emit, condition, { label: 'status', before: ['reason', known, 'condition', type] });
      }
    },
  ),
  ...labelFamilies('kube_deployment'),
]);
