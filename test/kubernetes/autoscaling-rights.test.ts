/** A server of the metrics APIs behind the simulated API server, with the manifests as they are and the rights they grant. */
import { readFileSync } from 'node:fs';
import { request as requestHttps } from 'node:https';
import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { DelegatedAccess } from '../../alerting/autoscaling/access/delegated-access.ts';
import { MetricsApisBed } from '../../alerting/autoscaling/api/metrics-apis-bed.case.ts';
import { issueCertificate, type KeyPair } from '../../alerting/autoscaling/certificates/issue-certificate.ts';
import {
  type MetricsApisTls,
  metricsApisTls,
  TLS_SECRET,
} from '../../alerting/autoscaling/serving/metrics-apis-tls.ts';
import { Registration } from '../../alerting/autoscaling/serving/registration.ts';
import { apiServiceName, SERVED_VERSIONS } from '../../alerting/autoscaling/serving/served-groups.ts';
import { PLAIN_HTTP_CLIENT } from '../../collector/http-transport.ts';
import { createKubeClient } from '../../collector/kubernetes/http-kube-client.ts';
import type { KubeClient } from '../../collector/kubernetes/kube-client.ts';
import { Secret } from '../../collector/secret.ts';
import type { Rule } from '../../simulator/api/authorization.ts';
import type { KubeObject } from '../../simulator/kube-object.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';

const TOKEN = 'pharos.token';
const HPA_TOKEN = 'hpa.token';
const NOBODY_TOKEN = 'nobody.token';
const VIEWER_TOKEN = 'viewer.token';
const DEPLOY = path.join(import.meta.dirname, '..', '..', 'deploy');
const PODS = '/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods';

const FORBIDDEN =
  'pods.metrics.k8s.io is forbidden: User "nobody" cannot list resource "pods" in API group "metrics.k8s.io" in the namespace "shop"';

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** What every cluster has. */
const OF_CLUSTERS: readonly Role[] = [
  {
    kind: 'ClusterRole',
    metadata: { name: 'system:auth-delegator' },
    rules: [
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
      { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
    ],
  },
  {
    kind: 'Role',
    metadata: { name: 'extension-apiserver-authentication-reader', namespace: 'kube-system' },
    rules: [
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: ['extension-apiserver-authentication'],
        verbs: ['get', 'list', 'watch'],
      },
    ],
  },
];

function documentsOf(file: string): readonly (KubeObject & Role & { readonly roleRef?: { readonly name: string } })[] {
  return parseAllDocuments(readFileSync(path.join(DEPLOY, file), 'utf8')).map((document) => document.toJS());
}

const manifest = documentsOf('rbac-autoscaling.yaml');

function rulesOf({ metadata: { namespace }, rules = [] }: Role): Rule[] {
  return rules.map(({ apiGroups, resources, resourceNames, verbs }) => ({
    verbs,
    groups: apiGroups,
    resources,
    ...(resourceNames && { names: resourceNames }),
    ...(namespace !== undefined && { namespaces: [namespace] }),
  }));
}

/** What is bound to Pharos. */
function boundRights(): Rule[] {
  const bound = manifest.flatMap(({ roleRef }) => (roleRef === undefined ? [] : [roleRef.name]));
  const roles = [...OF_CLUSTERS, ...manifest.filter(({ kind }) => /Role$/.test(kind))];
  const missing = bound.filter((name) => !roles.some(({ metadata }) => metadata.name === name));
  if (missing.length > 0) throw new Error(`bound, but nowhere: ${missing.join(', ')}`);
  return roles.filter(({ metadata }) => bound.includes(metadata.name)).flatMap(rulesOf);
}

