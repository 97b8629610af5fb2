import pino, { type Logger } from 'pino';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import type { Storage } from '../../storage/storage.ts';
import { createQuerierReader } from '../querier-reader.ts';
import type { SampleReader } from '../sample-reader.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import { IndexedDirectory, type ListedObject, type ObjectFeed } from './indexed-directory.ts';
import { EVERYTHING } from './label-selector.ts';
import { ResourceUsage, type ResourceUsageOptions } from './resource-usage.ts';

/** Objects that a test puts there. */
export class TestFeed implements ObjectFeed<ListedObject> {
  isSynced = true;
  readonly #objects = new Map<string, ListedObject>();
  readonly #listeners = new Set<Parameters<ObjectFeed<ListedObject>['subscribe']>[0]>();

  values() {
    return this.#objects.values();
  }

  subscribe(listener: Parameters<ObjectFeed<ListedObject>['subscribe']>[0]) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  put(after: ListedObject): void {
    const key = `${after.metadata.namespace}/${after.metadata.name}`;
    const before = this.#objects.get(key);
    this.#objects.set(key, after);
    for (const listener of this.#listeners) listener({ before, after });
  }

  remove(namespace: string, name: string): void {
    const before = this.#objects.get(`${namespace}/${name}`);
    this.#objects.delete(`${namespace}/${name}`);
    for (const listener of this.#listeners) listener({ before, after: undefined });
  }
}

/** A container that runs. */
export interface TestContainer {
  readonly id?: string;
  /** Milliseconds before now. Default: five minutes. */
  readonly age?: number;
}

export interface UsageBedOptions extends Partial<Omit<ResourceUsageOptions, 'clock'>> {
  readonly storage?: Storage;
  readonly clock?: SteppedClock;
}

/** ResourceUsage over a store in memory, with the clock and the objects in the test's hand. */
export class UsageBed {
  readonly clock: SteppedClock;
  readonly pods = new TestFeed();
  readonly nodes = new TestFeed();
  readonly storage: Storage;
  readonly lines: string[] = [];
  readonly signal = new AbortController().signal;
  readonly directory: IndexedDirectory;
  readonly usage: ResourceUsage;
  /** Requests that were read. */
  read = 0;
  /** Readings. */
  readings = 0;
  /** What reading rejects with for each metric. */
  broken: Error | undefined;

  constructor({ storage = createMemoryStorage(), clock = new SteppedClock(), ...options }: UsageBedOptions = {}) {
    this.storage = storage;
    this.clock = clock;
    const feeds = new Map([
      ['pods', this.pods],
      ['nodes', this.nodes],
    ]);
    this.directory = new IndexedDirectory({
      resources: new Set(feeds.keys()),
      open: (resource) => ({ feed: feeds.get(resource)!, close: () => undefined }),
    });
    const reader = createQuerierReader(this.storage.querier);
    const read: SampleReader = async (requests, take, signal) => {
      this.readings++;
      this.read += requests.length;
      const { broken } = this;
      if (broken !== undefined) for (const index of requests.keys()) take(index, broken);
      else await reader(requests, take, signal);
    };
    const logger: Logger = pino({ level: 'info' }, { write: (line: string) => this.lines.push(JSON.parse(line).msg) });
    const { directory } = this;
    this.usage = new ResourceUsage({ directory, read, clock, logger, cluster: 'c', ...options });
  }

  /** Puts a pod of namespace `shop` there, on node n1, with containers that run. */
  pod(name: string, containers: Readonly<Record<string, TestContainer>>, labels: Record<string, string> = {}): void {
    const statuses = Object.entries(containers).map(([container, { id, age = 300_000 }]) => ({
      name: container,
      ...(id !== undefined && { containerID: `containerd://${id}` }),
      state: { running: { startedAt: this.#time(Math.floor((this.clock.now() - age) / 1000) * 1000) } },
    }));
    this.pods.put({
      metadata: {
        name,
        namespace: 'shop',
        labels,
        creationTimestamp: this.#time(
          this.clock.now() - Math.max(0, ...Object.values(containers).map((c) => c.age ?? 300_000)),
        ),
      },
      spec: { nodeName: 'n1' },
      status: { containerStatuses: statuses },
    } as ListedObject);
  }

  node(name: string): void {
    const creationTimestamp = this.#time(this.clock.now() - 86_400_000);
    this.nodes.put({ metadata: { name, namespace: '', creationTimestamp } });
  }

  /** Stores a sample of a metric, some milliseconds from now. */
  async sample(labels: Record<string, string>, value: number, { at = 0, stale = false } = {}): Promise<void> {
    const { appender } = this.storage;
    const ref = appender.acquire(Labels.from({ cluster: 'c', ...labels }));
    await appender.append({
      length: 1,
      refs: Uint32Array.of(ref),
      timestamps: Float64Array.of(this.clock.now() + at),
      values: Float64Array.of(value),
      stale: Uint8Array.of(stale ? 1 : 0),
    });
    appender.release([ref]);
  }

  /** Stores CPU and memory of a container as kubelets' /metrics/resource gives them. */
  async kubelet(pod: string, container: string, { cpu, memory, at = 0 }: Measured): Promise<void> {
    const labels = { namespace: 'shop', pod, container, node: 'n1' };
    await this.sample({ ...labels, __name__: 'kubelet_container_cpu_usage_seconds_total' }, cpu, { at });
    await this.sample({ ...labels, __name__: 'kubelet_container_memory_working_set_bytes' }, memory, { at });
  }

  /** Stores CPU and memory of a container as cAdvisor gives them. */
  async cadvisor(pod: string, container: string, { cpu, memory, id = '', at = 0 }: Measured): Promise<void> {
    const cgroup = `/kubepods.slice/cri-containerd-${id}.scope`;
    const labels = { namespace: 'shop', pod, container, node: 'n1', id: cgroup, name: id, image: 'i' };
    await this.sample({ ...labels, cpu: 'total', __name__: 'container_cpu_usage_seconds_total' }, cpu, { at });
    await this.sample({ ...labels, __name__: 'container_memory_working_set_bytes' }, memory, { at });
  }

  /** What is served of all pods of `shop`, in short: `web app=0.5/1000 @-3 w15`. */
  async served(selector = EVERYTHING): Promise<string[]> {
    const usages = await this.usage.pods('shop', selector, new AbortController().signal);
    return usages.map(({ name, containers, timestamp, window }) => {
      const each = containers.map((one) => `${one.name}=${Math.round(one.cpu * 1e6) / 1e6}/${one.memory}`);
      return `${name} ${each.join(' ')} @${(timestamp - this.clock.now()) / 1000} w${window / 1000}`;
    });
  }

  #time(at: number): string {
    return new Date(at).toISOString();
  }
}

export interface Measured {
  /** The counter, in seconds. */
  readonly cpu: number;
  readonly memory: number;
  readonly id?: string;
  /** Milliseconds from now. */
  readonly at?: number;
}
