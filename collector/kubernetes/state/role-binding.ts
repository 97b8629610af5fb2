import type { RoleBinding } from '../policy-objects.ts';
import { ALPHA_OPT_IN, type Family, gauge } from './family.ts';
import { createdFamily, labelFamilies, resourceVersionFamily } from './metadata-families.ts';
import { clusterWide, namespaced } from './state-resource.ts';

function familiesOf(prefix: string): readonly Family<RoleBinding>[] {
  return [
    gauge(
      `${prefix}_info`,
      'Which role is given.',
      ({ roleRef }, emit) => emit(1, 'roleref_kind', roleRef?.kind ?? '', 'roleref_name', roleRef?.name ?? ''),
      ALPHA_OPT_IN,
    ),
    createdFamily(prefix, ALPHA_OPT_IN),
    resourceVersionFamily(prefix),
    ...labelFamilies(prefix, ALPHA_OPT_IN),
  ];
}

export const ROLE_BINDINGS = namespaced('rolebindings', 'rolebinding', familiesOf('kube_rolebinding'));
export const CLUSTER_ROLE_BINDINGS = clusterWide(
  'clusterrolebindings',
  'clusterrolebinding',
  familiesOf('kube_clusterrolebinding'),
);
