import { afterEach, describe, expect, it, vi } from 'vitest';
import type { StoredSeries } from './stepped-cluster.case.ts';
import { INTERVAL, NODES, SteppedCluster } from './stepped-cluster.case.ts';

// Of a machine that does other things too.
vi.setConfig({ testTimeout: 60_000 });

let bed: SteppedCluster;
afterEach(() => bed.close());

const CONTAINER = ['namespace', 'pod', 'container'];
/** Two scrapes, and what the pauses of a watch that was cut may add. */
const SOON = 2 * INTERVAL;
const RECONNECT = 50_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** cAdvisor shows containers for so long after their end. */
const SHOWN_AFTER = 100_000;

/** Containers that run, as the API server knows it. */
function running(): string[] {
  const found: string[] = [];
  for (const { metadata, status } of bed.simulator.world.store.list('pods')) {
    const { containerStatuses = [] } = (status ?? {}) as {
      containerStatuses?: { name: string; state?: { running?: object } }[];
    };
    for (const { name, state } of containerStatuses)
      if (state?.running !== undefined) found.push(`${metadata.namespace}/${metadata.name}/${name}`);
  }
  return found.sort();
}

const podUids = (): string[] => bed.simulator.world.store.list('pods').map(({ metadata }) => metadata.uid!);
/** Containers on the pages of all kubelets but some, by node and id. */
function shownWithout(nodes: readonly string[]): string[] {
  const found: string[] = [];
  for (const { name: node, pods } of bed.simulator.world.runtime.machines.values()) {
    if (nodes.includes(node)) continue;
    for (const { containers } of pods.values()) for (const { id } of containers) found.push(`${node}/${id}`);
  }
  return found.sort();
}

/** Soon there is a series of every pod and container that the API server has, and no other. */
async function followsTheApi(): Promise<void> {
  const pods = await bed.becomes(
    async () => keysOf(await bed.living('kube_pod_info', ['uid'])),
    () => podUids().sort(),
  );
  expect(pods.found).toEqual(pods.expected);
  const containers = await bed.becomes(
    async () => keysOf(await bed.living('k8s_container_mem_usage_bytes', CONTAINER)),
    running,
  );
  expect(containers.found).toEqual(containers.expected);
}

const keysOf = (found: ReadonlyMap<string, unknown>): string[] => [...found.keys()].sort();

/** Series that ended and went on, of things that were there before a moment; of objects those that still are. */
async function resumed(metric: string, before: number): Promise<string[]> {
  const uids = new Set(podUids());
  const goesOn = ({ labels, samples }: StoredSeries): boolean => {
    const ended = samples.findIndex(({ stale, timestamp }) => stale && timestamp > before);
    if (ended < 0 || samples[0]!.timestamp > before) return false;
    return labels.get('uid') === '' || uids.has(labels.get('uid')) ? samples.length > ended + 1 : false;
  };
  return (await bed.stored(metric)).filter(goesOn).map(({ labels }) => String(labels));
}

const lines = (level: number): string[] => bed.logged.filter((line) => line.level >= level).map(({ msg }) => msg);

const NODE = 'worker-01';
const OTHER_NODE = 'worker-02';

describe('an API server that is away, replaces pods meanwhile, and comes back without its history', () => {
  it('takes nothing away that can be asked directly, and all is current soon after', async () => {
    bed = await SteppedCluster.start('direct');
    const { api, world } = bed.simulator;
    const before = bed.now;
    const shown = keysOf(await bed.living('container_memory_usage_bytes', ['name'], { node: NODE }));
    expect(shown.length).toBeGreaterThan(5);
    bed.isBlind = true;
    await api.stop();
    world.scenarios.churn(0.3, { duration: 20_000 });
    await bed.pass(2 * MINUTE);
    expect(
      [...(await bed.living('up', ['node', 'metrics_path'], { job: 'kubelet' })).values()].every(
        ({ value }) => value === 1,
      ),
    ).toBe(true);
    expect((await bed.living('k8s_cluster_apiserver_healthy', [])).get('')?.value).toBe(0);
    expect([...(await bed.living('k8s_cluster_mem_usage_bytes', [])).values()][0]!.timestamp).toBeGreaterThan(
      bed.now - 2 * INTERVAL,
    );
    api.compact();
    await api.start();
    await bed.pass(RECONNECT);
    bed.isBlind = false;
    await bed.pass(SOON);
    await followsTheApi();
    for (const metric of ['kube_pod_info', 'kube_node_info', 'up', 'k8s_cluster_mem_usage_bytes'])
      expect(await resumed(metric, before)).toEqual([]);
    expect(lines(50)).toEqual([]);
    expect(lines(40).filter((line) => /cannot watch/.test(line)).length).toBeLessThanOrEqual(3);
  });

  it('ends what is asked through it, and nothing that the watch told', async () => {
    bed = await SteppedCluster.start('proxy');
    const { api } = bed.simulator;
    const before = bed.now;
    bed.isBlind = true;
    await api.stop();
    await bed.pass(2 * INTERVAL);
    expect(
      [...(await bed.living('up', ['node', 'metrics_path'], { job: 'kubelet' })).values()].every(
        ({ value }) => value === 0,
      ),
    ).toBe(true);
    expect(keysOf(await bed.living('container_memory_usage_bytes', CONTAINER))).toEqual([]);
    expect(keysOf(await bed.living('k8s_container_mem_usage_bytes', CONTAINER))).toEqual([]);
    expect(keysOf(await bed.living('kube_pod_info', ['uid']))).toEqual(podUids().sort());
    await api.start();
    await bed.pass(RECONNECT + SOON);
    await followsTheApi();
    expect(await resumed('kube_pod_info', before)).toEqual([]);
    expect(await resumed('k8s_pod_status_ready', before)).toEqual([]);
    expect(lines(40).filter((line) => line === 'target is down').length).toBeLessThanOrEqual(20);
  });
});

