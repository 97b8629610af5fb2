/**
 * What metrics.k8s.io costs without what carries it: pods that are indexed, their samples in the recent window, reading them every
 * interval, and autoscalers that ask for their pods. Scraping and HTTP are not part of it.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pino from 'pino';
import { IndexedDirectory, type ListedObject } from '../alerting/autoscaling/indexed-directory.ts';
import type { LabelSelector } from '../alerting/autoscaling/label-selector.ts';
import { ResourceUsage } from '../alerting/autoscaling/resource-usage.ts';
import { createQuerierReader } from '../alerting/querier-reader.ts';
import { formatTable } from '../cli/table.ts';
import type { Appender } from '../storage/appender.ts';
import { Labels } from '../storage/labels.ts';
import { createMemoryStorage } from '../storage/memory.ts';
import { RecentSamples } from '../storage/recent/recent-samples.ts';

export interface ResourceUsageBenchOptions {
  readonly pods: number;
  /** Of a pod. */
  readonly containers: number;
  /** Pods that an autoscaler asks for. */
  readonly replicas: number;
  readonly requests: number;
  readonly rounds: number;
}

const INTERVAL = 15_000;
const NAMESPACES = 200;
const NODES = 1_000;
const NONE = new AbortController().signal;

/** Runs the benchmark and prints its report. */
export async function runResourceUsageBench(
  options: ResourceUsageBenchOptions,
  print: (line: string) => void,
): Promise<void> {
  const { pods, replicas, requests, rounds } = options;
  const rows: string[][] = [];
  const told = (what: string, value: number, unit: string): void => void rows.push([what, value.toFixed(3), unit]);
  const cluster = new BenchCluster(options);

  const objects = cluster.objects();
  let before = usedMemory();
  let begun = cpuTime();
  const directory = directoryOf(objects);
  told('index of the pods, CPU', cpuTime() - begun, 'ms');
  told('index of the pods, memory', usedMemory() - before, 'MiB');

  // The window must not be full: this is about reading from memory.
  const recent = new RecentSamples({ storage: createMemoryStorage(), now: () => cluster.now, maxBytes: 2 ** 32 });
  recent.want('bench', new Map([...METRICS, ...OF_NODES].map((metric) => [metric, 270_000])));
  await recent.settled();
  cluster.acquire(recent.storage.appender);
  for (let i = 0; i < 6; i++) await cluster.scrape();
  const usage = new ResourceUsage({
    directory,
    read: createQuerierReader(recent.storage.querier),
    cluster: 'c',
    clock: { now: () => cluster.now, elapsed: () => cluster.now, schedule: () => () => undefined },
    logger: pino({ level: 'silent' }),
  });
  const ask = async (number: number): Promise<void> => {
    const { namespace, selector } = cluster.autoscaler(number);
    const { length } = await usage.pods(namespace, selector, NONE);
    if (length !== replicas) throw new Error(`autoscaler ${number} must get ${replicas} pods, got ${length}`);
  };

  before = usedMemory();
  begun = cpuTime();
  await ask(0);
  told('first reading, CPU', cpuTime() - begun, 'ms');
  told('what was read, memory', usedMemory() - before, 'MiB');
  const reading = async (): Promise<number> => {
    await cluster.scrape();
    collect();
    const from = cpuTime();
    // It is late, so this request waits for one.
    cluster.now += INTERVAL;
    await ask(1);
    return cpuTime() - from;
  };
  let spent = 0;
  for (let round = 0; round < rounds; round++) spent += await reading();
  told('a reading, CPU', spent / rounds, 'ms');
  spent = 0;
  for (let round = 0; round < rounds; round++) {
    cluster.replace(recent.storage.appender, round);
    spent += await reading();
  }
  told('a reading after a pod was replaced, CPU', spent / rounds, 'ms');

  await cluster.scrape();
  await ask(2);
  collect();
  const times: number[] = [];
  begun = cpuTime();
  for (let number = 0; number < requests; number++) {
    const from = performance.now();
    await ask(3 + number);
    times.push(performance.now() - from);
  }
  told(`a request for ${replicas} pods, CPU`, (cpuTime() - begun) / requests, 'ms');
  times.sort((a, b) => a - b);
  told('half of the requests within', times[Math.floor(requests / 2)]!, 'ms');
  told('99 % of the requests within', times[Math.floor(requests * 0.99)]!, 'ms');
  begun = cpuTime();
  const all = await usage.pods('', [], NONE);
  if (all.length < pods - rounds) throw new Error(`all ${pods} pods must be served, got ${all.length}`);
  told('a request for all pods, CPU', cpuTime() - begun, 'ms');
  usage.close();
  await recent.storage.close(1_000);
  print(formatTable(['', 'value', 'unit'], rows));
}

