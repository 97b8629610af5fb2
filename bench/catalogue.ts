/**
 * What the k8s_* catalogue costs: a cluster in the watch caches, the samples of its kubelets' pages, and the taps that listen to
 * them. Reading the pages and storing the samples are not part of it; `npm run bench -- ingest` measures these.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pino from 'pino';
import { Registry } from 'prom-client';
import { formatTable } from '../cli/table.ts';
import type { Clock } from '../clock/clock.ts';
import { createCatalogue } from '../collector/kubernetes/catalogue/catalogue.ts';
import type { KubeClient } from '../collector/kubernetes/kube-client.ts';
import type { KubeCluster } from '../collector/kubernetes/kube-cluster.ts';
import { MutableObjectCache } from '../collector/kubernetes/object-cache.ts';
import type { KubeObject, Node, Pod, ReplicaSet, ResourceName } from '../collector/kubernetes/objects.ts';
import type { SampleTap } from '../collector/scrape/sample-tap.ts';
import { ScrapeBatch } from '../collector/scrape/scrape-batch.ts';
import type { Appender } from '../storage/appender.ts';
import { Labels } from '../storage/labels.ts';

export interface CatalogueBenchOptions {
  readonly nodes: number;
  readonly pods: number;
  readonly containers: number;
  /** Pods of a workload. */
  readonly replicas: number;
  /** Rows of a page for each container, most of which are of no interest. */
  readonly rows: number;
  readonly rounds: number;
  /** Seconds. */
  readonly interval: number;
}

interface Kubelet {
  readonly tap: SampleTap;
  readonly refs: Uint32Array;
  /** The speed of each counter; 0 for gauges. */
  readonly speeds: Float64Array;
}

