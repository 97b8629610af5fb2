import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { type KubeClient, KubeError } from '../kube-client.ts';
import type { PolicyResource } from '../objects.ts';
import { FakeCluster } from './fake-cluster.case.ts';
import { ManualClock } from './manual-clock.case.ts';
import { type PolicyObject, policyObjects } from './policy-objects.ts';

const silent = pino({ level: 'silent' });

function start(namespaces?: readonly string[]) {
  const cluster = new FakeCluster();
  const clock = new ManualClock();
  const given: (readonly PolicyObject[])[] = [];
  const sent: { path: string; status: Record<string, unknown> }[] = [];
  let failure: Error | undefined;
  const client = cluster.client as { -readonly [K in keyof KubeClient]: KubeClient[K] };
  client.send = async (_, path, { body }) => {
    if (failure !== undefined) throw failure;
    sent.push({ path, ...(body as { status: Record<string, unknown> }) });
    return {};
  };
  const policies = policyObjects({
    cluster,
    clock,
    logger: silent,
    onPolicies: (all) => given.push(all),
    ...(namespaces !== undefined && { selection: { namespaces } }),
  });
  const [own, whole] = [cluster.cache('alertpolicies'), cluster.cache('clusteralertpolicies')];
  let version = 0;
  const put = (
    name: string,
    {
      namespace = 'team',
      generation = 1,
      ...more
    }: { namespace?: string; generation?: number; spec?: unknown; status?: unknown } = {},
  ) => {
    const metadata = {
      name,
      namespace,
      uid: name,
      resourceVersion: String(++version),
      creationTimestamp: '',
      generation,
    };
    (namespace === '' ? whole : own).put({
      metadata,
      spec: { level: 'pod' },
      status: undefined,
      ...more,
    } as PolicyResource);
  };
  const sync = () => {
    own.replace(own.values(), ++version);
    whole.replace(whole.values(), ++version);
  };
  const fail = (error: Error | undefined) => (failure = error);
  return { cluster, clock, given, sent, policies, put, sync, own, fail };
}

describe('the objects of alert policies', () => {
  it('are given when they were listed and whenever a spec differs', async () => {
    const { clock, given, put, sync, own, policies, cluster } = start();
    put('b');
    put('a', { namespace: '' });
    await clock.advance(5_000);
    expect(given).toEqual([]);
    sync();
    await clock.advance(1_000);
    expect(given).toEqual([
      [
        {
          apiVersion: 'alerting.pharos.dev/v1',
          kind: 'AlertPolicy',
          metadata: { namespace: 'team', name: 'b', uid: 'b', generation: 1 },
          spec: { level: 'pod' },
        },
        expect.objectContaining({ kind: 'ClusterAlertPolicy' }),
      ],
    ]);
    put('b', { status: { firing: 3 } });
    await clock.advance(1_000);
    expect(given).toHaveLength(1);
    put('b', { generation: 2, spec: { level: 'node' } });
    await clock.advance(1_000);
    expect(given[1]![0]).toMatchObject({ spec: { level: 'node' } });
    expect(given[1]![1]).toBe(given[0]![1]);
    own.remove('team', 'b');
    await clock.advance(1_000);
    expect(given[2]!.map(({ metadata }) => metadata.name)).toEqual(['a']);
    await policies.close();
    expect([cluster.open, clock.pending]).toEqual([0, 0]);
  });

  it('are those of some namespaces, and then none of the cluster', async () => {
    const { cluster, policies } = start(['team']);
    expect([...cluster.scopes.keys()]).toEqual(['alertpolicies']);
    expect(cluster.scopes.get('alertpolicies')).toMatchObject({ namespaces: ['team'] });
    await policies.close();
  });
});

describe('the status of alert policies', () => {
  it('says what has become of them, when it does not say so already', async () => {
    const { clock, given, sent, put, sync, policies, fail } = start();
    put('a', { namespace: '' });
    put('b');
    sync();
    await clock.advance(1_000);
    const [b, a] = given[0] as [PolicyObject, PolicyObject];
    policies.setStatus([
      { object: b, isAccepted: false, message: 'spec.level: no', firing: undefined },
      { object: a, isAccepted: true, message: 'it is evaluated', firing: 2 },
    ]);
    await clock.advance(0);
    const time = new Date(clock.now()).toISOString().replace(/\.\d+Z/, 'Z');
    const condition = { type: 'Accepted', observedGeneration: 1, lastTransitionTime: time };
    expect(sent).toEqual([
      {
        path: '/apis/alerting.pharos.dev/v1/namespaces/team/alertpolicies/b/status',
        status: {
          observedGeneration: 1,
          firing: null,
          conditions: [{ ...condition, status: 'False', reason: 'Rejected', message: 'spec.level: no' }],
        },
      },
      {
        path: '/apis/alerting.pharos.dev/v1/clusteralertpolicies/a/status',
        status: {
          observedGeneration: 1,
          firing: 2,
          conditions: [{ ...condition, status: 'True', reason: 'Accepted', message: 'it is evaluated' }],
        },
      },
    ]);

    // The watch brings what was written; saying the same again writes nothing.
    put('a', { namespace: '', status: sent[1]!.status });
    await clock.advance(1_000);
    policies.setStatus([{ object: a, isAccepted: true, message: 'it is evaluated', firing: 2 }]);
    await clock.advance(60_000);
    expect(sent).toHaveLength(2);

    // What changes often is written every ten seconds; the time of the transition stays.
    for (let firing = 3; firing < 33; firing++) {
      policies.setStatus([{ object: a, isAccepted: true, message: 'it is evaluated', firing }]);
      await clock.advance(1_000);
    }
    expect(sent.length - 2).toBeGreaterThanOrEqual(3);
    expect(sent.length - 2).toBeLessThanOrEqual(4);
    await clock.advance(10_000);
    expect(sent.at(-1)!.status).toMatchObject({ firing: 32, conditions: [{ lastTransitionTime: time }] });

    // A failure is tried again, later.
    fail(new KubeError('forbidden', { status: 403 }));
    policies.setStatus([{ object: a, isAccepted: true, message: 'it is evaluated', firing: 0 }]);
    await clock.advance(12_000);
    fail(undefined);
    const before = sent.length;
    await clock.advance(30_000);
    expect(sent.slice(before).map(({ status }) => status.firing)).toEqual([0]);
    await policies.close();
  });

  it('is of the present generation only, and nothing is written for what is gone', async () => {
    const { clock, given, sent, put, sync, policies, fail } = start();
    put('b');
    sync();
    await clock.advance(1_000);
    const [old] = given[0]!;
    put('b', { generation: 2 });
    await clock.advance(1_000);
    policies.setStatus([{ object: old!, isAccepted: true, message: '', firing: 0 }]);
    await clock.advance(20_000);
    expect(sent).toEqual([]);
    fail(new KubeError('not found', { status: 404 }));
    policies.setStatus([{ object: given[1]![0]!, isAccepted: true, message: '', firing: 0 }]);
    await clock.advance(1_000);
    fail(undefined);
    await clock.advance(600_000);
    expect(sent).toEqual([]);
    await policies.close();
  });
});
