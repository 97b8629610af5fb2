import pino from 'pino';
import { Registry } from 'prom-client';
import { Labels } from '../../../storage/labels.ts';
import { Matcher } from '../../../storage/matcher.ts';
import { createMemoryStorage } from '../../../storage/memory.ts';
import { readSamples } from '../../../storage/read-samples.ts';
import type { Sample, SampleBatch } from '../../../storage/series.ts';
import type { Storage } from '../../../storage/storage.ts';
import { compileSampleLabels } from '../../scrape/sample-labels.ts';
import { ScrapeLoop } from '../../scrape/scrape-loop.ts';
import { createScrapeMetrics } from '../../scrape/scrape-metrics.ts';
import type { ScrapedPage, Scraper } from '../../scrape/scraper.ts';
import { IngestScratch } from '../../scrape/series-cache.ts';
import type { ObjectTypes, OwnerReference, Pod, ResourceName } from '../objects.ts';
import { FakeCluster } from '../operator/fake-cluster.case.ts';
import { type Catalogue, type CatalogueOptions, createCatalogue } from './catalogue.ts';
import { JumpingClock } from './jumping-clock.case.ts';

export const INTERVAL = 30_000;
export const NONE = new AbortController().signal;

/** A page that a test writes. */
export class PageScraper implements Scraper {
  page: () => string | Promise<Uint8Array>;
  error: Error | undefined;

  constructor(page: () => string | Promise<Uint8Array>) {
    this.page = page;
  }

  async scrape(): Promise<ScrapedPage> {
    if (this.error !== undefined) throw this.error;
    const page = await this.page();
    return { bytes: typeof page === 'string' ? Buffer.from(page) : page, contentType: 'text/plain' };
  }

  async close(): Promise<void> {}
}

/** Watch caches, pages through real scrape loops, and a store to look into. */
export class CatalogueBed {
  readonly clock = new JumpingClock();
  readonly cluster = new FakeCluster();
  readonly storage: Storage;
  readonly catalogue: Catalogue;
  /** The storage refuses batches while this says so. */
  refuses: (batch: SampleBatch) => boolean = () => false;
  /** Refs that somebody holds. */
  held = 0;
  readonly #registry = new Registry();
  readonly #context;
  readonly #loops: ScrapeLoop[] = [];

  constructor(options: Partial<CatalogueOptions> = {}, storage: Storage = createMemoryStorage()) {
    this.storage = storage;
    const logger = pino({ level: 'silent' });
    const { appender } = this.storage;
    const own = {
      acquire: (labels: Labels) => {
        this.held++;
        return appender.acquire(labels);
      },
      release: (refs: Iterable<number>) => {
        for (const ref of refs) {
          this.held--;
          appender.release([ref]);
        }
      },
      describe: () => {},
      append: (batch: SampleBatch) =>
        this.refuses(batch) ? Promise.reject(new Error('refused')) : appender.append(batch),
    };
    this.#context = {
      appender: own,
      scratch: new IngestScratch(),
      clock: options.clock ?? this.clock,
      logger,
      metrics: createScrapeMetrics(this.#registry, { cache: () => ({ rows: 0, bytes: 0 }), bodies: () => 0 }),
      closing: NONE,
    };
    this.catalogue = createCatalogue({
      cluster: this.cluster,
      appender: own,
      logger,
      registry: this.#registry,
      clusterLabel: 'east',
      interval: INTERVAL,
      clock: this.clock,
      ...options,
    });
  }

