import { fingerprint } from '../fingerprint.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';

/** The label that says how bad a policy's alert is. It may change while the alert stays. */
export const LEVEL_LABEL = 'severity';

const LEVELS = ['remind', 'warn', 'serious'];

/** The fingerprints that a policy's alert has at other levels; other alerts have none. */
export function fingerprintsAtOtherLevels({ notice, labels }: Pick<NotifiableAlert, 'notice' | 'labels'>): string[] {
  if (notice === undefined) return [];
  const others = LEVELS.filter((level) => level !== labels.get(LEVEL_LABEL));
  return others.map((level) => fingerprint(labels.with(LEVEL_LABEL, level)));
}
