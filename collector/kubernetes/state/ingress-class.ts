import { ALPHA_OPT_IN, gauge } from './family.ts';
import { createdFamily, labelFamilies } from './metadata-families.ts';
import { clusterWide } from './state-resource.ts';

export const INGRESS_CLASSES = clusterWide('ingressclasses', 'ingressclass', [
  gauge(
    'kube_ingressclass_info',
    'Which controller serves an ingress class.',
    ({ spec }, emit) => emit(1, 'controller', spec.controller ?? ''),
    ALPHA_OPT_IN,
  ),
  createdFamily('kube_ingressclass', ALPHA_OPT_IN),
  ...labelFamilies('kube_ingressclass', ALPHA_OPT_IN),
]);
