import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The metrics of notifying. */
export type NotifyMetrics = ReturnType<typeof createNotifyMetrics>;

/** Registers them; call once per registry. The numbers are asked for when the metrics are read. */
export function createNotifyMetrics(
  registry: Registry,
  numbers: {
    readonly alerts: () => number;
    readonly groups: () => number;
    readonly bytes: () => number;
    readonly unnoted: () => number;
  },
) {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('pharos_notify_alerts', 'Alerts that are kept to tell of them.', numbers.alerts);
  gauge('pharos_notify_groups', 'Groups of alerts that are told together.', numbers.groups);
  gauge('pharos_notify_alert_bytes', 'Estimated memory of the alerts that are kept.', numbers.bytes);
  gauge('pharos_notification_log_pending', 'Notifications not yet in the notification log.', numbers.unnoted);
  const integration = ['receiver', 'integration'] as const;
  return {
    notifications: new Counter({
      name: 'pharos_notifications_total',
      help: 'Notifications, by how they ended after all attempts.',
      labelNames: [...integration, 'outcome'],
      registers,
    }),
    attempts: new Counter({
      name: 'pharos_notification_attempts_total',
      help: 'Attempts to deliver a notification, by how they ended.',
      labelNames: [...integration, 'outcome'],
      registers,
    }),
    duration: new Histogram({
      name: 'pharos_notification_attempt_duration_seconds',
      help: 'How long attempts to deliver a notification took.',
      labelNames: integration,
      buckets: [0.01, 0.1, 0.5, 1, 5, 10, 30],
      registers,
    }),
    suppressed: new Counter({
      name: 'pharos_notifications_suppressed_total',
      help: 'Alerts left out of a notification because of an inhibition, a time interval or a silence.',
      labelNames: ['reason'],
      registers,
    }),
    dropped: new Counter({
      name: 'pharos_notify_dropped_alerts_total',
      help: 'Alerts that are not told because a limit is reached.',
      labelNames: ['limit'],
      registers,
    }),
    logFailures: new Counter({
      name: 'pharos_notification_log_failures_total',
      help: 'Attempts to read or write the notification log that failed.',
      registers,
    }),
    logDropped: new Counter({
      name: 'pharos_notification_log_dropped_total',
      help: 'Notifications that will not be in the notification log because too many waited for it.',
      registers,
    }),
  };
}
