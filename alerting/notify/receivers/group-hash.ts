import { createHash } from 'node:crypto';

/** What services with a limit on the length of such keys know a group by: Alertmanager's, so that moving to Pharos closes its incidents. */
export function groupHash(groupKey: string): string {
  return createHash('sha256').update(groupKey).digest('hex');
}
