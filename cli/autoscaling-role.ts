import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { DelegatedAccess } from '../alerting/autoscaling/access/delegated-access.ts';
import { Answers } from '../alerting/autoscaling/answers/answers.ts';
import { startMetricsApis } from '../alerting/autoscaling/api/server.ts';
import { AskedQuestions } from '../alerting/autoscaling/asked-questions.ts';
import { AutoscalerBoard } from '../alerting/autoscaling/autoscaler-board.ts';
import { Autoscalers } from '../alerting/autoscaling/autoscalers.ts';
import { catalogueMetrics } from '../alerting/autoscaling/catalogue-metrics.ts';
import { createExpressionMetric } from '../alerting/autoscaling/expressions/expression-metric.ts';
import type { MetricDefinition } from '../alerting/autoscaling/expressions/metric-definition.ts';
import { ResourceUsage } from '../alerting/autoscaling/resource-usage.ts';
import type { MetricRead, ServedMetric } from '../alerting/autoscaling/served-metric.ts';
import { metricsApisTls } from '../alerting/autoscaling/serving/metrics-apis-tls.ts';
import { Registration } from '../alerting/autoscaling/serving/registration.ts';
import { createQuerierReader } from '../alerting/querier-reader.ts';
import type { QueryFunc } from '../alerting/query-func.ts';
import { SYSTEM_CLOCK } from '../clock/clock.ts';
import { LEVELS, metricName } from '../collector/kubernetes/catalogue/definitions.ts';
import type { KubeAccess } from '../collector/kubernetes/kube-access.ts';
import type { KubeClusters } from '../collector/kubernetes/kube-clusters.ts';
import type { RecentSamples } from '../storage/recent/recent-samples.ts';
import type { Storage } from '../storage/storage.ts';
import { Cleanups } from './cleanups.ts';
import { clusterAutoscalers } from './cluster-autoscalers.ts';
import { clusterMetrics } from './cluster-metrics.ts';
import type { PharosConfig } from './config/config.ts';
import { ownNamespace } from './kubernetes-clusters.ts';
import { objectDirectory } from './object-directory.ts';
import type { Address } from './server-options.ts';
import { VERSION } from './version.ts';

/** The Kubernetes metrics APIs of one cluster. */
export interface AutoscalingRole {
  /** Where they are served. */
  readonly address: Address;
  /** What `/api/v1/autoscaling` shows. */
  readonly board: AutoscalerBoard;
  /** Makes these the named metrics. */
  apply(definitions: readonly MetricDefinition[]): void;
  stop(): Promise<void>;
}

