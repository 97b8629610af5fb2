import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { type Clock, SYSTEM_CLOCK } from '../../../clock/clock.ts';
import type { Appender } from '../../../storage/appender.ts';
import type { Querier } from '../../../storage/querier.ts';
import type { Metadata } from '../../../storage/series.ts';
import type { ArrivalSource, Arrivals } from '../../scrape/arrivals.ts';
import type { SampleTap, TappedTarget } from '../../scrape/sample-tap.ts';
import type { KubeCluster } from '../kube-cluster.ts';
import { CadvisorTap, type TapContext } from './cadvisor-tap.ts';
import { ComponentHealth, componentOfJob } from './component-health.ts';
import { ComponentTap } from './component-tap.ts';
import {
  CONTAINER_LEVEL,
  type Definition,
  LEVELS,
  type LevelDefinition,
  metricName,
  NODE_LEVEL,
  POD_LEVEL,
} from './definitions.ts';
import { GpuTap } from './gpu-tap.ts';
import { LevelSeries } from './level-series.ts';
import { NodeExporterTap } from './node-exporter-tap.ts';
import { WatchedRefs } from './page-inputs.ts';
import type { PageLevels } from './pod-entry.ts';
import { PodIndex } from './pod-index.ts';
import { LatestValues, OWN_VALUES } from './pod-values.ts';
import { StoredPodValues } from './stored-pod-values.ts';
import { Sums } from './sums.ts';
import { WatchedServices } from './watched-services.ts';
import { WatchedWorkloads } from './watched-workloads.ts';

export interface CatalogueOptions {
  readonly cluster: KubeCluster;
  readonly appender: Appender;
  readonly logger: Logger;
  /** Gets the gauges `pharos_catalogue_*`; those of several clusters differ by the label `cluster`. */
  readonly registry: Registry;
  /** The value of the label `cluster`; '' for none. */
  readonly clusterLabel: string;
  /** How often the levels above the pod are computed; that at which kubelets are scraped. */
  readonly interval: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Is told when a round was due and when all of it has been appended. Default: nobody asks. */
  readonly arrivals?: Arrivals | undefined;
  /** Whether this collector emits the levels above the pod. Asked before each round. Default: always. */
  readonly isLeader?: () => boolean;
  /**
   * Whether other collectors scrape kubelets of the cluster too (`--shard`). Default: no; then pods and nodes whose kubelets
   * are not scraped here are spoken for here.
   */
  readonly isSharded?: boolean;
  /**
   * The store that all of them write to, for the sums. Default: none; then the sums of a sharded cluster are left out, as
   * those of any cluster of which too much is missing.
   */
  readonly shared?: Querier | undefined;
}

export interface CatalogueStats {
  readonly pods: number;
  readonly nodes: number;
  readonly containers: number;
  /** Series of all levels. */
  readonly series: number;
  /** Bytes of columns, besides what the storage and the watch caches hold. */
  readonly bytes: number;
}

/** The k8s_* catalogue of one cluster, computed as samples arrive. */
export interface Catalogue {
  /** Who listens to a target's samples; undefined for targets of which nothing is needed. See `TapFor`. */
  tapFor(target: TappedTarget): SampleTap | undefined;
  /** Begins to follow the caches and to emit. */
  start(): void;
  /** With `markStale` the cluster is gone and its series end; without, the process stops and they may go on. */
  close(options: { readonly markStale: boolean }): Promise<void>;
  readonly stats: CatalogueStats;
}

/** Watches what it needs from its creation on. Taps are to be closed, with the scrape loops, before it is. */
export function createCatalogue(options: CatalogueOptions): Catalogue {
  return new RunningCatalogue(options);
}

/** The catalogue's names, which are worth a line each in the metadata of the store. */
export function catalogueMetadata(): Metadata[] {
  return LEVELS.flatMap(({ level, definitions }) =>
    (definitions as readonly Definition<never>[]).map((definition) => ({
      metric: metricName(level, definition),
      type: 'gauge' as const,
      help: `${definition.meaning}.`,
      unit: definition.unit === 'bytes' || definition.unit === 'cores' ? definition.unit : '',
    })),
  );
}

