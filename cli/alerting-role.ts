import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type AlertEngine, createAlertEngine } from '../alerting/alert-engine.ts';
import type { AlertSnapshot } from '../alerting/alert-snapshot.ts';
import { alertJson, inListOrder, silenceJson } from '../alerting/api/alertmanager-json.ts';
import { currentAlerts } from '../alerting/api/current-alerts.ts';
import type { ApiSection } from '../alerting/api/endpoint.ts';
import { historySection } from '../alerting/api/history-endpoints.ts';
import { policySection } from '../alerting/api/policy-endpoints.ts';
import { registerAlertingApi } from '../alerting/api/server.ts';
import type { ArrivalFunc } from '../alerting/arrival.ts';
import { BUILTIN_RULES, BUILTIN_RULES_FILE } from '../alerting/builtin-rules.ts';
import type { Leadership } from '../alerting/leadership.ts';
import type { NotifiableAlert } from '../alerting/notifiable-alert.ts';
import { createNotifier } from '../alerting/notify/notifier.ts';
import { createPolicyEngine } from '../alerting/policies/policy-engine.ts';
import { PolicySet } from '../alerting/policies/policy-set.ts';
import { PolicyStore } from '../alerting/policies/policy-store.ts';
import type { PolicyContext } from '../alerting/policies/read-policy.ts';
import { createQuerierReader } from '../alerting/querier-reader.ts';
import type { QueryFunc } from '../alerting/query-func.ts';
import type { RuleGroupSnapshot } from '../alerting/rule-status.ts';
import { rulesRead } from '../alerting/rules/metrics-read.ts';
import type { RuleGroup } from '../alerting/rules/rule.ts';
import { parseRuleFile } from '../alerting/rules/rule-file.ts';
import { type RuleObjectStatus, RuleObjects } from '../alerting/rules/rule-objects.ts';
import { Silences } from '../alerting/silences/silences.ts';
import { SYSTEM_CLOCK } from '../clock/clock.ts';
import type { KubeAccess } from '../collector/kubernetes/kube-access.ts';
import type { KubeClusters } from '../collector/kubernetes/kube-clusters.ts';
import { sameConfig } from '../collector/same-config.ts';
import { alertTraits } from '../query/inventory/alerts.ts';
import { StorageError } from '../storage/errors.ts';
import { Labels } from '../storage/labels.ts';
import type { RecentSamples } from '../storage/recent/recent-samples.ts';
import type { Storage } from '../storage/storage.ts';
import { type AlertmanagerPushes, startAlertmanagerPushes } from './alertmanager-pushes.ts';
import { ClusterAlerting } from './cluster-alerting.ts';
import type { PharosConfig } from './config/config.ts';
import type { LoadedAlerting } from './load-alerting.ts';
import { policyCatalogue } from './policy-catalogue.ts';
import { VERSION } from './version.ts';

export interface AlertingRole {
  /**
   * Makes these the rules, policies and receivers. Alerts of those that stay keep their state. Rejects, and changes nothing, when a receiver
   * or an Alertmanager cannot be made.
   */
  apply(config: PharosConfig, loaded: LoadedAlerting, accesses: readonly KubeAccess[]): Promise<void>;
  /** Begins to evaluate, as soon as this instance leads. */
  start(): Promise<void>;
  stop(): Promise<void>;
  groups(): readonly RuleGroupSnapshot[];
  /** Pending and firing alerts, of rules and of policies. */
  alerts(): readonly AlertSnapshot[];
  /** The alerts that are being told, as /api/v2/alerts has them. */
  told(): readonly ReturnType<typeof alertJson>[];
  /** The silences as /api/v2/silences has them. Throws a StorageError until they have been read. */
  silences(): readonly ReturnType<typeof silenceJson>[];
  /** URLs of the Alertmanagers that alerts are pushed to. */
  alertmanagers(): readonly string[];
  /** What has become of the PrometheusRules of the clusters. */
  ruleObjects(): readonly RuleObjectStatus[];
  /** Adds the HTTP API, with more sections of it. */
  register(app: Parameters<typeof registerAlertingApi>[0], sections?: readonly ApiSection[]): void;
}

