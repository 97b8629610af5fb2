import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { formatDuration } from '../alerting/duration.ts';
import { SYSTEM_CLOCK } from '../clock/clock.ts';
import { createHostScraper } from '../collector/host/host-scraper.ts';
import type { ClusterMonitor } from '../collector/kubernetes/cluster-monitor.ts';
import { ClusterMonitors } from '../collector/kubernetes/cluster-monitors.ts';
import type { SharedKubeClusters } from '../collector/kubernetes/shared-kube-clusters.ts';
import { registerOtlp } from '../collector/receive/otlp/server.ts';
import { registerRemoteWrite } from '../collector/receive/server.ts';
import type { Arrivals } from '../collector/scrape/arrivals.ts';
import type { ScrapeConfig } from '../collector/scrape/scrape-config.ts';
import { type InProcessTarget, ScrapePools } from '../collector/scrape/scrape-pools.ts';
import type { TargetStatus } from '../collector/scrape/target-status.ts';
import type { Shard } from '../collector/shard.ts';
import type {
  ActiveTarget,
  KubernetesClusterStatus,
  TargetMetadata,
  TargetsStatus,
} from '../query/api/query-api-deps.ts';
import type { Storage } from '../storage/storage.ts';
import type { HostMetricsConfig, PharosConfig } from './config/config.ts';
import { type ClusterSources, findClusters } from './kubernetes-clusters.ts';
import { VERSION } from './version.ts';

export interface CollectorRole {
  /** Makes the configuration what is scraped; rejects before anything has changed. */
  apply(config: PharosConfig): Promise<void>;
  /** The names of the Kubernetes clusters that are monitored, '' for one without. */
  clusterNames(): readonly string[];
  kubernetesClusters(): readonly KubernetesClusterStatus[];
  /** Adds the receivers of remote write and OTLP to a server. */
  registerReceiver(app: Parameters<typeof registerRemoteWrite>[0], maxBodySize: number): void;
  targets(): TargetsStatus;
  targetMetadata(): Iterable<TargetMetadata>;
  /** Ends scraping; what was scraped is in the appender. */
  stop(): Promise<void>;
}

/** Scraping and receiving. Nothing is scraped before `apply`. */
export function createCollectorRole(deps: {
  readonly storage: Storage;
  /** False at the edge, where samples are only sent. Default: true. */
  readonly keepsSamples?: boolean;
  readonly clusters: SharedKubeClusters;
  /** Where Kubernetes clusters are besides the configuration. Default: nowhere. */
  readonly sources?: ClusterSources;
  /** Which of the targets are scraped. Default: all of them. */
  readonly shard?: Shard | undefined;
  /** Is told what was due and what has been appended. Default: nobody asks. */
  readonly arrivals?: Arrivals | undefined;
  readonly registry: Registry;
  readonly logger: Logger;
}): CollectorRole {
  const {
    storage,
    clusters,
    shard,
    arrivals,
    registry,
    logger,
    keepsSamples = true,
    sources = { hasFile: true, environment: {} },
  } = deps;
  const { appender } = storage;
  const pools = new ScrapePools({
    appender,
    logger,
    registry,
    version: VERSION,
    clusters,
    shard,
    arrivals,
    tapFor: (target) => monitors.tapFor(target),
  });
  let host: { readonly key: string; readonly target: InProcessTarget } | undefined;
  let jobs: readonly ScrapeConfig[] = [];
  let isStopped = false;
  const applyPools = (): void => {
    if (isStopped) return;
    pools.apply({ jobs: [...jobs, ...monitors.jobs], inProcess: host === undefined ? [] : [host.target] });
  };
  const monitors = new ClusterMonitors({
    appender,
    logger,
    registry,
    clock: SYSTEM_CLOCK,
    arrivals,
    eventLog: storage.eventLog,
    querier: keepsSamples ? storage.querier : undefined,
    shard: shard ?? { index: 0, count: 1 },
    identity: `${hostname()}-${randomUUID()}`,
    clusters,
    onJobs: applyPools,
    settled: () => pools.settled(),
  });
  const apply = async (config: PharosConfig): Promise<void> => {
    const { hostMetrics } = config;
    const found = findClusters(config.kubernetes, sources);
    if (config.kubernetes.enabled === true && found.monitored.length === 0) {
      logger.warn(
        'no Kubernetes cluster was found: name one in kubernetes.clusters or by --kubeconfig, or look at a simulated one with --demo',
      );
    }
    clusters.setNames(found.names);
    const prepared = await monitors.prepare(found.monitored);
    const key = hostKey(hostMetrics);
    // The same object for the same configuration: a running loop is known by it.
    if (host?.key !== key) host = hostMetrics.enabled ? { key, target: hostTarget(hostMetrics, logger) } : undefined;
    jobs = config.scrapeConfigs;
    await prepared.commit();
  };
  let applying: Promise<unknown> = Promise.resolve();
  return {
    apply(config) {
      const next = applying.then(() => apply(config));
      applying = next.catch(() => undefined);
      return next;
    },
    clusterNames: () => monitors.monitors.map(({ name }) => name),
    kubernetesClusters: () => monitors.monitors.map(clusterStatus),
    registerReceiver(app, maxBodySize) {
      registerRemoteWrite(app, { appender, registry, logger, maxBodyBytes: maxBodySize });
      registerOtlp(app, { appender, registry, logger, maxBodyBytes: maxBodySize, maxDecodedBytes: maxBodySize });
    },
    targets: () => targetsStatus(pools),
    *targetMetadata() {
      for (const target of pools.status()) yield { target: target.labels, metadata: target.metadata() };
    },
    async stop() {
      isStopped = true;
      await pools.close();
      await monitors.close();
    },
  };
}

