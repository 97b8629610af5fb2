import { once } from 'node:events';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import pino from 'pino';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { autoscalingSection } from '../alerting/api/autoscaling-endpoints.ts';
import { createIntegrationRegistry } from '../alerting/notify/receivers/integration-registry.ts';
import { createHttpQuery } from '../alerting/query-http.ts';
import { SYSTEM_CLOCK } from '../clock/clock.ts';
import { isInCluster } from '../collector/kubernetes/kube-access.ts';
import { SharedKubeClusters } from '../collector/kubernetes/shared-kube-clusters.ts';
import { sameConfig } from '../collector/same-config.ts';
import { startArrivalMarks } from '../collector/scrape/arrival-marks.ts';
import { Arrivals } from '../collector/scrape/arrivals.ts';
import { type AlertingRole, createAlertingRole } from './alerting-role.ts';
import { type AutoscalingRole, startAutoscalingRole } from './autoscaling-role.ts';
import { Cleanups } from './cleanups.ts';
import { createCollectorRole } from './collector-role.ts';
import type { PharosConfig } from './config/config.ts';
import { defaultConfig } from './config/default-config.ts';
import { loadConfig } from './config/load-config.ts';
import { formatProblems } from './config/problem.ts';
import { startDemo } from './demo.ts';
import { inventorySources } from './inventory-sources.ts';
import { type ClusterSources, findClusters } from './kubernetes-clusters.ts';
import { contendToAlert } from './leadership.ts';
import { type LoadedAlerting, loadAlerting } from './load-alerting.ts';
import { loadMetrics } from './load-metrics.ts';
import { openNotificationHttp } from './notification-http.ts';
import { openStorage, serverClientOptions } from './open-storage.ts';
import { pageFiles } from './page.ts';
import { passOnToPeers } from './peer-roles.ts';
import { policyCatalogue } from './policy-catalogue.ts';
import { createQueryRole } from './query-role.ts';
import { startQueryThread } from './query-threads.ts';
import { createRuleQueries } from './rule-queries.ts';
import { sampleArrival } from './sample-arrival.ts';
import { buildServer, listen } from './server.ts';
import { formatAddress, localUrl, type Role, type ServerOptions } from './server-options.ts';
import { resolveSettings } from './settings.ts';
import { startSqlServers } from './sql-servers.ts';
import { startupText } from './startup-text.ts';
import { VERSION } from './version.ts';
import { whereAutoscalersAsk } from './where-autoscalers-ask.ts';
import { withRules } from './with-rules.ts';

/** SIGTERM to exit, in milliseconds; the store gets what is left of it. */
const STOP_WITHIN = 9_000;

/**
 * Runs a role until SIGTERM or SIGINT and resolves with the exit code. Everything is wired here, in the order in which
 * it starts; it ends in reverse: no more scrapes, no more evaluations, no more requests, then the store is flushed and
 * closed.
 */
