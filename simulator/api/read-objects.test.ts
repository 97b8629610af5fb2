import { describe, expect, it } from 'vitest';
import { pod, startServer } from './api-client.case.ts';

const names = (list: { items: { metadata: { name: string } }[] }) => list.items.map(({ metadata }) => metadata.name);

describe('reading objects', () => {
  it('gets one, and says what is not there as the real server does', async () => {
    const { store, ask } = await startServer();
    store.create('pods', pod('web', 'a'));
    const { status, body } = await ask('/api/v1/namespaces/web/pods/a');
    expect([status, body.kind, body.apiVersion, body.metadata.name]).toEqual([200, 'Pod', 'v1', 'a']);
    expect(await ask('/apis/apps/v1/namespaces/web/deployments/b')).toEqual({
      status: 404,
      body: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'deployments.apps "b" not found',
        reason: 'NotFound',
        details: { name: 'b', group: 'apps', kind: 'deployments' },
        code: 404,
      },
    });
    expect((await ask('/api/v1/nothings')).body.message).toBe('the server could not find the requested resource');
    expect((await ask('/apis/nobody.io/v1/things')).status).toBe(404);
  });

  it('lists page by page as of one version, while objects come and go', async () => {
    const { store, ask } = await startServer();
    for (let i = 10; i < 35; i++) store.create('pods', pod('web', `p${i}`));
    store.create('pods', pod('other', 'x'));
    const first = (await ask('/api/v1/namespaces/web/pods?limit=10')).body;
    expect(first.metadata.remainingItemCount).toBe(15);
    expect(first.kind).toBe('PodList');
    expect(first.items[0].kind).toBeUndefined();
    store.delete('pods', 'web', 'p25');
    store.create('pods', pod('web', 'p221'));
    store.update('pods', { ...pod('web', 'p26'), status: { phase: 'Failed' } });
    const second = (await ask(`/api/v1/namespaces/web/pods?limit=10&continue=${first.metadata.continue}`)).body;
    const third = (await ask(`/api/v1/namespaces/web/pods?limit=10&continue=${second.metadata.continue}`)).body;
    expect([...names(first), ...names(second), ...names(third)]).toEqual(
      Array.from({ length: 25 }, (_, i) => `p${i + 10}`),
    );
    expect(second.items[6].status.phase).toBe('Running');
    expect(third.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion });
    expect(names((await ask('/api/v1/namespaces/web/pods')).body)).toContain('p221');
  });

  it('answers 410 to a continue token whose version is compacted', async () => {
    const { store, server, ask } = await startServer();
    for (let i = 0; i < 5; i++) store.create('pods', pod('web', `p${i}`));
    const token = (await ask('/api/v1/pods?limit=2')).body.metadata.continue;
    store.create('pods', pod('web', 'p9'));
    server.compact();
    const { status, body } = await ask(`/api/v1/pods?limit=2&continue=${token}`);
    expect([status, body.reason, body.code]).toEqual([410, 'Expired', 410]);
    expect((await ask('/api/v1/pods?limit=2&continue=nonsense')).status).toBe(400);
    expect((await ask('/api/v1/pods?resourceVersion=3&resourceVersionMatch=Exact')).status).toBe(410);
  });

  it('honours resource versions of lists', async () => {
    const { store, ask } = await startServer();
    store.create('pods', pod('web', 'a'));
    const version = store.version;
    store.create('pods', pod('web', 'b'));
    expect(names((await ask(`/api/v1/pods?resourceVersion=${version}&resourceVersionMatch=Exact`)).body)).toEqual([
      'a',
    ]);
    expect(names((await ask(`/api/v1/pods?resourceVersion=${version}`)).body)).toEqual(['a', 'b']);
    expect(names((await ask('/api/v1/pods?resourceVersion=0&limit=1')).body)).toEqual(['a', 'b']);
    const { status, body } = await ask('/api/v1/pods?resourceVersion=99999');
    expect([status, body.details.causes[0].reason]).toEqual([504, 'ResourceVersionTooLarge']);
    expect((await ask('/api/v1/pods?resourceVersion=x')).status).toBe(400);
  });

  it('selects by labels and fields', async () => {
    const { store, ask } = await startServer();
    store.create('pods', pod('web', 'a', { labels: { app: 'x', tier: 'front' } }));
    store.create('pods', pod('web', 'b', { labels: { app: 'y' } }));
    store.create('pods', pod('db', 'c', { labels: { app: 'x', weight: '7' }, status: { phase: 'Pending' } }));
    store.create('pods', pod('db', 'd', { spec: { nodeName: 'n2', containers: [] } }));
    const select = async (query: string) => names((await ask(`/api/v1/pods?${query}`)).body).join('');
    const label = (selector: string) => select(`labelSelector=${encodeURIComponent(selector)}`);
    expect(await label('app=x')).toBe('ca');
    expect(await label('app==x,tier')).toBe('a');
    expect(await label('app!=x')).toBe('db');
    expect(await label('app in (x, y), !tier')).toBe('cb');
    expect(await label('app notin (x)')).toBe('db');
    expect(await label('weight>6')).toBe('c');
    expect(await label('weight<6')).toBe('');
    expect(await select('fieldSelector=spec.nodeName=n2')).toBe('d');
    expect(await select('fieldSelector=status.phase!=Pending,metadata.namespace=db')).toBe('d');
    expect(await select('fieldSelector=metadata.name%3Da')).toBe('a');
    expect((await ask('/api/v1/pods?labelSelector=a%20b')).status).toBe(400);
    const { status, body } = await ask('/api/v1/pods?fieldSelector=spec.color=red');
    expect([status, body.message]).toEqual([400, 'field label not supported: spec.color']);
  });

  it('shows metadata alone, and tables', async () => {
    const { store, ask } = await startServer();
    store.create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'a', name: 'c' },
      data: { k: 'v' },
    });
    const accept = (as: string) => ({
      headers: { accept: `application/json;as=${as};g=meta.k8s.io;v=v1,application/json` },
    });
    const partial = (await ask('/api/v1/configmaps', accept('PartialObjectMetadataList'))).body;
    expect([partial.kind, partial.apiVersion, Object.keys(partial.items[0])]).toEqual([
      'PartialObjectMetadataList',
      'meta.k8s.io/v1',
      ['metadata'],
    ]);
    const table = (await ask('/api/v1/namespaces/a/configmaps/c', accept('Table'))).body;
    expect(table.kind).toBe('Table');
    expect(table.rows[0].object.kind).toBe('PartialObjectMetadata');
    expect((await ask('/api/v1/pods', { headers: { accept: 'application/vnd.kubernetes.protobuf' } })).status).toBe(
      406,
    );
    expect(
      (await ask('/api/v1/pods', { headers: { accept: 'application/vnd.kubernetes.protobuf, */*' } })).status,
    ).toBe(200);
  });

  it('shows one resource in several versions', async () => {
    const { store, ask } = await startServer();
    store.create('events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: 'a', name: 'e' },
      involvedObject: { kind: 'Pod', name: 'p' },
      message: 'Back-off',
      type: 'Warning',
    });
    const current = (await ask('/apis/events.k8s.io/v1/namespaces/a/events?fieldSelector=regarding.kind=Pod')).body;
    expect(current.items[0]).toMatchObject({ regarding: { name: 'p' }, note: 'Back-off' });
    const core = (await ask('/api/v1/events?fieldSelector=involvedObject.name=p,type=Warning')).body;
    expect(core.items[0]).toMatchObject({ involvedObject: { name: 'p' }, message: 'Back-off' });
  });
});
