/** The real kubectl as a client of the metrics APIs with a certificate: it chooses one by the authorities that the server names. */
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DelegatedAccess } from '../../alerting/autoscaling/access/delegated-access.ts';
import { Authority, apiCaller, ProtectedServer } from '../../alerting/autoscaling/access/protected-server.case.ts';
import { type MetricsApisTls, metricsApisTls } from '../../alerting/autoscaling/serving/metrics-apis-tls.ts';
import { type ApiServer, startApiServer } from '../../simulator/api/api-server.ts';
import { ObjectStore } from '../../simulator/object-store.ts';
import { findKubectls, Kubectl } from '../simulator/kubectl.ts';

const programs = findKubectls(process.env);

describe('kubectl with a client certificate', () => {
  const logger = pino({ level: 'silent' });
  const clients = new Authority('kubernetes');
  const between = new Authority('kubernetes-intermediate', clients);
  const proxies = new Authority('front-proxy-ca');
  const others = new Authority('other');
  let api: ApiServer;
  let tls: MetricsApisTls;
  let access: DelegatedAccess;
  let server: ProtectedServer;

  beforeAll(async () => {
    const store = new ObjectStore({ now: Date.now });
    const data = {
      'client-ca-file': clients.pair.cert,
      'requestheader-client-ca-file': proxies.pair.cert,
      'requestheader-username-headers': '["X-Remote-User"]',
    };
    const metadata = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
    store.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    const allow = [{ verbs: ['list'], groups: ['metrics.k8s.io'], resources: ['pods'] }];
    const tokens = [
      { token: 't', user: 'pharos' },
      { token: 'a', user: 'anna', allow },
    ];
    api = await startApiServer({ store, now: Date.now, tokens });
    tls = await metricsApisTls({ service: { namespace: 'monitoring', name: 'pharos' }, logger });
    const known = new Promise<void>((resolve) => {
      access = new DelegatedAccess({
        api: apiCaller(api.url, 't'),
        logger,
        onAuthorities(pems) {
          tls.setAuthorities(pems);
          resolve();
        },
      });
    });
    server = await ProtectedServer.start(access, tls);
    await known;
  });

  afterAll(async () => {
    await server?.close();
    await access?.close();
    await tls?.close();
    await api?.close();
  });

  if (programs.length === 0) it.skip('is not tried: there is none in PATH or in PHAROS_KUBECTL', () => {});

  it.each(programs)('is known by it, also by way of others: %s', async (program) => {
    const kubectl = await Kubectl.create(program);
    try {
      await kubectl.write('ca.crt', tls.caBundle!);
      const as = async (name: string, authority: Authority, chain = ''): Promise<string> => {
        const { cert, key } = authority.client(name);
        await kubectl.write('client.crt', cert + chain);
        await kubectl.write('client.key', key);
        const files = '--certificate-authority=ca.crt --client-certificate=client.crt --client-key=client.key';
        return kubectl.run(`get --raw / --server=https://127.0.0.1:${server.port} ${files}`);
      };
      expect(JSON.parse(await as('anna', clients)).user.name).toBe('anna');
      expect(JSON.parse(await as('anna', between, between.pair.cert)).user.name).toBe('anna');
      await expect(as('bert', clients)).rejects.toThrow(/cannot list resource|Forbidden|forbidden/);
      await expect(as('anna', others)).rejects.toThrow(/Unauthorized|logged in|credentials/);
    } finally {
      await kubectl.close();
    }
  });
});
