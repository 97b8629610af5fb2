import { readFile } from 'node:fs/promises';
import { formatRuleProblems, parseRuleFile } from '../alerting/rules/rule-file.ts';
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

/**
 * Prints every problem of rule files, whose expressions may use the features given; the exit code is 1 when there is one.
 */
export async function checkRules(files: readonly string[], features: ReadonlySet<string>): Promise<number> {
  let failed = false;
  for (const file of files) {
    const { groups, problems } = parseRuleFile(file, await readFile(file, 'utf8'), { features });
    if (problems.length > 0) {
      failed = true;
      console.error(formatRuleProblems(problems));
      console.error(`${file}: ${problems.length} error${problems.length === 1 ? '' : 's'}`);
    } else {
      const rules = groups.reduce((sum, group) => sum + group.rules.length, 0);
      console.log(`${file}: good: ${groups.length} group(s), ${rules} rule(s)`);
    }
  }
  return failed ? 1 : 0;
}
