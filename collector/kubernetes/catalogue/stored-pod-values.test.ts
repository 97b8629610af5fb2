import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryStorage } from '../../../storage/memory.ts';
import { CatalogueBed, containerRows } from './catalogue-bed.case.ts';

const beds: CatalogueBed[] = [];
afterEach(async () => {
  for (const bed of beds.splice(0)) await bed.close();
});

/** Two collectors that share a cluster and a store; the first one leads. */
function twoShards(): readonly [CatalogueBed, CatalogueBed] {
  const storage = createMemoryStorage();
  const [first, second] = [true, false].map((leads) => {
    const bed = new CatalogueBed({ shared: storage.querier, isLeader: () => leads }, storage);
    for (const node of ['w1', 'w2']) {
      bed.node(node);
      bed.pod(`on-${node}`, { node, containers: { app: { limits: { cpu: '2' } } } });
    }
    bed.start();
    beds.push(bed);
    return bed;
  });
  return [first!, second!];
}

const rows = (bed: CatalogueBed, pod: string): string =>
  containerRows(pod, 'app', { cpu: bed.clock.now() / 1000, memory: 1000, cache: 100 });

describe('collectors that share a cluster', () => {
  it('have it summed by the one that leads, from the pods that all scrape', async () => {
    const [leader, other] = twoShards();
    leader.kubelet('w1', () => rows(leader, 'on-w1'));
    other.kubelet('w2', () => rows(other, 'on-w2'));
    for (let round = 0; round < 4; round++) {
      await other.rounds(1);
      await leader.rounds(1);
    }
    expect(await leader.newest('k8s_pod_mem_usage_bytes', ['pod'])).toEqual({ 'on-w1': 1000, 'on-w2': 1000 });
    expect(await leader.value('k8s_cluster_mem_usage_bytes')).toBe(2000);
    expect(await leader.value('k8s_cluster_mem_no_cache_bytes')).toBe(1800);
    expect(await leader.value('k8s_cluster_cpu_core_used')).toBeCloseTo(2, 9);
    expect(await leader.value('k8s_namespace_rate_cpu_core_used_resource')).toBeCloseTo(50, 9);
    // Of what the other scrapes the leader says nothing by itself.
    expect(await leader.newest('k8s_node_status_ready', ['node'])).toEqual({ w1: 1, w2: 1 });
    expect((await leader.samples('k8s_node_status_ready', { node: 'w2' }))[0]!.samples.some(({ stale }) => stale)).toBe(
      false,
    );
  });

  it.each([
    ['go on with the last values of a pod that lacks a container, then leave the sums out', 4, [3, null]],
    ['have no sums with a pod of which one container was never seen', 0, []],
  ])('%s', async (_, wholeRounds, expected) => {
    const [leader, other] = twoShards();
    const running = { state: { running: { startedAt: new Date(leader.clock.now() - 3_600_000).toISOString() } } };
    for (const bed of [leader, other]) bed.pod('on-w2', { node: 'w2', containers: { app: running, side: running } });
    for (const bed of [leader, other]) bed.pod('next', { node: 'w2', namespace: 'other' });
    leader.kubelet('w1', () => rows(leader, 'on-w1'));
    let isWhole = true;
    other.kubelet('w2', () => {
      const cpu = other.clock.now() / 1000;
      const next = containerRows('next', 'app', { cpu }, { namespace: 'other' });
      return rows(other, 'on-w2') + next + (isWhole ? containerRows('on-w2', 'side', { cpu, memory: 1000 }) : '');
    });
    for (let round = 0; round < 12; round++) {
      isWhole = round < wholeRounds;
      await other.rounds(1);
      await leader.rounds(1);
    }
    const [cpu] = await leader.samples('k8s_namespace_cpu_core_used', { namespace: 'shop' });
    const values = (cpu?.samples ?? []).map(({ value, stale }) => (stale ? null : Math.round(value)));
    expect(values.filter((value, i) => value !== values[i - 1])).toEqual(expected);
  });

  it('leave the sums out when a shard is down', async () => {
    const [leader, other] = twoShards();
    leader.kubelet('w1', () => rows(leader, 'on-w1'));
    const { scraper } = other.kubelet('w2', () => rows(other, 'on-w2'));
    for (let round = 0; round < 8; round++) {
      if (round === 4) scraper.error = new Error('no route to host');
      await other.rounds(1);
      await leader.rounds(1);
    }
    expect(await leader.value('k8s_cluster_mem_usage_bytes')).toBe('stale');
  });

  it('judge the control plane by the targets of all', async () => {
    const [leader, other] = twoShards();
    const down = new Error('connection refused');
    const page = (): string => 'etcd_mvcc_db_total_size_in_bytes 77\n';
    const cluster = 'east';
    leader.scrape({ job: 'etcd', instance: 'a', cluster }, page).scraper.error = down;
    other.scrape({ job: 'etcd', instance: 'b', cluster }, page);
    other.scrape({ job: 'etcd', instance: 'c', cluster }, page);
    other.scrape({ job: 'kube-scheduler', instance: 's', cluster }, () => 'a 1\n').scraper.error = down;
    for (let round = 0; round < 3; round++) {
      await other.rounds(1);
      await leader.rounds(1);
    }
    expect(await leader.value('k8s_cluster_etcd_healthy')).toBe(1);
    expect(await leader.value('k8s_cluster_scheduler_healthy')).toBe(0);
    expect(await leader.value('k8s_cluster_etcd_db_total_size_bytes')).toBe(77);
  });
});
