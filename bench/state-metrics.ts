/**
 * What it costs to tell the state of a cluster's objects, of which pods are nearly all: memory for each pod, processor time of
 * the first view, of a change and of an emission; once with nothing behind it and once into the embedded store.
 *
 * The peer is kube-state-metrics' own published advice for sizing it: 200 MiB and 0.1 cores, and 2 MiB and 0.001 cores more for
 * each node with 30 pods. That is without whoever scrapes, parses and stores its page.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { KubeClient } from '../collector/kubernetes/kube-client.ts';
import type { CacheLease, KubeCluster } from '../collector/kubernetes/kube-cluster.ts';
import { MutableObjectCache, type ObjectCache } from '../collector/kubernetes/object-cache.ts';
import type { KubeObject, ObjectTypes, Pod, ResourceName } from '../collector/kubernetes/objects.ts';
import { RESOURCES } from '../collector/kubernetes/resources.ts';
import { createStateMetrics, type StateMetrics } from '../collector/kubernetes/state/state-metrics.ts';
import type { Appender } from '../storage/appender.ts';
import { openClickHouseStorage } from '../storage/clickhouse/storage.ts';
import { Labels } from '../storage/labels.ts';

export interface StateMetricsBenchOptions {
  readonly nodes: number;
  readonly pods: number;
  /** Seconds between two emissions. */
  readonly interval: number;
  /** Emissions that are measured. */
  readonly emissions: number;
  /** Leave out the embedded store. */
  readonly skipStore: boolean;
}

/** A cluster whose caches are filled once. */
class FilledCluster implements KubeCluster {
  readonly name = 'bench';
  readonly client = {} as KubeClient;
  readonly #caches = new Map<ResourceName, MutableObjectCache<KubeObject>>();

  cache(resource: ResourceName): MutableObjectCache<KubeObject> {
    let cache = this.#caches.get(resource);
    if (cache === undefined) {
      cache = new MutableObjectCache<KubeObject>();
      cache.isSynced = true;
      this.#caches.set(resource, cache);
    }
    cache.currentAt = Date.now();
    return cache;
  }

  watch<R extends ResourceName>(resource: R): CacheLease<ObjectTypes[R]> {
    return { cache: this.cache(resource) as unknown as ObjectCache<ObjectTypes[R]>, close: () => {} };
  }

  async close(): Promise<void> {}
}

/** Takes everything and keeps nothing. */
class NoAppender implements Appender {
  #refs = 0;

  acquire(): number {
    return this.#refs++;
  }

  release(): void {}

  async append(): Promise<void> {}

  describe(): void {}
}

function hex(number: number, length: number): string {
  return number.toString(16).padStart(length, '0');
}

/** A pod of a deployment as the API gives it, of one container with requests and limits. */
function podOf(i: number, nodes: number, { restarts = 0, phase = 'Running' } = {}): Pod {
  const app = Math.floor(i / 10);
  const name = `app-${app}-${hex(app * 2_654_435_761, 10).slice(-10)}-${hex(i, 5)}`;
  const time = '2024-05-01T10:00:00Z';
  const raw = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: `team-${app % 200}`,
      uid: `${hex(i, 8)}-1111-4222-8333-${hex(i * 7, 12)}`,
      resourceVersion: String(i + restarts),
      creationTimestamp: time,
      labels: { app: `app-${app}`, 'pod-template-hash': hex(app, 10), tier: 'web' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: name.slice(0, -6), uid: `rs-${app}`, controller: true },
      ],
    },
    spec: {
      nodeName: `node-${i % nodes}.example`,
      serviceAccountName: 'default',
      schedulerName: 'default-scheduler',
      restartPolicy: 'Always',
      containers: [
        {
          name: 'app',
          image: `registry.example/team/app-${app}:1.2.3`,
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '256Mi' } },
        },
      ],
    },
    status: {
      phase,
      hostIP: `10.0.${Math.floor((i % nodes) / 250)}.${i % 250}`,
      podIP: `10.${1 + Math.floor(i / 62_500)}.${Math.floor(i / 250) % 250}.${i % 250}`,
      podIPs: [],
      startTime: time,
      qosClass: 'Burstable',
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: time,
      })),
      containerStatuses: [
        {
          name: 'app',
          image: `registry.example/team/app-${app}:1.2.3`,
          imageID: `registry.example/team/app-${app}@sha256:${hex(app, 64)}`,
          containerID: `containerd://${hex(i, 64)}`,
          ready: true,
          restartCount: restarts,
          state: { running: { startedAt: time } },
        },
      ],
    },
  };
  // As it comes from the network: each string by itself.
  return RESOURCES.pods.slim(JSON.parse(JSON.stringify(raw)));
}

function nodeOf(i: number): KubeObject {
  const raw = {
    metadata: { name: `node-${i}.example`, creationTimestamp: '2024-05-01T10:00:00Z' },
    spec: {},
    status: {
      capacity: { cpu: '32', memory: '128Gi', pods: '110', 'ephemeral-storage': '100Gi' },
      allocatable: { cpu: '31', memory: '120Gi', pods: '110', 'ephemeral-storage': '90Gi' },
      conditions: ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({ type, status: 'False' })),
    },
  };
  return RESOURCES.nodes.slim(JSON.parse(JSON.stringify(raw)));
}

