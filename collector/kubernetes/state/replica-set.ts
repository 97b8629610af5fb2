import { ALPHA_OPT_IN, gauge, OPT_IN } from './family.ts';
import { createdFamily, generationFamily, labelFamilies, ownerFamily } from './metadata-families.ts';
import { emitNumber } from './object-values.ts';
import { namespaced } from './state-resource.ts';

export const REPLICA_SETS = namespaced('replicasets', 'replicaset', [
  createdFamily('kube_replicaset'),
  generationFamily('kube_replicaset', OPT_IN),
  ownerFamily('kube_replicaset'),
  gauge('kube_replicaset_spec_replicas', 'How many pods a replica set is to have.', ({ spec }, emit) =>
    emitNumber(emit, spec.replicas),
  ),
  gauge('kube_replicaset_status_replicas', 'How many pods a replica set has.', ({ status }, emit) =>
    emit(status.replicas ?? 0),
  ),
  gauge('kube_replicaset_status_ready_replicas', 'How many pods of a replica set are ready.', ({ status }, emit) =>
    emit(status.readyReplicas ?? 0),
  ),
  gauge(
    'kube_replicaset_status_fully_labeled_replicas',
    'How many pods of a replica set have all labels of its template.',
    ({ status }, emit) => emit(status.fullyLabeledReplicas ?? 0),
    OPT_IN,
  ),
  gauge(
    'kube_replicaset_status_terminating_replicas',
    'How many pods of a replica set are ending, where the cluster counts them.',
    ({ status }, emit) => emitNumber(emit, status.terminatingReplicas),
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_replicaset_status_observed_generation',
    'Which generation of a replica set its controller has seen.',
    ({ status }, emit) => emit(status.observedGeneration ?? 0),
    OPT_IN,
  ),
  ...labelFamilies('kube_replicaset'),
]);
