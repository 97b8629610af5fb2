import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../kube-object.ts';
import { type AskOptions, type Json, pod, type StartedServer, startServer } from './api-client.case.ts';
import type { ApiServerOptions } from './api-server.ts';

const WEB = '/apis/apps/v1/namespaces/web/deployments';
const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const deployment = (fields: Json = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...fields.metadata },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
    ...fields.spec,
  },
});

async function start(options: Partial<ApiServerOptions> = {}): Promise<StartedServer> {
  const started = await startServer(options);
  started.store.create('namespaces', namespace('web'));
  return started;
}

const patch = (type: string, body: unknown): AskOptions => ({
  method: 'PATCH',
  body,
  headers: { 'content-type': `application/${type}` },
});

describe('writing objects', () => {
  it('creates with defaults, a generation and without a status', async () => {
    const { ask } = await start();
    const { status, body } = await ask(WEB, { method: 'POST', body: { ...deployment(), status: { replicas: 9 } } });
    expect(status).toBe(201);
    expect(body.metadata).toMatchObject({ generation: 1, namespace: 'web', creationTimestamp: '2026-03-01T12:00:00Z' });
    expect(body.spec).toMatchObject({ replicas: 1, strategy: { rollingUpdate: { maxSurge: '25%' } } });
    expect(body.spec.template.spec).toMatchObject({
      restartPolicy: 'Always',
      containers: [{ imagePullPolicy: 'IfNotPresent' }],
    });
    expect(body.status).toBeUndefined();
    const again = await ask(WEB, { method: 'POST', body: deployment() });
    expect([again.status, again.body.reason, again.body.message]).toEqual([
      409,
      'AlreadyExists',
      'deployments.apps "web" already exists',
    ]);
    const generated = await ask(WEB, { method: 'POST', body: { ...deployment(), metadata: { generateName: 'web-' } } });
    expect(generated.body.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
    const { body: created } = await ask('/api/v1/namespaces/web/services', { method: 'POST', body: service });
    expect(created.spec).toMatchObject({
      clusterIP: '10.96.1.0',
      type: 'ClusterIP',
      ports: [{ protocol: 'TCP', targetPort: 80 }],
    });
  });

  it('refuses what is not valid', async () => {
    const { store, server, ask } = await start();
    const post = async (body: unknown, path = WEB) => {
      const { status, body: answer } = await ask(path, { method: 'POST', body });
      return `${status} ${answer.message}`;
    };
    expect(await post(deployment(), '/apis/apps/v1/namespaces/nowhere/deployments')).toBe(
      '404 namespaces "nowhere" not found',
    );
    expect(await post(deployment({ metadata: { namespace: 'other' } }))).toContain(
      '400 the namespace of the provided object',
    );
    expect(await post(deployment({ metadata: { name: 'Not_Valid' } }))).toContain(
      '422 Deployment.apps "Not_Valid" is invalid',
    );
    expect(await post(deployment({ metadata: { name: '' } }))).toContain('name or generateName is required');
    expect(await post(deployment({ spec: { selector: {} } }))).toContain('spec.selector: Required value');
    const other = deployment({ spec: { selector: { matchLabels: { app: 'other' } } } });
    expect(await post(other)).toContain('`selector` does not match template `labels`');
    expect(await post({ ...deployment(), kind: 'Pod' })).toContain('400 the object provided is a Pod of apps/v1');
    expect(await post('{')).toContain('400 the request body must be JSON');
    expect(await post(deployment({ metadata: { resourceVersion: '5' } }))).toContain(
      'resourceVersion should not be set',
    );
    expect(await post(deployment(), `${WEB}?dryRun=Some`)).toContain('400 dryRun');
    expect(
      (await ask(WEB, { method: 'POST', body: deployment(), headers: { 'content-type': 'text/plain' } })).status,
    ).toBe(415);
    expect((await ask(`${WEB}?dryRun=All`, { method: 'POST', body: deployment() })).status).toBe(201);
    expect(store.count('deployments.apps')).toBe(0);
    const big = { ...deployment(), filler: 'x'.repeat(4 * 1024 * 1024) };
    const response = await fetch(server.url + WEB, {
      method: 'POST',
      headers: { authorization: 'Bearer admin-token' },
      body: JSON.stringify(big),
    });
    expect(response.status).toBe(413);
  });

  it('updates when nobody else did, and raises the generation with the spec', async () => {
    const { store, ask } = await start();
    const first = (await ask(WEB, { method: 'POST', body: deployment() })).body;
    const put = (body: unknown, path = '') => ask(`${WEB}/web${path}`, { method: 'PUT', body });
    const second = (await put({ ...first, spec: { ...first.spec, replicas: 3 } })).body;
    expect([second.metadata.generation, second.metadata.uid]).toEqual([2, first.metadata.uid]);
    const stale = await put({ ...first, spec: { ...first.spec, replicas: 4 } });
    expect([stale.status, stale.body.reason]).toEqual([409, 'Conflict']);
    expect(stale.body.message).toBe(
      'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
    );
    // Nothing changes, so there is no new version.
    const { version } = store;
    expect((await put(second)).body.metadata.resourceVersion).toBe(second.metadata.resourceVersion);
    expect(store.version).toBe(version);
    const third = (
      await put({ ...second, status: { readyReplicas: 3 }, spec: { ...second.spec, replicas: 9 } }, '/status')
    ).body;
    expect([third.status.readyReplicas, third.spec.replicas, third.metadata.generation]).toEqual([3, 3, 2]);
    const fourth = (await put({ ...third, status: {}, metadata: { ...third.metadata, labels: { a: 'b' } } })).body;
    expect([fourth.status.readyReplicas, fourth.metadata.labels, fourth.metadata.generation]).toEqual([
      3,
      { a: 'b' },
      2,
    ]);
    expect((await put({ ...fourth, metadata: { name: 'other' } })).status).toBe(400);
    const moved = await put({ ...fourth, spec: { ...fourth.spec, selector: { matchLabels: { app: 'x' } } } });
    expect([moved.status, moved.body.reason]).toEqual([422, 'Invalid']);
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec: {} };
    const path = '/apis/coordination.k8s.io/v1/namespaces/web/leases/l';
    expect((await ask(path, { method: 'PUT', body: lease })).status).toBe(201);
  });

  it('leaves alone what it was not asked to change', async () => {
    const { store, ask } = await start();
    const bare = {
      ...deployment(),
      metadata: { namespace: 'web', name: 'bare', generation: 1 },
    } as unknown as KubeObject;
    store.create('deployments.apps', bare);
    const template = () => (store.get('deployments.apps', 'web', 'bare')!.spec as Json).template;
    await ask(`${WEB}/bare/scale`, patch('merge-patch+json', { spec: { replicas: 3 } }));
    await ask(`${WEB}/bare`, patch('merge-patch+json', { metadata: { labels: { a: 'b' } } }));
    expect(template()).toEqual((bare.spec as Json).template);
    await ask(WEB, { method: 'POST', body: deployment() });
    const containers = [{ name: 'side', image: 'side:1' }];
    await ask(`${WEB}/web`, patch('strategic-merge-patch+json', { spec: { template: { spec: { containers } } } }));
    const { spec } = store.get('deployments.apps', 'web', 'web') as Json;
    expect(spec.template.spec.containers[1].imagePullPolicy).toBe('IfNotPresent');
  });

  it('patches in four ways', async () => {
    const { ask } = await start();
    await ask(WEB, { method: 'POST', body: deployment() });
    const web = `${WEB}/web`;
    const merged = await ask(
      web,
      patch('merge-patch+json', { metadata: { annotations: { a: 'b' } }, spec: { replicas: 2 } }),
    );
    expect([merged.body.metadata.annotations, merged.body.spec.replicas]).toEqual([{ a: 'b' }, 2]);
    const containers = [{ name: 'side', image: 'side:1' }];
    const strategic = await ask(
      web,
      patch('strategic-merge-patch+json', { spec: { template: { spec: { containers } } } }),
    );
    expect(strategic.body.spec.template.spec.containers.map(({ name }: Json) => name)).toEqual(['main', 'side']);
    const pointed = await ask(web, patch('json-patch+json', [{ op: 'replace', path: '/spec/replicas', value: 5 }]));
    expect(pointed.body.spec.replicas).toBe(5);
    const yaml = 'apiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: 7\n';
    const applied = await ask(`${web}?fieldManager=me`, patch('apply-patch+yaml', yaml));
    expect([applied.status, applied.body.spec.replicas]).toEqual([200, 7]);
    expect(applied.body.metadata.managedFields[0]).toMatchObject({ manager: 'me', operation: 'Apply' });
    const other = await ask(`${web}?fieldManager=you`, patch('apply-patch+yaml', yaml.replace('7', '8')));
    expect([other.status, other.body.details.causes[0].field]).toEqual([409, '.spec.replicas']);
    const fresh = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: v}\n';
    const created = await ask('/api/v1/namespaces/web/configmaps/c?fieldManager=me', patch('apply-patch+yaml', fresh));
    expect([created.status, created.body.data]).toEqual([201, { k: 'v' }]);
    const stale = patch('merge-patch+json', { metadata: { resourceVersion: '1' }, spec: { replicas: 1 } });
    expect((await ask(web, stale)).status).toBe(409);
    expect((await ask(web, patch('unknown', {}))).status).toBe(415);
    expect((await ask(`${WEB}/nobody`, patch('merge-patch+json', {}))).status).toBe(404);
  });

  it('scales', async () => {
    const { ask } = await start();
    await ask(WEB, { method: 'POST', body: deployment() });
    const { body: scale } = await ask(`${WEB}/web/scale`);
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 1 }, status: { replicas: 0, selector: 'app=web' } });
    const put = await ask(`${WEB}/web/scale`, { method: 'PUT', body: { ...scale, spec: { replicas: 3 } } });
    expect([put.status, put.body.spec.replicas]).toEqual([200, 3]);
    expect((await ask(`${WEB}/web/scale`, { method: 'PUT', body: scale })).status).toBe(409);
    const patched = await ask(`${WEB}/web/scale`, patch('merge-patch+json', { spec: { replicas: 4 } }));
    expect(patched.body.spec.replicas).toBe(4);
    expect((await ask(`${WEB}/web/scale`, patch('merge-patch+json', { spec: { replicas: -1 } }))).status).toBe(422);
    const { body } = await ask(`${WEB}/web`);
    expect([body.spec.replicas, body.metadata.generation]).toEqual([4, 3]);
    expect((await ask('/apis/apps/v1/namespaces/web/daemonsets/d/scale')).status).toBe(404);
  });

  it('shows autoscalers in both versions', async () => {
    const { ask } = await start();
    const spec = {
      scaleTargetRef: { kind: 'Deployment', name: 'web' },
      maxReplicas: 5,
      targetCPUUtilizationPercentage: 60,
    };
    const body = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'h' }, spec };
    const path = (version: string) => `/apis/autoscaling/${version}/namespaces/web/horizontalpodautoscalers`;
    await ask(path('v1'), { method: 'POST', body });
    expect((await ask(`${path('v2')}/h`)).body.spec.metrics).toEqual([
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
    ]);
    expect((await ask(`${path('v1')}/h`)).body.spec.targetCPUUtilizationPercentage).toBe(60);
  });
});

