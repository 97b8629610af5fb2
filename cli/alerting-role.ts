import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { createAlertEngine } from '../alerting/alert-engine.ts';
import type { ArrivalFunc } from '../alerting/arrival.ts';
import { BUILTIN_RULES, BUILTIN_RULES_FILE } from '../alerting/builtin-rules.ts';
import { createHttpQuery } from '../alerting/query-http.ts';
import type { AlertSnapshot, RuleGroupSnapshot } from '../alerting/rule-status.ts';
import { rulesRead } from '../alerting/rules/metrics-read.ts';
import type { QueryFunc, RuleGroup } from '../alerting/rules/rule.ts';
import { parseRuleFile } from '../alerting/rules/rule-file.ts';
import type { KubeClusters } from '../collector/kubernetes/kube-clusters.ts';
import { sameConfig } from '../collector/same-config.ts';
import type { RecentSamples } from '../storage/recent/recent-samples.ts';
import type { Storage } from '../storage/storage.ts';
import type { PharosConfig } from './config/config.ts';
import { createNotifications } from './notifications.ts';

export interface AlertingRole {
  /** Makes these the rules and receivers. Alerts of rules that stay keep their state. */
  apply(config: PharosConfig, rules: readonly RuleGroup[]): Promise<void>;
  /** Begins to evaluate. */
  start(): Promise<void>;
  stop(): Promise<void>;
  groups(): readonly RuleGroupSnapshot[];
  alerts(): readonly AlertSnapshot[];
  /** URLs of the Alertmanagers that alerts are pushed to. */
  alertmanagers(): readonly string[];
}

export interface AlertingRoleDeps {
  readonly storage: Storage;
  /** The configuration at the start; external labels and the evaluation interval are taken from it for good. */
  readonly config: PharosConfig;
  /** The engine in this process, or the URL of a server. */
  readonly query: QueryFunc | { readonly url: string };
  /** Where the query finds the recent samples of metrics that are wanted. Default: only in the store. */
  readonly recent?: RecentSamples | undefined;
  /** Is waited for before rules are evaluated. Default: nothing is. */
  readonly arrived?: ArrivalFunc | undefined;
  readonly externalUrl: string;
  /** Where Alertmanagers may be found. */
  readonly clusters: KubeClusters;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** Rules, alerts and their notifications. */
export function createAlertingRole(deps: AlertingRoleDeps): AlertingRole {
  const { storage, query, recent, arrived, clusters, registry, logger, config: first } = deps;
  let current = first;
  const externalUrl = first.notification.externalUrl ?? deps.externalUrl;
  const { notificationLog } = storage;
  const notifications = createNotifications({
    config: first,
    notificationLog,
    externalUrl,
    clusters,
    registry,
    logger,
  });
  const engine = createAlertEngine({
    query: typeof query === 'function' ? query : createHttpQuery(query),
    appender: storage.appender,
    alertLog: storage.alertLog,
    flush: (signal) => storage.flush(signal),
    ...(recent && { isImmediate: (metric) => recent.isImmediate(metric) }),
    ...(arrived && { arrived }),
    lookback: first.server.query.lookbackDelta,
    logger,
    registry,
    externalLabels: first.global.externalLabels,
    externalUrl,
    defaultInterval: first.global.evaluationInterval,
    defaultQueryOffset: first.global.ruleQueryOffset,
    notify: (alerts) => notifications.notify(alerts),
  });
  return {
    async apply(config, rules) {
      const before = current;
      current = config;
      if (
        !sameConfig(before.global.externalLabels, config.global.externalLabels) ||
        before.global.evaluationInterval !== config.global.evaluationInterval
      ) {
        logger.warn('a change of global.external_labels or evaluation_interval takes effect for rules after a restart');
      }
      if (!sameConfig(before.notification, config.notification) || !sameConfig(before.alerting, config.alerting)) {
        await notifications.apply(config);
      }
      const groups = config.builtinRules ? [...builtinRules(), ...rules] : rules;
      if (recent !== undefined) {
        const { maxReach } = recent;
        const { ruleQueryOffset: queryOffset } = first.global;
        const { lookbackDelta: lookback } = first.server.query;
        recent.want('rules', rulesRead(groups, { lookback, queryOffset, maxReach }));
      }
      engine.apply(groups);
    },
    start: () => engine.start(),
    async stop() {
      await engine.stop();
      await notifications.stop();
    },
    groups: () => engine.groups(),
    alerts: () => engine.alerts(),
    alertmanagers: () => notifications.alertmanagers(),
  };
}

function builtinRules(): readonly RuleGroup[] {
  const { groups, problems } = parseRuleFile(BUILTIN_RULES_FILE, BUILTIN_RULES);
  if (problems.length > 0) throw new Error(`the built-in rules are wrong: ${problems[0]!.message}`);
  return groups;
}
