import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../kube-object.ts';
import { type CronJob, type Deployment, isReady, type Job, type Node, type Pod } from '../objects.ts';
import { World } from '../world.ts';

const START = Date.parse('2026-03-04T10:00:00Z');
const MINUTE = 60_000;
let world: World;

beforeEach(() => {
  world = new World({ nodes: 12, pods: 120, seed: 3, start: START });
});

function podsOf(namespace: string, name: string): Pod[] {
  const pods = world.store.list('pods', { namespace }) as readonly Pod[];
  return pods.filter(({ metadata }) => metadata.labels?.app === name && metadata.deletionTimestamp === undefined);
}

function statusesOf(pods: readonly Pod[], container: string) {
  return pods.flatMap(({ status }) => status?.containerStatuses ?? []).filter(({ name }) => name === container);
}

function eventsWith(reason: string): readonly KubeObject[] {
  return world.store.list('events').filter((event) => event.reason === reason);
}

function nodeOf(name: string): Node {
  return world.store.get('nodes', '', name) as Node;
}

describe('scenarios', () => {
  it('let containers crash, with a growing back-off, and recover', () => {
    world.scenarios.crashLoop('shop/Deployment/cart', { duration: 4 * MINUTE });
    world.advance(3 * MINUTE);
    const crashing = statusesOf(podsOf('shop', 'cart'), 'cart');
    expect(crashing.every(({ restartCount }) => restartCount >= 3)).toBe(true);
    expect(crashing.some(({ state }) => state.waiting?.reason === 'CrashLoopBackOff')).toBe(true);
    expect(crashing.every(({ lastState }) => lastState.terminated?.exitCode === 1)).toBe(true);
    world.advance(8 * MINUTE);
    expect(podsOf('shop', 'cart').every(isReady)).toBe(true);
  });

  it('let a container be killed for its memory', () => {
    const { pod } = world.scenarios.oomKill('shop/Deployment/frontend');
    world.advance(MINUTE);
    const [status] = statusesOf([world.store.get('pods', 'shop', pod.name) as Pod], 'frontend');
    expect(status).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } },
    });
    expect(world.truth.container('shop', pod.name, 'frontend')!.startedAt).toBeGreaterThan(START);
  });

  it('lose a node, move its pods after five minutes, and take it back', () => {
    const node = podsOf('shop', 'frontend')[0]!.spec.nodeName!;
    const uids = podsOf('shop', 'frontend')
      .filter(({ spec }) => spec.nodeName === node)
      .map(({ metadata }) => metadata.uid);
    const before = podsOf('shop', 'frontend').length;
    world.scenarios.nodeFailure(node, { duration: 9 * MINUTE });
    world.advance(1.5 * MINUTE);
    expect(nodeOf(node).status.conditions.find(({ type }) => type === 'Ready')?.status).toBe('Unknown');
    expect(nodeOf(node).spec.taints?.map(({ key }) => key)).toContain('node.kubernetes.io/unreachable');
    expect(podsOf('shop', 'frontend')).toHaveLength(before);
    world.advance(6 * MINUTE);
    const moved = podsOf('shop', 'frontend');
    expect(moved.every((pod) => isReady(pod) && pod.spec.nodeName !== node)).toBe(true);
    world.advance(4 * MINUTE);
    expect(nodeOf(node).status.conditions.find(({ type }) => type === 'Ready')?.status).toBe('True');
    expect(nodeOf(node).spec.taints).toBeUndefined();
    const left = (world.store.list('pods') as readonly Pod[]).map(({ metadata }) => metadata.uid);
    expect(uids.filter((uid) => left.includes(uid))).toEqual([]);
    expect(world.truth.node(node)!.cpuSeconds()).toBeLessThan(3600);
  });

  it('lose a node for ever', () => {
    const node = podsOf('shop', 'frontend')[0]!.spec.nodeName!;
    world.scenarios.nodeGone(node);
    world.advance(3 * MINUTE);
    expect(world.store.get('nodes', '', node)).toBeUndefined();
    expect((world.store.list('pods') as readonly Pod[]).filter(({ spec }) => spec.nodeName === node)).toEqual([]);
    expect(podsOf('shop', 'frontend').every(isReady)).toBe(true);
  });

  it('evict pods from a node without memory', () => {
    const node = podsOf('legacy', 'monolith')[0]!.spec.nodeName!;
    world.scenarios.memoryPressure(node);
    world.advance(MINUTE);
    expect(nodeOf(node).status.conditions.find(({ type }) => type === 'MemoryPressure')?.status).toBe('True');
    expect(eventsWith('Evicted').length).toBeGreaterThan(0);
    world.advance(7 * MINUTE);
    expect(nodeOf(node).status.conditions.find(({ type }) => type === 'MemoryPressure')?.status).toBe('False');
  });

  it('fill a disk', () => {
    world.scenarios.diskFilling('worker-01', { duration: 10 * MINUTE });
    world.advance(10.5 * MINUTE);
    expect(nodeOf('worker-01').status.conditions.find(({ type }) => type === 'DiskPressure')?.status).toBe('True');
  });

  it('replace a third of the pods within a minute', () => {
    const before = new Set((world.store.list('pods') as readonly Pod[]).map(({ metadata }) => metadata.uid));
    const count = world.scenarios.churn(0.3);
    expect(count).toBeGreaterThan(10);
    world.advance(2 * MINUTE);
    const after = world.store.list('pods') as readonly Pod[];
    expect(after.filter(({ metadata }) => !before.has(metadata.uid)).length).toBeGreaterThanOrEqual(count);
    const deployments = world.store.list('deployments.apps') as readonly Deployment[];
    for (const { metadata, status, spec } of deployments)
      expect(status?.availableReplicas ?? 0, metadata.name).toBe(spec.replicas);
  });

  it('leave a broken rollout where it is, without losing what runs', () => {
    world.scenarios.rollout('shop/Deployment/frontend', { broken: true });
    world.advance(17 * MINUTE);
    const pods = podsOf('shop', 'frontend');
    const wanted = (world.store.get('deployments.apps', 'shop', 'frontend') as Deployment).spec.replicas!;
    expect(pods.filter(isReady).length).toBeGreaterThanOrEqual(Math.ceil(wanted * 0.75));
    const waiting = statusesOf(pods, 'frontend').map(({ state }) => state.waiting?.reason);
    expect(waiting.some((reason) => reason === 'ImagePullBackOff' || reason === 'ErrImagePull')).toBe(true);
    const { conditions } = (world.store.get('deployments.apps', 'shop', 'frontend') as Deployment).status!;
    expect(conditions).toContainEqual(
      expect.objectContaining({ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }),
    );
  });

  it('let an autoscaler follow a surge, up at once and down after its window', () => {
    const replicas = () => (world.store.get('deployments.apps', 'shop', 'frontend') as Deployment).spec.replicas!;
    const before = replicas();
    world.scenarios.surge('shop/Deployment/frontend', { factor: 4, duration: 20 * MINUTE });
    world.advance(10 * MINUTE);
    const top = replicas();
    expect(top).toBeGreaterThan(before + 3);
    const autoscaler = world.store.get('horizontalpodautoscalers.autoscaling', 'shop', 'frontend')!;
    expect((autoscaler.status as { conditions: unknown }).conditions).toContainEqual(
      expect.objectContaining({ type: 'MetricsSimulated', status: 'True' }),
    );
    world.advance(22 * MINUTE);
    expect(replicas()).toBeLessThan(top);
  });
});

