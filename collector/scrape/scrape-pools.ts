import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type Clock, SYSTEM_CLOCK } from '../../clock/clock.ts';
import type { Appender } from '../../storage/appender.ts';
import { Labels } from '../../storage/labels.ts';
import { startDiscovery } from '../discovery/discovery.ts';
import type { KubeClusters } from '../kubernetes/kube-clusters.ts';
import { compileRelabel } from '../relabel.ts';
import { sameConfig } from '../same-config.ts';
import type { Shard } from '../shard.ts';
import type { Arrivals } from './arrivals.ts';
import { BodyBuffers } from './body-buffers.ts';
import { FirstPages } from './first-pages.ts';
import { REPORT_METADATA } from './report.ts';
import { compileSampleLabels } from './sample-labels.ts';
import type { TapFor } from './sample-tap.ts';
import type { ScrapeConfig } from './scrape-config.ts';
import { ScrapeLoop } from './scrape-loop.ts';
import { createScrapeMetrics } from './scrape-metrics.ts';
import { type PoolContext, ScrapePool } from './scrape-pool.ts';
import type { Scraper } from './scraper.ts';
import { IngestScratch } from './series-cache.ts';
import type { DroppedTarget, TargetStatus } from './target-status.ts';

/** Something inside this process that is scraped as if it were a target. */
export interface InProcessTarget {
  readonly job: string;
  readonly instance: string;
  /** Closed when the target is removed. */
  readonly scraper: Scraper;
  readonly scrapeInterval: number;
  readonly scrapeTimeout: number;
}

export interface ScrapePoolsOptions {
  readonly appender: Appender;
  readonly logger: Logger;
  /** Gets the metrics `pharos_scrape_*` and `pharos_discovery_*`; one registry, one ScrapePools. */
  readonly registry: Registry;
  /** This program's version, for the User-Agent. */
  readonly version: string;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Memory for the pages being received. Default: 1 GiB at most. */
  readonly buffers?: BodyBuffers;
  /** Who listens to the samples of which targets, as they arrive. Not of what is scraped inside this process. Default: nobody. */
  readonly tapFor?: TapFor | undefined;
  /** Only the targets that fall to this shard are scraped; what is in this process always is. Default: all of them. */
  readonly shard?: Shard | undefined;
  /** Is told what was due and what has been appended. Default: nobody asks. */
  readonly arrivals?: Arrivals | undefined;
  /** Where the targets of Kubernetes' discovery are. Default: jobs that have it find nothing there. */
  readonly clusters?: KubeClusters | undefined;
}

/** What is to be scraped. */
export interface ScrapePlan {
  readonly jobs: readonly ScrapeConfig[];
  readonly inProcess?: readonly InProcessTarget[];
}

interface Job {
  readonly pool: ScrapePool;
  config: ScrapeConfig;
  stopDiscovery: () => Promise<void>;
}

interface RunningInProcess {
  readonly target: InProcessTarget;
  readonly labels: Labels;
  readonly loop: ScrapeLoop;
}

/** Discovers and scrapes the targets of all jobs, and what is scraped inside this process. */
export class ScrapePools {
  readonly #context: PoolContext;
  readonly #registry: Registry;
  readonly #clusters: KubeClusters | undefined;
  readonly #closing = new AbortController();
  readonly #jobs = new Map<string, Job>();
  #inProcess: RunningInProcess[] = [];
  /** Ends of jobs and loops that were removed. */
  readonly #ending = new Set<Promise<unknown>>();

