import { roundQuantityUp } from '../quantity.ts';
import { ALPHA, gauge } from './family.ts';
import { createdFamily, labelFamilies } from './metadata-families.ts';
import { namespaced } from './state-resource.ts';

export const RESOURCE_QUOTAS = namespaced('resourcequotas', 'resourcequota', [
  gauge('kube_resourcequota', 'How much of a resource a quota allows (hard) and is used.', ({ status }, emit) => {
    for (const type of ['hard', 'used'] as const) {
      const quantities = status[type] ?? {};
      for (const resource in quantities) {
        emit(roundQuantityUp(quantities[resource]!, 3), 'resource', resource, 'type', type);
      }
    }
  }),
  createdFamily('kube_resourcequota'),
  ...labelFamilies('kube_resourcequota', ALPHA),
]);