describe('a world in which things happen by themselves', () => {
  const waiting = (pattern: RegExp): readonly string[] =>
    (world.store.list('pods') as readonly Pod[])
      .filter(({ status }) =>
        (status?.containerStatuses ?? []).some(({ state }) => pattern.test(state.waiting?.reason ?? '')),
      )
      .map(({ metadata }) => `${metadata.namespace}/${metadata.labels?.app}`);

  it.each([1, 2])('has something wrong to look at within three minutes, and later (seed %d)', (seed) => {
    world = new World({ nodes: 4, pods: 40, seed, start: START, scenarios: true });
    for (const minutes of [3, 10]) {
      world.advance(minutes * MINUTE);
      const [crashing, pulling] = [waiting(/CrashLoopBackOff/), waiting(/ImagePullBackOff|ErrImagePull/)];
      expect(crashing.length).toBeGreaterThan(0);
      expect(pulling.length).toBeGreaterThan(0);
      expect(crashing.filter((workload) => pulling.includes(workload))).toEqual([]);
    }
  });
});

describe('controllers', () => {
  it('run CronJobs and take away old Jobs', () => {
    world.advance(32 * MINUTE);
    const cron = world.store.get('cronjobs.batch', 'data', 'hourly-report') as CronJob;
    expect(cron.status?.lastScheduleTime).toBe('2026-03-04T10:30:00Z');
    const jobs = (world.store.list('jobs.batch', { namespace: 'data' }) as readonly Job[]).filter(
      ({ metadata }) => metadata.ownerReferences?.[0]?.name === 'hourly-report',
    );
    const done = jobs.filter(({ status }) => status?.conditions?.some(({ type }) => type === 'Complete'));
    expect(done).toHaveLength(3);
    expect(done[0]!.status).toMatchObject({ succeeded: 1 });
  });

  it('keep the addresses behind a service', () => {
    const addresses = () => {
      const slices = world.store.list('endpointslices.discovery.k8s.io', { namespace: 'shop' });
      const mine = slices.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'frontend');
      return mine.flatMap((slice) => slice.endpoints as { addresses: string[]; conditions: { ready: boolean } }[]);
    };
    const pods = podsOf('shop', 'frontend');
    expect(
      addresses()
        .map(({ addresses: [ip] }) => ip)
        .sort(),
    ).toEqual(pods.map(({ status }) => status!.podIP!).sort());
    world.scenarios.unready('shop/Deployment/frontend', { duration: 2 * MINUTE });
    world.advance(MINUTE);
    expect(addresses().some(({ conditions }) => conditions.ready)).toBe(false);
    world.advance(2 * MINUTE);
    expect(addresses().every(({ conditions }) => conditions.ready)).toBe(true);
  });

  it('give claims volumes, and StatefulSets their pods in order', () => {
    const claims = world.store.list('persistentvolumeclaims', { namespace: 'shop' });
    expect(claims.length).toBeGreaterThan(0);
    for (const claim of claims) expect(claim.status).toMatchObject({ phase: 'Bound' });
    expect(world.store.count('persistentvolumes')).toBe(world.store.count('persistentvolumeclaims'));
    const set = world.store.get('statefulsets.apps', 'shop', 'shop-db')!;
    world.context.setSpec('statefulsets.apps', set, { ...(set.spec as object), replicas: 5 });
    world.advance(MINUTE);
    expect(
      podsOf('shop', 'shop-db')
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual([0, 1, 2, 3, 4].map((n) => `shop-db-${n}`));
    expect(world.store.get('persistentvolumeclaims', 'shop', 'data-shop-db-4')?.status).toMatchObject({
      phase: 'Bound',
    });
  });

  it('collect what a deleted Deployment owned, and empty deleted namespaces', () => {
    world.store.delete('deployments.apps', 'shop', 'frontend');
    world.advance(30_000);
    expect(podsOf('shop', 'frontend')).toEqual([]);
    const namespace = world.store.get('namespaces', '', 'payments')!;
    world.store.update('namespaces', {
      ...namespace,
      metadata: { ...namespace.metadata, deletionTimestamp: '2026-03-04T10:00:30Z' },
    });
    world.advance(MINUTE);
    expect(world.store.get('namespaces', '', 'payments')).toBeUndefined();
    expect(world.store.list('pods', { namespace: 'payments' })).toEqual([]);
  });

  it('let nobody onto a cordoned node', () => {
    for (const node of world.store.list('nodes') as readonly Node[]) {
      if (node.metadata.name !== 'worker-02')
        world.context.setSpec('nodes', node, { ...node.spec, unschedulable: true });
    }
    const deployment = world.store.get('deployments.apps', 'shop', 'frontend') as Deployment;
    world.context.setSpec('deployments.apps', deployment, { ...deployment.spec, replicas: 10 });
    world.advance(MINUTE);
    const young = podsOf('shop', 'frontend').filter(({ metadata }) => Date.parse(metadata.creationTimestamp!) >= START);
    expect(young.length).toBeGreaterThan(0);
    expect(young.every(({ spec }) => spec.nodeName === 'worker-02')).toBe(true);
  });
});
