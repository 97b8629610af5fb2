import type { AlertPolicy } from '../alerting/policies/policy.ts';

/** Says of each policy whose id another one had before where that is. `sources` has where ids were found, and gets these too. */
export function policyClashes(policies: readonly AlertPolicy[], sources: Map<string, string>): string[] {
  const clashes: string[] = [];
  for (const { id, source } of policies) {
    const other = sources.get(id);
    if (other !== undefined) {
      const wanted = 'expected an id that no other policy has';
      clashes.push(`${source}: ${wanted}, got ${JSON.stringify(id)}, which is that of ${other}`);
    }
    sources.set(id, source);
  }
  return clashes;
}
