import type { KubeObject, ObjectMeta } from '../objects.ts';
import { ALPHA_OPT_IN, type Emit, type Family, type FamilyOptions, gauge, OPT_IN } from './family.ts';
import { toSeriesLabels } from './label-names.ts';
import { emitTime } from './object-values.ts';

/** `<prefix>_created`. */
export function createdFamily(prefix: string, options: FamilyOptions = OPT_IN): Family<KubeObject> {
  return gauge(
    `${prefix}_created`,
    'When it was created, as Unix time.',
    ({ metadata }, emit) => emitTime(emit, metadata.creationTimestamp),
    options,
  );
}

/** `<prefix>_deletion_timestamp`, of what is being deleted. */
export function deletionFamily(prefix: string, options: FamilyOptions = ALPHA_OPT_IN): Family<KubeObject> {
  return gauge(
    `${prefix}_deletion_timestamp`,
    'When it is to be gone, as Unix time, where it is being deleted.',
    ({ metadata }, emit) => emitTime(emit, metadata.deletionTimestamp),
    options,
  );
}

/** `<prefix>_metadata_generation`. */
export function generationFamily(prefix: string, options?: FamilyOptions): Family<KubeObject> {
  return gauge(
    `${prefix}_metadata_generation`,
    'How often what is wanted of it has changed.',
    ({ metadata }, emit) => emit(metadata.generation ?? 0),
    options,
  );
}

/** `<prefix>_metadata_resource_version`. */
export function resourceVersionFamily(prefix: string, options: FamilyOptions = ALPHA_OPT_IN): Family<KubeObject> {
  return gauge(
    `${prefix}_metadata_resource_version`,
    'Its resource version, where that is a number.',
    ({ metadata: { resourceVersion } }, emit) => {
      if (/^\d+$/.test(resourceVersion)) emit(Number(resourceVersion));
    },
    options,
  );
}

/** `<prefix>_owner`: one series for each owner, one without owner labels when there is none. */
export function ownerFamily(prefix: string, options?: FamilyOptions): Family<KubeObject> {
  return gauge(`${prefix}_owner`, 'By what it is owned.', ({ metadata }, emit) => emitOwners(emit, metadata), options);
}

function emitOwners(emit: Emit, { ownerReferences = [] }: ObjectMeta): void {
  if (ownerReferences.length === 0) emit(1);
  for (const { kind, name, controller } of ownerReferences) {
    emit(1, 'owner_kind', kind, 'owner_name', name, 'owner_is_controller', String(controller === true));
  }
}

/** `<prefix>_labels` and `<prefix>_annotations`: there only for resources for which names are allowed. */
export function labelFamilies(prefix: string, options?: FamilyOptions): readonly Family<KubeObject>[] {
  return [
    gauge(
      `${prefix}_labels`,
      'Its labels that are allowed, as labels.',
      ({ metadata }, emit, { labels }) => {
        if (!labels.isEmpty) emit(1, ...toSeriesLabels('label', metadata.labels, labels));
      },
      options,
    ),
    gauge(
      `${prefix}_annotations`,
      'Its annotations that are allowed, as labels.',
      ({ metadata }, emit, { annotations }) => {
        if (!annotations.isEmpty) emit(1, ...toSeriesLabels('annotation', metadata.annotations, annotations));
      },
      { stability: 'alpha' },
    ),
  ];
}
