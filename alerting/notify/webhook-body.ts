import { fingerprint } from '../fingerprint.ts';
import type { Notification } from './integration.ts';

/** Alertmanager's webhook body, version 4, as text. */
export function webhookBody(notification: Notification): string {
  const { receiver, status, groupKey, truncatedAlerts, groupLabels, alerts } = notification;
  return JSON.stringify({
    version: '4',
    groupKey,
    truncatedAlerts,
    status,
    receiver,
    groupLabels,
    commonLabels: notification.commonLabels,
    commonAnnotations: notification.commonAnnotations,
    externalURL: notification.externalUrl,
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
