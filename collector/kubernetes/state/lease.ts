import { ALPHA_OPT_IN, gauge } from './family.ts';
import { emitTime } from './object-values.ts';
import { namespaced } from './state-resource.ts';

/**
 * Leases change every few seconds, one for each node, so they are watched only when asked for. Other than in
 * kube-state-metrics, kube_lease_renew_time has the label `namespace` too: a lease's name alone does not identify it.
 */
export const LEASES = namespaced('leases', 'lease', [
  gauge(
    'kube_lease_owner',
    'By what a lease is owned and who holds it.',
    ({ metadata, spec }, emit) => {
      const holder = ['lease_holder', spec.holderIdentity ?? ''];
      const owners = metadata.ownerReferences ?? [];
      if (owners.length === 0) emit(1, ...holder);
      for (const { kind, name } of owners) emit(1, 'owner_kind', kind, 'owner_name', name, ...holder);
    },
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_lease_renew_time',
    'When a lease was renewed last, as Unix time.',
    ({ spec }, emit) => emitTime(emit, spec.renewTime),
    ALPHA_OPT_IN,
  ),
]);
