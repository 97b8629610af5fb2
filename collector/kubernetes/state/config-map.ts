import { gauge } from './family.ts';
import { createdFamily, labelFamilies, resourceVersionFamily } from './metadata-families.ts';
import { namespaced } from './state-resource.ts';

/** Their content is not asked for. */
export const CONFIG_MAPS = namespaced('configmaps', 'configmap', [
  gauge('kube_configmap_info', 'That there is a config map.', (_, emit) => emit(1)),
  createdFamily('kube_configmap'),
  resourceVersionFamily('kube_configmap'),
  ...labelFamilies('kube_configmap'),
]);
