import type { CertificateSigningRequest } from '../policy-objects.ts';
import { type Family, gauge, OPT_IN } from './family.ts';
import { createdFamily, labelFamilies } from './metadata-families.ts';
import type { StateResource } from './state-resource.ts';

const DECISIONS = { approved: 'Approved', denied: 'Denied' } as const;

const FAMILIES: readonly Family<CertificateSigningRequest>[] = [
  createdFamily('kube_certificatesigningrequest'),
  gauge(
    'kube_certificatesigningrequest_condition',
    'Whether a request for a certificate was approved or denied.',
    ({ status }, emit) => {
      for (const decision of ['approved', 'denied'] as const) {
        const conditions = (status.conditions ?? []).filter(({ type }) => type === DECISIONS[decision]);
        emit(conditions.length, 'condition', decision);
      }
    },
    OPT_IN,
  ),
  gauge(
    'kube_certificatesigningrequest_cert_length',
    'Bytes of the certificate that was issued.',
    ({ status }, emit) => emit(Buffer.byteLength(status.certificate ?? '', 'base64')),
    OPT_IN,
  ),
  ...labelFamilies('kube_certificatesigningrequest', OPT_IN),
];

export const CERTIFICATE_SIGNING_REQUESTS: StateResource<'certificatesigningrequests'> = {
  resource: 'certificatesigningrequests',
  identity: ['certificatesigningrequest', 'signer_name'],
  identify: ({ metadata, spec }) => [metadata.name, spec.signerName ?? ''],
  families: FAMILIES,
};
