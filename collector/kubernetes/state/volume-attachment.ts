import { ALPHA_OPT_IN, gauge } from './family.ts';
import { toSeriesLabels } from './label-names.ts';
import { createdFamily, labelFamilies } from './metadata-families.ts';
import { numberOf } from './object-values.ts';
import { clusterWide } from './state-resource.ts';

export const VOLUME_ATTACHMENTS = clusterWide('volumeattachments', 'volumeattachment', [
  gauge(
    'kube_volumeattachment_info',
    'What attaches a volume to which node.',
    ({ spec }, emit) => emit(1, 'attacher', spec.attacher ?? '', 'node', spec.nodeName ?? ''),
    ALPHA_OPT_IN,
  ),
  createdFamily('kube_volumeattachment', ALPHA_OPT_IN),
  gauge(
    'kube_volumeattachment_spec_source_persistentvolume',
    'Which volume is to be attached.',
    ({ spec }, emit) => {
      const name = spec.source?.persistentVolumeName;
      if (name !== undefined) emit(1, 'volumename', name);
    },
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_volumeattachment_status_attached',
    'Whether a volume is attached.',
    ({ status }, emit) => emit(numberOf(status.attached)),
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_volumeattachment_status_attachment_metadata',
    'What the driver says of an attachment.',
    ({ status }, emit) => emit(1, ...toSeriesLabels('metadata', status.attachmentMetadata)),
    ALPHA_OPT_IN,
  ),
  ...labelFamilies('kube_volumeattachment', ALPHA_OPT_IN),
]);