const METRICS = ['kubelet_container_cpu_usage_seconds_total', 'kubelet_container_memory_working_set_bytes'];
/** There are none, but they are read too. */
const OF_NODES = ['node_cpu_usage_seconds_total', 'node_memory_working_set_bytes'];

class BenchCluster {
  readonly #options: ResourceUsageBenchOptions;
  readonly #apps: number;
  readonly #refs: number[] = [];
  #appender: Appender | undefined;
  #page = 0;
  now = Date.UTC(2026, 2, 2, 12);

  constructor(options: ResourceUsageBenchOptions) {
    this.#options = options;
    this.#apps = Math.max(2, Math.floor(options.pods / options.replicas));
  }

  objects(): ListedObject[] {
    const started = new Date(this.now - 3_600_000).toISOString();
    return Array.from({ length: this.#apps * this.#options.replicas }, (_, number) => {
      const { app, namespace, pod: name } = this.#pod(number);
      const hash = `6f7d8c9b5-${app}`;
      const labels = { app, 'pod-template-hash': hash, 'app.kubernetes.io/instance': name, tier: 'web' };
      const containerStatuses = this.#containers().map((container) => ({
        name: container,
        containerID: `containerd://${number.toString(16).padStart(64, '0')}`,
        state: { running: { startedAt: started } },
      }));
      return {
        metadata: { namespace, name, labels, creationTimestamp: started },
        spec: { nodeName: `node-${number % NODES}` },
        status: { containerStatuses },
      } as ListedObject;
    });
  }

  /** Its namespace, and what selects its pods. None of the last ones, of which pods are replaced. */
  autoscaler(number: number): { readonly namespace: string; readonly selector: LabelSelector } {
    const { app, namespace } = this.#pod((number % (this.#apps - 1)) * this.#options.replicas);
    return { namespace, selector: [{ key: 'app', operator: 'In', values: [app] }] };
  }

  acquire(appender: Appender): void {
    this.#appender = appender;
    const pods = this.#apps * this.#options.replicas;
    for (let number = 0; number < pods; number++) this.#acquirePod(appender, this.#pod(number).pod, number);
  }

  /** New series in place of the last pod's. */
  replace(appender: Appender, round: number): void {
    const ended = this.#refs.splice(-METRICS.length * this.#options.containers);
    appender.release(ended);
    this.#acquirePod(appender, `new-${round}`, 0);
  }

  async scrape(): Promise<void> {
    this.now += INTERVAL;
    this.#page++;
    const { length } = this.#refs;
    await this.#appender!.append({
      length,
      refs: Uint32Array.from(this.#refs),
      timestamps: new Float64Array(length).fill(this.now),
      values: Float64Array.from(this.#refs, (_, index) => 1_000 + index + 5 * this.#page),
      stale: new Uint8Array(length),
    });
  }

  #acquirePod(appender: Appender, pod: string, number: number): void {
    const { namespace } = this.#pod(number);
    const node = `node-${number % NODES}`;
    const target = { node, instance: `10.0.0.${number % NODES}:10250`, metrics_path: '/metrics/resource' };
    const job = { job: 'kubelet', endpoint: 'https-metrics', service: 'kubelet', cluster: 'c' };
    for (const container of this.#containers()) {
      for (const metric of METRICS) {
        const labels = { __name__: metric, namespace, pod, container, ...target, ...job };
        this.#refs.push(appender.acquire(Labels.from(labels)));
      }
    }
  }

  #containers(): string[] {
    return Array.from({ length: this.#options.containers }, (_, index) => `container-${index}`);
  }

  #pod(number: number): { readonly app: string; readonly namespace: string; readonly pod: string } {
    const index = Math.floor(number / this.#options.replicas);
    const app = `app-${index}`;
    return {
      app,
      namespace: `team-${index % NAMESPACES}`,
      pod: `${app}-6f7d8c9b5-${number.toString(36).padStart(5, '0')}`,
    };
  }
}

function directoryOf(objects: readonly ListedObject[]): IndexedDirectory {
  return new IndexedDirectory({
    resources: new Set(['pods', 'nodes']),
    open: (resource) => ({
      feed: { isSynced: true, values: () => (resource === 'pods' ? objects : []), subscribe: () => () => undefined },
      close: () => undefined,
    }),
  });
}

function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** MiB, of what is still needed. */
function usedMemory(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

/** Milliseconds that this process has computed. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
