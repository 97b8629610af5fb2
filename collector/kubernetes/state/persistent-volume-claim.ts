import { roundQuantityUp } from '../quantity.ts';
import { ALPHA, ALPHA_OPT_IN, gauge } from './family.ts';
import { createdFamily, deletionFamily, labelFamilies } from './metadata-families.ts';
import { emitChoice, emitConditions } from './object-values.ts';
import { namespaced } from './state-resource.ts';

const PHASES = ['Lost', 'Bound', 'Pending'];
/** Where the class was written before there was a field for it. */
const CLASS = 'volume.beta.kubernetes.io/storage-class';

export const PERSISTENT_VOLUME_CLAIMS = namespaced('persistentvolumeclaims', 'persistentvolumeclaim', [
  gauge('kube_persistentvolumeclaim_info', 'Which volume a claim has.', ({ metadata, spec }, emit) =>
    emit(
      1,
      'storageclass',
      metadata.annotations?.[CLASS] ?? spec.storageClassName ?? '',
      'volumename',
      spec.volumeName ?? '',
      'volumemode',
      spec.volumeMode ?? '',
    ),
  ),
  createdFamily('kube_persistentvolumeclaim', ALPHA_OPT_IN),
  deletionFamily('kube_persistentvolumeclaim'),
  gauge('kube_persistentvolumeclaim_access_mode', 'How a claim may be mounted.', ({ spec }, emit) => {
    for (const mode of spec.accessModes ?? []) emit(1, 'access_mode', mode);
  }),
  gauge(
    'kube_persistentvolumeclaim_resource_requests_storage_bytes',
    'How much a claim asks for.',
    ({ spec }, emit) => {
      const storage = spec.resources?.requests?.storage;
      if (storage !== undefined) emit(roundQuantityUp(storage, 0));
    },
  ),
  gauge('kube_persistentvolumeclaim_status_phase', 'In which phase a claim is.', ({ status }, emit) =>
    emitChoice(emit, status.phase, PHASES, 'phase'),
  ),
  gauge(
    'kube_persistentvolumeclaim_status_condition',
    'Whether a condition of a claim has this status.',
    ({ status }, emit) => emitConditions(emit, status.conditions),
    ALPHA,
  ),
  ...labelFamilies('kube_persistentvolumeclaim'),
]);
