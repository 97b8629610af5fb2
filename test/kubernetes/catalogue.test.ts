import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../clock/clock.ts';
import { CatalogueBed, INTERVAL } from '../../collector/kubernetes/catalogue/catalogue-bed.case.ts';
import { LEVELS, metricName } from '../../collector/kubernetes/catalogue/definitions.ts';
import type { ResourceName } from '../../collector/kubernetes/objects.ts';
import { RESOURCES } from '../../collector/kubernetes/resources.ts';
import type { ContainerTruth, NodeTruth, PodTruth, ValueAt } from '../../simulator/world/truth.ts';
import { World } from '../../simulator/world/world.ts';

const START = Date.parse('2026-03-04T10:00:00Z');
const WINDOW = 120_000;

const WATCHED: readonly (readonly [ResourceName, string])[] = [
  ['pods', 'pods'],
  ['nodes', 'nodes'],
  ['replicasets', 'replicasets.apps'],
  ['deployments', 'deployments.apps'],
  ['daemonsets', 'daemonsets.apps'],
  ['statefulsets', 'statefulsets.apps'],
  ['jobs', 'jobs.batch'],
  ['cronjobs', 'cronjobs.batch'],
  ['endpointslices', 'endpointslices.discovery.k8s.io'],
];

/** The simulated cluster, its kubelets scraped, its objects watched. */
class PlayedWorld {
  readonly world = new World({ nodes: 12, pods: 120, seed: 7, start: START, housekeeping: 0 });
  readonly bed: CatalogueBed;

  constructor() {
    const { clock } = this.world;
    const own: Clock = {
      now: () => clock.now(),
      elapsed: () => clock.now(),
      schedule: (milliseconds, call) => clock.after(milliseconds, call),
    };
    this.bed = new CatalogueBed({ clock: own });
    for (const [resource, stored] of WATCHED) {
      const cache = this.bed.cluster.cache(resource);
      for (const object of this.world.store.list(stored)) cache.put(RESOURCES[resource].slim(object as never));
    }
    const resources = new Map(WATCHED.map(([resource, stored]) => [stored, resource]));
    this.world.store.subscribe(({ type, resource: stored, object }) => {
      const resource = resources.get(stored);
      if (resource === undefined) return;
      const { namespace = '', name } = object.metadata;
      const cache = this.bed.cluster.cache(resource);
      if (type === 'DELETED') cache.remove(namespace, name);
      else cache.put(RESOURCES[resource].slim(object as never));
    });
    this.bed.start();
    for (const { name } of this.world.truth.nodes()) {
      const request = { kind: 'node', namespace: '', name, port: undefined, path: '/metrics/cadvisor' } as const;
      this.bed.kubelet(name, async () => (await this.world.proxy(request)).body);
    }
  }

