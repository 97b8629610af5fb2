import { roundQuantityUp } from '../quantity.ts';
import type { PersistentVolume } from '../volume-objects.ts';
import { ALPHA_OPT_IN, gauge } from './family.ts';
import { createdFamily, deletionFamily, labelFamilies } from './metadata-families.ts';
import { emitChoice } from './object-values.ts';
import { clusterWide } from './state-resource.ts';

const PHASES = ['Pending', 'Available', 'Bound', 'Released', 'Failed'];

/** Where a volume is, as labels. */
function sourceLabels({
  gcePersistentDisk: gce,
  awsElasticBlockStore: aws,
  azureDisk: azure,
  fc,
  iscsi,
  nfs,
  csi,
  local,
  hostPath,
}: PersistentVolume['spec']): string[] {
  if (gce !== undefined) return ['gce_persistent_disk_name', gce.pdName ?? ''];
  if (aws !== undefined) return ['ebs_volume_id', aws.volumeID ?? ''];
  if (azure !== undefined) return ['azure_disk_name', azure.diskName ?? ''];
  if (fc !== undefined) {
    const wwids = (fc.wwids ?? []).join(',');
    const targets = (fc.targetWWNs ?? []).join(',');
    return ['fc_wwids', wwids, 'fc_lun', String(fc.lun ?? ''), 'fc_target_wwns', targets];
  }
  if (iscsi !== undefined) {
    const { targetPortal = '', iqn = '', lun = 0, initiatorName = '' } = iscsi;
    const labels = ['iscsi_target_portal', targetPortal, 'iscsi_iqn', iqn, 'iscsi_lun', String(lun)];
    return [...labels, 'iscsi_initiator_name', initiatorName];
  }
  if (nfs !== undefined) return ['nfs_server', nfs.server ?? '', 'nfs_path', nfs.path ?? ''];
  if (csi !== undefined) return ['csi_driver', csi.driver ?? '', 'csi_volume_handle', csi.volumeHandle ?? ''];
  if (local !== undefined) return ['local_path', local.path ?? '', 'local_fs', local.fsType ?? ''];
  if (hostPath !== undefined) return ['host_path', hostPath.path ?? '', 'host_path_type', hostPath.type ?? ''];
  return [];
}

export const PERSISTENT_VOLUMES = clusterWide('persistentvolumes', 'persistentvolume', [
  gauge('kube_persistentvolume_info', 'Where a volume is.', ({ spec }, emit) =>
    emit(
      1,
      'storageclass',
      spec.storageClassName ?? '',
      'reclaim_policy',
      spec.persistentVolumeReclaimPolicy ?? '',
      ...sourceLabels(spec),
    ),
  ),
  createdFamily('kube_persistentvolume', ALPHA_OPT_IN),
  deletionFamily('kube_persistentvolume'),
  gauge('kube_persistentvolume_capacity_bytes', 'How large a volume is.', ({ spec }, emit) =>
    emit(roundQuantityUp(spec.capacity?.storage ?? 0, 0)),
  ),
  gauge('kube_persistentvolume_status_phase', 'In which phase a volume is.', ({ status }, emit) =>
    emitChoice(emit, status.phase, PHASES, 'phase'),
  ),
  gauge('kube_persistentvolume_claim_ref', 'Which claim has a volume.', ({ spec: { claimRef } }, emit) => {
    if (claimRef !== undefined) emit(1, 'name', claimRef.name ?? '', 'claim_namespace', claimRef.namespace ?? '');
  }),
  gauge(
    'kube_persistentvolume_volume_mode',
    'Whether a volume is a file system or a block device.',
    ({ spec }, emit) => emit(1, 'volumemode', spec.volumeMode ?? 'Filesystem'),
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_persistentvolume_csi_attributes',
    'How the driver of a volume mounts it.',
    ({ spec: { csi } }, emit) => {
      if (csi === undefined) return;
      const { mounter = '', mapOptions = '' } = csi.volumeAttributes ?? {};
      emit(1, 'csi_mounter', mounter, 'csi_map_options', mapOptions);
    },
    ALPHA_OPT_IN,
  ),
  ...labelFamilies('kube_persistentvolume'),
]);