class RunningCatalogue implements Catalogue {
  readonly #options: CatalogueOptions;
  readonly #clock: Clock;
  readonly #levels: PageLevels;
  readonly #latest = new LatestValues();
  readonly #index: PodIndex;
  readonly #context: TapContext;
  readonly #health = new ComponentHealth();
  readonly #workloads: WatchedWorkloads;
  readonly #services: WatchedServices;
  readonly #sums: Sums;
  readonly #kubelets = new Set<CadvisorTap>();
  readonly #arrival: ArrivalSource | undefined;
  #cancel: (() => void) | undefined;
  #emitting: Promise<void> = Promise.resolve();
  #wasLeader = false;
  readonly #closing = new AbortController();

  constructor(options: CatalogueOptions) {
    this.#options = options;
    const { cluster, appender, clusterLabel, interval, logger, clock = SYSTEM_CLOCK, shared } = options;
    this.#clock = clock;
    this.#levels = {
      pods: levelSeries(appender, POD_LEVEL),
      containers: levelSeries(appender, CONTAINER_LEVEL),
      nodes: levelSeries(appender, NODE_LEVEL),
    };
    this.#arrival = options.arrivals?.source();
    this.#arrival?.setPatience(interval / 2);
    const now = (): number => clock.now();
    this.#index = new PodIndex({ cluster, clusterLabel, levels: this.#levels, latest: this.#latest, now });
    this.#workloads = new WatchedWorkloads(cluster);
    this.#services = new WatchedServices(cluster);
    this.#context = {
      index: this.#index,
      levels: this.#levels,
      latest: this.#latest,
      refs: watchedRefsOf(appender),
      now,
    };
    this.#sums = new Sums({
      cluster,
      clusterLabel,
      appender,
      logger,
      clock,
      signal: this.#closing.signal,
      index: this.#index,
      latest: this.#latest,
      podValues: shared === undefined ? OWN_VALUES : new StoredPodValues(shared, { cluster: clusterLabel, interval }),
      health: this.#health,
      workloads: this.#workloads,
      services: this.#services,
      interval,
      scrapeInterval: () => Math.max(0, ...Array.from(this.#kubelets, (tap) => tap.scrapeInterval)),
      isSharded: options.isSharded ?? shared !== undefined,
    });
    appender.describe(catalogueMetadata());
    registerGauges(options.registry, clusterLabel, () => this.stats);
  }

  get stats(): CatalogueStats {
    const { pods, containers, nodes } = this.#levels;
    let bytes =
      this.#context.refs.byteLength +
      this.#latest.byteLength +
      pods.byteLength +
      containers.byteLength +
      nodes.byteLength;
    for (const tap of this.#kubelets) bytes += tap.byteLength;
    return {
      pods: this.#index.pods.size,
      nodes: this.#index.nodes.size,
      containers: containers.rows,
      series: pods.series + containers.series + nodes.series + this.#sums.series,
      bytes,
    };
  }

  tapFor(target: TappedTarget): SampleTap | undefined {
    const job = target.labels.get('job');
    const path = target.labels.get('metrics_path') || target.discoveredLabels.get('__metrics_path__');
    if (path.endsWith('/cadvisor') || /cadvisor/.test(job)) {
      const tap = new CadvisorTap(target, this.#context, () => this.#kubelets.delete(tap));
      this.#kubelets.add(tap);
      return tap;
    }
    if (/(?:^|-)node-exporter$|^node_exporter$/.test(job)) return new NodeExporterTap(target, this.#context);
    if (/dcgm/.test(job)) return new GpuTap(target, this.#context);
    const component = componentOfJob(job);
    if (component === undefined || !path.endsWith('/metrics')) return undefined;
    return new ComponentTap(target, { context: this.#context, component, health: this.#health });
  }

  start(): void {
    this.#index.start();
    this.#schedule();
  }

  async close({ markStale }: { readonly markStale: boolean }): Promise<void> {
    this.#closing.abort();
    this.#cancel?.();
    await this.#emitting;
    const { logger, clusterLabel: cluster, registry } = this.#options;
    if (markStale && this.#wasLeader) {
      try {
        await this.#sums.silence(this.#clock.now());
      } catch (error) {
        logger.warn({ cluster, err: error }, "the storage refused to mark the end of a cluster's sums");
      }
    }
    this.#sums.reset();
    this.#index.close();
    this.#workloads.close();
    this.#services.close();
    for (const level of [this.#levels.pods, this.#levels.containers, this.#levels.nodes]) level.release();
    forgetGauges(registry, cluster);
  }

  #schedule(): void {
    if (this.#closing.signal.aborted) return;
    const { interval } = this.#options;
    const now = this.#clock.now();
    const next = (Math.floor(now / interval) + 1) * interval;
    this.#cancel = this.#clock.schedule(next - now, () => {
      // Timers may fire a little early.
      if (this.#clock.now() < next - interval / 2) this.#schedule();
      else {
        // Before the first round nothing is expected.
        const onAppended = (): void => this.#arrival?.expect(next + interval);
        this.#emitting = this.#round(next, onAppended).finally(() => {
          this.#schedule();
        });
      }
    });
  }

  async #round(timestamp: number, onAppended: () => void): Promise<void> {
    const { isLeader = () => true, logger, clusterLabel: cluster } = this.#options;
    const leads = isLeader();
    if (!leads) {
      if (this.#wasLeader) this.#sums.reset();
      this.#wasLeader = false;
      this.#arrival?.expect(Number.POSITIVE_INFINITY);
      return;
    }
    this.#wasLeader = true;
    try {
      await this.#sums.emit(timestamp, onAppended);
    } catch (error) {
      logger.warn({ cluster, err: error }, "a round of a cluster's sums was not stored");
    } finally {
      onAppended();
    }
  }
}

function levelSeries<S>(appender: Appender, { level, definitions }: LevelDefinition<S>): LevelSeries {
  return new LevelSeries(
    appender,
    definitions.map((definition) => metricName(level, definition)),
  );
}

/** The clusters of one appender share its refs. */
function watchedRefsOf(appender: Appender): WatchedRefs {
  let refs = REFS.get(appender);
  if (refs === undefined) {
    refs = new WatchedRefs();
    REFS.set(appender, refs);
  }
  return refs;
}

const REFS = new WeakMap<Appender, WatchedRefs>();

/** By registry, what its gauges read. */
const STATS = new WeakMap<Registry, Map<string, () => CatalogueStats>>();

function registerGauges(registry: Registry, cluster: string, stats: () => CatalogueStats): void {
  const known = STATS.get(registry);
  if (known !== undefined) {
    known.set(cluster, stats);
    return;
  }
  const all = new Map([[cluster, stats]]);
  STATS.set(registry, all);
  const gauge = (name: keyof CatalogueStats, help: string): void => {
    new Gauge({
      name: `pharos_catalogue_${name}`,
      help,
      labelNames: ['cluster'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [label, read] of all) this.set({ cluster: label }, read()[name]);
      },
    });
  };
  gauge('pods', 'Pods of the cluster that the k8s_* catalogue knows.');
  gauge('nodes', 'Nodes of the cluster that the k8s_* catalogue knows.');
  gauge('containers', 'Containers that the k8s_* catalogue has series of.');
  gauge('series', 'Series of the k8s_* catalogue.');
  gauge('bytes', 'Bytes that the k8s_* catalogue keeps for its computations.');
}

function forgetGauges(registry: Registry, cluster: string): void {
  STATS.get(registry)?.delete(cluster);
}