describe('deleting objects', () => {
  it('takes away at once, or marks and leaves the rest to the world', async () => {
    const { store, ask } = await start({ graceful: (resource) => resource === 'pods' });
    for (const name of ['a', 'b', 'c']) store.create('pods', pod('web', name));
    const remove = (path: string, body?: object) => ask(`/api/v1/namespaces/web/${path}`, { method: 'DELETE', body });
    const { body } = await remove('pods/a');
    expect(body.metadata).toMatchObject({ deletionTimestamp: '2026-03-01T12:00:30Z', deletionGracePeriodSeconds: 30 });
    const sooner = await remove('pods/a', { gracePeriodSeconds: 5 });
    expect(sooner.body.metadata.deletionGracePeriodSeconds).toBe(5);
    expect((await remove('pods/b?gracePeriodSeconds=0')).body).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'b' },
    });
    expect(store.get('pods', 'web', 'b')).toBeUndefined();
    expect((await remove('pods/c', { preconditions: { uid: 'other' } })).status).toBe(409);
    expect((await remove('pods/nobody')).body.message).toBe('pods "nobody" not found');
  });

  it('waits for finalizers', async () => {
    const { store, ask } = await start();
    store.create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'web', name: 'c', finalizers: ['x/y'] },
    });
    const path = '/api/v1/namespaces/web/configmaps/c';
    expect((await ask(path, { method: 'DELETE' })).body.metadata.deletionTimestamp).toBeDefined();
    expect(store.count('configmaps')).toBe(1);
    await ask(path, patch('merge-patch+json', { metadata: { finalizers: null } }));
    expect(store.count('configmaps')).toBe(0);
  });

  it('takes away collections, and namespaces with all that is in them', async () => {
    const { store, ask } = await start();
    for (const name of ['a', 'b', 'c'])
      store.create('pods', pod('web', name, { labels: { app: name === 'c' ? 'y' : 'x' } }));
    const { body } = await ask('/api/v1/namespaces/web/pods?labelSelector=app%3Dx', { method: 'DELETE' });
    expect(body.items.map(({ metadata }: Json) => metadata.name)).toEqual(['a', 'b']);
    expect(store.count('pods')).toBe(1);
    await ask('/api/v1/namespaces/web', { method: 'DELETE' });
    expect([store.count('pods'), store.count('namespaces')]).toEqual([0, 0]);
  });

  it('evicts as far as disruption budgets allow', async () => {
    const { store, ask } = await start();
    for (const name of ['a', 'b']) store.create('pods', pod('web', name, { labels: { app: 'x' } }));
    store.create('poddisruptionbudgets.policy', {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { namespace: 'web', name: 'p' },
      spec: { selector: { matchLabels: { app: 'x' } }, minAvailable: 1 },
      status: { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 },
    });
    const evict = (name: string) =>
      ask(`/api/v1/namespaces/web/pods/${name}/eviction`, {
        method: 'POST',
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } },
      });
    expect((await evict('a')).status).toBe(201);
    const refused = await evict('b');
    expect([refused.status, refused.body.details.causes[0].reason]).toEqual([429, 'DisruptionBudget']);
    expect(store.count('pods')).toBe(1);
  });
});

