import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '../../../simulator/api/api-server.ts';
import { ObjectStore } from '../../../simulator/object-store.ts';
import { SteppedClock } from '../../stepped-clock.case.ts';
import type { ApiCaller } from '../api-caller.ts';
import { PURPOSE } from '../certificates/certificate.ts';
import { issueCertificate } from '../certificates/issue-certificate.ts';
import { type MetricsApisTls, metricsApisTls } from '../serving/metrics-apis-tls.ts';
import { DelegatedAccess } from './delegated-access.ts';
import { Authority, apiCaller, ProtectedServer } from './protected-server.case.ts';
import { TokenReviews } from './token-reviews.ts';

const DAY = 86_400_000;
const frontCa = new Authority('front-proxy-ca');
const clientCa = new Authority('kubernetes');
const otherCa = new Authority('other-ca');
const frontProxy = frontCa.client('front-proxy-client');
const hpa = { 'x-remote-user': 'hpa-controller', 'x-remote-group': ['system:authenticated', 'team, a'] };

const CONFIG_MAP = 'configmaps';
const HEADERS = {
  'requestheader-allowed-names': '["front-proxy-client"]',
  'requestheader-username-headers': '["X-Remote-User"]',
  'requestheader-uid-headers': '["X-Remote-Uid"]',
  'requestheader-group-headers': '["X-Remote-Group"]',
  'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
};

function configMap(data: Readonly<Record<string, string>>) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'kube-system', name: 'extension-apiserver-authentication' },
    data,
  };
}

const usual = {
  ...HEADERS,
  'requestheader-client-ca-file': frontCa.pair.cert,
  'client-ca-file': clientCa.pair.cert,
};

