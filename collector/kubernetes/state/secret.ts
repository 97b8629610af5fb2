import { ALPHA_OPT_IN, gauge } from './family.ts';
import { createdFamily, labelFamilies, ownerFamily, resourceVersionFamily } from './metadata-families.ts';
import { namespaced } from './state-resource.ts';

/** Their content is not asked for, so kube_secret_type and kube_secret_tls_cert_not_after_seconds cannot be told. */
export const SECRETS = namespaced('secrets', 'secret', [
  gauge('kube_secret_info', 'That there is a secret.', (_, emit) => emit(1)),
  createdFamily('kube_secret'),
  ownerFamily('kube_secret', ALPHA_OPT_IN),
  resourceVersionFamily('kube_secret'),
  ...labelFamilies('kube_secret'),
]);
