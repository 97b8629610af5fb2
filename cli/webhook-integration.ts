import { attemptPost } from '../alerting/notify/delivery.ts';
import type { IntegrationSettings } from '../alerting/notify/integration.ts';
import { webhookBody } from '../alerting/notify/webhook-body.ts';
import { createHttpTransport } from '../collector/http-transport.ts';
import { readSecretFile } from '../collector/secret-file.ts';
import type { WebhookConfig } from './config/config.ts';

/** A webhook of the section `notification`. */
export function webhookIntegration(webhook: WebhookConfig): IntegrationSettings {
  const { url, urlFile, sendResolved, timeout, maxAlerts, client } = webhook;
  return {
    sendResolved,
    maxAlerts,
    create(name) {
      const transport = createHttpTransport(client, { timeout });
      return {
        name,
        sendResolved,
        maxAlerts,
        notify: (notification, signal) =>
          attemptPost({
            url: async () =>
              urlFile === undefined
                ? url!.reveal()
                : readSecretFile(urlFile, `the URL of receiver ${notification.receiver}`),
            headers: () => transport.headers(),
            dispatcher: transport.dispatcher,
            body: webhookBody(notification),
            timeout,
            signal,
          }),
        close: () => transport.close(),
      };
    },
  };
}
