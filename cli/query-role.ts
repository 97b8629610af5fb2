import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { formatDuration } from '../alerting/duration.ts';
import type { QueryFunc } from '../alerting/query-func.ts';
import { localAnswerer } from '../query/api/answer.ts';
import type { QueryApiDeps, TargetsStatus } from '../query/api/query-api-deps.ts';
import { registerQueryApi } from '../query/api/server.ts';
import { createEngine, type EngineOptions } from '../query/engine.ts';
import type { InventorySources } from '../query/inventory/inventory.ts';
import { RESOURCES, type Resource } from '../query/inventory/resources.ts';
import { createTimedInventory } from '../query/inventory/timed-inventory.ts';
import { createLanes } from '../query/workers/lanes.ts';
import { type QueryWorker, WorkerPool } from '../query/workers/worker-pool.ts';
import { Labels } from '../storage/labels.ts';
import type { Storage } from '../storage/storage.ts';
import type { PharosConfig } from './config/config.ts';
import { renderConfig } from './config/render-config.ts';
import { queryFuncOf } from './query-func.ts';
import { defaultThreads } from './query-threads.ts';
import { formatAddress, type ServerOptions } from './server-options.ts';
import { cleanUrl, type Settings } from './settings.ts';
import { PROMETHEUS_VERSION, VERSION } from './version.ts';

export interface QueryRoleDeps {
  readonly storage: Storage;
  /** What the store tells of itself. Default: nothing. */
  readonly statistics?: NonNullable<QueryApiDeps['statistics']>;
  /** What is listed besides what is stored of clusters. Default: nothing. */
  readonly lists?: InventorySources;
  /** Starts a thread for heavy queries, whose engine has these options, and whose cache so many bytes. Default: there are no threads. */
  readonly startThread?: (thread: { engine: Omit<EngineOptions, 'querier'>; cacheBytes: number }) => QueryWorker;
  /** The configuration in force. */
  readonly config: () => PharosConfig;
  readonly settings: Settings;
  readonly options: ServerOptions;
  readonly registry: Registry;
  readonly logger: Logger;
  /** When the process started, in milliseconds since 1970. */
  readonly started: number;
  readonly ready: () => boolean;
  readonly reload: () => Promise<void>;
  /** Undefined when this process does not scrape. */
  readonly targets: () => TargetsStatus | undefined;
  readonly targetMetadata: NonNullable<QueryApiDeps['targetMetadata']>;
  /** Default: none. */
  readonly kubernetesClusters?: NonNullable<QueryApiDeps['kubernetesClusters']>;
  readonly rules: QueryApiDeps['rules'];
  readonly alerts: QueryApiDeps['alerts'];
  readonly alertmanagers: () => readonly string[];
}

export interface QueryRole {
  readonly queryFunc: QueryFunc;
  /** Ends the threads; queries that still run fail. */
  close(): Promise<void>;
  register(app: Parameters<typeof registerQueryApi>[0]): void;
}

const NO_TARGETS: TargetsStatus = { activeTargets: [], droppedTargets: [], droppedTargetCounts: {} };

/** The PromQL engine with its HTTP API. Every role serves the API; what a role does not do is empty in it. */
export function createQueryRole(deps: QueryRoleDeps): QueryRole {
  const { storage, settings, registry, logger } = deps;
  const { query, enableAdminApi } = deps.config().server;
  const options = engineOptions(deps.config(), settings);
  const local = createEngine({ ...options, querier: storage.querier });
  const { startThread } = deps;
  const size = startThread === undefined ? 0 : (query.threads ?? defaultThreads());
  const pool = new WorkerPool({
    size,
    start: () => startThread!({ engine: options, cacheBytes: query.cacheSize }),
    onDefect: (message) => logger.error(message),
  });
  const queries = new Counter({
    name: 'pharos_query_lanes_total',
    help: 'Queries by how heavy they looked: light ones run in the main thread, heavy ones in threads of their own.',
    labelNames: ['lane'],
    registers: [registry],
  });
  const lanes =
    size === 0
      ? { engine: local, answer: localAnswerer(local) }
      : createLanes({ local, pool, onLane: (lane) => queries.inc({ lane }) });
  const { engine, answer } = lanes;
  const queryFunc = queryFuncOf(engine);
  const inventory = createTimedInventory({
    query: queryFunc,
    sources: deps.lists ?? {},
    now: Date.now,
    timeout: query.timeout,
  });
  return {
    queryFunc,
    close: () => pool.close(),
    register(app) {
      registerQueryApi(app, {
        engine,
        answer,
        querier: storage.querier,
        now: Date.now,
        registry,
        logger,
        status: {
          buildInfo: {
            version: PROMETHEUS_VERSION,
            revision: '',
            branch: '',
            buildUser: '',
            buildDate: '',
            goVersion: '',
            pharosVersion: VERSION,
          },
          configYaml: () => renderConfig(deps.config()),
          flags: () => flags(settings, deps.options),
          startTime: deps.started,
          retention: settings.retention === 0 ? 'forever' : formatDuration(settings.retention),
        },
        targets: () => deps.targets() ?? NO_TARGETS,
        targetMetadata: deps.targetMetadata,
        ...(deps.kubernetesClusters && { kubernetesClusters: deps.kubernetesClusters }),
        inventory: { names: RESOURCES, list: (name, parameters) => inventory(name as Resource, parameters) },
        rules: deps.rules,
        alerts: deps.alerts,
        alertmanagers: deps.alertmanagers,
        ready: deps.ready,
        reload: deps.reload,
        externalLabels: () => Labels.from(deps.config().global.externalLabels),
        lookback: query.lookbackDelta,
        eventLog: storage.eventLog,
        ...(deps.statistics && { statistics: deps.statistics }),
        ...(enableAdminApi && { deleteSamples: (deletion, signal) => storage.deleteSamples(deletion, signal) }),
        features: settings.features,
        limits: { queryTimeout: query.timeout, maxConcurrent: query.maxConcurrency, slowQuery: query.slowQuery },
      });
    },
  };
}

/** How the configuration limits and sets up an engine. */
export function engineOptions({ server: { query }, global }: PharosConfig, settings: Settings) {
  return {
    lookback: query.lookbackDelta,
    maxSamples: query.maxSamples,
    maxBytes: query.maxMemory,
    maxSeries: query.maxSeries,
    timeout: query.timeout,
    evaluationInterval: global.evaluationInterval,
    features: settings.features,
    // The embedded engine gives samples sooner than values made of them; over a network what counts is what is sent.
    pushDown: settings.clickhouse === undefined ? ('never' as const) : ('auto' as const),
  } satisfies Omit<EngineOptions, 'querier'>;
}

/** What the process runs with, by the names of the options; without secrets. */
function flags(settings: Settings, options: ServerOptions): Record<string, string> {
  return {
    config: options.config ?? '',
    listen: formatAddress(settings.listen),
    'data-dir': settings.dataDir,
    clickhouse: settings.clickhouse === undefined ? '' : cleanUrl(settings.clickhouse.url),
    'clickhouse-http': settings.clickhouseHttp === undefined ? '' : formatAddress(settings.clickhouseHttp),
    retention: formatDuration(settings.retention),
    'enable-feature': [...settings.features].join(','),
    'log-level': options.logLevel,
  };
}