export async function runRole(role: Role, options: ServerOptions): Promise<number> {
  const started = Date.now();
  const logger = pino({ level: options.logLevel, base: null }, pino.destination({ dest: 2, sync: true }));
  const cleanups = new Cleanups();
  const report = (what: string, error: unknown) => logger.error({ err: error }, `could not end ${what}`);
  const stopped = stopSignal();

  let config = await readConfig(options, logger);
  const settings = resolveSettings(options, config);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'pharos_build_info',
    help: 'Always 1, with the version that runs.',
    labelNames: ['version', 'role'],
    registers: [registry],
  }).set({ version: VERSION, role }, 1);

  try {
    const server = settings.clickhouse === undefined ? undefined : await serverClientOptions(settings.clickhouse);
    const { storage: store, clickhouse } = await openStorage(settings, config, { role, server, registry, logger });
    const otherWriters = server !== undefined;
    const rules =
      role === 'all' || (role === 'alerting' && otherWriters && options.queryUrl === undefined)
        ? createRuleQueries({ storage: store, otherWriters, config, settings, registry, logger })
        : undefined;
    const storage = rules?.recent.storage ?? store;
    let stopBy = Number.POSITIVE_INFINITY;
    cleanups.add('the store', () => storage.close(Math.max(1000, Math.min(STOP_WITHIN, stopBy - Date.now()))));
    cleanups.add('SQL over HTTP', await startSqlServers(clickhouse, settings, { registry, logger }));

    const withQuery = role === 'all' || role === 'query';
    const withCollector = role === 'all' || role === 'collector';
    const withAlerting = role === 'all' || role === 'alerting';
    const clusters = new SharedKubeClusters({ environment: process.env, registry, logger });
    cleanups.add('the connections to clusters', () => clusters.close());
    const { shard } = settings;
    const arrivals = withCollector ? new Arrivals({ clock: SYSTEM_CLOCK }) : undefined;
    const demo =
      options.demo === true && withCollector
        ? await startDemo({ ...options, dataDir: settings.dataDir }, logger)
        : undefined;
    if (demo !== undefined) cleanups.add('the simulated cluster', () => demo.close());
    const sources: ClusterSources = {
      hasFile: options.config !== undefined,
      demo: demo?.access,
      kubeconfig:
        options.kubeconfig === undefined
          ? undefined
          : { file: path.resolve(options.kubeconfig), context: options.context },
      environment: process.env,
    };
    const collector = withCollector
      ? createCollectorRole({
          storage,
          keepsSamples: clickhouse !== undefined,
          clusters,
          sources,
          shard,
          arrivals,
          registry,
          logger,
        })
      : undefined;
    const integrations = createIntegrationRegistry({ openHttp: openNotificationHttp, clock: SYSTEM_CLOCK, registry });
    const loading = { features: settings.features, integrations, catalogue: policyCatalogue() };
    let alerting: AlertingRole | undefined;
    let autoscaling: AutoscalingRole | undefined;
    let loadedAtStart: LoadedAlerting | undefined;
    let ready = false;
    /** The clusters of a configuration, which have their names from now on. */
    const accessesOf = ({ kubernetes }: PharosConfig) => {
      const { monitored, names } = findClusters(kubernetes, sources);
      clusters.setNames(names);
      return monitored.map(({ access }) => access);
    };

    /** All of it is read and checked before any of it is applied. */
    const readAndApply = async (): Promise<void> => {
      if (!ready) throw new Error('the server is starting or ending');
      const next = await readConfig(options, logger);
      const loaded = withAlerting ? await loadAlerting(next, loading) : undefined;
      const metrics = withAlerting ? await loadMetrics(next) : [];
      warnOfRemoteWrite(config, next, logger);
      await collector?.apply(next);
      config = next;
      if (loaded !== undefined) await alerting?.apply(next, loaded, accessesOf(next));
      autoscaling?.apply(metrics);
    };
    let reloading: Promise<unknown> = Promise.resolve();
    /** One after the other: a signal may come while a request is being answered. */
    const reload = (): Promise<void> => {
      const reloaded = reloading.then(readAndApply);
      reloading = reloaded.catch(() => undefined);
      return reloaded;
    };

    const peers = role === 'query' ? { alerting: options.alertingUrl, collector: options.collectorUrl } : {};
    const lists = inventorySources(
      {
        targets: () => collector?.targets().activeTargets ?? [],
        alerts: () => alerting?.alerts() ?? [],
        told: () => alerting?.told() ?? [],
        silences: () => alerting?.silences() ?? [],
        statistics: clickhouse?.statistics,
      },
      peers,
    );
    cleanups.add('what is asked of other roles', lists.close);
    const query = createQueryRole({
      // The window is for rules and policies.
      storage: { ...storage, querier: store.querier },
      ...(clickhouse && { statistics: clickhouse.statistics }),
      lists: lists.sources,
      ...(clickhouse && { startThread: (thread) => startQueryThread({ storage: clickhouse, server, ...thread }) }),
      config: () => config,
      settings,
      options,
      registry,
      logger,
      started,
      ready: () => ready,
      reload,
      targets: () => collector?.targets(),
      targetMetadata: () => collector?.targetMetadata() ?? [],
      kubernetesClusters: () =>
        (collector?.kubernetesClusters() ?? []).map((cluster) => withRules(cluster, alerting?.ruleObjects() ?? [])),
      rules: () => alerting?.groups() ?? [],
      alerts: () => alerting?.alerts() ?? [],
      alertmanagers: () => alerting?.alertmanagers() ?? [],
    });
    cleanups.add('the query threads', () => query.close());
    const queryFunc =
      rules?.queryFunc ??
      (role === 'all' ? query.queryFunc : createHttpQuery({ url: options.queryUrl ?? 'http://127.0.0.1:9090' }));
    if (withAlerting) {
      const [access] = accessesOf(config);
      const { leaseLog } = storage;
      const loaded = await loadAlerting(config, loading);
      const leadership = await contendToAlert(config.alerting, { leaseLog, access, clusters, registry, logger });
      cleanups.add('the leadership', () => leadership.close());
      const created = createAlertingRole({
        storage,
        config,
        loaded,
        query: queryFunc,
        recent: rules?.recent,
        arrived: sampleArrival({
          arrivals: otherWriters ? undefined : arrivals,
          isImmediate: rules !== undefined,
          storage,
          timeout: config.alerting.arrivalTimeout,
        }),
        leadership,
        externalUrl: localUrl(settings.listen),
        clusters,
        features: settings.features,
        registry,
        logger,
        started,
      });
      alerting = created;
      // In case that nothing comes of the rest; otherwise it ends before the HTTP server.
      cleanups.add('the alerting', () => created.stop());
      const served = whereAutoscalersAsk(config.autoscaling, {
        option: options.metricsApis,
        accesses: accessesOf(config),
        isInCluster: isInCluster(process.env),
        isDemo: demo !== undefined,
      });
      if (served !== undefined) {
        autoscaling = await startAutoscalingRole({
          ...served,
          config,
          definitions: await loadMetrics(config),
          clusters,
          isDemo: demo !== undefined,
          storage,
          recent: rules?.recent,
          query: queryFunc,
          isLeader: () => leadership.isLeader(),
          registry,
          logger,
        });
        cleanups.add('the metrics APIs', autoscaling.stop);
      }
    }
    const hosts = [new URL(config.notification.externalUrl ?? localUrl(settings.listen)).hostname];
    const app = buildServer({
      logger,
      maxBodySize: config.server.maxBodySize,
      hosts,
      page: withQuery ? pageFiles({ isSimulated: demo !== undefined }) : [],
      register: (server) => {
        if (role === 'query') {
          const passing = passOnToPeers(server, { peers, hosts, logger });
          cleanups.add('the connections to other roles', passing.close);
        }
        query.register(server);
        collector?.registerReceiver(server, config.server.maxBodySize);
        alerting?.register(server, [autoscalingSection({ board: () => autoscaling?.board, clock: SYSTEM_CLOCK })]);
      },
    });
    const address = await listen(app, settings.listen);
    cleanups.add('the HTTP server', () => app.close());

    if (alerting !== undefined) {
      const role = alerting;
      cleanups.add('the alerting', () => role.stop());
      loadedAtStart = await loadAlerting(config, loading);
      await role.apply(config, loadedAtStart, accessesOf(config));
      await role.start();
    }
    if (collector !== undefined) {
      cleanups.add('the collector', () => collector.stop());
      await collector.apply(config);
      if (arrivals !== undefined && otherWriters) {
        const name = `${hostname()} ${formatAddress(settings.listen)}`;
        const marks = { arrivals, appender: storage.appender, clock: SYSTEM_CLOCK, logger, collector: name };
        cleanups.add('the marks of what has arrived', startArrivalMarks(marks).stop);
      }
    }

    process.on('SIGHUP', () => {
      reload().catch((error: unknown) => {
        logger.error(`the configuration stays as it was: ${error instanceof Error ? error.message : String(error)}`);
      });
    });
    ready = true;
    const milliseconds = Date.now() - started;
    const ruleGroups = alerting?.groups().length ?? 0;
    console.log(
      startupText({
        role,
        keepsSamples: clickhouse !== undefined,
        clusters: collector?.clusterNames() ?? [],
        metricsApis: autoscaling?.address,
        demo,
        config,
        settings,
        address,
        milliseconds,
        ruleGroups,
        policies: loadedAtStart?.policies.length ?? 0,
        receivers: (loadedAtStart?.configuration.receivers ?? []).flatMap(({ name, integrations: all }) =>
          all.length > 0 ? [name] : [],
        ),
      }),
    );
    await stopped;
    stopBy = Date.now() + STOP_WITHIN;
    ready = false;
    await cleanups.run(report);
    return 0;
  } catch (error) {
    await cleanups.run(report);
    throw error;
  }
}

async function readConfig(options: ServerOptions, logger: Logger): Promise<PharosConfig> {
  if (options.config === undefined) {
    return defaultConfig({ listen: options.listen ?? { host: '127.0.0.1', port: 9090 } });
  }
  const { config, warnings } = await loadConfig(options.config, { environment: process.env });
  for (const line of warnings.length === 0 ? [] : formatProblems(warnings).split('\n')) logger.warn(line);
  return config;
}

function warnOfRemoteWrite(before: PharosConfig, next: PharosConfig, logger: Logger): void {
  const sending = ({ remoteWrite, global }: PharosConfig) =>
    remoteWrite.length === 0 ? [] : [remoteWrite, global.externalLabels];
  if (sameConfig(sending(before), sending(next))) return;
  logger.warn('a change of remote_write, or of external_labels for it, takes effect after a restart');
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
async function stopSignal(): Promise<void> {
  const first = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(130));
  void first;
}
