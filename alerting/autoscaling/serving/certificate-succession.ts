import { createPrivateKey } from 'node:crypto';
import { isIP } from 'node:net';
import { type Certificate, PURPOSE, readPemCertificates } from '../certificates/certificate.ts';
import { issueCertificate, type KeyPair } from '../certificates/issue-certificate.ts';

/** A certificate of our own, the one that will follow it, and what clients must trust meanwhile. */
export interface Succession {
  readonly current: KeyPair;
  readonly next: KeyPair | undefined;
  /** Of the authorities that signed the two, in PEM. */
  readonly authorities: string;
}

export interface SuccessionOptions {
  /** DNS names and IPv4 addresses. */
  readonly hosts: readonly string[];
  /** Unix milliseconds. */
  readonly now: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Clocks of clients may be behind. */
const BACKDATED = HOUR;
const LIFETIME = 365 * DAY;
/** What is left of it when the next one is made. */
const RENEW = 120 * DAY;
/** How long the next authority is told to clients before anything that it signed is shown to them. */
const NOTICE = HOUR;

/**
 * What is to be served and told now; the same object when nothing is to be done. Each certificate has an authority of its own,
 * whose key is thrown away at once, so that clients who trust it trust this certificate and nothing else:
 *
 *     current A, told A  ->  current A, next B, told A and B  ->  (an hour later)  current B, told A and B  ->  current B, next C, …
 *
 * At every moment what is served is vouched for by what was told an hour ago, however many servers take part in it.
 */
export function succeed(before: Succession | undefined, options: SuccessionOptions): Succession {
  const { now } = options;
  if (before === undefined || !isGood(before.current, options)) {
    if (before?.next !== undefined && isGood(before.next, options))
      return { ...before, current: before.next, next: undefined };
    const { pair, authority } = issue(options);
    return { current: pair, next: undefined, authorities: authority };
  }
  const { current, next, authorities } = before;
  if (next !== undefined && isGood(next, options)) {
    const made = certificateOf(next).notBefore + BACKDATED;
    return now >= made + NOTICE ? { current: next, next: undefined, authorities } : before;
  }
  if (now < certificateOf(current).notAfter - RENEW) return before;
  const { pair, authority } = issue(options);
  return { current, next: pair, authorities: signersOf(current, authorities) + authority };
}

function issue({ hosts, now }: SuccessionOptions): { readonly pair: KeyPair; readonly authority: string } {
  const dates = { notBefore: now - BACKDATED, notAfter: now + LIFETIME };
  // Authorities of the same name would be taken for each other.
  const commonName = `pharos-metrics-apis-${new Date(now).toISOString()}`;
  const authority = issueCertificate({ ...dates, commonName, isAuthority: true });
  const issuer = { ...authority, commonName };
  const purposes = [PURPOSE.serverAuth];
  return {
    pair: issueCertificate({ ...dates, commonName: 'pharos-metrics-apis', hosts, purposes, issuer }),
    authority: authority.cert,
  };
}

/** Whether it can be served now, under these names. */
function isGood(pair: KeyPair, { hosts, now }: SuccessionOptions): boolean {
  try {
    const { x509, notBefore, notAfter } = certificateOf(pair);
    const covers = (host: string): boolean => (isIP(host) ? x509.checkIP(host) : x509.checkHost(host)) !== undefined;
    return (
      now >= notBefore && now < notAfter && hosts.every(covers) && x509.checkPrivateKey(createPrivateKey(pair.key))
    );
  } catch {
    return false;
  }
}

function certificateOf({ cert }: KeyPair): Certificate {
  return readPemCertificates(cert)[0]!;
}

/** Those of the authorities that signed it. */
function signersOf(pair: KeyPair, authorities: string): string {
  const { x509 } = certificateOf(pair);
  return readPemCertificates(authorities)
    .filter((authority) => x509.verify(authority.x509.publicKey))
    .map((authority) => authority.x509.toString())
    .join('');
}
