import { readFile } from 'node:fs/promises';
import { Registry } from 'prom-client';
import { SYSTEM_CLOCK } from '../alerting/clock.ts';
import { createIntegrationRegistry } from '../alerting/notify/receivers/integration-registry.ts';
import { describeDuplicate, duplicateRules } from '../alerting/rules/duplicate-rules.ts';
import { parseRuleFile } from '../alerting/rules/rule-file.ts';
import { formatFileProblems } from '../alerting/yaml-reader.ts';
import type { PharosConfig } from './config/config.ts';
import { glob } from './config/glob.ts';
import { loadConfig } from './config/load-config.ts';
import { ConfigError, formatProblems } from './config/problem.ts';
import { loadAlerting } from './load-alerting.ts';
import { openNotificationHttp } from './notification-http.ts';
import { policyCatalogue } from './policy-catalogue.ts';

/** Prints every problem of a configuration and of its rule files; the exit code is 1 when one of them is an error. */
export async function checkConfig(file: string, features: ReadonlySet<string>): Promise<number> {
  try {
    const { config, warnings } = await loadConfig(file, { environment: process.env, missingFiles: 'error' });
    if (warnings.length > 0) console.error(formatProblems(warnings));
    const jobs = config.scrapeConfigs.length;
    console.log(
      `${file}: good: ${jobs} scrape job${jobs === 1 ? '' : 's'}, ${config.ruleFiles.length} rule file pattern(s)`,
    );
    const alerting = await checkAlerting(config);
    const ruleFiles = (await Promise.all(config.ruleFiles.map(glob))).flat();
    return Math.max(alerting, ruleFiles.length === 0 ? 0 : await checkRules(ruleFiles, features));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(formatProblems([...error.problems, ...error.warnings]));
    console.error(`${file}: ${error.problems.length} error${error.problems.length === 1 ? '' : 's'}`);
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

/** Prints every problem of policies and of who is told of alerts; the exit code is 1 when there is one. */
async function checkAlerting(config: PharosConfig): Promise<number> {
  const registry = new Registry();
  const integrations = createIntegrationRegistry({ openHttp: openNotificationHttp, clock: SYSTEM_CLOCK, registry });
  try {
    const loading = { features: NO_FEATURES, integrations, catalogue: policyCatalogue() };
    const { configuration, policies } = await loadAlerting({ ...config, ruleFiles: [] }, loading);
    const receivers = configuration.receivers.filter(({ integrations: all }) => all.length > 0).length;
    if (receivers + policies.length > 0) console.log(`${receivers} receiver(s), ${policies.length} policies`);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
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
    const { groups, problems } = parseRuleFile(file, await readFile(file, 'utf8'), { features });
    if (problems.length > 0) {
      failed = true;
      console.error(formatFileProblems(problems));
      console.error(`${file}: ${problems.length} error${problems.length === 1 ? '' : 's'}`);
      continue;
    }
    for (const duplicate of lint === 'none' ? [] : duplicateRules(groups)) {
      warned = true;
      console.error(`${file}: warning: ${describeDuplicate(duplicate)}`);
    }
    const rules = groups.reduce((sum, group) => sum + group.rules.length, 0);
    console.log(`${file}: good: ${groups.length} group(s), ${rules} rule(s)`);
  }
  return failed ? 1 : warned && lintFatal ? 3 : 0;
}