/** Runs the benchmark and prints its report. */
export async function runCatalogueBench(options: CatalogueBenchOptions, print: (line: string) => void): Promise<void> {
  const { nodes, pods, containers, interval, rounds } = options;
  const milliseconds = interval * 1000;
  const clock = new BenchClock(milliseconds);
  const appender = new CountingAppender();
  const cluster = fillCluster(options);
  const empty = usedMemory();
  const catalogue = createCatalogue({
    cluster,
    appender,
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    clusterLabel: 'bench',
    interval: milliseconds,
    clock,
  });
  let mark = process.cpuUsage();
  catalogue.start();
  const following = cpuSince(mark);
  const before = usedMemory();
  const kubelets = Array.from({ length: nodes }, (_, node) => startKubelet(node, { options, appender, catalogue }));
  const batch = new ScrapeBatch();
  const pages: number[] = [];
  const sums: number[] = [];
  let samples = 0;
  let seen = 0;
  for (let round = 0; round < rounds; round++) {
    let spent = 0;
    samples = 0;
    seen = 0;
    for (const [index, { tap, refs, speeds }] of kubelets.entries()) {
      const timestamp = clock.time + Math.floor((index / nodes) * milliseconds);
      batch.begin();
      for (let row = 0; row < refs.length; row++) {
        const speed = speeds[row]!;
        batch.add(refs[row]!, timestamp, speed === 0 ? 4e8 + row : (speed * timestamp) / 1000);
      }
      const read = batch.length;
      const start = performance.now();
      tap.page(batch, timestamp);
      tap.stored();
      spent += performance.now() - start;
      samples += batch.length - read;
      seen += read;
      if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    pages.push(spent / 1000);
    mark = process.cpuUsage();
    const appended = appender.samples;
    await clock.tick();
    sums.push(cpuSince(mark));
    samples += appender.samples - appended;
  }
  // The bench's own columns are not the catalogue's.
  const after = usedMemory() - kubelets.reduce((sum, { refs }) => sum + refs.length * 12, 0);
  const steady = (of: readonly number[]): number => of.slice(3).reduce((a, b) => a + b, 0) / (of.length - 3);
  print(
    `${nodes} nodes, ${pods} pods, ${containers} containers, every ${interval} s: ${seen.toLocaleString('en')} samples on pages, ` +
      `${samples.toLocaleString('en')} samples of the catalogue in a round`,
  );
  const cpu = steady(pages) + steady(sums);
  print(
    formatTable(
      ['', 'value'],
      [
        ['following the caches from the start, CPU s', following.toFixed(2)],
        ['first round, pages, s', pages[0]!.toFixed(2)],
        ['second round (the first with rates), pages, s', pages[1]!.toFixed(2)],
        ['a round, pages, s', steady(pages).toFixed(3)],
        ['a round, sums, CPU s', steady(sums).toFixed(3)],
        ['part of a core', `${((cpu / interval) * 100).toFixed(2)} %`],
        ['nanoseconds per sample of a page', ((steady(pages) / seen) * 1e9).toFixed(1)],
        ['columns, MB', (catalogue.stats.bytes / 1e6).toFixed(1)],
        ['memory of pods and nodes, MB', ((before - empty) / 1e6).toFixed(1)],
        ['memory of all, MB', ((after - empty) / 1e6).toFixed(1)],
        ['bytes per container', ((after - empty) / containers).toFixed(0)],
        ['series', catalogue.stats.series.toLocaleString('en')],
      ],
    ),
  );
  for (const { tap } of kubelets) tap.closed();
  await catalogue.close({ markStale: false });
}

/** Only counts: what a storage does with series is not measured here. */
class CountingAppender implements Appender {
  #refs = 0;
  samples = 0;

  acquire(): number {
    return ++this.#refs;
  }

  release(): void {}

  append(batch: { readonly length: number }): Promise<void> {
    this.samples += batch.length;
    return Promise.resolve();
  }

  describe(): void {}
}

/** Time goes on by one interval with each tick, which waits for what was scheduled. */
class BenchClock implements Clock {
  time = 1_700_000_000_000;
  readonly #interval: number;
  #call: (() => void) | undefined;

  constructor(interval: number) {
    this.#interval = interval;
    this.time = Math.ceil(this.time / interval) * interval;
  }

  now(): number {
    return this.time;
  }

  elapsed(): number {
    return this.time;
  }

  schedule(_milliseconds: number, call: () => void): () => void {
    this.#call = call;
    return () => {};
  }

  async tick(): Promise<void> {
    this.time += this.#interval;
    const call = this.#call!;
    this.#call = undefined;
    call();
    // The next call is scheduled when the round has been stored.
    while (this.#call === undefined) await new Promise((resolve) => setImmediate(resolve));
  }
}

function fillCluster(options: CatalogueBenchOptions): KubeCluster {
  const caches = new Map<ResourceName, MutableObjectCache<KubeObject>>();
  const cacheOf = (resource: ResourceName): MutableObjectCache<KubeObject> => {
    const cache = caches.get(resource) ?? new MutableObjectCache<KubeObject>();
    caches.set(resource, cache);
    return cache;
  };
  const metadata = (name: string, namespace = '') => ({
    name,
    namespace,
    uid: name,
    resourceVersion: '',
    creationTimestamp: '',
  });
  const nodes: Node[] = Array.from({ length: options.nodes }, (_, node) => ({
    metadata: metadata(`node-${node}`),
    spec: {},
    status: {
      capacity: { cpu: '64', memory: '256Gi', pods: '110' },
      allocatable: { cpu: '63', memory: '250Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }));
  const pods = Array.from({ length: options.pods }, (_, pod): Pod => podOf(pod, options));
  const replicaSets = new Map<string, ReplicaSet>();
  for (const pod of pods) {
    const { name } = pod.metadata.ownerReferences![0]!;
    const { namespace } = pod.metadata;
    const owner = { kind: 'Deployment', name: name.slice(0, name.lastIndexOf('-')), controller: true };
    replicaSets.set(`${namespace}/${name}`, {
      metadata: { ...metadata(name, namespace), ownerReferences: [owner] },
      spec: { replicas: options.replicas },
      status: {},
    });
  }
  cacheOf('nodes').replace(nodes, 1);
  cacheOf('pods').replace(pods, 1);
  cacheOf('replicasets').replace(replicaSets.values(), 1);
  return {
    name: 'bench',
    client: { get: () => Promise.resolve({}) } as unknown as KubeClient,
    watch: (resource: ResourceName) => ({ cache: cacheOf(resource), close: () => {} }) as never,
    close: () => Promise.resolve(),
  };
}

/** The containers of a pod: as many as come out when all are spread evenly. */
function containersOf(pod: number, { pods, containers }: CatalogueBenchOptions): number {
  return Math.floor(((pod + 1) * containers) / pods) - Math.floor((pod * containers) / pods);
}

function podName(
  pod: number,
  { replicas }: CatalogueBenchOptions,
): { workload: string; name: string; namespace: string } {
  const number = Math.floor(pod / replicas);
  const workload = `workload-${number}-5d4f9c7b66`;
  return { workload, name: `${workload}-${pod.toString(36).padStart(5, '0')}`, namespace: `namespace-${number % 200}` };
}

function podOf(pod: number, options: CatalogueBenchOptions): Pod {
  const { workload, name, namespace } = podName(pod, options);
  const names = Array.from({ length: containersOf(pod, options) }, (_, index) => `container-${index}`);
  return {
    metadata: {
      name,
      namespace,
      uid: name,
      resourceVersion: '',
      creationTimestamp: '',
      ownerReferences: [{ kind: 'ReplicaSet', name: workload, controller: true }],
    },
    spec: {
      nodeName: `node-${pod % options.nodes}`,
      containers: names.map((container) => ({
        name: container,
        resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { cpu: '1', memory: '512Mi' } },
      })),
    },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: names.map((container) => ({
        name: container,
        containerID: `containerd://${idOf(name, container)}`,
        restartCount: 0,
        state: { running: { startedAt: '' } },
      })),
    },
  };
}

function idOf(pod: string, container: string): string {
  return Buffer.from(`${container}/${pod}`).toString('hex').padEnd(64, '0').slice(0, 64);
}

const OF_CONTAINER = [
  ['container_cpu_usage_seconds_total', 0.3],
  ['container_memory_usage_bytes', 0],
  ['container_memory_cache', 0],
  ['container_fs_reads_bytes_total', 1000],
  ['container_fs_writes_bytes_total', 9000],
  ['container_fs_reads_total', 0.3],
  ['container_fs_writes_total', 3],
] as const;
const OF_NETWORK = [
  ['container_network_receive_bytes_total', 20_000],
  ['container_network_transmit_bytes_total', 30_000],
  ['container_network_receive_packets_total', 40],
  ['container_network_transmit_packets_total', 50],
] as const;
const OTHER = Labels.from({ __name__: 'container_memory_rss' });

function startKubelet(
  node: number,
  {
    options,
    appender,
    catalogue,
  }: {
    readonly options: CatalogueBenchOptions;
    readonly appender: CountingAppender;
    readonly catalogue: ReturnType<typeof createCatalogue>;
  },
): Kubelet {
  const labels = Labels.from({ job: 'kubelet', metrics_path: '/metrics/cadvisor', node: `node-${node}` });
  const scrapeInterval = options.interval * 1000;
  const tap = catalogue.tapFor({ job: 'kubelet', labels, discoveredLabels: Labels.EMPTY, scrapeInterval })!;
  const refs: number[] = [];
  const speeds: number[] = [];
  const add = (row: Labels, speed: number): void => {
    const ref = appender.acquire();
    tap.acquired(ref, row);
    refs.push(ref);
    speeds.push(speed);
  };
  for (let pod = node; pod < options.pods; pod += options.nodes) {
    const { name, namespace } = podName(pod, options);
    const base = { namespace, pod: name };
    for (let index = 0; index < containersOf(pod, options); index++) {
      const id = idOf(name, `container-${index}`);
      const own = { ...base, container: `container-${index}`, id: `/kubepods/burstable/pod${pod}/${id}`, name: id };
      for (const [metric, speed] of OF_CONTAINER) add(Labels.from({ __name__: metric, ...own }), speed);
      for (let row = OF_CONTAINER.length; row < options.rows; row++) add(OTHER, 0);
    }
    const sandbox = { ...base, id: `/kubepods/burstable/pod${pod}/sandbox`, interface: 'eth0' };
    for (const [metric, speed] of OF_NETWORK) add(Labels.from({ __name__: metric, ...sandbox }), speed);
  }
  add(Labels.from({ __name__: 'container_cpu_usage_seconds_total', id: '/' }), 20);
  add(Labels.from({ __name__: 'container_memory_usage_bytes', id: '/' }), 0);
  return { tap, refs: Uint32Array.from(refs), speeds: Float64Array.from(speeds) };
}

function cpuSince(mark: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(mark);
  return (user + system) / 1e6;
}

/** Bytes that live, in the heap and in buffers outside of it. */
function usedMemory(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