  /** Nothing is scraped until `apply`. */
  constructor(options: ScrapePoolsOptions) {
    const { appender, logger, registry, version } = options;
    const buffers = options.buffers ?? new BodyBuffers();
    const metrics = createScrapeMetrics(registry, {
      cache: () => this.#cacheSize(),
      bodies: () => buffers.usedBytes + buffers.idleBytes,
    });
    this.#registry = registry;
    this.#clusters = options.clusters;
    this.#context = {
      appender,
      scratch: new IngestScratch(),
      firstPages: new FirstPages({ clock: options.clock ?? SYSTEM_CLOCK }),
      arrivals: options.arrivals,
      clock: options.clock ?? SYSTEM_CLOCK,
      logger,
      metrics,
      closing: this.#closing.signal,
      buffers,
      version,
      tapFor: options.tapFor,
      shard: options.shard,
    };
    appender.describe(REPORT_METADATA);
  }

  /**
   * Makes this what is scraped. Jobs with the same configuration as before are left alone; in changed ones, targets that
   * stay by labels and URL go on with their series; the targets of others end with stale markers. Throws a SyntaxError
   * that names a regular expression that is none, before anything has changed.
   */
  apply({ jobs, inProcess = [] }: ScrapePlan): void {
    if (this.#closing.signal.aborted) throw new Error('the scrape pools are closed');
    for (const config of jobs) {
      compileRelabel(config.relabelConfigs);
      compileRelabel(config.metricRelabelConfigs);
    }
    const wanted = new Set(jobs.map((config) => config.jobName));
    if (wanted.size < jobs.length) throw new Error('every job must have a name of its own');
    for (const [name, job] of this.#jobs) {
      if (wanted.has(name)) continue;
      this.#jobs.delete(name);
      this.#finish(Promise.all([job.stopDiscovery(), job.pool.stop({ markStale: true })]));
    }
    for (const config of jobs) {
      const job = this.#jobs.get(config.jobName);
      if (job === undefined) this.#startJob(config);
      else if (!sameConfig(job.config, config)) this.#changeJob(job, config);
    }
    this.#applyInProcess(inProcess);
  }

  /** Resolves when everything that was taken away so far has ended, with its last samples in the storage. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#ending);
  }

  /** Everything that is scraped now. */
  status(): readonly TargetStatus[] {
    return [
      ...[...this.#jobs.values()].flatMap(({ pool }) => pool.status()),
      ...this.#inProcess.map(({ target, labels, loop }) => ({
        scrapePool: target.job,
        labels,
        discoveredLabels: labels,
        scrapeUrl: '',
        globalUrl: '',
        scrapeInterval: target.scrapeInterval,
        scrapeTimeout: target.scrapeTimeout,
        ...loop.status,
        metadata: () => loop.metadata(),
      })),
    ];
  }

  /** What relabelling dropped, as far as the jobs keep it, and how many of each job in truth. */
  dropped(): { readonly targets: readonly DroppedTarget[]; readonly counts: Readonly<Record<string, number>> } {
    const counts: Record<string, number> = {};
    for (const [name, { pool }] of this.#jobs) counts[name] = pool.droppedCount;
    return { targets: [...this.#jobs.values()].flatMap(({ pool }) => pool.dropped()), counts };
  }

  /** The names of all jobs. */
  poolNames(): readonly string[] {
    return [...new Set([...this.#jobs.keys(), ...this.#inProcess.map(({ target }) => target.job)])];
  }

  /** Ends everything without stale markers: the process stops, and its successor goes on with the series. */
  async close(): Promise<void> {
    this.#closing.abort();
    const jobs = [...this.#jobs.values()];
    const loops = this.#inProcess;
    this.#jobs.clear();
    this.#inProcess = [];
    await Promise.all([
      ...jobs.map(async ({ pool, stopDiscovery }) => {
        await Promise.all([stopDiscovery(), pool.stop({ markStale: false })]);
      }),
      ...loops.map(({ loop }) => loop.stop({ markStale: false })),
      ...this.#ending,
    ]);
  }

  #startJob(config: ScrapeConfig): void {
    const pool = new ScrapePool(config, this.#context);
    this.#jobs.set(config.jobName, { pool, config, stopDiscovery: this.#discover(pool, config) });
  }

  #changeJob(job: Job, config: ScrapeConfig): void {
    const sameDiscovery = sameConfig(job.config.discovery, config.discovery);
    job.config = config;
    job.pool.reload(config);
    if (sameDiscovery) return;
    // The targets known so far stay until the new sources have answered.
    this.#finish(job.stopDiscovery());
    job.stopDiscovery = this.#discover(job.pool, config);
  }

  #discover(pool: ScrapePool, config: ScrapeConfig): () => Promise<void> {
    const { logger } = this.#context;
    const controller = new AbortController();
    const running = startDiscovery(config.discovery, {
      emit: (groups) => pool.sync(groups),
      signal: controller.signal,
      logger,
      job: config.jobName,
      registry: this.#registry,
      clusters: this.#clusters,
    }).catch((error: unknown) => logger.error({ job: config.jobName, err: error }, 'discovery has ended'));
    return async () => {
      controller.abort();
      await running;
    };
  }

  #applyInProcess(targets: readonly InProcessTarget[]): void {
    const before = this.#inProcess;
    const isSame = (a: InProcessTarget, b: InProcessTarget): boolean =>
      a.job === b.job &&
      a.instance === b.instance &&
      a.scraper === b.scraper &&
      a.scrapeInterval === b.scrapeInterval &&
      a.scrapeTimeout === b.scrapeTimeout;
    for (const { target, loop } of before) {
      if (!targets.some((other) => isSame(target, other))) this.#finish(loop.stop({ markStale: true }));
    }
    this.#inProcess = targets.map(
      (target) => before.find((running) => isSame(running.target, target)) ?? this.#startInProcess(target),
    );
  }

  #startInProcess(target: InProcessTarget): RunningInProcess {
    const { job, instance, scraper, scrapeInterval, scrapeTimeout } = target;
    const labels = Labels.from({ job, instance });
    const loop = new ScrapeLoop({
      context: this.#context,
      job,
      labels,
      key: labels.key,
      settings: {
        scraper,
        scrapeInterval,
        scrapeTimeout,
        honorTimestamps: true,
        trackTimestampsStaleness: false,
        sampleLimit: 0,
        fallbackProtocol: undefined,
        labels: compileSampleLabels({
          target: labels,
          honorLabels: false,
          relabel: (given) => given,
          labelLimit: 0,
          labelNameLengthLimit: 0,
          labelValueLengthLimit: 0,
        }),
        forcedError: undefined,
      },
    });
    return { target, labels, loop };
  }

  #finish(end: Promise<unknown>): void {
    this.#ending.add(end);
    const forget = (): void => void this.#ending.delete(end);
    end.then(forget, forget);
  }

  #cacheSize(): { rows: number; bytes: number } {
    const sum = { rows: 0, bytes: 0 };
    const add = (size: { readonly rows: number; readonly bytes: number }): void => {
      sum.rows += size.rows;
      sum.bytes += size.bytes;
    };
    for (const { pool } of this.#jobs.values()) for (const size of pool.cacheSizes()) add(size);
    for (const { loop } of this.#inProcess) add(loop.cacheSize);
    return sum;
  }
}
