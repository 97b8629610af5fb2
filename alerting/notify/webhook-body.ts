import { fingerprint } from '../fingerprint.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import type { Notification } from './integration.ts';

/** Alertmanager's webhook body, version 4, as text. */
export function webhookBody(notification: Notification): string {
  return JSON.stringify(webhookMessage(notification));
}

/** What the text is of. */
export function webhookMessage(notification: Notification) {
  const { receiver, status, groupKey, truncatedAlerts, externalUrl, alerts } = notification;
  return {
    version: '4',
    groupKey,
    truncatedAlerts,
    status,
    receiver,
    groupLabels: notification.groupLabels,
    commonLabels: notification.commonLabels,
    commonAnnotations: notification.commonAnnotations,
    externalURL: externalUrl,
    alerts: alerts.map(alertBody),
  };
}

function alertBody(alert: NotifiableAlert) {
  return {
    status: alert.status,
    labels: alert.labels,
    annotations: alert.annotations,
    startsAt: timeText(alert.startsAt),
    endsAt: alert.status === 'firing' || alert.endsAt === 0 ? '0001-01-01T00:00:00Z' : timeText(alert.endsAt),
    generatorURL: alert.generatorUrl,
    fingerprint: fingerprint(alert.labels),
  };
}

/** As Go writes times: without a fraction that is zero. */
function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.?0*Z$/, 'Z');
}
