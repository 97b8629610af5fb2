import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '../../../simulator/api/api-server.ts';
import type { KubeObject } from '../../../simulator/kube-object.ts';
import { ObjectStore } from '../../../simulator/object-store.ts';
import { SteppedClock } from '../../stepped-clock.case.ts';
import { apiCaller } from '../access/protected-server.case.ts';
import { metricsApisTls } from './metrics-apis-tls.ts';
import { Registration, type RegistrationOptions } from './registration.ts';

const RESOURCE = 'apiservices.apiregistration.k8s.io';
const NAMES = [
  'v1beta1.metrics.k8s.io',
  'v1beta2.custom.metrics.k8s.io',
  'v1beta1.custom.metrics.k8s.io',
  'v1beta1.external.metrics.k8s.io',
];
const service = { namespace: 'monitoring', name: 'pharos-metrics-apis' };

function apiService(name: string, to: object | null, spec: object = {}): KubeObject {
  const [version, ...group] = name.split('.');
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name },
    spec: { group: group.join('.'), version, service: to, ...spec },
  };
}

describe('the registration with the API server', () => {
  let logged: string[];
  const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line).msg) });
  let clock: SteppedClock;
  let store: ObjectStore;
  let api: ApiServer;
  let bundle: string | undefined;
  const opened: Registration[] = [];

  beforeEach(async () => {
    logged = [];
    bundle = 'the bundle';
    clock = new SteppedClock();
    store = new ObjectStore({ now: () => clock.now() });
    api = await startApiServer({ store, now: () => clock.now(), tokens: [{ token: 't', user: 'pharos' }] });
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await api.close();
  });

  function open(options: Partial<RegistrationOptions> = {}): Registration {
    const caller = apiCaller(api.url, 't');
    const made = new Registration({ api: caller, service, caBundle: () => bundle, logger, clock, ...options });
    opened.push(made);
    return made;
  }

  /** Until all have been looked at again. */
  async function looked(registration: Registration): Promise<void> {
    const before = Math.max(...registration.status().map(({ at }) => at));
    for (let i = 0; i < 200; i++) {
      await clock.advance(10_000);
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (registration.status().every(({ at }) => at > before)) return;
    }
    throw new Error('waited in vain for a look');
  }

  const spec = (name: string) =>
    (store.get(RESOURCE, '', name) as { spec?: Record<string, unknown> } | undefined)?.spec;
  const published = (name: string) => Buffer.from(String(spec(name)?.caBundle ?? ''), 'base64').toString();

  it('publishes what is to be trusted, and only when it is another', async () => {
    for (const name of NAMES) store.create(RESOURCE, apiService(name, service, { insecureSkipTLSVerify: true }));
    const registration = open();
    await looked(registration);
    expect(registration.status().map(({ state, detail }) => [state, detail])).toEqual(
      NAMES.map(() => ['registered', '']),
    );
    for (const name of NAMES)
      expect([published(name), spec(name)!.insecureSkipTLSVerify]).toEqual(['the bundle', false]);
    const { version } = store;
    await looked(registration);
    expect(store.version).toBe(version);
    bundle = 'another bundle';
    registration.refresh();
    for (let i = 0; i < 1_000 && NAMES.some((name) => published(name) !== bundle); i++)
      await new Promise((go) => setTimeout(go, 5));
    expect(NAMES.map(published)).toEqual(NAMES.map(() => 'another bundle'));
  });

  it('leaves alone what leads to somebody else, and says what to do', async () => {
    const theirs = { namespace: 'kube-system', name: 'metrics-server' };
    store.create(RESOURCE, apiService(NAMES[0]!, theirs, { caBundle: 'dGhlaXJz' }));
    store.create(RESOURCE, apiService(NAMES[1]!, service));
    store.create(RESOURCE, apiService(NAMES[3]!, null));
    const registration = open({ create: { host: '127.0.0.1', port: 1 } });
    await looked(registration);
    expect(registration.status().map(({ state }) => state)).toEqual(['foreign', 'registered', 'registered', 'foreign']);
    expect(spec(NAMES[0]!)).toMatchObject({ service: theirs, caBundle: 'dGhlaXJz' });
    expect(spec(NAMES[3]!)).toMatchObject({ service: null });
    expect(registration.status()[0]!.detail).toMatch(
      /leads to Service kube-system\/metrics-server, not to Service monitoring\/pharos-metrics-apis, and is left alone/,
    );
    expect(logged.filter((line) => line.includes('metrics-server')).length).toBe(1);
    await looked(registration);
    expect(logged.filter((line) => line.includes('metrics-server')).length).toBe(1);
  });

  it('says what is missing, and what the API server says of the rest', async () => {
    const object = apiService(NAMES[0]!, service);
    const conditions = [{ type: 'Available', status: 'False', reason: 'FailedDiscoveryCheck', message: 'no route' }];
    store.create(RESOURCE, { ...object, status: { conditions } });
    bundle = undefined;
    const registration = open();
    await looked(registration);
    const [first, ...others] = registration.status();
    expect(first).toMatchObject({ state: 'registered', available: { status: 'False' } });
    expect(spec(NAMES[0]!)!.caBundle).toBeUndefined();
    for (const { state, detail } of others) {
      expect([state, detail]).toEqual(['missing', 'there is no such object: apply deploy/apiservices.yaml']);
    }
    await api.stop();
    await looked(registration);
    expect(registration.status().map(({ state }) => state)).toEqual(NAMES.map(() => 'failed'));
  });

  it('creates what is missing when it is to, with a service that leads here, also after it has moved', async () => {
    await looked(open({ create: { host: '10.1.2.3', port: 6443 } }));
    for (const name of NAMES) {
      const { group, version, caBundle, ...rest } = spec(name)!;
      expect(`${version}.${group}`).toBe(name);
      expect(rest).toMatchObject({ service: { ...service, port: 443 }, groupPriorityMinimum: 100 });
      expect(Buffer.from(String(caBundle), 'base64').toString()).toBe('the bundle');
    }
    const [one, two] = [spec(NAMES[1]!), spec(NAMES[2]!)].map((each) => Number(each!.versionPriority));
    expect(one).toBeGreaterThan(two!);
    const slice = () => store.list('endpointslices.discovery.k8s.io')[0] as Record<string, unknown> | undefined;
    expect(store.list('services')[0]!.metadata.name).toBe('pharos-metrics-apis');
    expect(slice()).toMatchObject({ endpoints: [{ addresses: ['10.1.2.3'] }], ports: [{ port: 6443 }] });
    await looked(open({ create: { host: '10.1.2.4', port: 6444 } }));
    expect(slice()).toMatchObject({ endpoints: [{ addresses: ['10.1.2.4'] }], ports: [{ port: 6444 }] });
  });

  it('is in step between two servers that share a certificate', async () => {
    for (const name of NAMES) store.create(RESOURCE, apiService(name, service));
    store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'monitoring' } });
    const caller = apiCaller(api.url, 't');
    const servers = await Promise.all(
      [1, 2].map(() => metricsApisTls({ service, api: caller, logger, clock, interval: 30_000 })),
    );
    const registrations = servers.map((tls) => open({ caBundle: () => tls.caBundle }));
    for (const registration of registrations) await looked(registration);
    for (const registration of registrations) await looked(registration);
    expect(NAMES.map(published)).toEqual(NAMES.map(() => servers[0]!.caBundle));
    expect(servers[1]!.caBundle).toBe(servers[0]!.caBundle);
    const { version } = store;
    for (const registration of registrations) await looked(registration);
    expect(store.version).toBe(version);
    await Promise.all(servers.map((tls) => tls.close()));
  });

  it('tells when two publish different ones', async () => {
    for (const name of NAMES) store.create(RESOURCE, apiService(name, service));
    const registration = open();
    await looked(registration);
    store.update(RESOURCE, apiService(NAMES[0]!, service, { caBundle: 'b3RoZXI=' }));
    await looked(registration);
    expect(registration.status()[0]!.detail).toMatch(/servers of one service must share a certificate/);
    expect(published(NAMES[0]!)).toBe('the bundle');
  });
});