  /** A second at a time: a scrape that is due in it happens at its end. */
  async play(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += 1000) {
      this.world.advance(1000);
      for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

let played: PlayedWorld;
/** When the kubelets were scraped last. */
let at: number;

beforeAll(async () => {
  played = new PlayedWorld();
  await played.play(6 * INTERVAL);
  const [series] = await played.bed.samples('k8s_cluster_cpu_core_used');
  const tick = series!.samples.at(-1)!.timestamp;
  const page = (await played.bed.samples('up'))[0]!.samples;
  // The sums are made of the last scrape before them.
  at = page.filter(({ timestamp }) => timestamp <= tick).at(-1)!.timestamp;
});
afterAll(() => played.bed.close());

// By hand, from what is really so.

const rate = (counter: ValueAt): number => ((counter(at) - counter(at - WINDOW)) * 1000) / WINDOW;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const noCache = (of: ContainerTruth): number => of.memoryUsage(at) - of.memoryCache(at);
const nodeOf = (of: { readonly node: string }): NodeTruth => played.world.truth.node(of.node)!;
const ratio = (part: number, whole: number | undefined): number | undefined =>
  whole === undefined ? undefined : (part * 100) / whole;
const isWorker = (name: string): boolean => !name.startsWith('control-plane');

type Hand<T> = (of: T) => number | undefined;

const CONTAINER: Readonly<Record<string, Hand<ContainerTruth>>> = {
  cpu_core_used: (c) => rate(c.cpuSeconds),
  rate_cpu_core_used_node: (c) => ratio(rate(c.cpuSeconds), nodeOf(c).cores),
  rate_cpu_core_used_request: (c) => ratio(rate(c.cpuSeconds), c.requested.cpu),
  rate_cpu_core_used_limit: (c) => ratio(rate(c.cpuSeconds), c.limits.cpu),
  mem_usage_bytes: (c) => c.memoryUsage(at),
  mem_no_cache_bytes: noCache,
  rate_mem_usage_node: (c) => ratio(c.memoryUsage(at), nodeOf(c).memory),
  rate_mem_usage_request: (c) => ratio(c.memoryUsage(at), c.requested.memory),
  rate_mem_usage_limit: (c) => ratio(c.memoryUsage(at), c.limits.memory),
  rate_mem_no_cache_node: (c) => ratio(noCache(c), nodeOf(c).memory),
  rate_mem_no_cache_request: (c) => ratio(noCache(c), c.requested.memory),
  rate_mem_no_cache_limit: (c) => ratio(noCache(c), c.limits.memory),
  fs_read_bytes: (c) => rate(c.readBytes),
  fs_write_bytes: (c) => rate(c.writeBytes),
  fs_read_times: (c) => rate(c.reads),
  fs_write_times: (c) => rate(c.writes),
};

/** A value of the containers that declare something, of the sum of what they declare. */
const ofDeclared =
  (value: (of: ContainerTruth) => number, declared: Hand<ContainerTruth>): Hand<PodTruth> =>
  ({ containers }) => {
    const some = containers.filter((each) => declared(each) !== undefined);
    return some.length === 0 ? undefined : ratio(sum(some.map(value)), sum(some.map((each) => declared(each)!)));
  };
const ofAll =
  (value: (of: ContainerTruth) => number): ((of: PodTruth) => number) =>
  ({ containers }) =>
    sum(containers.map(value));
const network =
  (counter: (of: PodTruth) => ValueAt, per: (counter: ValueAt) => number): Hand<PodTruth> =>
  (pod) =>
    pod.hostNetwork ? undefined : per(counter(pod));
const cpu = (of: ContainerTruth): number => rate(of.cpuSeconds);
const memory = (of: ContainerTruth): number => of.memoryUsage(at);
const sinceLast = (counter: ValueAt): number => counter(at) - counter(at - INTERVAL);
/** Of the limit when every container has one, else of the request when every one has one, else of the node. */
const ofResource =
  (value: (of: ContainerTruth) => number, resource: 'cpu' | 'memory'): Hand<PodTruth> =>
  (pod) => {
    const declared = [
      pod.containers.map(({ limits }) => limits[resource]),
      pod.containers.map(({ requested }) => requested[resource]),
    ].find((all) => all.every((each) => each !== undefined)) as number[] | undefined;
    const node = resource === 'cpu' ? nodeOf(pod).cores : nodeOf(pod).memory;
    return ratio(ofAll(value)(pod), declared === undefined ? node : sum(declared));
  };

const POD: Readonly<Record<string, Hand<PodTruth>>> = {
  status_ready: ({ ready }) => (ready ? 1 : 0),
  restart_total: () => 0,
  cpu_core_used: ofAll(cpu),
  rate_cpu_core_used_node: (p) => ratio(ofAll(cpu)(p), nodeOf(p).cores),
  rate_cpu_core_used_request: ofDeclared(cpu, ({ requested }) => requested.cpu),
  rate_cpu_core_used_limit: ofDeclared(cpu, ({ limits }) => limits.cpu),
  rate_cpu_core_used_resource: ofResource(cpu, 'cpu'),
  mem_usage_bytes: ofAll(memory),
  mem_no_cache_bytes: ofAll(noCache),
  rate_mem_usage_node: (p) => ratio(ofAll(memory)(p), nodeOf(p).memory),
  rate_mem_usage_request: ofDeclared(memory, ({ requested }) => requested.memory),
  rate_mem_usage_limit: ofDeclared(memory, ({ limits }) => limits.memory),
  rate_mem_usage_resource: ofResource(memory, 'memory'),
  rate_mem_no_cache_request: ofDeclared(noCache, ({ requested }) => requested.memory),
  rate_mem_no_cache_limit: ofDeclared(noCache, ({ limits }) => limits.memory),
  rate_mem_no_cache_resource: ofResource(noCache, 'memory'),
  network_receive_bytes: network((p) => p.receiveBytes, sinceLast),
  network_receive_bytes_bw: network((p) => p.receiveBytes, rate),
  network_transmit_bytes: network((p) => p.transmitBytes, sinceLast),
  network_transmit_bytes_bw: network((p) => p.transmitBytes, rate),
  network_receive_packets: network((p) => p.receivePackets, rate),
  network_transmit_packets: network((p) => p.transmitPackets, rate),
  fs_read_bytes: ofAll((c) => rate(c.readBytes)),
  fs_write_bytes: ofAll((c) => rate(c.writeBytes)),
  fs_read_times: ofAll((c) => rate(c.reads)),
  fs_write_times: ofAll((c) => rate(c.writes)),
};

const NODE: Readonly<Record<string, Hand<NodeTruth>>> = {
  cpu_usage: (n) => (isVirtual(n) ? undefined : ratio(rate(n.cpuSeconds), n.cores)),
  mem_usage: (n) => (isVirtual(n) ? undefined : ratio(n.memoryUsage(at), n.memory)),
  status_ready: ({ up }) => (up ? 1 : 0),
  cpu_core_request_total: ({ name }) => requested(name, 'cpu'),
  memory_request_bytes_total: ({ name }) => requested(name, 'memory'),
};
const isVirtual = ({ name }: NodeTruth): boolean => name.startsWith('virtual');
const requested = (node: string, resource: 'cpu' | 'memory'): number =>
  sum(
    played.world.truth
      .containers()
      .filter((each) => each.node === node)
      .map((each) => each.requested[resource] ?? 0),
  );

/** Nodes that are not control plane have so much to give, by their objects. */
const allocatable = (resource: 'cpu' | 'memory'): number => {
  const nodes = played.world.store.list('nodes').filter(({ metadata }) => isWorker(metadata.name));
  return sum(
    nodes.map(({ status }) => {
      const text = (status as { allocatable: Record<string, string> }).allocatable[resource]!;
      const number = Number.parseFloat(text);
      const units: Readonly<Record<string, number>> = { m: 0.001, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };
      return number * (units[text.replace(/[\d.]/g, '')] ?? 1);
    }),
  );
};

type Pods = readonly PodTruth[];
const ofPods =
  (of: Hand<PodTruth>): ((pods: Pods) => number) =>
  (pods) =>
    sum(pods.map((pod) => of(pod) ?? 0));
const SUMS: Readonly<Record<string, Hand<Pods>>> = Object.fromEntries(
  ['cpu_core_used', 'mem_usage_bytes', 'mem_no_cache_bytes', 'fs_read_bytes', 'fs_write_times'].map((name) => [
    name,
    ofPods(POD[name]!),
  ]),
);
const WORKLOAD: Readonly<Record<string, Hand<Pods>>> = {
  ...SUMS,
  rate_cpu_core_used_cluster: (pods) => ratio(SUMS.cpu_core_used!(pods)!, allocatable('cpu')),
  rate_mem_usage_bytes_cluster: (pods) => ratio(SUMS.mem_usage_bytes!(pods)!, allocatable('memory')),
  rate_mem_no_cache_cluster: (pods) => ratio(SUMS.mem_no_cache_bytes!(pods)!, allocatable('memory')),
};
const CLUSTER: Readonly<Record<string, Hand<Pods>>> = {
  ...SUMS,
  cpu_core_total: () => allocatable('cpu'),
  memory_total: () => allocatable('memory'),
  rate_cpu_core_used_cluster: WORKLOAD.rate_cpu_core_used_cluster!,
  rate_mem_usage_bytes_cluster: WORKLOAD.rate_mem_usage_bytes_cluster!,
  rate_cpu_core_request_cluster: () => ratio(sum(workers().map((name) => requested(name, 'cpu'))), allocatable('cpu')),
  rate_mem_request_bytes_cluster: () =>
    ratio(sum(workers().map((name) => requested(name, 'memory'))), allocatable('memory')),
  network_receive_bytes_bw: ofPods(POD.network_receive_bytes_bw!),
  node_total: () => 12,
  eks_cpu_core_used: (pods) => SUMS.cpu_core_used!(pods.filter(({ node }) => node.startsWith('virtual'))),
  eks_mem_usage_bytes: (pods) => SUMS.mem_usage_bytes!(pods.filter(({ node }) => node.startsWith('virtual'))),
};
const workers = (): string[] =>
  played.world.truth
    .nodes()
    .map(({ name }) => name)
    .filter(isWorker);

/** Those that were there for the whole window: for others the hand would have to know when each counter was first seen. */
const settled = (of: { readonly startedAt: number }): boolean => of.startedAt < at - WINDOW - INTERVAL;

/** What is stored under a name, and by hand, by object. Only objects that both can speak of. */
async function compare<T>(
  metric: string,
  { by, objects, hand }: { by: readonly string[]; objects: ReadonlyMap<string, T>; hand: Hand<T> },
): Promise<void> {
  const stored = new Map<string, number>();
  for (const { labels, samples } of await played.bed.samples(metric)) {
    const last = samples.filter(({ timestamp }) => timestamp <= at + INTERVAL).at(-1)!;
    if (!last.stale) stored.set(by.map((name) => labels.get(name)).join('/'), last.value);
  }
  expect(objects.size).toBeGreaterThan(0);
  let compared = 0;
  for (const [key, object] of objects) {
    const expected = hand(object);
    const value = stored.get(key);
    if (expected === undefined) {
      expect(value, `${metric} of ${key}`).toBeUndefined();
      continue;
    }
    expect(value, `${metric} of ${key}`).toBeDefined();
    // Counters on pages are whole numbers.
    const rounding = /bytes|times|packets/.test(metric) ? 4 / WINDOW : 1e-6;
    expect(Math.abs(value! - expected), `${metric} of ${key}: ${value}, by hand ${expected}`).toBeLessThanOrEqual(
      Math.abs(expected) * 0.01 + rounding * 1000,
    );
    compared++;
  }
  expect(compared).toBeGreaterThan(0);
}

describe('what is stored of the simulated cluster is what a calculation by hand gives', () => {
  it.each(Object.entries(CONTAINER))('of containers: %s', async (name, hand) => {
    const containers = played.world.truth.containers().filter(settled);
    const objects = new Map(
      containers.map((each) => [`${each.namespace}/${each.pod}/${each.container}/${each.id}`, each]),
    );
    await compare(`k8s_container_${name}`, { by: ['namespace', 'pod', 'container', 'container_id'], objects, hand });
  });

  it.each(Object.entries(POD))('of pods: %s', async (name, hand) => {
    const pods = played.world.truth.pods().filter((pod) => settled(pod) && pod.containers.every(settled));
    const objects = new Map(pods.map((pod) => [`${pod.namespace}/${pod.pod}`, pod]));
    await compare(`k8s_pod_${name}`, { by: ['namespace', 'pod'], objects, hand });
  });

  it.each(Object.entries(NODE))('of nodes: %s', async (name, hand) => {
    const objects = new Map(played.world.truth.nodes().map((node) => [node.name, node]));
    await compare(`k8s_node_${name}`, { by: ['node'], objects, hand });
  });

  it.each(Object.entries(WORKLOAD))('of workloads: %s', async (name, hand) => {
    const objects = new Map<string, PodTruth[]>();
    for (const pod of played.world.truth.pods()) objects.set(pod.workload, [...(objects.get(pod.workload) ?? []), pod]);
    for (const [key, pods] of objects) if (!pods.every(settled) || /\/(Node|Pod)\//.test(key)) objects.delete(key);
    await compare(`k8s_workload_${name}`, { by: ['namespace', 'workload_kind', 'workload_name'], objects, hand });
  });

  it.each(Object.entries(CLUSTER))('of the cluster: %s', async (name, hand) => {
    const pods = played.world.truth.pods().filter(({ node }) => isWorker(node));
    await compare(`k8s_cluster_${name}`, { by: ['cluster'], objects: new Map([['east', pods]]), hand });
  });
});

describe('the catalogue of the simulated cluster', () => {
  it('has no series of limits where there are none, and of no container that does not run', async () => {
    const { truth } = played.world;
    const limited = truth.containers().filter(({ limits }) => limits.cpu !== undefined);
    expect(limited.length).toBeGreaterThan(0);
    expect(limited.length).toBeLessThan(truth.containers().length);
    const alive = new Set(truth.containers().map(({ id }) => id));
    for (const [id, value] of Object.entries(
      await played.bed.newest('k8s_container_mem_usage_bytes', ['container_id']),
    )) {
      if (value !== 'stale') expect(alive.has(id), id).toBe(true);
    }
  });

  it('has every name that needs no exporter and no GPU', async () => {
    const missing: string[] = [];
    for (const { level, definitions } of LEVELS) {
      for (const definition of definitions) {
        const { source } = definition;
        if (source !== 'cAdvisor' && source !== 'cAdvisor, watch' && source !== 'watch' && source !== 'virtual nodes')
          continue;
        const name = metricName(level, definition);
        if ((await played.bed.samples(name)).length === 0) missing.push(name);
      }
    }
    expect(missing).toEqual([
      'k8s_cluster_gpu_memory_total_bytes',
      'k8s_cluster_rate_gpu_memory_request_cluster',
      'k8s_pod_gpu_memory_request_bytes',
    ]);
  });

  it('ends the series of pods that are deleted within two scrapes', async () => {
    const pods = played.world.truth
      .pods()
      .filter(({ workload }) => /^shop\/Deployment/.test(workload))
      .slice(0, 5);
    for (const { namespace, pod } of pods) played.world.store.delete('pods', namespace, pod);
    await played.play(2 * INTERVAL + 1000);
    for (const { pod, containers } of pods) {
      for (const { id } of containers) {
        expect(await played.bed.value('k8s_container_mem_usage_bytes', { container_id: id })).toBe('stale');
      }
      expect(await played.bed.value('k8s_pod_mem_usage_bytes', { pod })).toBe('stale');
    }
  });
});
