import { describe, expect, it } from 'vitest';
import { type Json, startServer } from './api-client.case.ts';
import { createBootstrapRoles } from './bootstrap-roles.ts';

const HPA = 'system:serviceaccount:kube-system:horizontal-pod-autoscaler';
const RBAC = { apiVersion: 'rbac.authorization.k8s.io/v1' };

async function start() {
  const started = await startServer({
    tokens: [
      { token: 'admin-token', user: 'admin', groups: ['system:masters'] },
      { token: 'hpa', user: HPA, allow: [] },
      { token: 'jane', user: 'jane', uid: 'u-7', groups: ['ops'], extra: { scopes: ['read'] }, allow: [] },
      { token: 'elsewhere', user: 'jane', audiences: ['vault'], allow: [] },
    ],
  });
  createBootstrapRoles(started.store);
  const review = async (kind: string, group: string, spec: Json) => {
    const path = `/apis/${group}/v1/${kind.toLowerCase()}s`;
    const body = { apiVersion: `${group}/v1`, kind, spec };
    return (await started.ask(path, { method: 'POST', body })).body;
  };
  return {
    ...started,
    /** The status of a SubjectAccessReview, or of what is refused. */
    access: async (spec: Json) => {
      const answer = await review('SubjectAccessReview', 'authorization.k8s.io', spec);
      return answer.kind === 'Status' ? answer.message : answer.status;
    },
    token: async (spec: Json) => (await review('TokenReview', 'authentication.k8s.io', spec)).status,
  };
}

const pods = {
  verb: 'get',
  group: 'custom.metrics.k8s.io',
  resource: 'pods',
  subresource: 'hits',
  name: '*',
  namespace: 'web',
};

describe('roles', () => {
  it('let the autoscaler read all metrics APIs, and no more than it needs', async () => {
    const { access } = await start();
    const may = async (resourceAttributes: Json) => (await access({ user: HPA, resourceAttributes })).allowed;
    expect(await access({ user: HPA, resourceAttributes: pods })).toEqual({
      allowed: true,
      reason:
        'RBAC: allowed by ClusterRoleBinding "system:controller:horizontal-pod-autoscaler" of ClusterRole "system:controller:horizontal-pod-autoscaler" to ServiceAccount "horizontal-pod-autoscaler/kube-system"',
    });
    expect(await may({ verb: 'list', group: 'external.metrics.k8s.io', resource: 'queue', namespace: 'web' })).toBe(
      true,
    );
    expect(await may({ verb: 'list', group: 'metrics.k8s.io', resource: 'pods', namespace: 'web' })).toBe(true);
    expect(await may({ verb: 'get', group: 'metrics.k8s.io', resource: 'pods', namespace: 'web', name: 'a' })).toBe(
      false,
    );
    expect(await may({ verb: 'list', group: 'metrics.k8s.io', resource: 'nodes' })).toBe(false);
    expect(
      await may({ verb: 'update', group: 'apps', resource: 'deployments', subresource: 'scale', namespace: 'web' }),
    ).toBe(true);
    expect(await may({ verb: 'update', group: 'apps', resource: 'deployments', namespace: 'web' })).toBe(false);
    expect(await may({ verb: 'list', resource: 'secrets', namespace: 'web' })).toBe(false);
  });

  it('are found by user, group and service account, in a namespace or everywhere, and by aggregation', async () => {
    const { store, access, ask } = await start();
    const role = (metadata: Json, rules: Json[]) => ({
      ...RBAC,
      kind: metadata.namespace === undefined ? 'ClusterRole' : 'Role',
      metadata,
      rules,
    });
    const bind = (metadata: Json, roleRef: Json, subjects: Json[]) => {
      const kind = metadata.namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding';
      const bound = { ...RBAC, kind, metadata, roleRef, subjects };
      store.create(`${kind.toLowerCase()}s.rbac.authorization.k8s.io`, bound);
    };
    const metrics = [{ apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['get', 'list'] }];
    const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' };
    store.create('clusterroles.rbac.authorization.k8s.io', role({ name: 'metrics', labels }, metrics));
    bind({ name: 'b', namespace: 'web' }, { kind: 'ClusterRole', name: 'view' }, [{ kind: 'Group', name: 'ops' }]);
    const top = { verb: 'list', group: 'metrics.k8s.io', resource: 'pods', namespace: 'web' };
    const may = async (spec: Json) => (await access(spec)).allowed;
    expect(await may({ groups: ['ops'], resourceAttributes: top })).toBe(true);
    expect(await may({ user: 'ops', resourceAttributes: top })).toBe(false);
    expect(await may({ groups: ['ops'], resourceAttributes: { ...top, namespace: 'shop' } })).toBe(false);
    expect(await may({ groups: ['ops'], resourceAttributes: { ...top, namespace: '' } })).toBe(false);
    // The same for requests, not only for reviews of them.
    const headers = { authorization: 'Bearer jane' };
    expect((await ask('/api/v1/namespaces/web/pods', { headers })).status).toBe(200);
    expect((await ask('/api/v1/namespaces/shop/pods', { headers })).status).toBe(403);
    const named = [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['tls'], verbs: ['get'] }];
    store.create('roles.rbac.authorization.k8s.io', role({ name: 'r', namespace: 'web' }, named));
    bind({ name: 'c', namespace: 'web' }, { kind: 'Role', name: 'r' }, [{ kind: 'ServiceAccount', name: 'bot' }]);
    const secret = { verb: 'get', resource: 'secrets', namespace: 'web', name: 'tls' };
    const user = 'system:serviceaccount:web:bot';
    expect(await may({ user, resourceAttributes: secret })).toBe(true);
    expect(await may({ user, resourceAttributes: { ...secret, name: 'other' } })).toBe(false);
    const paths = [{ nonResourceURLs: ['/debug/*'], verbs: ['get'] }];
    store.create('clusterroles.rbac.authorization.k8s.io', role({ name: 'debug' }, paths));
    bind({ name: 'd' }, { kind: 'ClusterRole', name: 'debug' }, [{ kind: 'User', name: 'jane' }]);
    expect(await may({ user: 'jane', nonResourceAttributes: { path: '/debug/why', verb: 'get' } })).toBe(true);
    expect(await may({ user: 'jane', nonResourceAttributes: { path: '/debug', verb: 'get' } })).toBe(false);
  });
});

