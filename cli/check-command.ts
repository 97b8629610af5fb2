import { Registry } from 'prom-client';
import { createIntegrationRegistry } from '../alerting/notify/receivers/integration-registry.ts';
import { describeDuplicate, duplicateRules } from '../alerting/rules/duplicate-rules.ts';
import { parseRuleFile } from '../alerting/rules/rule-file.ts';
import { formatFileProblems } from '../alerting/yaml-reader.ts';
import { SYSTEM_CLOCK } from '../clock/clock.ts';
import type { PharosConfig } from './config/config.ts';
import { glob } from './config/glob.ts';
import { loadConfig } from './config/load-config.ts';
import { ConfigError, formatProblems } from './config/problem.ts';
import { counted } from './counted.ts';
import { loadAlerting } from './load-alerting.ts';
import { loadMetrics } from './load-metrics.ts';
import { openNotificationHttp } from './notification-http.ts';
import { policyCatalogue } from './policy-catalogue.ts';
import { readText } from './read-text.ts';

/** Prints every problem of a configuration and of the files that it names; the exit code is 1 when one of them is an error. */
export async function checkConfig(file: string, features: ReadonlySet<string>): Promise<number> {
  try {
    const { config, warnings } = await loadConfig(file, { environment: process.env, missingFiles: 'error' });
    if (warnings.length > 0) console.error(formatProblems(warnings));
    const alerting = await describeAlerting(config);
    const metrics = await describeMetrics(config);
    const isGood = alerting !== undefined && metrics !== undefined;
    if (isGood) {
      const parts = [counted(config.scrapeConfigs.length, 'scrape job'), ...alerting, ...metrics];
      if (config.ruleFiles.length > 0)
        parts.push(counted(config.ruleFiles.length, 'pattern of rule files', 'patterns of rule files'));
      console.log(`${file}: good: ${parts.join(', ')}`);
    } else {
      const wrong = alerting === undefined ? 'policies or whom it tells' : 'metrics for autoscalers';
      console.error(`${file}: its ${wrong} are wrong`);
    }
    const ruleFiles = (await Promise.all(config.ruleFiles.map(glob))).flat();
    return Math.max(isGood ? 0 : 1, await checkRules(ruleFiles, features));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(formatProblems([...error.problems, ...error.warnings]));
    console.error(`${file}: ${counted(error.problems.length, 'error')}`);
    return 1;
  }
}

/** What is looked for in rule files that are no mistakes, as promtool names it. */
export type RuleLint = 'all' | 'duplicate-rules' | 'none';

export interface CheckRulesOptions {
  /** Default: duplicate-rules, which is all there is. */
  readonly lint?: RuleLint;
  /** Whether what is found makes the exit code 3. Default false. */
  readonly lintFatal?: boolean;
}

/** How many named metrics there are; undefined when one of them is wrong, after printing every problem. */
async function describeMetrics(config: PharosConfig): Promise<readonly string[] | undefined> {
  try {
    const { length } = await loadMetrics(config);
    return length === 0 ? [] : [counted(length, 'metric for autoscalers', 'metrics for autoscalers')];
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/** What there is of policies and receivers; undefined when something is wrong with them, after printing every problem. */
async function describeAlerting(config: PharosConfig): Promise<readonly string[] | undefined> {
  const registry = new Registry();
  const integrations = createIntegrationRegistry({ openHttp: openNotificationHttp, clock: SYSTEM_CLOCK, registry });
  try {
    const loading = { features: NO_FEATURES, integrations, catalogue: policyCatalogue() };
    const { configuration, policies } = await loadAlerting({ ...config, ruleFiles: [] }, loading);
    const receivers = configuration.receivers.filter(({ integrations: all }) => all.length > 0).length;
    return [
      ...(receivers > 0 ? [counted(receivers, 'receiver')] : []),
      ...(policies.length > 0 ? [counted(policies.length, 'policy', 'policies')] : []),
    ];
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

const NO_FEATURES: ReadonlySet<string> = new Set();

/**
 * Prints every problem of rule files, whose expressions may use the features given; the exit code is 1 when there is one.
 */
export async function checkRules(
  files: readonly string[],
  features: ReadonlySet<string>,
  { lint = 'duplicate-rules', lintFatal = false }: CheckRulesOptions = {},
): Promise<number> {
  let failed = false;
  let warned = false;
  for (const file of files) {
    const text = await readText(file).catch((error: Error) => error);
    if (text instanceof Error) {
      failed = true;
      console.error(text.message);
      continue;
    }
    const { groups, problems } = parseRuleFile(file, text, { features });
    if (problems.length > 0) {
      failed = true;
      console.error(formatFileProblems(problems));
      console.error(`${file}: ${counted(problems.length, 'error')}`);
      continue;
    }
    for (const duplicate of lint === 'none' ? [] : duplicateRules(groups)) {
      warned = true;
      console.error(`${file}: warning: ${describeDuplicate(duplicate)}`);
    }
    const rules = groups.reduce((sum, group) => sum + group.rules.length, 0);
    console.log(`${file}: good: ${counted(groups.length, 'group')}, ${counted(rules, 'rule')}`);
  }
  return failed ? 1 : warned && lintFatal ? 3 : 0;
}
