import { ALPHA_OPT_IN, gauge, OPT_IN } from './family.ts';
import { createdFamily, deletionFamily, generationFamily, labelFamilies } from './metadata-families.ts';
import { emitNumber } from './object-values.ts';
import { namespaced } from './state-resource.ts';

export const STATEFUL_SETS = namespaced('statefulsets', 'statefulset', [
  createdFamily('kube_statefulset', {}),
  deletionFamily('kube_statefulset'),
  generationFamily('kube_statefulset'),
  gauge('kube_statefulset_replicas', 'How many pods a stateful set is to have.', ({ spec }, emit) =>
    emitNumber(emit, spec.replicas),
  ),
  gauge(
    'kube_statefulset_ordinals_start',
    'The number of the first pod of a stateful set, where it is set.',
    ({ spec }, emit) => {
      if (spec.ordinals !== undefined) emit(spec.ordinals.start ?? 0);
    },
    OPT_IN,
  ),
  gauge(
    'kube_statefulset_persistentvolumeclaim_retention_policy',
    'What becomes of the claims of a stateful set.',
    ({ spec }, emit) => {
      const { whenDeleted = '', whenScaled = '' } = spec.persistentVolumeClaimRetentionPolicy ?? {};
      if (whenDeleted !== '' || whenScaled !== '') emit(1, 'when_deleted', whenDeleted, 'when_scaled', whenScaled);
    },
    ALPHA_OPT_IN,
  ),
  gauge('kube_statefulset_status_replicas', 'How many pods a stateful set has.', ({ status }, emit) =>
    emit(status.replicas ?? 0),
  ),
  gauge('kube_statefulset_status_replicas_ready', 'How many pods of a stateful set are ready.', ({ status }, emit) =>
    emit(status.readyReplicas ?? 0),
  ),
  gauge(
    'kube_statefulset_status_replicas_available',
    'How many pods of a stateful set have been ready for long enough.',
    ({ status }, emit) => emit(status.availableReplicas ?? 0),
  ),
  gauge(
    'kube_statefulset_status_replicas_current',
    'How many pods of a stateful set are of its current revision.',
    ({ status }, emit) => emit(status.currentReplicas ?? 0),
  ),
  gauge(
    'kube_statefulset_status_replicas_updated',
    'How many pods of a stateful set are of its next revision.',
    ({ status }, emit) => emit(status.updatedReplicas ?? 0),
  ),
  gauge(
    'kube_statefulset_status_observed_generation',
    'Which generation of a stateful set its controller has seen.',
    ({ status }, emit) => emit(status.observedGeneration ?? 0),
  ),
  gauge(
    'kube_statefulset_status_current_revision',
    'The revision that a stateful set comes from.',
    ({ status }, emit) => emit(1, 'revision', status.currentRevision ?? ''),
  ),
  gauge('kube_statefulset_status_update_revision', 'The revision that a stateful set goes to.', ({ status }, emit) =>
    emit(1, 'revision', status.updateRevision ?? ''),
  ),
  ...labelFamilies('kube_statefulset'),
]);
