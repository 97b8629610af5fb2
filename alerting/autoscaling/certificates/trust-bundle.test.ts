import { type KeyObject, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PURPOSE, readCertificate, readPemCertificates, subjectOf } from './certificate.ts';
import { FOREIGN_CERTIFICATES as FOREIGN } from './foreign-certificates.case.ts';
import { issueCertificate } from './issue-certificate.ts';
import { TrustBundle } from './trust-bundle.ts';

const NOW = Date.UTC(2030, 0, 1);
const DAY = 86_400_000;

function verify(bundle: string, leaf: string, ...others: string[]): () => unknown {
  const presented = { leaf: one(leaf), others: others.map(one) };
  return () => new TrustBundle(bundle).verifyClient(presented, NOW);
}

function one(pem: string) {
  return readPemCertificates(pem)[0]!;
}

describe('a certificate', () => {
  it('is read as OpenSSL reads it', () => {
    for (const pem of Object.values(FOREIGN)) {
      const node = new X509Certificate(pem);
      const { notBefore, notAfter, isAuthority, purposes } = one(pem);
      expect([notBefore, notAfter]).toEqual([Date.parse(node.validFrom), Date.parse(node.validTo)]);
      expect([isAuthority, purposes]).toEqual([node.ca, node.keyUsage]);
    }
    expect(subjectOf(one(FOREIGN.rsaClient))).toEqual({
      commonName: 'kubernetes-admin',
      organizations: ['system:masters'],
    });
  });

  it('is written as OpenSSL reads it, on both sides of the year 2050', () => {
    for (const year of [2049, 2050, 2051]) {
      const { cert } = issueCertificate({
        commonName: 'a\nO=system:masters, CN=x',
        organizations: ['dev', 'ops'],
        hosts: ['a.example.org', '10.0.0.1'],
        purposes: [PURPOSE.clientAuth],
        notBefore: Date.UTC(year, 0, 1) - DAY,
        notAfter: Date.UTC(year, 11, 31, 23, 59, 59),
      });
      const node = new X509Certificate(cert);
      const own = one(cert);
      expect([own.notBefore, own.notAfter]).toEqual([Date.parse(node.validFrom), Date.parse(node.validTo)]);
      expect(node.subjectAltName).toBe('DNS:a.example.org, IP Address:10.0.0.1');
      expect(node.verify(node.publicKey)).toBe(true);
      // A name that looks like two is one.
      expect(subjectOf(own)).toEqual({ commonName: 'a\nO=system:masters, CN=x', organizations: ['dev', 'ops'] });
    }
  });

  it('is refused, and nothing worse, when it is broken', () => {
    const der = one(FOREIGN.rsaClient).der;
    const change = fc.tuple(fc.nat(der.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(der.length), (changes, cut) => {
        const broken = Buffer.from(der);
        for (const [at, byte] of changes) broken[at] = byte;
        for (const bytes of [broken, broken.subarray(0, cut)]) {
          let leaf: ReturnType<typeof readCertificate>;
          try {
            leaf = readCertificate(bytes);
            subjectOf(leaf);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
            continue;
          }
          // Only what is signed is what it was.
          if (leaf.der.equals(der)) continue;
          expect(() => new TrustBundle(FOREIGN.rsaCa).verifyClient({ leaf, others: [] }, NOW)).toThrow();
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a bundle of authorities', () => {
  const lasting = { notBefore: NOW - DAY, notAfter: NOW + DAY };
  const authority = (commonName: string, fields: object = {}) => ({
    ...issueCertificate({ commonName, isAuthority: true, ...lasting, ...fields }),
    commonName,
  });

  it('vouches for whom one of them has signed', () => {
    expect(verify(FOREIGN.rsaCa, FOREIGN.rsaClient)()).toEqual({
      from: one(FOREIGN.rsaClient).notBefore,
      until: one(FOREIGN.rsaClient).notAfter,
    });
    expect(verify(FOREIGN.root + FOREIGN.rsaCa, FOREIGN.rsaClient)).not.toThrow();
    expect(verify(FOREIGN.root, FOREIGN.rsaClient)).toThrow('not signed by an authority that counts');
    expect(verify(FOREIGN.rsaCa, FOREIGN.sha1Client)).toThrow('not signed by an authority that counts');
  });

  it('keeps to the lengths of chains, and takes no constraint that it does not understand', () => {
    expect(verify(FOREIGN.root, FOREIGN.shortClient, FOREIGN.short)).not.toThrow();
    expect(verify(FOREIGN.root, FOREIGN.tooLongClient, FOREIGN.tooLong, FOREIGN.short)).toThrow('no such long chain');
    expect(verify(FOREIGN.root, FOREIGN.constrainedClient, FOREIGN.constrained)).toThrow(
      'an authority of the certificate has a critical extension that is not understood: 2.5.29.30',
    );
    expect(verify(FOREIGN.root, FOREIGN.shortClient)).toThrow();
  });

  it('takes one that is itself in it, and no authority for a client when its purpose is another', () => {
    const client = issueCertificate({ commonName: 'x', purposes: [PURPOSE.clientAuth], ...lasting });
    expect(verify(client.cert, client.cert)).not.toThrow();
    const server = issueCertificate({ commonName: 'x', purposes: [PURPOSE.serverAuth], ...lasting });
    expect(verify(server.cert, server.cert)).toThrow('the certificate is not for clients');
    const root = authority('root');
    const forServers = authority('between', { issuer: root, purposes: [PURPOSE.serverAuth] });
    const { cert } = issueCertificate({ commonName: 'x', issuer: forServers, ...lasting });
    expect(verify(root.cert, cert, forServers.cert)).toThrow('an authority of the certificate is not for clients');
  });

  it('looks on when the first chain does not count', () => {
    const old = authority('ca', { notBefore: NOW - 3 * DAY, notAfter: NOW - 2 * DAY });
    const young = authority('ca');
    const { cert } = issueCertificate({ commonName: 'x', issuer: young, ...lasting });
    expect(verify(old.cert + young.cert, cert)).not.toThrow();
    expect(verify(old.cert, cert)).toThrow('not signed');
    const { cert: late } = issueCertificate({ commonName: 'x', issuer: old, ...lasting });
    expect(verify(old.cert + young.cert, late)).toThrow('an authority of the certificate has expired at 2029-12-30');
  });

  it('spends little on clients that send whatever they like', () => {
    // All of the same name: each could have signed each.
    const many = Array.from({ length: 40 }, () => authority('same'));
    const { cert } = issueCertificate({ commonName: 'x', issuer: many[0]!, ...lasting });
    let signatures = 0;
    const counted = (pem: string) => {
      const certificate = one(pem);
      const verify = (key: KeyObject): boolean => {
        signatures++;
        return certificate.x509.verify(key);
      };
      const x509 = { verify, publicKey: certificate.x509.publicKey } as unknown as X509Certificate;
      return { ...certificate, x509 };
    };
    const presented = { leaf: counted(cert), others: many.map((each) => counted(each.cert)) };
    expect(() => new TrustBundle(FOREIGN.root).verifyClient(presented, NOW)).toThrow('not signed');
    expect(signatures).toBe(50);
  });

  it('is made of certificates and nothing else', () => {
    expect(() => new TrustBundle('')).toThrow('expected certificates in PEM, got none');
    expect(() => new TrustBundle('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toThrow();
  });
});
