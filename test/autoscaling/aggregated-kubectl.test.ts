/**
 * The real kubectl, from PATH or from PHAROS_KUBECTL, against an API server behind which Pharos serves the metrics APIs: with the
 * certificate of the front proxy, the caBundle, and the rights that the API server's roles give.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { json } from 'node:stream/consumers';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DelegatedAccess } from '../../alerting/autoscaling/access/delegated-access.ts';
import { MetricsApisBed } from '../../alerting/autoscaling/api/metrics-apis-bed.case.ts';
import type { ApiCaller } from '../../alerting/autoscaling/api-caller.ts';
import { type MetricsApisTls, metricsApisTls } from '../../alerting/autoscaling/serving/metrics-apis-tls.ts';
import { Registration } from '../../alerting/autoscaling/serving/registration.ts';
import { type ApiServer, startApiServer } from '../../simulator/api/api-server.ts';
import { createBootstrapRoles } from '../../simulator/api/bootstrap-roles.ts';
import { kubeconfigOf } from '../../simulator/api/kubeconfig.ts';
import { selfSigned } from '../../simulator/api/self-signed.ts';
import { ObjectStore } from '../../simulator/object-store.ts';
import { findKubectls, Kubectl } from '../simulator/kubectl.ts';
import { registerMetricsApis } from './loop/loop-objects.ts';

const PROGRAMS = findKubectls(process.env);
const CUSTOM = '/apis/custom.metrics.k8s.io';
const TOKENS = [
  { token: 'a', user: 'admin', groups: ['system:masters'] },
  { token: 'p', user: 'system:serviceaccount:monitoring:pharos' },
  { token: 'j', user: 'jane', groups: ['ops'], allow: [] },
];

/** Paths with a part of what they answer. */
const RAW: readonly (readonly [string, string])[] = [
  ['/apis/metrics.k8s.io/v1beta1', '"kind":"APIResourceList"'],
  ['/apis/metrics.k8s.io/v1beta1/nodes', '"kind":"NodeMetricsList"'],
  ['/apis/metrics.k8s.io/v1beta1/nodes/n1', '"kind":"NodeMetrics"'],
  ['/apis/metrics.k8s.io/v1beta1/pods', '"kind":"PodMetricsList"'],
  ['/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods?labelSelector=app%3Dweb', '"name":"web-2"'],
  ['/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods/web-1', '"kind":"PodMetrics"'],
  [`${CUSTOM}/v1beta1/namespaces/shop/pods/*/load`, '"metricName":"load"'],
  [`${CUSTOM}/v1beta2/namespaces/shop/pods/%2A/load?labelSelector=app+in+%28db%29`, '"value":"2500m"'],
  [`${CUSTOM}/v1beta2/namespaces/shop/pods/web-1/load`, '"apiVersion":"/v1"'],
  [`${CUSTOM}/v1beta2/namespaces/shop/services/web/load`, '"kind":"Service"'],
  [`${CUSTOM}/v1beta2/namespaces/shop/deployments.apps/web/load`, '"apiVersion":"apps/v1"'],
  [`${CUSTOM}/v1beta2/namespaces/shop/metrics/load`, '"kind":"Namespace"'],
  [`${CUSTOM}/v1beta2/nodes/n1/load`, '"value":"70m"'],
  ['/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/queue?labelSelector=queue%3Dorders', '"value":"41500m"'],
  ['/openapi/v3/apis/metrics.k8s.io/v1beta1', '"openapi":"3.0.0"'],
];

if (PROGRAMS.length === 0) {
  describe('kubectl and aggregated metrics APIs', () => {
    it.skip('is not tried: there is none in PATH or in PHAROS_KUBECTL', () => {});
  });
}

