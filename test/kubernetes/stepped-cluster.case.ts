import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import pino from 'pino';
import { Registry } from 'prom-client';
import type { Clock } from '../../clock/clock.ts';
import { ClusterMonitors } from '../../collector/kubernetes/cluster-monitors.ts';
import type { KubeCluster } from '../../collector/kubernetes/kube-cluster.ts';
import type { ObjectCache } from '../../collector/kubernetes/object-cache.ts';
import type { KubeObject } from '../../collector/kubernetes/objects.ts';
import { SharedKubeClusters } from '../../collector/kubernetes/shared-kube-clusters.ts';
import { ScrapePools } from '../../collector/scrape/scrape-pools.ts';
import { selfSigned } from '../../simulator/api/self-signed.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import type { World } from '../../simulator/world/world.ts';
import type { Labels } from '../../storage/labels.ts';
import { Matcher } from '../../storage/matcher.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { readSamples } from '../../storage/read-samples.ts';
import type { Sample } from '../../storage/series.ts';

export const INTERVAL = 10_000;
export const NODES = 4;
const TIMEOUT = 4_000;
/** Some noon: jobs begin at full minutes. */
const START = Date.UTC(2026, 2, 3, 12, 0, 20);
/** Simulated milliseconds after which everything that is due must have happened. */
const STEP = 1_000;
/** Real milliseconds that this may take. */
const PATIENCE = 10_000;
const NONE = new AbortController().signal;

export interface StoredSeries {
  readonly labels: Labels;
  readonly samples: readonly Sample[];
}

/** The time of a world, which moves when the test says so; what is due is called in order. */
class WorldClock implements Clock {
  readonly #world: World;
  readonly #calls: { readonly at: number; readonly call: () => void }[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  now(): number {
    return this.#world.clock.now();
  }

  elapsed(): number {
    return this.now();
  }

  schedule(milliseconds: number, call: () => void): () => void {
    const entry = { at: this.now() + milliseconds, call };
    this.#calls.push(entry);
    return () => {
      const index = this.#calls.indexOf(entry);
      if (index >= 0) this.#calls.splice(index, 1);
    };
  }

  /** Moves on to the next call that is due within these milliseconds, or to their end. */
  move(milliseconds: number): void {
    const end = this.now() + milliseconds;
    const next = Math.min(end, ...this.#calls.map(({ at }) => at));
    if (next > this.now()) this.#world.advance(next - this.now());
    for (const entry of this.#calls.filter(({ at }) => at <= this.now()).sort((a, b) => a.at - b.at)) {
      const index = this.#calls.indexOf(entry);
      // Another call may have taken it back.
      if (index < 0) continue;
      this.#calls.splice(index, 1);
      entry.call();
    }
  }
}

/**
 * A simulated cluster and all that is done to monitor it, on one clock that is moved by hand: requests are real, but nothing
 * depends on how long they take. By a kubeconfig, with the kubelets asked directly or through the API server.
 */
export class SteppedCluster {
  readonly simulator: Simulator;
  readonly storage = createMemoryStorage();
  readonly registry = new Registry();
  readonly logged: { readonly level: number; readonly msg: string }[] = [];
  /** Nodes whose kubelets never answer: nobody waits for their scrapes. */
  readonly silent = new Set<string>();
  /** The API server cannot be asked or refuses: nobody waits for the caches. */
  isBlind = false;
  /** The cluster as it is watched. */
  cluster!: KubeCluster;
  readonly #directory = mkdtempSync(path.join(tmpdir(), 'pharos-stepped-'));
  readonly #clock: WorldClock;
  readonly #clusters: SharedKubeClusters;
  readonly #pools: ScrapePools;
  readonly #monitors: ClusterMonitors;
  readonly #caches = new Map<(typeof WATCHED)[number], ObjectCache<KubeObject>>();
  readonly #firstSeen = new Map<string, number>();

