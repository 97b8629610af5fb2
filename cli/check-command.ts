import { readFile } from 'node:fs/promises';
import { describeDuplicate, duplicateRules } from '../alerting/rules/duplicate-rules.ts';
import { parseRuleFile } from '../alerting/rules/rule-file.ts';
import { formatFileProblems } from '../alerting/yaml-reader.ts';
import { glob } from './config/glob.ts';
import { loadConfig } from './config/load-config.ts';
import { ConfigError, formatProblems } from './config/problem.ts';

/** Prints every problem of a configuration and of its rule files; the exit code is 1 when one of them is an error. */
export async function checkConfig(file: string, features: ReadonlySet<string>): Promise<number> {
  try {
    const { config, warnings } = await loadConfig(file, { environment: process.env, missingFiles: 'error' });
    if (warnings.length > 0) console.error(formatProblems(warnings));
    const jobs = config.scrapeConfigs.length;
    console.log(
      `${file}: good: ${jobs} scrape job${jobs === 1 ? '' : 's'}, ${config.ruleFiles.length} rule file pattern(s)`,
    );
    const ruleFiles = (await Promise.all(config.ruleFiles.map(glob))).flat();
    return ruleFiles.length === 0 ? 0 : await checkRules(ruleFiles, features);
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
