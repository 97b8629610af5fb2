import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Certificate, readCertificate } from '../certificates/certificate.ts';
import { type PresentedCertificate, type TrustBundle, UntrustedError } from '../certificates/trust-bundle.ts';

/** Certificates of a client that are looked at. */
const MAX_PRESENTED = 8;
/** Milliseconds for which a refusal is not looked into again on the same connection. */
const REFUSED_FOR = 5_000;

interface Verdict {
  readonly from: number;
  readonly until: number;
  readonly refused: UntrustedError | undefined;
}

/** The certificate that a client has shown on a connection. Chains are looked for once for each bundle, dates each time. */
export class ClientCertificate {
  readonly #presented: PresentedCertificate | UntrustedError;
  readonly #verdicts = new WeakMap<TrustBundle, Verdict>();

  constructor(certificate: X509Certificate) {
    this.#presented = presentedBy(certificate);
  }

  /** Of whom it is, when somebody whom the bundle trusts has signed it for a client. Throws an UntrustedError. */
  verify(bundle: TrustBundle, now: number): Certificate {
    if (this.#presented instanceof UntrustedError) throw this.#presented;
    let verdict = this.#verdicts.get(bundle);
    if (verdict === undefined || now < verdict.from || now > verdict.until) {
      verdict = verdictOn(this.#presented, bundle, now);
      this.#verdicts.set(bundle, verdict);
    }
    if (verdict.refused !== undefined) throw verdict.refused;
    return this.#presented.leaf;
  }
}

const certificates = new WeakMap<Socket, ClientCertificate>();

/** Undefined when the client has shown none. */
export function clientCertificate(socket: Socket): ClientCertificate | undefined {
  const known = certificates.get(socket);
  if (known !== undefined) return known;
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return undefined;
  const made = new ClientCertificate(certificate);
  certificates.set(socket, made);
  return made;
}

/** Node links the certificates in the order in which the client has sent them, whoever has signed them. */
function presentedBy(certificate: X509Certificate): PresentedCertificate | UntrustedError {
  const others: Certificate[] = [];
  try {
    for (let next = certificate.issuerCertificate; next !== undefined; next = next.issuerCertificate) {
      if (others.length >= MAX_PRESENTED) break;
      others.push(readCertificate(next.raw));
    }
    return { leaf: readCertificate(certificate.raw), others };
  } catch (error) {
    return new UntrustedError(`the certificate cannot be read: ${(error as Error).message}`);
  }
}

function verdictOn(presented: PresentedCertificate, bundle: TrustBundle, now: number): Verdict {
  try {
    return { ...bundle.verifyClient(presented, now), refused: undefined };
  } catch (error) {
    if (!(error instanceof UntrustedError)) throw error;
    return { from: now, until: now + REFUSED_FOR, refused: error };
  }
}
