import { ALPHA_OPT_IN, gauge } from './family.ts';
import { createdFamily, labelFamilies } from './metadata-families.ts';
import { namespaced } from './state-resource.ts';

export const NETWORK_POLICIES = namespaced('networkpolicies', 'networkpolicy', [
  createdFamily('kube_networkpolicy', ALPHA_OPT_IN),
  gauge(
    'kube_networkpolicy_spec_ingress_rules',
    'How many rules a network policy has for what comes in.',
    ({ spec }, emit) => emit(spec.ingress?.length ?? 0),
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_networkpolicy_spec_egress_rules',
    'How many rules a network policy has for what goes out.',
    ({ spec }, emit) => emit(spec.egress?.length ?? 0),
    ALPHA_OPT_IN,
  ),
  ...labelFamilies('kube_networkpolicy', ALPHA_OPT_IN),
]);
