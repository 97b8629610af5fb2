import type { KeyObject } from 'node:crypto';
import { type CertificateRequest, type KeyPair, makeCertificate } from './certificate.ts';

/** Vouches for certificates that it makes. */
export class CertificateAuthority {
  /** PEM: what those who shall trust it are given. */
  readonly cert: string;
  readonly #request: CertificateRequest;
  readonly #key: KeyObject;

  constructor(commonName: string) {
    this.#request = { commonName, usage: 'authority' };
    const { cert, privateKey } = makeCertificate(this.#request);
    this.cert = cert;
    this.#key = privateKey;
  }

  /** A new key and its certificate. */
  issue(request: CertificateRequest): KeyPair {
    const { cert, key } = makeCertificate(request, { request: this.#request, key: this.#key });
    return { cert, key };
  }
}
