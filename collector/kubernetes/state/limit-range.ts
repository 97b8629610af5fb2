import { roundQuantityUp } from '../quantity.ts';
import { gauge } from './family.ts';
import { createdFamily } from './metadata-families.ts';
import { namespaced } from './state-resource.ts';

const CONSTRAINTS = ['min', 'max', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

export const LIMIT_RANGES = namespaced('limitranges', 'limitrange', [
  gauge('kube_limitrange', 'What a limit range demands of a resource.', ({ spec }, emit) => {
    for (const limit of spec.limits ?? []) {
      for (const constraint of CONSTRAINTS) {
        const quantities = limit[constraint] ?? {};
        for (const resource in quantities) {
          const value = roundQuantityUp(quantities[resource]!, 3);
          emit(value, 'resource', resource, 'type', limit.type, 'constraint', constraint);
        }
      }
    }
  }),
  createdFamily('kube_limitrange'),
]);
