import type { IntegrationRegistry, Notification, Outcome } from './integration.ts';

/** A notification that an integration was given. */
export interface Recorded {
  readonly integration: string;
  readonly notification: Notification;
}

/** What an integration answers; by default that it was delivered. */
export type Answer = (recorded: Recorded) => Promise<Outcome> | Outcome;

const DELIVERED: Outcome = { kind: 'delivered' };

/** Integrations of the kind `webhook` that only keep what they are given. */
export class Recorder {
  readonly all: Recorded[] = [];
  answer: Answer = () => DELIVERED;
  closed = 0;

  /** `webhook_configs` with the keys of Alertmanager's. */
  readonly registry: IntegrationRegistry = {
    globalKeys: ['http_config'],
    parsers: (_globals, { yaml }) =>
      new Map([
        [
          'webhook',
          (item) => {
            const keys = yaml.map(item, ['url', 'send_resolved', 'max_alerts']);
            if (keys.get('url') === undefined) yaml.report(item, 'expected url');
            const sendResolved = yaml.text(keys.get('send_resolved')) !== 'false';
            const maxAlerts = Number(yaml.text(keys.get('max_alerts')));
            return {
              sendResolved,
              maxAlerts,
              create: (name) => ({
                name,
                sendResolved,
                maxAlerts,
                notify: async (notification) => {
                  const recorded = { integration: name, notification };
                  this.all.push(recorded);
                  return this.answer(recorded);
                },
                close: async () => {
                  this.closed++;
                },
              }),
            };
          },
        ],
      ]),
    templates: () => ({ templates: NO_TEMPLATES, problems: [] }),
  };

  /** Those since the last call, each as `receiver groupKey reason: status name, status name`. */
  take(): string[] {
    return this.all.splice(0).map(({ notification }) => {
      const { receiver, groupKey, reason, alerts, truncatedAlerts } = notification;
      const list = alerts.map(({ status, labels }) => `${status} ${labels.get('alertname')}${labels.get('instance')}`);
      return `${receiver} ${groupKey} ${reason}: ${list.join(', ')}${truncatedAlerts > 0 ? ` +${truncatedAlerts}` : ''}`;
    });
  }
}

export const NO_TEMPLATES = {
  text: (template: string): string => template,
  html: (template: string): string => template,
};