export interface AlertingRoleDeps {
  readonly storage: Storage;
  /** The configuration at the start; external labels and the evaluation interval are taken from it for good. */
  readonly config: PharosConfig;
  readonly loaded: LoadedAlerting;
  /** The engine in this process, or the URL of a server. */
  readonly query: QueryFunc;
  /** Where the query finds the recent samples of metrics that are wanted. Default: only in the store. */
  readonly recent?: RecentSamples | undefined;
  /** Is waited for before rules and policies are evaluated. */
  readonly arrived: ArrivalFunc;
  readonly leadership: Leadership;
  readonly externalUrl: string;
  /** Where Alertmanagers, rules and policies may be found. */
  readonly clusters: KubeClusters;
  /** PromQL's. */
  readonly features: ReadonlySet<string>;
  readonly registry: Registry;
  readonly logger: Logger;
  /** When the process started, in milliseconds since 1970. */
  readonly started: number;
}

const FLUSH_TIMEOUT = 2_000;

/** Rules, policies, alerts, silences and notifications. */
export function createAlertingRole(deps: AlertingRoleDeps): AlertingRole {
  return new Role(deps);
}

class Role implements AlertingRole {
  readonly #deps: AlertingRoleDeps;
  readonly #query: QueryFunc;
  readonly #silences: Silences;
  readonly #notifier;
  readonly #policies: PolicySet;
  readonly #policyStore: PolicyStore;
  readonly #policyEngine;
  readonly #ruleObjects: RuleObjects;
  readonly #clusterAlerting: ClusterAlerting;
  readonly #catalogue = policyCatalogue();
  #pushes: AlertmanagerPushes;
  #rules: AlertEngine;
  /** The rule engine's own metrics, which its successor counts anew. */
  #ruleMetrics: readonly string[] = [];
  #config: PharosConfig;
  #loaded: LoadedAlerting;
  #isStarted = false;
  #isStopped = false;
  #leads = false;
  #stopping: Promise<void> | undefined;
  #unsubscribe: () => void = () => undefined;
  /** Beginnings and ends of leading, one after the other. */
  #turning: Promise<void> = Promise.resolve();

