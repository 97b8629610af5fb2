import type { ReplicationController } from '../objects.ts';
import { ALPHA_OPT_IN, type Family, gauge, OPT_IN } from './family.ts';
import { createdFamily, generationFamily, ownerFamily } from './metadata-families.ts';
import { emitNumber } from './object-values.ts';
import { namespaced } from './state-resource.ts';

function ofStatus(
  name: string,
  help: string,
  field: keyof ReplicationController['status'],
): Family<ReplicationController> {
  return gauge(
    `kube_replicationcontroller_status_${name}`,
    help,
    ({ status }, emit) => emit(status[field] ?? 0),
    OPT_IN,
  );
}

export const REPLICATION_CONTROLLERS = namespaced('replicationcontrollers', 'replicationcontroller', [
  createdFamily('kube_replicationcontroller'),
  generationFamily('kube_replicationcontroller', OPT_IN),
  ownerFamily('kube_replicationcontroller', ALPHA_OPT_IN),
  gauge(
    'kube_replicationcontroller_spec_replicas',
    'How many pods a replication controller is to have.',
    ({ spec }, emit) => emitNumber(emit, spec.replicas),
    OPT_IN,
  ),
  ofStatus('replicas', 'How many pods a replication controller has.', 'replicas'),
  ofStatus(
    'fully_labeled_replicas',
    'How many pods of a replication controller have all labels of its template.',
    'fullyLabeledReplicas',
  ),
  ofStatus('ready_replicas', 'How many pods of a replication controller are ready.', 'readyReplicas'),
  ofStatus(
    'available_replicas',
    'How many pods of a replication controller have been ready for long enough.',
    'availableReplicas',
  ),
  ofStatus(
    'observed_generation',
    'Which generation of a replication controller was seen by what acts on it.',
    'observedGeneration',
  ),
]);
