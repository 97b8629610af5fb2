import { type KeyPair, makeCertificate } from './certificate.ts';

/** A certificate that vouches for itself, for a server whose clients are told to trust it. */
export type SelfSigned = KeyPair;

/** Of a new key on the curve P-256, valid from a day ago for ten years, for these names and IPv4 addresses. */
export function selfSigned(hosts: readonly string[] = ['127.0.0.1', 'localhost']): SelfSigned {
  const { cert, key } = makeCertificate({ commonName: 'simulated', hosts, usage: 'any' });
  return { cert, key };
}
