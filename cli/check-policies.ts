import { parsePolicyFile } from '../alerting/policies/policy-file.ts';
import { formatFileProblems } from '../alerting/yaml-reader.ts';
import { counted } from './counted.ts';
import { policyCatalogue } from './policy-catalogue.ts';
import { policyClashes } from './policy-clashes.ts';
import { readText } from './read-text.ts';

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
    const text = await readText(file).catch((error: Error) => error);
    if (text instanceof Error) {
      failed = true;
      console.error(text.message);
      continue;
    }
    const { policies, problems } = parsePolicyFile(file, text, { catalogue, isPartOf: isConfig });
    const clashes = policyClashes(policies, sources);
    const told = problems.length === 0 ? clashes : [formatFileProblems(problems), ...clashes];
    const count = problems.length + clashes.length;
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
