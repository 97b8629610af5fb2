import type { KubeObject } from '../objects.ts';
import { ALPHA_OPT_IN, type Family, gauge } from './family.ts';
import { createdFamily, labelFamilies, resourceVersionFamily } from './metadata-families.ts';
import { clusterWide, namespaced } from './state-resource.ts';

function familiesOf(prefix: string): readonly Family<KubeObject>[] {
  return [
    gauge(`${prefix}_info`, 'That there is a role.', (_, emit) => emit(1), ALPHA_OPT_IN),
    createdFamily(prefix, ALPHA_OPT_IN),
    resourceVersionFamily(prefix),
    ...labelFamilies(prefix, ALPHA_OPT_IN),
  ];
}

export const ROLES = namespaced('roles', 'role', familiesOf('kube_role'));
export const CLUSTER_ROLES = clusterWide('clusterroles', 'clusterrole', familiesOf('kube_clusterrole'));