function rightsNamed(name: string): Rule[] {
  return rulesOf(manifest.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === name)!);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 15_000; performance.now() < end; ) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain until ${what}`);
}

describe('the metrics APIs with the rights of the manifests', () => {
  const logged: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  const service = { namespace: 'monitoring', name: 'pharos-metrics-apis' };
  let simulator: Simulator;
  let kube: KubeClient;
  let access: DelegatedAccess;
  let tls: MetricsApisTls;
  let registration: Registration;
  let server: MetricsApisBed;

  beforeAll(async () => {
    simulator = await startSimulator({
      nodes: 1,
      pods: 5,
      tokens: [
        { token: TOKEN, user: 'system:serviceaccount:monitoring:pharos-collector', allow: boundRights() },
        {
          token: HPA_TOKEN,
          user: 'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
          allow: [{ verbs: ['list'], groups: ['metrics.k8s.io'], resources: ['pods'] }],
        },
        { token: VIEWER_TOKEN, user: 'viewer', allow: rightsNamed('pharos-resource-metrics-view') },
        { token: NOBODY_TOKEN, user: 'nobody', allow: [] },
      ],
    });
    const authorization = { type: 'Bearer', credentials: new Secret(TOKEN), credentialsFile: undefined };
    kube = createKubeClient({ server: simulator.url, http: { ...PLAIN_HTTP_CLIENT, authorization } });
    tls = await metricsApisTls({ service, api: kube, logger });
    access = new DelegatedAccess({
      api: kube,
      logger,
      interval: 500,
      onAuthorities: (pems) => tls.setAuthorities(pems),
    });
    server = await MetricsApisBed.start({ tls, access, logger });
    await apply();
    registration = new Registration({ api: kube, service, caBundle: () => tls.caBundle, logger, interval: 200 });
    tls.onCertificate(() => registration.refresh());
  }, 60_000);

  afterAll(async () => {
    await registration?.close();
    await access?.close();
    await tls?.close();
    await server?.close();
    await kube?.close();
    await simulator?.close();
  });

  /** The manifest as it is, and what the cluster would make of its selector. */
  async function apply(): Promise<void> {
    const { store } = simulator.world;
    if (store.get('namespaces', '', 'monitoring') === undefined) {
      store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'monitoring' } });
    }
    for (const { kind, ...object } of documentsOf('apiservices.yaml')) {
      store.create(kind === 'Service' ? 'services' : 'apiservices.apiregistration.k8s.io', {
        kind,
        ...object,
      } as KubeObject);
    }
    store.create('endpointslices.discovery.k8s.io', {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...service, labels: { 'kubernetes.io/service-name': service.name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
      ports: [{ name: 'https', port: server.port }],
    } as unknown as KubeObject);
  }

  const ask = async (token: string, at = PODS) => {
    const response = await fetch(simulator.url + at, { headers: { authorization: `Bearer ${token}` } });
    return { status: response.status, text: await response.text() };
  };

  /** Without the API server in between. */
  const askDirectly = (
    headers: Readonly<Record<string, string>>,
    client?: KeyPair,
  ): Promise<{ readonly status: number; readonly message: string | undefined; readonly text: string }> =>
    new Promise((resolve, reject) => {
      const certificate = client && { cert: client.cert, key: client.key };
      const { port } = server;
      const options = {
        port,
        host: '127.0.0.1',
        path: PODS,
        agent: false,
        ca: tls.caBundle,
        headers,
        ...certificate,
      } as const;
      const outgoing = requestHttps(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode!, message: JSON.parse(text).message, text }));
      });
      outgoing.on('error', reject).end();
    });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it('all four become available, with a certificate that the API server has come to trust', async () => {
    await until('all are available', () =>
      registration.status().every(({ state, available }) => state === 'registered' && available?.status === 'True'),
    );
    expect(simulator.world.store.get('secrets', 'monitoring', TLS_SECRET)).toBeDefined();
  });

  it('who may gets an answer through the API server, and who may not its words', async () => {
    for (const token of [HPA_TOKEN, VIEWER_TOKEN]) {
      const { status, text } = await ask(token);
      expect([status, JSON.parse(text).items.length]).toEqual([200, 3]);
    }
    const refused = await ask(NOBODY_TOKEN);
    expect([refused.status, JSON.parse(refused.text).message]).toEqual([403, FORBIDDEN]);
  });

  it('a token is taken directly too, and refused in the same words', async () => {
    expect((await askDirectly(bearer(HPA_TOKEN))).status).toBe(200);
    expect(await askDirectly(bearer(NOBODY_TOKEN))).toMatchObject({ status: 403, message: FORBIDDEN });
    expect(await askDirectly(bearer('no.token'))).toMatchObject({ status: 401, message: 'Unauthorized' });
  });

  it('only the front proxy may say who asks', async () => {
    const { frontProxy } = simulator.api;
    const forged = { 'x-remote-user': 'system:serviceaccount:kube-system:horizontal-pod-autoscaler' };
    const masters = { 'x-remote-user': 'root', 'x-remote-group': 'system:masters' };
    const day = 86_400_000;
    const own = issueCertificate({
      commonName: 'front-proxy-client',
      notBefore: Date.now() - day,
      notAfter: Date.now() + day,
    });
    for (const headers of [forged, masters]) {
      expect((await askDirectly(headers)).status).toBe(401);
      expect((await askDirectly(headers, own)).status).toBe(401);
      expect((await askDirectly(headers, frontProxy.issue('somebody-else'))).status).toBe(401);
      expect((await askDirectly({ ...headers, ...bearer(NOBODY_TOKEN) })).status).toBe(403);
      const answer = await askDirectly(headers, frontProxy.client);
      expect([answer.status, JSON.parse(answer.text).items.length]).toEqual([200, 3]);
    }
    expect((await askDirectly({ 'x-remote-user': 'nobody' }, frontProxy.client)).message).toBe(FORBIDDEN);
  });

  it('another authority of the front proxy is believed once the ConfigMap was read again', async () => {
    simulator.api.frontProxy.rotate();
    let status = 0;
    for (let i = 0; i < 100 && status !== 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      status = (await ask(HPA_TOKEN)).status;
      expect([200, 401, 503]).toContain(status);
    }
    expect(status).toBe(200);
    expect(logged.filter((line) => line.includes('on behalf of others')).length).toBe(2);
  });

  it('nothing is refused, and nothing granted in vain', () => {
    const requests = simulator.api.requestCounts();
    const refused = requests.filter(({ code, labels }) => code === 403 && !/metrics/.test(JSON.stringify(labels)));
    expect(refused).toEqual([]);
    const used = new Set(requests.map(({ labels }) => labels.resource));
    const granted = boundRights().flatMap(({ resources = [] }) => resources);
    // The directory of objects watches replication controllers when somebody asks for one.
    expect([...new Set(granted)].filter((resource) => !used.has(resource))).toEqual(['replicationcontrollers']);
    expect(logged.filter((line) => /\.token|PRIVATE KEY/.test(line))).toEqual([]);
    const unexpected = /cannot|Secret/;
    expect(logged.filter((line) => /"level":(40|50)/.test(line) && unexpected.test(line))).toEqual([]);
  });

  it('the manifests name what is registered', () => {
    const services = documentsOf('apiservices.yaml').filter(({ kind }) => kind === 'APIService');
    expect(services.map(({ metadata }) => metadata.name)).toEqual(SERVED_VERSIONS.map(apiServiceName));
    const rule = boundRights().find(({ resources }) => resources?.includes('apiservices'));
    expect(rule!.names).toEqual(SERVED_VERSIONS.map(apiServiceName));
  });
});