it('watches and lists that are answered 410 again and again lose and interrupt nothing', async () => {
  bed = await SteppedCluster.start('proxy');
  const { api, world } = bed.simulator;
  const before = bed.now;
  world.scenarios.churn(0.3, { duration: MINUTE });
  bed.isBlind = true;
  for (let round = 0; round < 4; round++) {
    api.compact();
    api.failLists('pods', 410, 1);
    api.breakWatches();
    await bed.pass(INTERVAL);
  }
  await bed.pass(RECONNECT);
  bed.isBlind = false;
  await bed.pass(SOON);
  expect(await bed.own('pharos_kubernetes_errors_total')).toBeGreaterThan(4);
  await followsTheApi();
  for (const metric of ['kube_pod_info', 'kube_node_info', 'kube_deployment_spec_replicas', 'k8s_node_cpu_usage'])
    expect(await resumed(metric, before)).toEqual([]);
});

it('a token that expires is replaced by the one that the kubeconfig has then', async () => {
  bed = await SteppedCluster.start('proxy');
  const { api } = bed.simulator;
  bed.isBlind = true;
  api.expireToken('first');
  api.breakWatches();
  await bed.pass(SOON);
  expect(
    [...(await bed.living('up', ['node', 'metrics_path'], { job: 'kubelet' })).values()].every(
      ({ value }) => value === 0,
    ),
  ).toBe(true);
  bed.allow('second');
  bed.writeToken('second');
  await bed.pass(RECONNECT);
  bed.isBlind = false;
  await bed.pass(SOON);
  await followsTheApi();
  expect(JSON.stringify(bed.logged)).not.toMatch(/first|second/);
});

describe('a kubelet', () => {
  it.each(['direct', 'proxy'] as const)(
    'that hangs or sends garbage takes its own series along only (%s)',
    async (access) => {
      bed = await SteppedCluster.start(access);
      const { simulator } = bed;
      const before = bed.now;
      simulator.hang(NODE);
      bed.silent.add(NODE);
      simulator.garbage(OTHER_NODE);
      await bed.pass(4 * INTERVAL);
      const bad = [NODE, OTHER_NODE];
      const up = await bed.living('up', ['node'], { metrics_path: '/metrics/cadvisor' });
      expect(keysOf(new Map([...up].filter(([, { value }]) => value === 0)))).toEqual(bad);
      const shown = await bed.becomes(
        async () =>
          keysOf(await bed.living('container_memory_usage_bytes', ['node', 'name', 'container']))
            .filter((key) => !/\/(POD)?$/.test(key))
            .map((key) => key.slice(0, key.lastIndexOf('/'))),
        () => shownWithout(bad),
      );
      expect(shown.found).toEqual(shown.expected);
      for (const node of bad) {
        expect(keysOf(await bed.living('k8s_container_mem_usage_bytes', ['pod'], { node }))).toEqual([]);
        const where = { node, metrics_path: '/metrics/cadvisor' };
        const [kept] = await bed.stored('scrape_samples_post_metric_relabeling', where);
        expect(kept!.samples.at(-1)!.value).toBe(0);
        expect((await bed.living('kube_node_info', ['node'])).has(node)).toBe(true);
      }
      // Most of the pods are missing: rather no sum than one that is too low.
      expect(keysOf(await bed.living('k8s_cluster_mem_usage_bytes', []))).toEqual([]);
      for (const node of bad) simulator.heal(node);
      await bed.pass(SOON + INTERVAL);
      bed.silent.clear();
      await followsTheApi();
      expect(keysOf(await bed.living('k8s_cluster_mem_usage_bytes', []))).toEqual(['']);
      const torn = await resumed('container_memory_usage_bytes', before);
      expect(torn.filter((series) => !bad.some((node) => series.includes(node)))).toEqual([]);
      expect(await resumed('kube_pod_info', before)).toEqual([]);
    },
  );

  it('whose clock is an hour ahead, then an hour behind, tells the truth at our time', async () => {
    bed = await SteppedCluster.start('proxy');
    const { truth } = bed.simulator.world;
    const before = bed.now;
    bed.simulator.skewClock(NODE, HOUR);
    await bed.pass(6 * INTERVAL);
    bed.simulator.skewClock(NODE, -HOUR);
    await bed.pass(6 * INTERVAL);
    const used = await bed.living('k8s_container_cpu_core_used', ['container_id'], { node: NODE });
    expect(used.size).toBeGreaterThan(5);
    for (const container of truth.containers()) {
      if (container.node !== NODE || container.startedAt > bed.now - 13 * INTERVAL) continue;
      const { value, timestamp } = used.get(container.id)!;
      expect(timestamp).toBeGreaterThan(bed.now - INTERVAL - 1);
      const seconds = container.cpuSeconds(timestamp) - container.cpuSeconds(timestamp - 12 * INTERVAL);
      expect(value).toBeCloseTo(seconds / 120, 3);
    }
    expect(await resumed('container_cpu_usage_seconds_total', before)).toEqual([]);
  });
});

