import { Labels } from '../../storage/labels.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import type { Integration, Notification, NotificationReason } from './integration.ts';

/** What an integration is told: no more alerts than it takes, and no resolved ones where it wants none. */
export function buildNotification(
  { sendResolved, maxAlerts }: Pick<Integration, 'sendResolved' | 'maxAlerts'>,
  about: {
    readonly receiver: string;
    readonly groupKey: string;
    readonly groupLabels: Labels;
    readonly alerts: readonly NotifiableAlert[];
    readonly reason: NotificationReason;
    readonly repeats: number;
    readonly externalUrl: string;
    readonly at: number;
  },
): Notification {
  const wanted = sendResolved ? about.alerts : about.alerts.filter(({ status }) => status === 'firing');
  const alerts = maxAlerts > 0 && wanted.length > maxAlerts ? wanted.slice(0, maxAlerts) : wanted;
  return {
    ...about,
    alerts,
    status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    truncatedAlerts: wanted.length - alerts.length,
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
  };
}

function common(sets: readonly Labels[]): Labels {
  const [first, ...rest] = sets;
  if (first === undefined) return Labels.EMPTY;
  let shared = first;
  for (const set of rest) {
    if (shared.size === 0) break;
    if (set !== shared) shared = shared.filter((name, value) => set.get(name) === value);
  }
  return shared;
}
