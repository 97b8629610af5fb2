import { readFile } from 'node:fs/promises';
import { parsePolicyFile } from '../alerting/policies/policy-file.ts';
import { formatFileProblems } from '../alerting/yaml-reader.ts';
import { counted } from './counted.ts';
import { policyCatalogue } from './policy-catalogue.ts';

/**
 * Prints every problem of files of policies and of manifests of AlertPolicy resources; the exit code is 1 when there is one. Of a
 * configuration file the key `policies` is read when `isConfig` says that it is one.
 */
export async function checkPolicies(
  files: readonly string[],
  { isConfig = false }: { readonly isConfig?: boolean } = {},
): Promise<number> {
  const catalogue = policyCatalogue();
  const sources = new Map<string, string>();
  let failed = false;
  for (const file of files) {
    const { policies, problems } = parsePolicyFile(file, await readFile(file, 'utf8'), {
      catalogue,
      isPartOf: isConfig,
    });
    const told = problems.length === 0 ? [] : [formatFileProblems(problems)];
    let count = problems.length;
    for (const { id, source } of policies) {
      const other = sources.get(id);
      if (other !== undefined) {
        told.push(
          `${source}: expected an id that no other policy has, got ${JSON.stringify(id)}, which is that of ${other}`,
        );
        count++;
      }
      sources.set(id, source);
    }
    if (count === 0) {
      console.log(`${file}: good: ${counted(policies.length, 'policy', 'policies')}`);
      continue;
    }
    failed = true;
    console.error(told.join('\n'));
    console.error(`${file}: ${counted(count, 'error')}`);
  }
  return failed ? 1 : 0;
}