export interface AutoscalingRoleDeps {
  /** The configuration at the start: all but the named metrics is taken from it for good. */
  readonly config: PharosConfig;
  readonly definitions: readonly MetricDefinition[];
  readonly listen: Address;
  /** The cluster that asks. */
  readonly access: KubeAccess;
  readonly clusters: KubeClusters;
  /** Whether the API server is to be told where this process is, as nothing else does it. */
  readonly isDemo: boolean;
  readonly storage: Storage;
  /** Where recent samples of metrics that are wanted are in memory. Default: only in the store. */
  readonly recent: RecentSamples | undefined;
  readonly query: QueryFunc;
  /** Whether this instance is the one that writes statuses. */
  readonly isLeader: () => boolean;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** Where the manifests put Pharos. */
const NAMESPACE = 'monitoring';

/** Begins to serve. Rejects when the access to the cluster cannot be read, a certificate cannot, or the address is taken. */
export async function startAutoscalingRole(deps: AutoscalingRoleDeps): Promise<AutoscalingRole> {
  const { config: first, listen, access, clusters, isDemo, storage, recent, query, isLeader, registry, logger } = deps;
  const config = first.autoscaling;
  const clock = SYSTEM_CLOCK;
  const { interval, freshness, hold } = config;
  const cleanups = new Cleanups();
  const report = (what: string, error: unknown) => logger.error({ err: error }, `could not end ${what}`);
  const stop = () => cleanups.run(report);
  try {
    const { cluster, close } = await clusters.open(access);
    cleanups.add('the connection to the cluster', close);
    const directory = objectDirectory(cluster);
    cleanups.add('the objects of the cluster', () => directory.close());
    const read = createQuerierReader((recent?.storage ?? storage).querier);
    const answers = new Answers({
      directory,
      clock,
      logger,
      registry,
      interval,
      onReads: (reads) => recent?.want('autoscaling', readsByMetric(reads)),
    });
    cleanups.add('the evaluation of metrics', () => answers.stop());
    const usage = new ResourceUsage({
      directory,
      read,
      cluster: cluster.name,
      logger,
      clock,
      interval,
      freshness,
      onReads: () => recent?.want('use of pods', readsByMetric(usage.reads())),
    });
    cleanups.add('the use of pods', () => usage.close());
    const { scrapeInterval } = first.kubernetes;
    const catalogue = catalogueMetrics(catalogueLevels(), {
      cluster: cluster.name,
      read,
      scrapeInterval,
      freshness,
      hold,
      interval,
    });
    answers.setMetrics('catalogue', catalogue);
    const expressions = (): ((definitions: readonly MetricDefinition[]) => readonly ServedMetric[]) =>
      keptByDefinition((definition) => createExpressionMetric(definition, { query, cluster: cluster.name }));
    const [ofConfiguration, ofResources] = [expressions(), expressions()];
    let { definitions: configured } = deps;
    answers.setMetrics('configuration', ofConfiguration(configured));
    const resources = clusterMetrics({
      cluster,
      configured: () => configured,
      defaults: { freshness, hold },
      onMetrics: (definitions) => answers.setMetrics('resources', ofResources(definitions)),
      isLeader,
      logger,
      clock,
    });
    cleanups.add('the named metrics of the cluster', () => resources.close());
    const apply = (definitions: readonly MetricDefinition[]): void => {
      configured = definitions;
      answers.setMetrics('configuration', ofConfiguration(definitions));
      resources.refresh();
    };

    const asked = new AskedQuestions(clock);
    const autoscalers = new Autoscalers({
      asked,
      clock,
      onWanted: (wanted) => {
        answers.want('autoscalers', wanted.metrics);
        usage.want('autoscalers', wanted.usage);
      },
    });
    const followed = clusterAutoscalers(cluster, autoscalers);
    cleanups.add('the autoscalers', () => followed.close());
    answers.start();

    const service = { namespace: config.serviceNamespace ?? namespaceOf(access), name: config.serviceName };
    const files = config.tls && { cert: config.tls.certFile, key: config.tls.keyFile };
    const tls = await metricsApisTls({ service, files, api: cluster.client, logger, clock });
    cleanups.add('the certificates', () => tls.close());
    const control = new DelegatedAccess({
      api: cluster.client,
      logger,
      clock,
      onAuthorities: (pems) => tls.setAuthorities(pems),
    });
    cleanups.add('the access control', () => control.close());
    const server = await startMetricsApis({
      address: listen,
      tls,
      access: control,
      metrics: asked.metrics(answers),
      usage: asked.usage(usage),
      directory,
      logger,
      registry,
      clock,
      version: VERSION,
      checks: [
        {
          name: 'access',
          live: false,
          problem: () => (control.isReady ? undefined : 'it is not known yet whom the API server vouches for'),
        },
      ],
    });
    cleanups.add('the metrics APIs', () => server.close());
    let registration: Registration | undefined;
    if (config.register) {
      const registered = new Registration({
        api: cluster.client,
        service,
        caBundle: () => tls.caBundle,
        create: isDemo ? server.address : undefined,
        logger,
        clock,
      });
      cleanups.add('the registration', () => registered.close());
      tls.onCertificate(() => registered.refresh());
      registration = registered;
    }
    const board = new AutoscalerBoard({
      autoscalers,
      asked,
      metrics: answers,
      usage,
      clock,
      ...(registration !== undefined && { registration: () => registration.status() }),
    });
    return { address: server.address, board, apply, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes metrics of definitions; one that has not changed stays the same object, which keeps its values. */
function keptByDefinition(
  create: (definition: MetricDefinition) => ServedMetric,
): (definitions: readonly MetricDefinition[]) => readonly ServedMetric[] {
  let kept = new Map<string, ServedMetric>();
  return (definitions) => {
    const before = kept;
    kept = new Map();
    for (const definition of definitions) {
      const key = JSON.stringify(definition);
      kept.set(key, before.get(key) ?? create(definition));
    }
    return [...kept.values()];
  };
}

function namespaceOf(access: KubeAccess): string {
  return access.kind === 'in-cluster' ? ownNamespace() : NAMESPACE;
}

function catalogueLevels() {
  return LEVELS.map(({ level, definitions }) => ({
    level,
    metrics: new Map(definitions.map((definition) => [metricName(level, definition), { unit: definition.unit }])),
  }));
}

function readsByMetric(reads: readonly MetricRead[]): ReadonlyMap<string, number> {
  const back = new Map<string, number>();
  for (const read of reads) back.set(read.metric, Math.max(back.get(read.metric) ?? 0, read.back));
  return back;
}