describe('reviews', () => {
  it('answers who somebody is and what they may do', async () => {
    const allow = [{ verbs: ['list'], resources: ['pods'], groups: [''] }];
    const tokens = [
      { token: 'admin-token', user: 'admin' },
      { token: 'viewer', user: 'system:serviceaccount:web:viewer', allow },
    ];
    const { store, ask } = await start({ tokens });
    const review = async (group: string, kind: string, spec: object) =>
      (await ask(`/apis/${group}.k8s.io/v1/${kind.toLowerCase()}s`, { method: 'POST', body: { kind, spec } })).body
        .status;
    expect(await review('authentication', 'TokenReview', { token: 'viewer' })).toMatchObject({
      authenticated: true,
      user: {
        username: 'system:serviceaccount:web:viewer',
        groups: expect.arrayContaining(['system:serviceaccounts:web']),
      },
    });
    expect(await review('authentication', 'TokenReview', { token: 'x' })).toMatchObject({ authenticated: false });
    const resourceAttributes = { verb: 'list', resource: 'pods', namespace: 'web' };
    const user = 'system:serviceaccount:web:viewer';
    expect((await review('authorization', 'SubjectAccessReview', { user, resourceAttributes })).allowed).toBe(true);
    const secrets = { user, resourceAttributes: { ...resourceAttributes, resource: 'secrets' } };
    expect((await review('authorization', 'SubjectAccessReview', secrets)).allowed).toBe(false);
    expect((await review('authorization', 'SelfSubjectAccessReview', { resourceAttributes })).allowed).toBe(true);
    const self = await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', { method: 'POST', body: {} });
    expect(self.body.status.userInfo.username).toBe('admin');

    store.create('serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace: 'web', name: 'viewer' },
    });
    const path = '/api/v1/namespaces/web/serviceaccounts/viewer/token';
    const { body } = await ask(path, { method: 'POST', body: { spec: { expirationSeconds: 600 } } });
    const headers = { authorization: `Bearer ${body.status.token}` };
    expect((await ask('/api/v1/namespaces/web/pods', { headers })).status).toBe(200);
    expect((await ask('/api/v1/namespaces/web/secrets', { headers })).status).toBe(403);
  });

  it('reads the protobuf of kubectl', async () => {
    const { ask } = await start();
    // A Namespace named `proto` as kubectl 1.32 sends it.
    const text = (number: number, value: string | Buffer) =>
      Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), Buffer.from(value as string)]);
    const metadata = Buffer.concat([
      text(1, 'proto'),
      text(3, ''),
      text(11, Buffer.concat([text(1, 'a'), text(2, 'b')])),
    ]);
    const type = Buffer.concat([text(1, 'v1'), text(2, 'Namespace')]);
    const body = Buffer.concat([
      Buffer.from('k8s\0'),
      text(1, type),
      text(2, text(1, metadata)),
      text(3, ''),
      text(4, ''),
    ]);
    const post = (bytes: Buffer) =>
      ask('/api/v1/namespaces', {
        method: 'POST',
        body: bytes as unknown,
        headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
      });
    const created = await post(body);
    expect([created.status, created.body.metadata.labels]).toEqual([
      201,
      { a: 'b', 'kubernetes.io/metadata.name': 'proto' },
    ]);
    expect((await post(body.subarray(0, 20))).status).toBe(415);
  });
});
