import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '../../../simulator/api/api-server.ts';
import { ObjectStore } from '../../../simulator/object-store.ts';
import { SteppedClock } from '../../stepped-clock.case.ts';
import { Authority, apiCaller } from '../access/protected-server.case.ts';
import { issueCertificate } from '../certificates/issue-certificate.ts';
import { type MetricsApisTls, metricsApisTls, TLS_SECRET } from './metrics-apis-tls.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const service = { namespace: 'monitoring', name: 'pharos-metrics-apis' };
const HOST = 'pharos-metrics-apis.monitoring.svc';

/** What a server with these options shows to a client that trusts the bundle, under the service's name; rejects when it is not taken. */
async function shown(tls: MetricsApisTls, bundle: string | undefined, servername = HOST): Promise<PeerCertificate> {
  const server = createServer({ requestCert: true, rejectUnauthorized: false, ...tls.contextOptions });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', servername, ca: bundle ?? [] });
      socket.on('error', reject);
      socket.on('secureConnect', () => {
        resolve(socket.getPeerCertificate());
        socket.destroy();
      });
    });
  } finally {
    server.close();
  }
}

describe('TLS of the metrics APIs', () => {
  let logged: string[];
  const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  let clock: SteppedClock;
  let store: ObjectStore;
  let api: ApiServer;
  const opened: MetricsApisTls[] = [];

  beforeEach(async () => {
    logged = [];
    clock = new SteppedClock(Date.now());
    store = new ObjectStore({ now: () => clock.now() });
    store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'monitoring' } });
    const secrets = { groups: [''], resources: ['secrets'], namespaces: ['monitoring'] };
    const allow = [
      { ...secrets, verbs: ['create'] },
      { ...secrets, verbs: ['get', 'update'], names: [TLS_SECRET] },
    ];
    const tokens = [
      { token: 't', user: 'pharos', allow },
      { token: 'none', user: 'nobody', allow: [] },
    ];
    api = await startApiServer({ store, now: () => clock.now(), tokens });
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((tls) => tls.close()));
    await api.close();
    expect(logged.filter((line) => line.includes('PRIVATE KEY'))).toEqual([]);
  });

  async function open(options: Partial<Parameters<typeof metricsApisTls>[0]> = {}): Promise<MetricsApisTls> {
    const tls = await metricsApisTls({ service, logger, clock, ...options });
    opened.push(tls);
    return tls;
  }

  /** Until it holds, a second of the stepped clock at a time. */
  async function until(holds: () => boolean): Promise<void> {
    for (let i = 0; i < 300; i++) {
      if (holds()) return;
      await clock.advance(1_000);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new Error(`waited in vain: ${holds}`);
  }

  it('makes a certificate that clients take under the names of the service, and under no other', async () => {
    const tls = await open();
    for (const name of [HOST, `${HOST}.cluster.local`, 'localhost']) {
      expect((await shown(tls, tls.caBundle, name)).subject.CN).toBe('pharos-metrics-apis');
    }
    await expect(shown(tls, tls.caBundle, 'other.monitoring.svc')).rejects.toThrow(/altnames/);
    await expect(shown(tls, new Authority('other').pair.cert)).rejects.toThrow();
  });

  it('renews it long before it expires, after the authority of the next one was told', async () => {
    const tls = await open();
    const first = { cert: tls.contextOptions.cert, bundle: tls.caBundle! };
    clock.jump(250 * DAY);
    await until(() => tls.caBundle !== first.bundle);
    expect([tls.contextOptions.cert, tls.caBundle!.startsWith(first.bundle)]).toEqual([first.cert, true]);
    clock.jump(HOUR);
    await until(() => tls.contextOptions.cert !== first.cert);
  });

  it('gives two servers of one service one certificate, whoever is first', async () => {
    const caller = apiCaller(api.url, 't');
    const [a, b] = await Promise.all([open({ api: caller }), open({ api: caller })]);
    await until(() => a.caBundle !== undefined && b.caBundle !== undefined);
    expect(a.caBundle).toBe(b.caBundle);
    expect(a.contextOptions).toEqual(b.contextOptions);
    expect(await shown(b, a.caBundle)).toBeDefined();
    const later = await open({ api: caller });
    await until(() => later.caBundle !== undefined);
    expect(later.caBundle).toBe(a.caBundle);
    // The next one too is made once.
    const first = a.caBundle!;
    clock.jump(260 * DAY);
    await until(() => a.caBundle !== first && b.caBundle !== first);
    expect(a.caBundle).toBe(b.caBundle);
    expect(a.caBundle!.startsWith(first)).toBe(true);
    const before = a.contextOptions.cert;
    clock.jump(HOUR);
    await until(() => a.contextOptions.cert !== before && b.contextOptions.cert !== before);
    expect(a.contextOptions).toEqual(b.contextOptions);
  });

  it('serves one that nobody is told of until the API server is there, and what is there while it is away', async () => {
    await api.stop();
    const tls = await open({ api: apiCaller(api.url, 't') });
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(tls.caBundle).toBeUndefined();
    expect(tls.contextOptions.cert).toMatch(/BEGIN CERTIFICATE/);
    await api.start();
    await until(() => tls.caBundle !== undefined);
    const { cert } = tls.contextOptions;
    await api.stop();
    await clock.advance(10 * 60_000);
    expect(tls.contextOptions.cert).toBe(cert);
    await api.start();
    expect(logged.filter((line) => line.includes('what is served stays as it is')).length).toBeGreaterThan(0);
  });

  it('serves its own when it may keep no Secret, and says what that means', async () => {
    const tls = await open({ api: apiCaller(api.url, 'none') });
    await until(() => tls.caBundle !== undefined);
    expect(await shown(tls, tls.caBundle)).toBeDefined();
    expect(logged.join()).toMatch(/a certificate of this process alone is served/);
  });

  it('replaces a Secret of its own that is broken, and leaves one alone that is of somebody else', async () => {
    const secret = (labels: Record<string, string>) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'monitoring', name: TLS_SECRET, labels },
      data: { 'tls.crt': 'bm9uZQ==', 'tls.key': 'bm9uZQ==', 'ca.crt': 'bm9uZQ==' },
    });
    store.create('secrets', secret({}));
    const tls = await open({ api: apiCaller(api.url, 't') });
    await until(() => logged.length > 0);
    expect(tls.caBundle).toBeUndefined();
    expect(logged[0]).toMatch(/must have the label/);
    store.update('secrets', secret({ 'app.kubernetes.io/managed-by': 'pharos' }));
    await until(() => tls.caBundle !== undefined);
    expect(await shown(tls, tls.caBundle)).toBeDefined();
  });

  it('serves files, follows them, and keeps the old ones while the new ones do not fit', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'pharos-tls-'));
    try {
      const files = { cert: path.join(directory, 'tls.crt'), key: path.join(directory, 'tls.key') };
      const authority = new Authority('files');
      const made = (commonName: string) => authority.client(commonName, { hosts: [HOST], purposes: [] });
      const [one, two] = [made('one'), made('two')];
      await expect(open({ files })).rejects.toThrow(/ENOENT/);
      await writeFile(files.cert, one.cert);
      await writeFile(files.key, two.key);
      await expect(open({ files })).rejects.toThrow(/must be a certificate and its key/);
      for (const [cert, key] of [
        ['', ''],
        [one.cert, ''],
        ['', one.key],
      ] as const) {
        await writeFile(files.cert, cert);
        await writeFile(files.key, key);
        await expect(open({ files })).rejects.toThrow(/must be a certificate and its key/);
      }
      await writeFile(files.cert, one.cert);
      await writeFile(files.key, one.key);
      const tls = await open({ files });
      expect(tls.caBundle).toBeUndefined();
      expect((await shown(tls, authority.pair.cert)).subject.CN).toBe('one');
      let changes = 0;
      tls.onContext(() => changes++);
      await writeFile(files.cert, two.cert);
      const warnings = () => logged.filter((line) => line.includes('is served on')).length;
      await until(() => warnings() > 0);
      await clock.advance(60_000);
      expect(changes).toBe(0);
      expect((await shown(tls, authority.pair.cert)).subject.CN).toBe('one');
      expect(warnings()).toBe(1);
      await writeFile(files.key, two.key);
      await until(() => changes > 0);
      expect(changes).toBe(1);
      expect((await shown(tls, authority.pair.cert)).subject.CN).toBe('two');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('tells clients whose certificates it takes', async () => {
    const tls = await open();
    expect(tls.contextOptions.ca).toBeUndefined();
    const told: unknown[] = [];
    tls.onContext(({ ca }) => told.push(ca));
    const { cert } = issueCertificate({ commonName: 'x', isAuthority: true, notBefore: 0, notAfter: Date.now() });
    tls.setAuthorities([cert]);
    expect(told).toEqual([[cert]]);
  });
});