  /** What is put before this is there at the start. */
  start(): void {
    for (const resource of this.cluster.caches.keys()) {
      const cache = this.cluster.cache(resource);
      cache.replace([...cache.values()], this.#context.clock.now());
    }
    this.catalogue.start();
  }

  put<R extends ResourceName>(resource: R, object: DeepPartial<ObjectTypes[R]> & { metadata: { name: string } }): void {
    const metadata = { namespace: '', uid: object.metadata.name, resourceVersion: '', creationTimestamp: '' };
    this.cluster.cache(resource).put({
      spec: {},
      status: {},
      ...object,
      metadata: { ...metadata, ...object.metadata },
    } as never);
  }

  remove(resource: ResourceName, namespace: string, name: string): void {
    this.cluster.cache(resource).remove(namespace, name);
  }

  node(
    name: string,
    { cpu = '4', memory = '16Gi', ready = 'True', labels = {}, capacity = {} }: NodeOptions = {},
  ): void {
    this.put('nodes', {
      metadata: { name, labels },
      status: {
        capacity: { cpu, memory, pods: '110', ...capacity },
        allocatable: { cpu, memory, pods: '100', ...capacity },
        conditions: [{ type: 'Ready', status: ready }],
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      },
    });
  }

  pod(name: string, options: PodOptions = {}): void {
    const { namespace = 'shop', node = 'w1', owner, containers = { app: {} }, phase = 'Running' } = options;
    this.put('pods', {
      metadata: {
        name,
        namespace,
        uid: options.uid ?? name,
        ...(owner && { ownerReferences: [{ ...owner, controller: true }] }),
        labels: options.labels ?? {},
      },
      spec: {
        ...(node !== '' && { nodeName: node }),
        ...(options.hostNetwork && { hostNetwork: true }),
        containers: Object.entries(containers).map(([container, { requests, limits }]) => ({
          name: container,
          resources: { ...(requests && { requests }), ...(limits && { limits }) },
        })),
      },
      status: {
        phase,
        conditions: [{ type: 'Ready', status: options.ready ?? 'True' }],
        containerStatuses: Object.entries(containers).map(([container, { id, restarts = 0, state }]) => ({
          name: container,
          containerID: `containerd://${id ?? idOf(name, container)}`,
          restartCount: restarts,
          state: state ?? { running: {} },
        })),
      },
    } as DeepPartial<Pod> & { metadata: { name: string } });
  }

  /** Scrapes a page every half a minute, as the target of these labels. */
  scrape(
    labels: Record<string, string>,
    page: () => string | Promise<Uint8Array>,
    interval = INTERVAL,
  ): { scraper: PageScraper; loop: ScrapeLoop } {
    const target = Labels.from(labels);
    const scraper = new PageScraper(page);
    const tap = this.catalogue.tapFor({
      job: target.get('job'),
      labels: target,
      discoveredLabels: Labels.from({ __metrics_path__: labels.metrics_path ?? '/metrics' }),
      scrapeInterval: interval,
    });
    const loop = new ScrapeLoop({
      context: this.#context,
      job: target.get('job'),
      labels: target,
      key: 'always the same moment',
      settings: {
        scraper,
        scrapeInterval: interval,
        scrapeTimeout: 10_000,
        honorTimestamps: false,
        trackTimestampsStaleness: false,
        sampleLimit: 0,
        fallbackProtocol: undefined,
        labels: compileSampleLabels({
          target,
          honorLabels: true,
          relabel: (given) => given,
          labelLimit: 0,
          labelNameLengthLimit: 0,
          labelValueLengthLimit: 0,
        }),
        forcedError: undefined,
      },
      tap,
    });
    this.#loops.push(loop);
    return { scraper, loop };
  }

  kubelet(node: string, page: () => string | Promise<Uint8Array>): { scraper: PageScraper; loop: ScrapeLoop } {
    return this.scrape({ job: 'kubelet', metrics_path: '/metrics/cadvisor', instance: `${node}:10250`, node }, page);
  }

  /** So many scrapes of every target, and sums. */
  async rounds(count: number): Promise<void> {
    await this.clock.advance(count * INTERVAL);
  }

  async close(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop({ markStale: false })));
    await this.catalogue.close({ markStale: false });
  }

  /** The newest sample of every series of a metric that has these labels, by the labels that are named. */
  async newest(
    metric: string,
    by: readonly string[],
    where: Record<string, string> = {},
  ): Promise<Record<string, number | 'stale'>> {
    const found: Record<string, number | 'stale'> = {};
    for (const { labels, samples } of await this.samples(metric, where)) {
      const last = samples.at(-1)!;
      found[by.map((name) => labels.get(name)).join(' ')] = last.stale ? 'stale' : last.value;
    }
    return found;
  }

  /** The newest value of the one series, 'stale' when it has ended, undefined when there is none. */
  async value(metric: string, where: Record<string, string> = {}): Promise<number | 'stale' | undefined> {
    const all = await this.samples(metric, where);
    if (all.length > 1)
      throw new Error(`${metric} has ${all.length} series: ${all.map(({ labels }) => labels).join(' ')}`);
    const last = all[0]?.samples.at(-1);
    return last === undefined ? undefined : last.stale ? 'stale' : last.value;
  }

  async samples(
    metric: string,
    where: Record<string, string> = {},
  ): Promise<{ readonly labels: Labels; readonly samples: readonly Sample[] }[]> {
    const matchers = Object.entries({ __name__: metric, ...where }).map(
      ([name, value]) => new Matcher(name, '=', value),
    );
    const set = await this.storage.querier.select({ matchers, start: 0, end: this.#context.clock.now() + 1 }, NONE);
    const samples = await readSamples(set);
    return set.series.map((labels, index) => ({ labels, samples: samples[index]! }));
  }
}

export type DeepPartial<T> = T extends object ? { readonly [K in keyof T]?: DeepPartial<T[K]> } : T;

interface NodeOptions {
  readonly cpu?: string;
  readonly memory?: string;
  readonly ready?: string;
  readonly labels?: Record<string, string>;
  readonly capacity?: Record<string, string>;
}

export interface ContainerOptions {
  readonly id?: string;
  readonly restarts?: number;
  readonly requests?: Record<string, string>;
  readonly limits?: Record<string, string>;
  readonly state?: object;
}

export interface PodOptions {
  readonly namespace?: string;
  /** '' is none. */
  readonly node?: string;
  readonly uid?: string;
  readonly owner?: OwnerReference;
  readonly labels?: Record<string, string>;
  readonly containers?: Record<string, ContainerOptions>;
  readonly phase?: string;
  readonly ready?: string;
  readonly hostNetwork?: boolean;
}

/** The id of a container of which the test says none: 64 hexadecimal digits. */
export function idOf(pod: string, container: string): string {
  return Buffer.from(`${pod}/${container}`).toString('hex').padEnd(64, '0').slice(0, 64);
}

/** A container's rows on a page of cAdvisor. */
export function containerRows(
  pod: string,
  container: string,
  values: { readonly cpu?: number; readonly memory?: number; readonly cache?: number; readonly io?: number },
  { id = idOf(pod, container), namespace = 'shop' }: { readonly id?: string; readonly namespace?: string } = {},
): string {
  const labels = (more = ''): string =>
    `{container="${container}"${more},id="/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope",name="${id}",namespace="${namespace}",pod="${pod}"}`;
  const { cpu, memory, cache, io } = values;
  const lines = [
    cpu !== undefined && `container_cpu_usage_seconds_total${labels(',cpu="total"')} ${cpu}`,
    memory !== undefined && `container_memory_usage_bytes${labels()} ${memory}`,
    cache !== undefined && `container_memory_cache${labels()} ${cache}`,
  ];
  if (io !== undefined) {
    for (const [device, part] of [
      ['/dev/vda', 1],
      ['/dev/vdb', 2],
    ] as const) {
      lines.push(`container_fs_reads_bytes_total${labels(`,device="${device}"`)} ${io * part}`);
      lines.push(`container_fs_writes_bytes_total${labels(`,device="${device}"`)} ${io * part * 10}`);
      lines.push(`container_fs_reads_total${labels(`,device="${device}"`)} ${io * part * 100}`);
      lines.push(`container_fs_writes_total${labels(`,device="${device}"`)} ${io * part * 1000}`);
    }
  }
  return lines
    .filter((line) => line !== false)
    .map((line) => `${line}\n`)
    .join('');
}

/** The rows of a pod's sandbox: its network, and a pause container that must not count. */
export function sandboxRows(
  pod: string,
  total: number,
  { container = '', id = 'f'.repeat(64), namespace = 'shop', interfaces = ['eth0', 'eth1'] as readonly string[] } = {},
): string {
  const labels = (more = ''): string =>
    `{container="${container}",id="/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope"${more},name="${id}",namespace="${namespace}",pod="${pod}"}`;
  let text = `container_cpu_usage_seconds_total${labels()} ${total * 77}\ncontainer_memory_usage_bytes${labels()} 777777\n`;
  for (const device of interfaces) {
    text += `container_network_receive_bytes_total${labels(`,interface="${device}"`)} ${total}\n`;
    text += `container_network_transmit_bytes_total${labels(`,interface="${device}"`)} ${total * 2}\n`;
    text += `container_network_receive_packets_total${labels(`,interface="${device}"`)} ${total * 3}\n`;
    text += `container_network_transmit_packets_total${labels(`,interface="${device}"`)} ${total * 4}\n`;
  }
  return text;
}