function hostKey(config: HostMetricsConfig): string {
  return JSON.stringify(config, (_, value) => (value instanceof RegExp ? String(value) : value));
}

function hostTarget(config: HostMetricsConfig, logger: Logger): InProcessTarget {
  return {
    job: config.job,
    instance: config.instance ?? hostname(),
    scraper: createHostScraper({
      filesystemMountPointsExclude: config.filesystemMountPointsExclude,
      filesystemTypesExclude: config.filesystemTypesExclude,
      networkDevicesExclude: config.networkDevicesExclude,
      diskDevicesExclude: config.diskDevicesExclude,
      version: VERSION,
      logger,
    }),
    scrapeInterval: config.interval,
    scrapeTimeout: Math.min(config.interval, 10_000),
  };
}

/** In the shape of the HTTP API. */
function targetsStatus(pools: ScrapePools): TargetsStatus {
  const dropped = pools.dropped();
  return {
    activeTargets: pools.status().map(activeTarget),
    droppedTargets: dropped.targets.map(({ scrapePool, discoveredLabels }) => ({
      scrapePool,
      discoveredLabels: discoveredLabels.toObject(),
    })),
    droppedTargetCounts: dropped.counts,
  };
}

function clusterStatus(monitor: ClusterMonitor): KubernetesClusterStatus {
  const { name, server, isLeader, config, jobs, stateMetricsStats: state, catalogueStats: catalogue } = monitor;
  return {
    name,
    server,
    isLeader,
    scrapeInterval: formatDuration(config.scrapeInterval),
    scrapePools: jobs.map(({ jobName }) => jobName),
    stateMetrics: state === undefined ? null : { objects: state.objects, series: state.series },
    catalogue:
      catalogue === undefined
        ? null
        : {
            nodes: catalogue.nodes,
            pods: catalogue.pods,
            containers: catalogue.containers,
            series: catalogue.series,
          },
    operatorObjects: (monitor.operatorStatus?.objects ?? []).map(({ jobs: pools, problem, ...object }) => ({
      ...object,
      scrapePools: pools,
      problem: problem ?? '',
    })),
  };
}

function activeTarget(target: TargetStatus): ActiveTarget {
  return {
    discoveredLabels: target.discoveredLabels.toObject(),
    labels: target.labels.toObject(),
    scrapePool: target.scrapePool,
    scrapeUrl: target.scrapeUrl,
    globalUrl: target.globalUrl,
    lastError: target.lastError,
    lastScrape: target.lastScrape === 0 ? '0001-01-01T00:00:00Z' : new Date(target.lastScrape).toISOString(),
    lastScrapeDuration: target.lastScrapeDuration / 1000,
    health: target.health,
    scrapeInterval: formatDuration(target.scrapeInterval),
    scrapeTimeout: formatDuration(target.scrapeTimeout),
  };
}
