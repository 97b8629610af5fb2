import { gauge } from './family.ts';
import { createdFamily, labelFamilies } from './metadata-families.ts';
import { clusterWide } from './state-resource.ts';

export const STORAGE_CLASSES = clusterWide('storageclasses', 'storageclass', [
  gauge(
    'kube_storageclass_info',
    'How volumes of a class are made.',
    ({ provisioner = '', reclaimPolicy = 'Delete', volumeBindingMode = 'Immediate' }, emit) =>
      emit(1, 'provisioner', provisioner, 'reclaim_policy', reclaimPolicy, 'volume_binding_mode', volumeBindingMode),
  ),
  createdFamily('kube_storageclass'),
  ...labelFamilies('kube_storageclass'),
]);