  constructor(deps: AlertingRoleDeps) {
    this.#deps = deps;
    this.#query = deps.query;
    this.#config = deps.config;
    this.#loaded = deps.loaded;
    const { storage, config, loaded, recent, arrived, leadership, clusters, features, registry, logger } = deps;
    const { externalLabels } = config.global;
    const externalUrl = this.#externalUrl;
    this.#silences = new Silences({
      log: storage.documentLog,
      clock: SYSTEM_CLOCK,
      logger,
      registry,
      // Whoever has the store alone need not look for what others change.
      ...(storage.leaseLog === undefined && { pollInterval: 60_000 }),
    });
    this.#notifier = createNotifier({
      configuration: loaded.configuration,
      templates: loaded.templates,
      notificationLog: storage.notificationLog,
      silenced: (labels) => this.#silences.silencedBy(labels),
      // Before the silences are known nobody can say who must not be told.
      isLeader: () => leadership.isLeader() && this.#silences.isRead,
      externalUrl,
      logger,
      registry,
    });
    this.#pushes = this.#startPushes(config);
    this.#rules = this.#createRules();
    this.#policyEngine = createPolicyEngine({
      read: createQuerierReader((recent?.storage ?? storage).querier),
      appender: storage.appender,
      alertLog: storage.alertLog,
      arrival: arrived,
      logger,
      registry,
      externalLabels,
      externalUrl,
      metricInfo: (metric) => this.#catalogue.info(metric),
      query: async (expr, time, signal) => (await this.#query(expr, time, signal)).samples,
      notify: (alerts) => this.#notify(alerts),
    });
    this.#policies = new PolicySet({
      onChange: (policies) => {
        this.#policyEngine.apply(policies);
        recent?.want('policies', new Map(this.#policyEngine.reads().map(({ metric, back }) => [metric, back])));
      },
    });
    const context = (): PolicyContext => this.#policyContext;
    this.#policyStore = new PolicyStore({
      log: storage.documentLog,
      context,
      clock: SYSTEM_CLOCK,
      logger,
      onChange: (stored) =>
        this.#policies.set(
          'api',
          stored.flatMap(({ policy }) => policy ?? []),
        ),
    });
    this.#ruleObjects = new RuleObjects({ features, logger, registry, onChange: () => this.#applyRules() });
    this.#clusterAlerting = new ClusterAlerting({
      clusters,
      rules: this.#ruleObjects,
      set: this.#policies,
      context,
      firing: (id) => this.#policyEngine.snapshot(id)?.firing,
      isLeader: () => leadership.isLeader(),
      logger,
    });
  }

  async apply(config: PharosConfig, loaded: LoadedAlerting, accesses: readonly KubeAccess[]): Promise<void> {
    const { logger } = this.#deps;
    if (this.#isStopped) return;
    const before = this.#config;
    if (
      !sameConfig(before.global.externalLabels, config.global.externalLabels) ||
      before.global.evaluationInterval !== config.global.evaluationInterval
    ) {
      logger.warn('a change of global.external_labels or evaluation_interval takes effect for rules after a restart');
    }
    if (!sameConfig(before.alerting.leaderElection, config.alerting.leaderElection)) {
      logger.warn('a change of alerting.leader_election takes effect after a restart');
    }
    // What can fail comes first.
    const pushes = sameConfig(before.alerting, config.alerting) ? this.#pushes : this.#startPushes(config);
    try {
      await this.#notifier.apply(loaded.configuration, loaded.templates);
    } catch (error) {
      if (pushes !== this.#pushes) await pushes.stop();
      throw error;
    }
    this.#config = config;
    this.#loaded = loaded;
    const replaced = pushes === this.#pushes ? undefined : this.#pushes;
    this.#pushes = pushes;
    await replaced?.stop();
    if (this.#isStopped) {
      // Whoever stopped it may have stopped those before.
      await pushes.stop();
      return;
    }
    this.#applyRules();
    this.#policies.set('files', loaded.policies);
    await this.#clusterAlerting.apply(accesses);
    this.#clusterAlerting.refresh();
  }

  async start(): Promise<void> {
    const { leadership } = this.#deps;
    this.#isStarted = true;
    await Promise.all([this.#silences.start(), this.#policyStore.start()]);
    this.#notifier.start();
    this.#unsubscribe = leadership.onChange(() => this.#turn());
    this.#turn();
    await this.#turning;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe();
    await this.#clusterAlerting.close();
    await this.#turning;
    await Promise.all([this.#rules.stop(), this.#policyEngine.stop()]);
    await Promise.all([this.#notifier.stop(), this.#pushes.stop(), this.#silences.stop(), this.#policyStore.stop()]);
    // Who leads next reads what this one wrote last.
    const { storage, leadership, logger } = this.#deps;
    await storage.flush(AbortSignal.timeout(FLUSH_TIMEOUT)).catch((error: unknown) => {
      logger.warn(
        `what was alerted last may not be in the store yet: ${error instanceof Error ? error.message : error}`,
      );
    });
    await leadership.close();
  }

  groups(): readonly RuleGroupSnapshot[] {
    return this.#rules.groups();
  }

  alerts(): readonly AlertSnapshot[] {
    return [...this.#rules.alerts(), ...this.#policyEngine.alerts()];
  }

  told(): readonly ReturnType<typeof alertJson>[] {
    return this.#notifier.alerts().map((alert) => alertJson(alert, { receivers: alert.receivers, mutedBy: [] }));
  }

  silences(): readonly ReturnType<typeof silenceJson>[] {
    if (!this.#silences.isRead) {
      throw new StorageError('unavailable', 'the silences cannot be read yet: the store does not answer');
    }
    const now = SYSTEM_CLOCK.now();
    return inListOrder(this.#silences.list(), now).map((silence) => silenceJson(silence, now));
  }

  alertmanagers(): readonly string[] {
    return this.#pushes.urls();
  }

  ruleObjects(): readonly RuleObjectStatus[] {
    return this.#ruleObjects.status();
  }

  register(app: Parameters<typeof registerAlertingApi>[0], sections: readonly ApiSection[] = []): void {
    const { storage, config, registry, logger, started } = this.#deps;
    const clock = SYSTEM_CLOCK;
    registerAlertingApi(app, {
      board: this.#notifier,
      silences: this.#silences,
      clock,
      version: VERSION,
      startTime: started,
      hosts: [new URL(this.#externalUrl).hostname],
      logger,
      registry,
      sections: [
        historySection({
          alertLog: storage.alertLog,
          notificationLog: storage.notificationLog,
          documentLog: storage.documentLog,
          clock,
          externalLabels: Labels.from(config.global.externalLabels),
          current: () => {
            const external = config.global.externalLabels;
            const seen = this.alerts().map((alert) => ({ ...alert, labels: { ...external, ...alert.labels } }));
            return currentAlerts(seen, this.told());
          },
          traits: alertTraits,
        }),
        policySection({
          policies: this.#policies,
          store: this.#policyStore,
          engine: this.#policyEngine,
          context: () => this.#policyContext,
          clock,
          logger,
        }),
        ...sections,
      ],
    });
  }

  get #externalUrl(): string {
    return this.#config.notification.externalUrl ?? this.#deps.externalUrl;
  }

  get #policyContext(): PolicyContext {
    return {
      catalogue: this.#catalogue,
      receivers: this.#loaded.configuration.receivers.map(({ name }) => name),
    };
  }

  #startPushes({ alerting }: PharosConfig): AlertmanagerPushes {
    const { clusters, leadership, logger } = this.#deps;
    return startAlertmanagerPushes({ config: alerting, clusters, isLeader: () => leadership.isLeader(), logger });
  }

  #notify(alerts: readonly NotifiableAlert[]): void {
    this.#notifier.notify(alerts);
    this.#pushes.notify(alerts);
  }

  #createRules(): AlertEngine {
    const { storage, recent, arrived, registry, logger, config: first } = this.#deps;
    for (const name of this.#ruleMetrics) registry.removeSingleMetric(name);
    const others = new Set(registry.getMetricsAsArray().map(({ name }) => name));
    const engine = createAlertEngine({
      query: this.#query,
      appender: storage.appender,
      alertLog: storage.alertLog,
      flush: (signal) => storage.flush(signal),
      ...(recent && { isImmediate: (metric: string) => recent.isImmediate(metric) }),
      arrived,
      lookback: first.server.query.lookbackDelta,
      logger,
      registry,
      externalLabels: first.global.externalLabels,
      externalUrl: this.#externalUrl,
      defaultInterval: first.global.evaluationInterval,
      defaultQueryOffset: first.global.ruleQueryOffset,
      isComplete: () => this.#clusterAlerting.isComplete,
      notify: (alerts) => this.#notify(alerts),
    });
    this.#ruleMetrics = registry.getMetricsAsArray().flatMap(({ name }) => (others.has(name) ? [] : [name]));
    return engine;
  }

  #applyRules(): void {
    const { recent, config: first } = this.#deps;
    const builtin = this.#config.builtinRules ? builtinRules() : [];
    const groups = [...builtin, ...this.#loaded.rules, ...this.#ruleObjects.groups()];
    if (recent !== undefined) {
      const { maxReach } = recent;
      const { ruleQueryOffset: queryOffset } = first.global;
      const { lookbackDelta: lookback } = first.server.query;
      recent.want('rules', rulesRead(groups, { lookback, queryOffset, maxReach }));
    }
    this.#rules.apply(groups);
  }

  /** Begins or ends to evaluate, as this instance leads or does not. */
  #turn(): void {
    const { leadership, logger } = this.#deps;
    this.#turning = this.#turning
      .then(async () => {
        const leads = leadership.isLeader() && this.#isStarted;
        if (leads === this.#leads || this.#isStopped) return;
        this.#leads = leads;
        if (leads) {
          await this.#rules.start();
          this.#policyEngine.start();
          return;
        }
        await Promise.all([this.#rules.stop(), this.#policyEngine.stop()]);
        // Should it lead again, it goes on from what the log says then.
        this.#rules = this.#createRules();
        this.#applyRules();
      })
      .catch((error: unknown) => logger.error({ err: error }, 'alerting could not change over'));
  }
}

function builtinRules(): readonly RuleGroup[] {
  const { groups, problems } = parseRuleFile(BUILTIN_RULES_FILE, BUILTIN_RULES);
  if (problems.length > 0) throw new Error(`the built-in rules are wrong: ${problems[0]!.message}`);
  return groups;
}