/** A full collection. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Heap and what lies beside it, after a full collection; buffers are freed a little later. */
async function memory(): Promise<number> {
  collectGarbage();
  await sleep(200);
  collectGarbage();
  await sleep(200);
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Milliseconds of processor time since. */
function cpuSince(begun: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}

async function until(condition: () => boolean, milliseconds: number): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`what was waited for did not happen within ${milliseconds} ms`);
    await sleep(20);
  }
}

/** Runs it and prints a table. */
export async function runStateMetrics(options: StateMetricsBenchOptions, print: (line: string) => void): Promise<void> {
  const { nodes, pods } = options;
  const atStart = await memory();
  const cluster = new FilledCluster();
  for (let i = 0; i < nodes; i++) cluster.cache('nodes').put(nodeOf(i));
  for (let i = 0; i < pods; i++) cluster.cache('pods').put(podOf(i, nodes));
  const cached = await memory();
  print(`${pods} pods on ${nodes} nodes; all default families of pods and nodes`);
  print(`watch caches: ${((cached - atStart) / pods).toFixed(0)} bytes a pod, nodes included`);
  print('');
  print('telling the state into nothing:');
  await measure(cluster, new NoAppender(), options, print);
  if (options.skipStore) return;
  const directory = mkdtempSync(join(tmpdir(), 'pharos-bench-'));
  try {
    const storage = await openClickHouseStorage({
      clickhouse: { embedded: { path: join(directory, 'clickhouse') } },
      dataDir: directory,
    });
    print('');
    print('telling the state into the embedded store, whose threads are counted too:');
    await measure(cluster, storage.appender, options, print);
    await storage.close(10_000);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const advised = { memory: 200 + 2 * nodes, cores: 0.1 + 0.001 * nodes };
  print('');
  print(
    `kube-state-metrics' advice for ${nodes} nodes: ${advised.memory} MiB and ${advised.cores.toFixed(1)} cores, and what scrapes it comes on top`,
  );
}

async function measure(
  cluster: FilledCluster,
  appender: Appender,
  { pods, nodes, interval, emissions }: StateMetricsBenchOptions,
  print: (line: string) => void,
): Promise<void> {
  const before = await memory();
  const metrics = createStateMetrics({
    cluster,
    appender,
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    labels: Labels.from({ job: 'kube-state-metrics', instance: 'pharos', cluster: 'bench' }),
    interval: interval * 1000,
  });
  let begun = process.cpuUsage();
  const started = performance.now();
  metrics.start();
  await until(() => metrics.stats.objects === pods + nodes, 120_000);
  const fill = { cpu: cpuSince(begun), wall: performance.now() - started };
  const { series, bytes } = metrics.stats;
  const held = (await memory()) - before;
  print(`  series                                  ${series}, ${(series / pods).toFixed(1)} a pod`);
  print(`  until all series are there              ${fill.cpu.toFixed(0)} ms of CPU, ${fill.wall.toFixed(0)} ms`);
  print(
    `  memory                                  ${(held / pods).toFixed(0)} bytes a pod, ${(held / series).toFixed(1)} a series`,
  );
  print(`    of that in columns                    ${(bytes / series).toFixed(1)} bytes a series`);
  await emission(metrics, interval);
  const costs: number[] = [];
  for (let i = 0; i < emissions; i++) {
    cluster.cache('pods').currentAt = Date.now();
    cluster.cache('nodes').currentAt = Date.now();
    const last = metrics.stats.lastEmission;
    begun = process.cpuUsage();
    await emission(metrics, interval);
    // What the store does afterwards belongs to it.
    await sleep(Math.max(0, last + interval * 1000 + interval * 900 - Date.now()));
    costs.push(cpuSince(begun));
  }
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
  print(
    `  an emission                             ${mean.toFixed(0)} ms of CPU, ${((mean / series) * 1e6).toFixed(0)} ns a sample, spread over ${(metrics.stats.lastDuration / 1000).toFixed(1)} s`,
  );
  print(`    of a core, every 30 s                 ${((mean / 30_000) * 100).toFixed(1)} %`);
  // Nothing else is done for a while after an emission.
  await emission(metrics, interval);
  await changes(cluster, metrics, { pods, nodes, print });
  await metrics.close({ markStale: false });
}

/** Until one more emission is durable. */
async function emission(metrics: StateMetrics, interval: number): Promise<void> {
  const { lastEmission } = metrics.stats;
  await until(() => metrics.stats.lastEmission !== lastEmission, interval * 3_000);
}

async function changes(
  cluster: FilledCluster,
  { stats }: StateMetrics,
  { pods, nodes, print }: { pods: number; nodes: number; print: (line: string) => void },
): Promise<void> {
  const count = Math.min(pods, 3_000);
  const kinds = [
    ['a change of values', { restarts: 1 }],
    ['a change of a label (another node)', { restarts: 2, node: 1 }],
  ] as const;
  for (const [name, { restarts, ...other }] of kinds) {
    const changed = Array.from({ length: count }, (_, i) => podOf(i, nodes, { restarts })).map((pod, i) =>
      'node' in other ? { ...pod, spec: { ...pod.spec, nodeName: `node-${(i + other.node) % nodes}.example` } } : pod,
    );
    const begun = process.cpuUsage();
    for (const pod of changed) cluster.cache('pods').put(pod);
    // The work is done in slices of some milliseconds, which end before this does.
    await sleep(800);
    print(`  ${name.padEnd(40)}${((cpuSince(begun) / count) * 1000).toFixed(0)} µs of CPU`);
  }
  if (stats.objects !== pods + nodes) throw new Error(`there should be ${pods + nodes} objects, got ${stats.objects}`);
}
