import type { RuleGroup } from '../alerting/rules/rule.ts';
import { parseRuleFile } from '../alerting/rules/rule-file.ts';
import { formatFileProblems } from '../alerting/yaml-reader.ts';
import { glob } from './config/glob.ts';
import { readText } from './read-text.ts';

/**
 * All groups of the files that the patterns match, whose expressions may use the features given (default: none). Rejects with one Error
 * that lists every problem of every file.
 */
export async function loadRules(
  patterns: readonly string[],
  features: ReadonlySet<string> = new Set(),
): Promise<readonly RuleGroup[]> {
  const files = new Set((await Promise.all(patterns.map(glob))).flat());
  return readRuleFiles(files, features);
}

/** As `loadRules`, of these files. */
export async function readRuleFiles(files: Iterable<string>, features: ReadonlySet<string>): Promise<RuleGroup[]> {
  const groups: RuleGroup[] = [];
  const problems: string[] = [];
  for (const file of files) {
    try {
      const parsed = parseRuleFile(file, await readText(file), { features });
      groups.push(...parsed.groups);
      if (parsed.problems.length > 0) problems.push(formatFileProblems(parsed.problems));
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return groups;
}
