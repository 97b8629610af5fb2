import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Clock } from '../../clock/clock.ts';
import type { Appender } from '../../storage/appender.ts';
import type { EventLog } from '../../storage/event-log.ts';
import { Labels } from '../../storage/labels.ts';
import type { Querier } from '../../storage/querier.ts';
import type { Arrivals } from '../scrape/arrivals.ts';
import type { SampleTap, TappedTarget } from '../scrape/sample-tap.ts';
import type { ScrapeConfig } from '../scrape/scrape-config.ts';
import { isOwn, type Shard } from '../shard.ts';
import { annotationJobs } from './annotation-jobs.ts';
import { type Catalogue, type CatalogueStats, createCatalogue } from './catalogue/catalogue.ts';
import { defaultJobs } from './default-jobs.ts';
import { createEventRecorder, type EventRecorder } from './events/event-recorder.ts';
import type { KubeAccess } from './kube-access.ts';
import type { ClusterLease } from './kube-clusters.ts';
import { LeaderElection } from './leader-election.ts';
import { type OperatorJobs, operatorJobs } from './operator/operator-jobs.ts';
import type { OperatorStatus } from './operator/operator-status.ts';
import type { FamilySelection } from './state/family-selection.ts';
import { createStateMetrics, type StateMetrics, type StateMetricsStats } from './state/state-metrics.ts';

/** What is to be done for one cluster. Plain data: two that are equal by `sameConfig` mean the same. */
export interface MonitoredCluster {
  readonly access: KubeAccess;
  /** Kubelets and system pods directly, or through the API server. */
  readonly nodeAccess: 'direct' | 'proxy';
  readonly scrapeInterval: number;
  readonly scrapeTimeout: number;
  readonly scrape: ScrapedParts;
  /** The kube_* metrics; undefined for none. */
  readonly stateMetrics: FamilySelection | undefined;
  /** The k8s_* metrics. */
  readonly catalogue: boolean;
  readonly events: boolean;
  /** The Lease that collectors contend for which do the same work; undefined when there is one collector for each shard. */
  readonly leaderElection: { readonly namespace: string; readonly name: string } | undefined;
}

/** Which parts of a cluster are scraped. */
export interface ScrapedParts {
  readonly kubelets: boolean;
  readonly apiServer: boolean;
  readonly controlPlane: boolean;
  readonly nodeExporter: boolean;
  readonly gpuExporter: boolean;
  readonly annotations: boolean;
  readonly operatorObjects: boolean;
}

export interface ClusterMonitorDeps {
  readonly appender: Appender;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly clock: Clock;
  /** Is told what was due and what has been appended. Default: nobody asks. */
  readonly arrivals?: Arrivals | undefined;
  /** Where other shards' samples can be read; undefined at the edge, where nobody can sum a sharded cluster. */
  readonly querier: Querier | undefined;
  /** Where the cluster's events become rows; undefined where they are only counted. */
  readonly eventLog: EventLog | undefined;
  readonly shard: Shard;
  /** Of this process, among the contenders for a Lease. */
  readonly identity: string;
  /** The scrape jobs of the cluster are others now. */
  readonly onJobs: () => void;
}

/**
 * Everything that is done for one cluster: its scrape jobs, the metrics of its objects' state, the catalogue, and who of
 * several collectors speaks. The pools that scrape its jobs must have ended before `close`, because their taps are its own.
 */
export class ClusterMonitor {
  readonly config: MonitoredCluster;
  readonly #lease: ClusterLease;
  readonly #defaultJobs: readonly ScrapeConfig[];
  readonly #election: LeaderElection | undefined;
  readonly #catalogue: Catalogue | undefined;
  readonly #stateMetrics: StateMetrics | undefined;
  readonly #events: EventRecorder | undefined;
  readonly #operator: OperatorJobs | undefined;
  #operatorJobs: readonly ScrapeConfig[] = [];

