import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readPemCertificates } from '../certificates/certificate.ts';
import { type Succession, succeed } from './certificate-succession.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const hosts = ['pharos.monitoring.svc', '127.0.0.1'];
const START = Date.UTC(2026, 2, 2);

/** Whether a client that was told of these authorities takes the certificate. */
function isTaken({ cert }: { readonly cert: string }, authorities: string): boolean {
  const { x509 } = readPemCertificates(cert)[0]!;
  return readPemCertificates(authorities).some(({ x509: by }) => x509.checkIssued(by) && x509.verify(by.publicKey));
}

describe('the succession of certificates', () => {
  it('goes on for years, with what is served vouched for by what was told before', () => {
    let now = START;
    let kept: Succession = succeed(undefined, { hosts, now });
    const served = new Set([kept.current.cert]);
    for (const end = START + 1_100 * DAY; now < end; now += 5 * DAY) {
      const next = succeed(kept, { hosts, now });
      if (next === kept) continue;
      // Told first: what is served stays.
      expect(next.current).toEqual(kept.current);
      expect(isTaken(next.current, next.authorities) && isTaken(next.next!, next.authorities)).toBe(true);
      expect(readPemCertificates(next.authorities).length).toBe(2);
      expect(succeed(next, { hosts, now: now + 59 * MINUTE })).toBe(next);
      const promoted = succeed(next, { hosts, now: now + HOUR });
      expect(promoted).toEqual({ current: next.next, next: undefined, authorities: next.authorities });
      expect(Date.parse(new X509Certificate(next.current.cert).validTo) - now).toBeGreaterThan(100 * DAY);
      served.add(promoted.current.cert);
      kept = promoted;
    }
    expect(served.size).toBe(5);
  });

  it('begins anew with what cannot be served: expired, of other names, without its key, or no certificate at all', () => {
    const kept = succeed(undefined, { hosts, now: START });
    const isNew = (before: Succession, options = { hosts, now: START }): boolean => {
      const after = succeed(before, options);
      return after.current.cert !== kept.current.cert && isTaken(after.current, after.authorities);
    };
    expect(isNew(kept)).toBe(false);
    expect(isNew(kept, { hosts, now: START + 400 * DAY })).toBe(true);
    expect(isNew(kept, { hosts: ['other.monitoring.svc'], now: START })).toBe(true);
    const other = succeed(undefined, { hosts, now: START });
    expect(isNew({ ...kept, current: { cert: kept.current.cert, key: other.current.key } })).toBe(true);
    expect(isNew({ ...kept, current: { cert: 'none', key: 'none' } })).toBe(true);
  });

  it('serves the next one when the first has expired while nobody looked', () => {
    const kept = succeed(succeed(undefined, { hosts, now: START }), { hosts, now: START + 250 * DAY });
    const after = succeed(kept, { hosts, now: START + 370 * DAY });
    expect([after.current, after.next]).toEqual([kept.next, undefined]);
    expect(isTaken(after.current, after.authorities)).toBe(true);
  });
});
