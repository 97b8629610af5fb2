import type { Labels } from '../../storage/labels.ts';
import { fingerprint } from '../fingerprint.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';

/** What a body is made from. */
export interface WebhookNotification {
  readonly receiver: string;
  readonly groupLabels: Labels;
  readonly alerts: readonly NotifiableAlert[];
  readonly externalUrl: string;
  /** 0 for any number. */
  readonly maxAlerts: number;
}

/** Alertmanager's webhook body, version 4, as text. */
export function webhookBody(notification: WebhookNotification): string {
  const { receiver, groupLabels, externalUrl, maxAlerts } = notification;
  const all = notification.alerts;
  const alerts = maxAlerts > 0 ? all.slice(0, maxAlerts) : all;
  return JSON.stringify({
    version: '4',
    groupKey: `{}:${groupLabels.toString()}`,
    truncatedAlerts: all.length - alerts.length,
    status: all.some((alert) => alert.status === 'firing') ? 'firing' : 'resolved',
    receiver,
    groupLabels,
    commonLabels: common(alerts.map((alert) => alert.labels)),
    commonAnnotations: common(alerts.map((alert) => alert.annotations)),
    externalURL: externalUrl,
    alerts: alerts.map((alert) => ({
      status: alert.status,
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt: new Date(alert.startsAt).toISOString(),
      endsAt: alert.endsAt === 0 ? '0001-01-01T00:00:00Z' : new Date(alert.endsAt).toISOString(),
      generatorURL: alert.generatorUrl,
      fingerprint: fingerprint(alert.labels),
    })),
  });
}

function common(sets: readonly Labels[]): Labels | Record<string, never> {
  const [first, ...rest] = sets;
  return first === undefined ? {} : first.filter((name, value) => rest.every((set) => set.get(name) === value));
}
