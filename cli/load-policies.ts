import type { AlertPolicy } from '../alerting/policies/policy.ts';
import { parsePolicyFile } from '../alerting/policies/policy-file.ts';
import type { PolicyContext } from '../alerting/policies/read-policy.ts';
import { formatFileProblems } from '../alerting/yaml-reader.ts';
import { glob } from './config/glob.ts';
import { policyClashes } from './policy-clashes.ts';
import { readText } from './read-text.ts';

export interface PolicySources {
  /** The configuration file, whose key `policies` is a list of policies. */
  readonly config?: { readonly name: string; readonly text: string } | undefined;
  /** Patterns of files of policies. */
  readonly patterns: readonly string[];
}

/** All policies of the configuration and its files. Rejects with one Error that lists every problem of every file. */
export async function loadPolicies(
  { config, patterns }: PolicySources,
  context: PolicyContext,
): Promise<readonly AlertPolicy[]> {
  const files = [...new Set((await Promise.all(patterns.map(glob))).flat())];
  const policies: AlertPolicy[] = [];
  const problems: string[] = [];
  const take = (file: string, text: string, isPartOf: boolean): void => {
    const parsed = parsePolicyFile(file, text, { ...context, isPartOf });
    policies.push(...parsed.policies);
    if (parsed.problems.length > 0) problems.push(formatFileProblems(parsed.problems));
  };
  if (config !== undefined) take(config.name, config.text, true);
  for (const file of files) {
    try {
      take(file, await readText(file), false);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  problems.push(...policyClashes(policies, new Map()));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return policies;
}
