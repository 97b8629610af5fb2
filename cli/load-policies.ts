import { readFile } from 'node:fs/promises';
import type { AlertPolicy } from '../alerting/policies/policy.ts';
import { parsePolicyFile } from '../alerting/policies/policy-file.ts';
import type { PolicyContext } from '../alerting/policies/read-policy.ts';
import { formatFileProblems } from '../alerting/yaml-reader.ts';
import { glob } from './config/glob.ts';

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
      take(file, await readFile(file, 'utf8'), false);
    } catch (error) {
      problems.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const sources = new Map<string, string>();
  for (const { id, source } of policies) {
    const other = sources.get(id);
    if (other !== undefined) {
      problems.push(
        `${source}: expected an id that no other policy has, got ${JSON.stringify(id)}, which is that of ${other}`,
      );
    }
    sources.set(id, source);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return policies;
}