  private constructor(simulator: Simulator) {
    this.simulator = simulator;
    this.#clock = new WorldClock(simulator.world);
    const logger = pino({ level: 'info' }, { write: (line: string) => void this.logged.push(JSON.parse(line)) });
    const { registry } = this;
    const clock = this.#clock;
    this.#clusters = new SharedKubeClusters({ environment: {}, logger, registry, clock });
    const { appender } = this.storage;
    this.#pools = new ScrapePools({
      appender,
      logger,
      registry,
      clock,
      version: '1',
      clusters: this.#clusters,
      tapFor: (target) => this.#monitors.tapFor(target),
    });
    this.#monitors = new ClusterMonitors({
      appender,
      logger,
      registry,
      clock,
      shard: { index: 0, count: 1 },
      identity: 'test',
      clusters: this.#clusters,
      querier: undefined,
      eventLog: undefined,
      onJobs: () => this.#pools.apply({ jobs: this.#monitors.jobs }),
      settled: () => this.#pools.settled(),
    });
  }

  /** Begins, and has scraped everything a few times when it resolves. */
  static async start(nodeAccess: 'direct' | 'proxy', { seed = 1, housekeeping = 0 } = {}): Promise<SteppedCluster> {
    const nodes = NODES;
    const simulator = await startSimulator({
      nodes,
      pods: 30,
      seed,
      running: false,
      start: START,
      housekeeping,
      tokens: [grantOf('first')],
      kubeletListeners: nodeAccess === 'direct' ? nodes : 0,
      // Kubelets that are asked directly speak TLS.
      ...(nodeAccess === 'direct' && { tls: selfSigned() }),
    });
    const bed = new SteppedCluster(simulator);
    const file = bed.writeToken('first');
    const prepared = await bed.#monitors.prepare([
      {
        access: { kind: 'kubeconfig', file, context: undefined },
        nodeAccess,
        scrapeInterval: INTERVAL,
        scrapeTimeout: TIMEOUT,
        scrape: {
          kubelets: true,
          apiServer: false,
          controlPlane: false,
          nodeExporter: false,
          gpuExporter: false,
          annotations: false,
          operatorObjects: false,
        },
        stateMetrics: {},
        catalogue: true,
        events: false,
        leaderElection: undefined,
      },
    ]);
    await prepared.commit();
    const { cluster } = await bed.#clusters.open({ kind: 'kubeconfig', file, context: undefined });
    bed.cluster = cluster;
    for (const resource of WATCHED) bed.#caches.set(resource, cluster.watch(resource).cache);
    await bed.pass(4 * INTERVAL);
    return bed;
  }

  get now(): number {
    return this.#clock.now();
  }

  /** Moves with `pass`. */
  get clock(): Clock {
    return this.#clock;
  }

  /** Writes the kubeconfig with this token; its path. */
  writeToken(token: string): string {
    const file = path.join(this.#directory, 'config');
    const { url, api } = this.simulator;
    const authority = api.ca && { 'certificate-authority-data': Buffer.from(api.ca).toString('base64') };
    writeFileSync(
      file,
      JSON.stringify({
        'current-context': 'east',
        clusters: [{ name: 'c', cluster: { server: url, ...authority } }],
        users: [{ name: 'u', user: { token } }],
        contexts: [{ name: 'east', context: { cluster: 'c', user: 'u' } }],
      }),
    );
    return file;
  }

  /** Lets simulated time pass; what is to be scraped and seen in it has been when this resolves. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    while (this.now < end) {
      this.#clock.move(Math.min(STEP, end - this.now));
      await this.#settle();
    }
  }

  /** Lets time pass, an interval at a time and two at most, until what is looked at is what is expected; both as it is then. */
  async becomes<T>(look: () => Promise<T>, expected: () => T): Promise<{ readonly found: T; readonly expected: T }> {
    for (let rounds = 0; ; rounds++) {
      const both = { found: await look(), expected: expected() };
      if (rounds === 2 || isDeepStrictEqual(both.found, both.expected)) return both;
      await this.pass(INTERVAL);
    }
  }

  /** All series of a metric with all their samples. */
  async stored(metric: string, where: Record<string, string> = {}): Promise<StoredSeries[]> {
    const matchers = Object.entries({ __name__: metric, ...where }).map(
      ([name, value]) => new Matcher(name, metric === '.+' && name === '__name__' ? '=~' : '=', value),
    );
    const set = await this.storage.querier.select({ matchers, start: 0, end: this.now }, NONE);
    const samples = await readSamples(set);
    return set.series.map((labels, i) => ({ labels, samples: samples[i]! }));
  }

  /** The values of the series that have not ended, by these labels. */
  async living(
    metric: string,
    by: readonly string[],
    where: Record<string, string> = {},
  ): Promise<Map<string, { readonly value: number; readonly timestamp: number }>> {
    const found = new Map<string, { value: number; timestamp: number }>();
    for (const { labels, samples } of await this.stored(metric, where)) {
      const last = samples.at(-1);
      if (last !== undefined && !last.stale) found.set(by.map((name) => labels.get(name)).join('/'), last);
    }
    return found;
  }

  /** The value of one of the monitoring's own metrics, summed over its labels. */
  async own(name: string): Promise<number> {
    const metric = await this.registry.getSingleMetric(name)?.get();
    return (metric?.values ?? []).reduce((sum, { value }) => sum + value, 0);
  }

  /** Lets a new token in. */
  allow(token: string): void {
    this.simulator.api.addToken(grantOf(token));
  }

  async close(): Promise<void> {
    await this.#pools.close();
    await this.#monitors.close();
    await this.#clusters.close();
    await this.simulator.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #settle(): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      // What has arrived is worked on by who was called for it.
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
      const missing = this.#missing();
      if (missing === undefined) return;
      if (performance.now() > deadline) throw new Error(`waited in vain at ${this.now}: ${missing}`);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  }

  /** What should have happened by now and has not. */
  #missing(): string | undefined {
    for (const { scrapeUrl, labels, lastScrape } of this.#pools.status()) {
      const first = this.#firstSeen.get(scrapeUrl) ?? this.now;
      this.#firstSeen.set(scrapeUrl, first);
      if (this.silent.has(labels.get('node'))) continue;
      if (Math.max(lastScrape, first) <= this.now - INTERVAL) return `the scrape of ${scrapeUrl}`;
    }
    if (this.isBlind) return undefined;
    for (const [resource, cache] of this.#caches) {
      const objects = this.simulator.world.store.list(resource === 'replicasets' ? 'replicasets.apps' : resource);
      const isCurrent = ({ metadata: { namespace = '', name, resourceVersion } }: (typeof objects)[number]): boolean =>
        cache.get(namespace, name)?.metadata.resourceVersion === resourceVersion;
      if (objects.length !== cache.size || !objects.every(isCurrent)) return `the watch of ${resource}`;
    }
    return undefined;
  }
}

const WATCHED = ['pods', 'nodes', 'replicasets'] as const;

function grantOf(token: string) {
  return { token, user: 'system:serviceaccount:monitoring:pharos', groups: ['system:masters'] };
}