describe('access control', () => {
  const readPods = [{ verbs: ['list'], groups: ['metrics.k8s.io'], resources: ['pods'], namespaces: ['shop'] }];
  const tokens = [
    { token: 'server-token', user: 'system:serviceaccount:monitoring:pharos' },
    { token: 'hpa-token', user: 'hpa-controller', allow: readPods },
    { token: 'nobody-token', user: 'nobody', allow: [] },
    { token: 'admin-token', user: 'admin', allow: readPods },
    { token: 'umlaut-token', user: 'jürgen', allow: readPods },
  ];
  let logged: string[];
  let clock: SteppedClock;
  let store: ObjectStore;
  let api: ApiServer;
  let asked: { path: string; body: unknown }[];
  let caller: ApiCaller;
  let access: DelegatedAccess;
  let tls: MetricsApisTls;
  let server: ProtectedServer;

  /** Calls that the API server has not answered. */
  let underWay = 0;

  function counted<T>(call: Promise<T>): Promise<T> {
    underWay++;
    return call.finally(() => underWay--);
  }

  async function start(): Promise<void> {
    const logger = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
    tls = await metricsApisTls({ service: { namespace: 'monitoring', name: 'pharos' }, logger, clock });
    access = new DelegatedAccess({ api: caller, logger, clock, onAuthorities: (pems) => tls.setAuthorities(pems) });
    server = await ProtectedServer.start(access, tls);
  }

  async function ready(): Promise<void> {
    for (let i = 0; i < 200 && !access.isReady; i++) await pass(100);
    expect(access.isReady).toBe(true);
  }

  /** So many milliseconds go by, and what is asked of the API server meanwhile is answered. */
  async function pass(milliseconds: number): Promise<void> {
    await clock.advance(milliseconds);
    while (underWay > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  beforeEach(async () => {
    logged = [];
    asked = [];
    clock = new SteppedClock(Date.now());
    store = new ObjectStore({ now: () => clock.now() });
    store.create(CONFIG_MAP, configMap(usual));
    api = await startApiServer({ store, now: () => clock.now(), tokens });
    const plain = apiCaller(api.url, 'server-token');
    caller = {
      get: (path, options) => counted(plain.get(path, options)),
      send(method, path, options) {
        asked.push({ path, body: options.body });
        return counted(plain.send(method, path, options));
      },
    };
    await start();
    await ready();
  });

  afterEach(async () => {
    await server.close();
    await access.close();
    await tls.close();
    await api.close();
    // Whatever was tried: no token and no key gets into the log.
    expect(logged.filter((line) => /-token|PRIVATE KEY/.test(line))).toEqual([]);
  });

  const status = async (options?: Parameters<ProtectedServer['ask']>[0]) => (await server.ask(options)).status;

  it('lets a front proxy ask for a user who may', async () => {
    const headers = {
      ...hpa,
      'x-remote-uid': 'u-1',
      'X-Remote-Extra-Example.org%2fScope': ['a', 'b'],
      'x-remote-extra-x': 'c',
      authorization: 'Bearer whatever',
    };
    const answer = await server.ask({ client: frontProxy, headers });
    expect(answer).toMatchObject({
      status: 200,
      user: {
        name: 'hpa-controller',
        uid: 'u-1',
        groups: ['system:authenticated', 'team, a'],
        extra: { 'example.org/scope': ['a', 'b'], x: ['c'] },
      },
    });
    expect(answer.headers.filter((name) => /^x-remote|authorization/.test(name))).toEqual([]);
    const [{ path, body }] = asked as [{ path: string; body: { spec: object } }];
    expect(path).toBe('/apis/authorization.k8s.io/v1/subjectaccessreviews');
    expect(body.spec).toEqual({
      resourceAttributes: {
        verb: 'list',
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        resource: 'pods',
        subresource: '',
        namespace: 'shop',
        name: '',
      },
      user: 'hpa-controller',
      uid: 'u-1',
      groups: ['system:authenticated', 'team, a'],
      extra: { 'example.org/scope': ['a', 'b'], x: ['c'] },
    });
  });

  it('reads names in UTF-8', async () => {
    const headers = { 'x-remote-user': Buffer.from('jürgen').toString('latin1') };
    expect(await server.ask({ client: frontProxy, headers })).toMatchObject({ status: 200, user: { name: 'jürgen' } });
  });

  it('refuses whom it does not know', async () => {
    expect(await status()).toBe(401);
    expect(await status({ headers: hpa })).toBe(401);
    expect(await status({ client: otherCa.client('front-proxy-client'), headers: hpa })).toBe(401);
    expect(await status({ client: frontCa.client('somebody-else'), headers: hpa })).toBe(401);
    const self = issueCertificate({
      commonName: 'front-proxy-client',
      notBefore: Date.now() - DAY,
      notAfter: Date.now() + DAY,
    });
    expect(await status({ client: self, headers: hpa })).toBe(401);
    // Signed by somebody who has the authority's name and not its key.
    const impostor = new Authority('front-proxy-ca').client('front-proxy-client');
    expect(await status({ client: impostor, headers: hpa })).toBe(401);
    // Signed by a certificate that is none of an authority.
    const issuer = { ...frontProxy, commonName: 'front-proxy-client' };
    const below = otherCa.client('front-proxy-client', { issuer });
    expect(await status({ client: below, intermediates: [frontProxy], headers: hpa })).toBe(401);
    expect(asked).toEqual([]);
  });

  it('refuses certificates out of their time or of another purpose, and takes them within it', async () => {
    const now = clock.now();
    const proxy = (fields: object) => frontCa.client('front-proxy-client', fields);
    expect(await status({ client: proxy({ notBefore: now - 2 * DAY, notAfter: now - DAY }), headers: hpa })).toBe(401);
    expect(await status({ client: proxy({ notBefore: now + DAY, notAfter: now + 2 * DAY }), headers: hpa })).toBe(401);
    expect(await status({ client: proxy({ purposes: [PURPOSE.serverAuth] }), headers: hpa })).toBe(401);
    expect(await status({ client: proxy({ purposes: [] }), headers: hpa })).toBe(200);
    const soon = proxy({ notBefore: now - DAY, notAfter: now + 60_000 });
    expect(await status({ client: soon, headers: hpa })).toBe(200);
    await pass(61_000);
    expect(await status({ client: soon, headers: hpa })).toBe(401);
  });

  it('takes certificates of users, and never headers along with them', async () => {
    const client = clientCa.client('admin', { organizations: ['team'] });
    expect(await server.ask({ client })).toMatchObject({
      status: 200,
      user: { name: 'admin', groups: ['team', 'system:authenticated'] },
    });
    const forged = await server.ask({ client: clientCa.client('nobody'), headers: hpa });
    expect(forged).toMatchObject({
      status: 403,
      message:
        'pods.metrics.k8s.io is forbidden: User "nobody" cannot list resource "pods" in API group "metrics.k8s.io" in the namespace "shop"',
    });
    // Even the front proxy's name, by the authority of users, is only a user's name.
    expect(await status({ client: clientCa.client('front-proxy-client'), headers: hpa })).toBe(403);
    // And the front proxy itself is no user.
    expect(await status({ client: frontProxy })).toBe(401);
    const masters = clientCa.client('root', { organizations: ['system:masters'] });
    expect(await status({ client: masters })).toBe(200);
    expect(await status({ client: otherCa.client('root', { organizations: ['system:masters'] }) })).toBe(401);
    expect(await status({ client, headers: { 'impersonate-user': 'nobody' } })).toBe(403);
  });

  it('follows certificates that were signed by way of others', async () => {
    const between = new Authority('front-proxy-intermediate', frontCa);
    const client = between.client('front-proxy-client');
    for (let i = 0; i < 2; i++) {
      expect(await status({ client, intermediates: [between.pair], headers: hpa })).toBe(200);
      expect(await status({ client, intermediates: [otherCa.pair, frontCa.pair, between.pair], headers: hpa })).toBe(
        200,
      );
    }
    expect(await status({ client, headers: hpa })).toBe(401);
    const foreign = new Authority('front-proxy-intermediate', otherCa);
    const forged = foreign.client('front-proxy-client');
    expect(await status({ client: forged, intermediates: [foreign.pair, otherCa.pair], headers: hpa })).toBe(401);
    const tiny = issueCertificate({
      commonName: 'expired-intermediate',
      isAuthority: true,
      notBefore: clock.now() - 2 * DAY,
      notAfter: clock.now() - DAY,
      issuer: frontCa.issuer,
    });
    const late = frontCa.client('front-proxy-client', { issuer: { ...tiny, commonName: 'expired-intermediate' } });
    expect(await status({ client: late, intermediates: [tiny], headers: hpa })).toBe(401);
  });

  it('asks whose a token is, once for some seconds', async () => {
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    expect(await server.ask(bearer('hpa-token'))).toMatchObject({ status: 200, user: { name: 'hpa-controller' } });
    expect(await status(bearer('nobody-token'))).toBe(403);
    expect(await status(bearer('unknown-token'))).toBe(401);
    expect(await status({ headers: { authorization: 'Basic YTpi' } })).toBe(401);
    const reviews = () => asked.filter(({ path }) => path.endsWith('tokenreviews')).length;
    expect(reviews()).toBe(3);
    await Promise.all([status(bearer('hpa-token')), status(bearer('unknown-token'))]);
    expect(reviews()).toBe(3);
    api.expireToken('hpa-token');
    expect(await status(bearer('hpa-token'))).toBe(200);
    await pass(10_001);
    expect(await status(bearer('hpa-token'))).toBe(401);
    // A certificate that does not count does not spoil a token.
    expect(await status({ ...bearer('admin-token'), client: otherCa.client('x') })).toBe(200);
    // Headers that name a user are nothing beside a token.
    expect(await status({ headers: { ...hpa, authorization: 'Bearer nobody-token' } })).toBe(403);
  });

  it('is not kept busy by tokens that somebody makes up', async () => {
    let underWay = 0;
    let most = 0;
    const slow: ApiCaller = {
      get: () => Promise.reject(new Error('nothing is read')),
      async send() {
        most = Math.max(most, ++underWay);
        await new Promise(setImmediate);
        underWay--;
        return { status: { authenticated: false } };
      },
    };
    const reviews = new TokenReviews({ api: slow, clock });
    const { signal } = new AbortController();
    const asked = Array.from({ length: 300 }, (_, i) => reviews.userOf(`made-up-${i}`, signal));
    const answers = await Promise.allSettled(asked);
    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect([most, refused.length]).toEqual([4, 40]);
    expect(String(refused[0]!.reason)).toMatch('more than 256 reviews wait for their turn');
    expect(await reviews.userOf('one-more', signal)).toBeUndefined();
  });

  it('takes tokens that were made for others only where it is told to', async () => {
    const specs: unknown[] = [];
    /** Whatever the token, it is one of anna for these. */
    const answering = (audiences: readonly string[] | undefined): ApiCaller => ({
      get: () => Promise.reject(new Error('nothing is read')),
      async send(_method, _path, { body }) {
        specs.push((body as { spec: unknown }).spec);
        return {
          status: { authenticated: true, audiences, user: { username: 'anna', uid: 'u', extra: { a: ['b'] } } },
        };
      },
    });
    const { signal } = new AbortController();
    const ask = (answers: readonly string[] | undefined, wanted?: readonly string[]) =>
      new TokenReviews({ api: answering(answers), clock, audiences: wanted }).userOf('t', signal);
    const anna = { name: 'anna', uid: 'u', groups: [], extra: new Map([['a', ['b']]]) };
    expect(await ask(undefined)).toEqual(anna);
    expect(await ask(['pharos'], ['pharos', 'x'])).toEqual(anna);
    expect(await ask(['kubernetes'], ['pharos'])).toBeUndefined();
    expect(await ask(undefined, ['pharos'])).toBeUndefined();
    expect(specs.slice(0, 2)).toEqual([{ token: 't' }, { token: 't', audiences: ['pharos', 'x'] }]);
    expect(await new TokenReviews({ api: answering([]), clock }).userOf('x'.repeat(20_000), signal)).toBeUndefined();
    expect(specs.length).toBe(4);
  });

  it('asks once for the same action of the same user', async () => {
    await Promise.all(Array.from({ length: 20 }, () => status({ client: frontProxy, headers: hpa })));
    expect(asked.length).toBe(1);
    await pass(10_001);
    await status({ client: frontProxy, headers: hpa });
    expect(asked.length).toBe(2);
    await status({ client: frontProxy, headers: { ...hpa, 'x-remote-group': 'another' } });
    expect(asked.length).toBe(3);
    const nobody = { client: frontProxy, headers: { 'x-remote-user': 'nobody' } };
    expect([await status(nobody), await status(nobody)]).toEqual([403, 403]);
    expect(asked.length).toBe(4);
  });

  it('says neither yes nor no while the API server is away, but for what was asked before', async () => {
    expect(await status({ client: frontProxy, headers: hpa })).toBe(200);
    await api.stop();
    expect(await status({ client: frontProxy, headers: hpa })).toBe(200);
    await pass(10_001);
    expect(await server.ask({ client: frontProxy, headers: hpa })).toMatchObject({ status: 503 });
    expect(await status({ headers: { authorization: 'Bearer hpa-token' } })).toBe(503);
    expect(await status({ headers: hpa })).toBe(401);
    expect(await status({ path: '/healthz' })).toBe(200);
    const masters = { client: frontProxy, headers: { 'x-remote-user': 'a', 'x-remote-group': 'system:masters' } };
    expect(await status(masters)).toBe(200);
    // Authorities are remembered however long it takes.
    await pass(3_600_000);
    await api.start();
    expect(await status({ client: frontProxy, headers: hpa })).toBe(200);
  });

  it('does not say yes when it may not ask', async () => {
    api.expireToken('server-token');
    expect(await status({ client: frontProxy, headers: hpa })).toBe(503);
    expect(logged.some((line) => line.includes('cannot find out what a user may do'))).toBe(true);
  });

  it('asks about paths, and lets everybody see whether it is alive', async () => {
    expect(await status({ client: frontProxy, headers: hpa, path: '/apis/metrics.k8s.io' })).toBe(200);
    expect(await server.ask({ client: frontProxy, headers: hpa, path: '/debug/x' })).toMatchObject({
      status: 403,
      message: 'forbidden: User "hpa-controller" cannot get path "/debug/x"',
    });
    for (const path of ['/healthz', '/livez', '/readyz']) expect(await status({ path })).toBe(200);
    expect(await status({ path: '/readyz/more' })).toBe(401);
  });

  it('lets nobody in until it is known who may, and goes on trying', async () => {
    await server.close();
    await access.close();
    await tls.close();
    store.delete(CONFIG_MAP, 'kube-system', 'extension-apiserver-authentication');
    await start();
    await pass(5_000);
    expect(await status({ client: frontProxy, headers: hpa })).toBe(503);
    expect(await status({ path: '/readyz' })).toBe(200);
    store.create(CONFIG_MAP, configMap(usual));
    await ready();
    expect(await status({ client: frontProxy, headers: hpa })).toBe(200);
  });

  it('changes authorities without a restart, and keeps them when the new ones cannot be read', async () => {
    const connected: string[][] = [];
    tls.onContext(({ ca }) => connected.push(ca as string[]));
    const newCa = new Authority('front-proxy-ca-2');
    const put = async (data: Readonly<Record<string, string>>) => {
      store.update(CONFIG_MAP, configMap(data));
      await pass(30_000);
    };
    await put({ ...usual, 'requestheader-client-ca-file': 'nonsense' });
    expect(await status({ client: frontProxy, headers: hpa })).toBe(200);
    await put({ ...usual, 'requestheader-allowed-names': 'nonsense' });
    expect(await status({ client: frontProxy, headers: hpa })).toBe(200);
    const both = frontCa.pair.cert + newCa.pair.cert;
    await put({ ...usual, 'requestheader-client-ca-file': both, 'requestheader-allowed-names': '[]' });
    expect(await status({ client: frontProxy, headers: hpa })).toBe(200);
    expect(await status({ client: newCa.client('any-name'), headers: hpa })).toBe(200);
    await put({ ...usual, 'requestheader-client-ca-file': newCa.pair.cert });
    expect(await status({ client: newCa.client('front-proxy-client'), headers: hpa })).toBe(200);
    expect(await status({ client: frontProxy, headers: hpa })).toBe(401);
    expect(connected.map((list) => list.length)).toEqual([2, 2]);
    expect(connected.at(-1)).toEqual([newCa.pair.cert, clientCa.pair.cert]);
    const { 'requestheader-client-ca-file': _none, ...without } = usual;
    await put(without);
    expect(await status({ client: newCa.client('front-proxy-client'), headers: hpa })).toBe(401);
  });

  it('keeps the two authorities apart when one bundle is both', async () => {
    store.update(CONFIG_MAP, configMap({ ...usual, 'client-ca-file': frontCa.pair.cert }));
    await pass(30_000);
    expect(await server.ask({ client: frontCa.client('admin'), headers: hpa })).toMatchObject({
      status: 200,
      user: { name: 'admin' },
    });
    expect(await server.ask({ client: frontProxy, headers: hpa })).toMatchObject({ user: { name: 'hpa-controller' } });
  });
});
