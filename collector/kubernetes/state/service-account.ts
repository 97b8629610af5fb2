import { ALPHA_OPT_IN, gauge } from './family.ts';
import { createdFamily, labelFamilies } from './metadata-families.ts';
import { emitTime } from './object-values.ts';
import { namespacedWithUid } from './state-resource.ts';

export const SERVICE_ACCOUNTS = namespacedWithUid('serviceaccounts', 'serviceaccount', [
  gauge(
    'kube_serviceaccount_info',
    'Whether pods of a service account get its token.',
    ({ automountServiceAccountToken: automount }, emit) =>
      emit(1, 'automount_token', automount === undefined ? '' : String(automount)),
    ALPHA_OPT_IN,
  ),
  createdFamily('kube_serviceaccount', ALPHA_OPT_IN),
  gauge(
    'kube_serviceaccount_deleted',
    'When a service account is to be gone, as Unix time, where it is being deleted.',
    ({ metadata }, emit) => emitTime(emit, metadata.deletionTimestamp),
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_serviceaccount_secret',
    'A secret of a service account.',
    ({ secrets = [] }, emit) => {
      for (const { name = '' } of secrets) emit(1, 'name', name);
    },
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_serviceaccount_image_pull_secret',
    'A secret with which a service account gets images.',
    ({ imagePullSecrets = [] }, emit) => {
      for (const { name = '' } of imagePullSecrets) emit(1, 'name', name);
    },
    ALPHA_OPT_IN,
  ),
  ...labelFamilies('kube_serviceaccount', ALPHA_OPT_IN),
]);