describe.each(PROGRAMS)('%s against an API server with the metrics APIs behind it', (program) => {
  const logger = pino({ level: 'silent' });
  let kubectl: Kubectl;
  let front: ApiServer;
  let closing: (() => Promise<unknown> | unknown)[] = [];

  beforeAll(async () => {
    const store = new ObjectStore({ now: Date.now });
    const tls = selfSigned();
    front = await startApiServer({ store, now: Date.now, tokens: TOKENS, tls, limits: { probeInterval: 200 } });
    createBootstrapRoles(store);
    front.frontProxy.publish();
    createObjects(store);
    kubectl = await Kubectl.create(program);
    await kubectl.write('roles.yaml', ROLES);
    for (const { user, token } of TOKENS) await kubectl.write(user, kubeconfigOf(front, token));

    const api = callerOf(front, 'p');
    const service = { namespace: 'monitoring', name: 'pharos-metrics-apis' };
    const serving: MetricsApisTls = await metricsApisTls({ service, logger });
    const access = new DelegatedAccess({ api, logger, onAuthorities: (pems) => serving.setAuthorities(pems) });
    const bed = await MetricsApisBed.start({ tls: serving, access });
    registerMetricsApis(store, bed.port);
    const registration = new Registration({ api, service, caBundle: () => serving.caBundle, logger });
    closing = [() => registration.close(), () => bed.close(), () => access.close(), () => serving.close()];
    closing.push(
      () => front.close(),
      () => kubectl.close(),
    );
    await available(store);
  });

  afterAll(async () => {
    for (const close of closing) await close();
  });

  const run = (command: string, user = 'admin') => kubectl.run(command, { user });

  it('shows the use of pods and nodes', async () => {
    expect(await run('top nodes --no-headers')).toBe('n1 1500m 37% 1024Mi 12%\nn2 1500m 37% 1024Mi 12%\n');
    expect(await run('top pods -A --containers')).toContain('shop web-1 app 250m 20Mi\n');
    expect(await run('top pods -n shop -l tier=front --no-headers')).toBe('web-1 251m 20Mi\n');
  });

  it('finds the resources of the servers behind it', async () => {
    const resources = await run('api-resources --no-headers');
    expect(resources).toMatch(/^nodes metrics.k8s.io\/v1beta1 false NodeMetrics$/m);
    expect(resources).toMatch(/^pods metrics.k8s.io\/v1beta1 true PodMetrics$/m);
    expect(resources).toMatch(/^deployments deploy apps\/v1 true Deployment$/m);
    expect(await run('get apiservices v1beta1.metrics.k8s.io -o jsonpath={.status.conditions[0].reason}')).toBe(
      'Passed',
    );
  });

  it('gets each path', async () => {
    const waiting = [...RAW];
    const next = async (): Promise<void> => {
      for (let at = waiting.shift(); at !== undefined; at = waiting.shift())
        expect(await run(`get --raw ${at[0]}`), at[0]).toContain(at[1]);
    };
    await Promise.all([next(), next(), next()]);
  });

  it('is let in by what the roles of the API server say', async () => {
    await expect(run('top pods -n shop', 'jane')).rejects.toThrow(
      'pods.metrics.k8s.io is forbidden: User "jane" cannot list resource "pods" in API group "metrics.k8s.io" in the namespace "shop"',
    );
    await run('apply -f roles.yaml');
    expect(await run('top pods -n shop --no-headers', 'jane')).toMatch(/^db-0 251m/);
    await expect(run('top pods -n bank', 'jane')).rejects.toThrow('is forbidden');
  });
});

const ROLES = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: top}
rules: [{apiGroups: [metrics.k8s.io], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: top, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: top}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: ops}]
`;

/** The API server as Pharos asks it, with a token. */
function callerOf({ url, ca }: ApiServer, token: string): ApiCaller {
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { authorization: `Bearer ${token}`, 'content-type': type };
    const signal = AbortSignal.timeout(5_000);
    const request = requestHttps(url + path, {
      method,
      headers,
      signal,
      agent: false,
      ...(ca !== undefined && { ca }),
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const answer = (await json(response)) as { readonly message?: string };
    const { statusCode: status = 0 } = response;
    if (status < 200 || status > 299) throw Object.assign(new Error(answer.message), { status });
    return answer;
  };
  return { get: (path) => ask('GET', path), send: (method, path, { body }) => ask(method, path, body) };
}

function createObjects(store: ObjectStore): void {
  for (const name of ['default', 'shop', 'bank', 'monitoring'])
    store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const capacity = { cpu: '4', memory: '8Gi' };
  for (const name of ['n1', 'n2'])
    store.create('nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      status: { capacity, allocatable: capacity },
    });
}

/** Resolves when the API server has found all four. */
async function available(store: ObjectStore): Promise<void> {
  const until = performance.now() + 8_000;
  for (;;) {
    const services = store.list('apiservices.apiregistration.k8s.io') as unknown as readonly Registered[];
    const conditions = services.map(({ status }) => status?.conditions[0]);
    if (conditions.every((condition) => condition?.status === 'True')) return;
    if (performance.now() > until) throw new Error(`not every APIService is available: ${JSON.stringify(conditions)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

interface Registered {
  readonly status?: { readonly conditions: readonly { readonly status: string; readonly message: string }[] };
}
