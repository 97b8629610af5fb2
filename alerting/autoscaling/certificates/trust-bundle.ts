import { type Certificate, PURPOSE, readPemCertificates } from './certificate.ts';

/** Why a certificate is not taken. The message holds nothing secret. */
export class UntrustedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UntrustedError';
  }
}

/** From when to when a chain of certificates is valid, in Unix milliseconds. */
export interface Trusted {
  readonly from: number;
  readonly until: number;
}

/** A certificate as it was presented, with those that came with it. */
export interface PresentedCertificate {
  readonly leaf: Certificate;
  /** In any order; may hold ones that are not needed. */
  readonly others: readonly Certificate[];
}

/** Signatures by hashes that still count: SHA-256, -384 and -512 with RSA, RSA-PSS, ECDSA; Ed25519. */
const ALGORITHMS: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.10',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
]);
/** What one look may cost: whoever connects chooses the certificates that are looked at. */
const MAX_SIGNATURES = 50;
const MAX_CHAIN = 8;

/**
 * The authorities of one bundle, and whether a client's certificate is signed by one of them. Node's own verification says only
 * whether any authority of the TLS context has signed a certificate, and the same context serves front proxies and clients, who
 * have different ones: so chains are built here, as RFC 5280 says. Name constraints are not understood; where they are critical
 * the chain does not count.
 */
export class TrustBundle {
  /** As it was given. */
  readonly pem: string;
  readonly #anchors: readonly Certificate[];

  /** Throws when there is no certificate in it, or one that cannot be read. */
  constructor(pem: string) {
    this.pem = pem;
    this.#anchors = readPemCertificates(pem);
  }

  /** Looks for a chain that is valid for a client at this time. Throws an UntrustedError when there is none. */
  verifyClient(presented: PresentedCertificate, now: number): Trusted {
    const search: Search = { others: presented.others, now, signatures: 0, failure: undefined };
    const { leaf } = presented;
    const found = this.#isAnchor(leaf) ? accept([leaf], search) : this.#extend([leaf], search);
    if (found !== undefined) return found;
    throw search.failure ?? new UntrustedError('the certificate is not signed by an authority that counts');
  }

  #extend(chain: readonly Certificate[], search: Search): Trusted | undefined {
    const last = chain.at(-1)!;
    for (const anchor of this.#anchors) {
      const found = hasSigned(anchor, last, search) ? accept([...chain, anchor], search) : undefined;
      if (found !== undefined) return found;
    }
    if (chain.length >= MAX_CHAIN) return undefined;
    for (const other of search.others) {
      if (chain.some(({ der }) => der.equals(other.der)) || !hasSigned(other, last, search)) continue;
      const found = this.#extend([...chain, other], search);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #isAnchor(certificate: Certificate): boolean {
    return this.#anchors.some(({ der }) => der.equals(certificate.der));
  }
}

interface Search {
  readonly others: readonly Certificate[];
  readonly now: number;
  signatures: number;
  /** Why the first chain that was found does not count: better to know than that there is none. */
  failure: UntrustedError | undefined;
}

function hasSigned(issuer: Certificate, certificate: Certificate, search: Search): boolean {
  if (!issuer.isAuthority || !issuer.subject.equals(certificate.issuer)) return false;
  if (!ALGORITHMS.has(certificate.algorithm) || search.signatures++ >= MAX_SIGNATURES) return false;
  try {
    return certificate.x509.verify(issuer.x509.publicKey);
  } catch {
    // Keys that do not fit the signature.
    return false;
  }
}

function accept(chain: readonly Certificate[], search: Search): Trusted | undefined {
  const reason = refusal(chain, search.now);
  if (reason !== undefined) {
    search.failure ??= new UntrustedError(reason);
    return undefined;
  }
  return {
    from: Math.max(...chain.map(({ notBefore }) => notBefore)),
    until: Math.min(...chain.map(({ notAfter }) => notAfter)),
  };
}

function refusal(chain: readonly Certificate[], now: number): string | undefined {
  for (const [index, { notBefore, notAfter, purposes, unknown, pathLength }] of chain.entries()) {
    const which = index === 0 ? 'the certificate' : 'an authority of the certificate';
    if (now < notBefore) return `${which} is not valid before ${new Date(notBefore).toISOString()}`;
    if (now > notAfter) return `${which} has expired at ${new Date(notAfter).toISOString()}`;
    if (unknown.length > 0) return `${which} has a critical extension that is not understood: ${unknown[0]}`;
    if (purposes !== undefined && !purposes.includes(PURPOSE.clientAuth) && !purposes.includes(PURPOSE.any)) {
      return `${which} is not for clients`;
    }
    if (index > 1 && pathLength < index - 1) return 'an authority of the certificate allows no such long chain';
  }
  return undefined;
}
