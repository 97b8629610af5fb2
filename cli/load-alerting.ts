import { readFile } from 'node:fs/promises';
import type { IntegrationRegistry } from '../alerting/notify/integration.ts';
import type { MetricCatalogue } from '../alerting/policies/metric-catalogue.ts';
import type { AlertPolicy } from '../alerting/policies/policy.ts';
import type { RuleGroup } from '../alerting/rules/rule.ts';
import type { PharosConfig } from './config/config.ts';
import { type LoadedNotifications, loadNotifications } from './load-notifications.ts';
import { loadPolicies } from './load-policies.ts';
import { loadRules } from './load-rules.ts';

/** All that the files say of alerting, checked. */
export interface LoadedAlerting extends LoadedNotifications {
  readonly rules: readonly RuleGroup[];
  readonly policies: readonly AlertPolicy[];
}

export interface LoadAlertingOptions {
  /** PromQL's, for rules. */
  readonly features: ReadonlySet<string>;
  readonly integrations: IntegrationRegistry;
  readonly catalogue: MetricCatalogue;
}

/** Reads rules, policies and who is told of alerts. Rejects with one Error that lists every problem of every file. */
export async function loadAlerting(
  config: PharosConfig,
  { features, integrations, catalogue }: LoadAlertingOptions,
): Promise<LoadedAlerting> {
  const notifications = loadNotifications(config, integrations);
  const receivers = await notifications.then(
    ({ configuration }) => configuration.receivers.map(({ name }) => name),
    () => undefined,
  );
  const own = config.file === undefined ? undefined : { name: config.file, text: await readFile(config.file, 'utf8') };
  const [told, rules, policies] = await Promise.allSettled([
    notifications,
    loadRules(config.ruleFiles, features),
    loadPolicies({ config: own, patterns: config.policyFiles }, { catalogue, receivers }),
  ]);
  if (told.status === 'rejected' || rules.status === 'rejected' || policies.status === 'rejected') {
    const reasons = [told, rules, policies].flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    throw new Error(reasons.map((reason) => (reason instanceof Error ? reason.message : String(reason))).join('\n'));
  }
  return { ...told.value, rules: rules.value, policies: policies.value };
}