it('a node that is gone for ever leaves nothing behind', async () => {
  bed = await SteppedCluster.start('proxy');
  const { world } = bed.simulator;
  const before = bed.now;
  world.scenarios.nodeGone(NODE);
  await bed.pass(2 * INTERVAL);
  expect(keysOf(await bed.living('container_memory_usage_bytes', ['name'], { node: NODE }))).toEqual([]);
  expect(keysOf(await bed.living('k8s_container_mem_usage_bytes', ['pod'], { node: NODE }))).toEqual([]);
  // The API server does not know it yet.
  expect((await bed.living('kube_node_info', ['node'])).has(NODE)).toBe(true);
  expect((await bed.living('k8s_node_status_ready', ['node'])).get(NODE)?.value).toBe(1);
  await bed.pass(3 * INTERVAL);
  expect((await bed.living('k8s_node_status_ready', ['node'])).get(NODE)?.value).toBe(0);
  expect(keysOf(await bed.living('k8s_cluster_mem_usage_bytes', []))).toEqual(['']);
  await bed.pass(MINUTE + SOON);
  const living = async () => (await bed.stored('.+', { node: NODE })).filter(({ samples }) => !samples.at(-1)!.stale);
  let left = await living();
  // The news comes over real connections, for which the stepped time does not wait.
  for (let more = 0; left.length > 0 && more < 20; more++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await bed.pass(INTERVAL / 10);
    left = await living();
  }
  expect(left.map(({ labels }) => String(labels))).toEqual([]);
  await followsTheApi();
  expect((await bed.living('k8s_cluster_node_total', [])).get('')?.value).toBe(NODES - 1);
  expect((await resumed('up', before)).filter((key) => !key.includes(NODE))).toEqual([]);
});

it('pods that are replaced again and again end in time, and leave nothing behind', async () => {
  bed = await SteppedCluster.start('proxy');
  const { world } = bed.simulator;
  const held = async (): Promise<number[]> =>
    Promise.all(
      ['pharos_catalogue_series', 'pharos_state_metrics_series', 'pharos_catalogue_bytes'].map((name) => bed.own(name)),
    );
  const sizes: number[][] = [];
  for (let round = 0; round < 2; round++) {
    expect(world.scenarios.churn(0.3, { duration: MINUTE })).toBeGreaterThan(0);
    for (let part = 0; part < 6; part++) {
      const dead = new Set(podUids());
      const known = keysOf(await bed.living('kube_pod_info', ['uid']));
      await bed.pass(INTERVAL);
      for (const uid of podUids()) dead.delete(uid);
      await bed.pass(SOON - INTERVAL);
      const living = await bed.living('kube_pod_info', ['uid']);
      for (const uid of dead) expect(living.has(uid)).toBe(false);
      expect(known.length).toBeGreaterThan(0);
    }
    await bed.pass(SHOWN_AFTER);
    await followsTheApi();
    const used = await bed.living('k8s_workload_mem_usage_bytes', ['namespace', 'workload_kind', 'workload_name']);
    const really = new Map<string, number>();
    for (const { workload, memoryUsage } of world.truth.containers())
      really.set(workload, (really.get(workload) ?? 0) + memoryUsage());
    for (const [workload, { value }] of used) {
      if (workload.includes('/Deployment/')) expect(value / really.get(workload)!).toBeCloseTo(1, 1);
    }
    sizes.push(await held());
  }
  // As many pods as before: as much of everything.
  for (const size of sizes.slice(1))
    expect(size.every((value, i) => Math.abs(value / sizes[0]![i]! - 1) < 0.1)).toBe(true);
});