describe('reviews', () => {
  it('judge paths by the groups that are given, and refuse what is no question', async () => {
    const { access } = await start();
    const discovery = { path: '/apis/metrics.k8s.io', verb: 'get' };
    expect(await access({ user: 'x', nonResourceAttributes: discovery })).toEqual({ allowed: false });
    const groups = ['system:authenticated'];
    expect(await access({ user: 'x', groups, nonResourceAttributes: discovery })).toEqual({ allowed: true });
    expect(await access({ groups: ['system:masters'], resourceAttributes: pods })).toEqual({ allowed: true });
    expect(await access({ resourceAttributes: pods })).toContain('at least one of user or group must be specified');
    expect(await access({ user: 'x' })).toContain('exactly one of nonResourceAttributes or resourceAttributes');
    expect(await access({ user: 'x', resourceAttributes: pods, nonResourceAttributes: discovery })).toContain(
      'cannot be specified in combination with resourceAttributes',
    );
  });

  it('tell all that is known of a token’s user, for the audience that is asked for', async () => {
    const { token, ask } = await start();
    const audience = 'https://kubernetes.default.svc.cluster.local';
    expect(await token({ token: 'jane' })).toEqual({
      authenticated: true,
      user: { username: 'jane', uid: 'u-7', groups: ['ops', 'system:authenticated'], extra: { scopes: ['read'] } },
      audiences: [audience],
    });
    expect(await token({ token: 'elsewhere' })).toMatchObject({ authenticated: false, error: 'invalid bearer token' });
    expect(await token({ token: 'elsewhere', audiences: [audience, 'vault'] })).toMatchObject({ audiences: ['vault'] });
    expect(await token({ token: 'nobody' })).toEqual({ authenticated: false, user: {}, error: 'invalid bearer token' });
    expect((await ask('/api', { headers: { authorization: 'Bearer elsewhere' } })).status).toBe(401);
  });
});