  /** Takes the lease over. Begins at once. Throws when the selection of metrics is wrong. */
  constructor(config: MonitoredCluster, lease: ClusterLease, deps: ClusterMonitorDeps) {
    this.config = config;
    this.#lease = lease;
    const { cluster } = lease;
    const { appender, logger, registry, clock, shard } = deps;
    const { scrapeInterval, scrapeTimeout, access, scrape } = config;
    this.#defaultJobs = [
      ...defaultJobs({
        ...config,
        ...scrape,
        cluster: cluster.name,
        server: cluster.client.server,
        http: cluster.client.http,
      }),
      ...(scrape.annotations
        ? annotationJobs(access, {
            cluster: cluster.name,
            scrapeInterval,
            scrapeTimeout,
            proxy: config.nodeAccess === 'proxy' ? cluster.client : undefined,
          })
        : []),
    ];
    this.#election =
      config.leaderElection &&
      new LeaderElection({
        ...config.leaderElection,
        name: shard.count === 1 ? config.leaderElection.name : `${config.leaderElection.name}-${shard.index}`,
        client: cluster.client,
        identity: deps.identity,
        logger,
        registry,
        clock,
      });
    this.#election?.onChange(() => this.#stateMetrics?.reassess());
    const instance = shard.count === 1 ? 'pharos' : `pharos-${shard.index}`;
    this.#stateMetrics =
      config.stateMetrics &&
      createStateMetrics({
        cluster,
        appender,
        logger,
        registry,
        clock,
        arrivals: deps.arrivals,
        shard: { ordinal: shard.index, total: shard.count },
        labels: Labels.from({ job: 'kube-state-metrics', instance, cluster: cluster.name }),
        interval: scrapeInterval,
        families: config.stateMetrics,
        speaks: () => this.#speaks(),
        owns: (uid) => isOwn(shard, uid),
      });
    this.#catalogue = config.catalogue
      ? createCatalogue({
          cluster,
          appender,
          logger,
          registry,
          clock,
          arrivals: deps.arrivals,
          clusterLabel: cluster.name,
          interval: scrapeInterval,
          isLeader: () => this.#speaks() && shard.index === 0,
          isSharded: shard.count > 1,
          shared: shard.count > 1 ? deps.querier : undefined,
        })
      : undefined;
    this.#events = config.events
      ? createEventRecorder({
          cluster,
          eventLog: deps.eventLog,
          appender,
          logger,
          registry,
          clock,
          labels: Labels.from({ job: 'kubernetes-events', instance, cluster: cluster.name }),
          interval: scrapeInterval,
          isLeader: () => this.#speaks() && shard.index === 0,
        })
      : undefined;
    this.#stateMetrics?.start();
    this.#catalogue?.start();
    this.#events?.start();
    this.#operator = scrape.operatorObjects
      ? operatorJobs({
          cluster,
          access,
          logger,
          registry,
          clock,
          defaults: { scrapeInterval, scrapeTimeout },
          jobPrefix: cluster.name === '' ? '' : `${cluster.name}/`,
          // Who may create such an object must not get at files of this process.
          allowFiles: false,
          onJobs: (jobs) => {
            this.#operatorJobs = jobs;
            deps.onJobs();
          },
        })
      : undefined;
  }

  /** The value of the label `cluster`; '' for none. */
  get name(): string {
    return this.#lease.cluster.name;
  }

  /** What is scraped of the cluster, under names that no other cluster's jobs have. */
  get jobs(): readonly ScrapeConfig[] {
    return [...this.#defaultJobs, ...this.#operatorJobs];
  }

  /** Who listens to a target of the cluster. */
  tapFor(target: TappedTarget): SampleTap | undefined {
    return target.labels.get('cluster') === this.name ? this.#catalogue?.tapFor(target) : undefined;
  }

  /** The API server's URL, without credentials. */
  get server(): string {
    return this.#lease.cluster.client.server;
  }

  /** Whether this process says what only one of several collectors may say. */
  get isLeader(): boolean {
    return this.#speaks();
  }

  get stateMetricsStats(): StateMetricsStats | undefined {
    return this.#stateMetrics?.stats;
  }

  get catalogueStats(): CatalogueStats | undefined {
    return this.#catalogue?.stats;
  }

  /** The objects of Prometheus Operator, as far as they are read. */
  get operatorStatus(): OperatorStatus | undefined {
    return this.#operator?.status();
  }

  /** With `markStale` the cluster is not watched any more and its series end; without, the process ends. */
  async close(options: { readonly markStale: boolean }): Promise<void> {
    this.#operator?.close();
    await Promise.all([
      this.#stateMetrics?.close(options),
      this.#catalogue?.close(options),
      this.#events?.close(options),
    ]);
    await this.#election?.close();
    this.#lease.close();
  }

  /** Whether this process, of those that do the same work, is the one that says what only one may say. */
  #speaks(): boolean {
    return this.#election?.isLeader() ?? true;
  }
}
