import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { NotifiableAlert } from '../alerting/notifiable-alert.ts';
import { createAlertmanagerPush } from '../alerting/notify/alertmanager.ts';
import {
  createWebhookNotifier,
  type WebhookNotifierOptions,
  type WebhookReceiver,
} from '../alerting/notify/webhook-notifier.ts';
import { startDiscovery } from '../collector/discovery/discovery.ts';
import { createHttpTransport, type HttpTransport } from '../collector/http-transport.ts';
import type { KubeClusters } from '../collector/kubernetes/kube-clusters.ts';
import { compileRelabel, type Relabel } from '../collector/relabel.ts';
import type { TargetGroup } from '../collector/scrape/scrape-config.ts';
import { ownLabels } from '../collector/scrape/target.ts';
import { readSecretFile } from '../collector/secret-file.ts';
import { Labels } from '../storage/labels.ts';
import type { AlertmanagerConfig, PharosConfig, ReceiverConfig, WebhookConfig } from './config/config.ts';

export interface NotificationsOptions {
  readonly config: PharosConfig;
  readonly externalUrl: string;
  /** Where Alertmanagers may be found. */
  readonly clusters: KubeClusters;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly onSent: WebhookNotifierOptions['onSent'];
}

/** Everybody who is told of alerts: webhooks and Alertmanagers. */
export interface Notifications {
  notify(alerts: readonly NotifiableAlert[]): void;
  alertmanagers(): readonly string[];
  stop(): Promise<void>;
}

/** The notifier's own metrics, which a successor in the same process counts anew. */
const METRICS = ['pharos_notifications_total', 'pharos_notifications_dropped_total'];

export function createNotifications(options: NotificationsOptions): Notifications {
  const { config, externalUrl, clusters, registry, logger, onSent } = options;
  const transports: HttpTransport[] = [];
  const open = (client: WebhookConfig['client'], timeout: number): HttpTransport => {
    const transport = createHttpTransport(client, { timeout });
    transports.push(transport);
    return transport;
  };
  for (const name of METRICS) registry.removeSingleMetric(name);
  const receivers = config.notification.receivers.flatMap((receiver) =>
    receiver.webhooks.map((webhook, index) => webhookReceiver(receiver, webhook, { index, open })),
  );
  const webhooks = createWebhookNotifier({ receivers, externalUrl, registry, logger, onSent });
  const discovering = new AbortController();
  const pushes = config.alerting.alertmanagers.map((alertmanager) =>
    startPush(alertmanager, {
      transport: open(alertmanager.client, alertmanager.timeout),
      clusters,
      logger,
      signal: discovering.signal,
    }),
  );
  const relabel = compileRelabel(config.alerting.alertRelabelConfigs);
  return {
    notify(alerts) {
      webhooks.notify(alerts);
      if (pushes.length === 0) return;
      const relabelled = relabelAlerts(alerts, relabel);
      for (const { push, relabel: own } of pushes) push.notify(relabelAlerts(relabelled, own));
    },
    alertmanagers: () => pushes.flatMap(({ urls }) => urls()),
    async stop() {
      discovering.abort();
      await Promise.all([webhooks.stop(), ...pushes.map(({ push }) => push.stop())]);
      await Promise.all(transports.map((transport) => transport.close()));
    },
  };
}

function webhookReceiver(
  receiver: ReceiverConfig,
  webhook: WebhookConfig,
  {
    index,
    open,
  }: { readonly index: number; readonly open: (client: WebhookConfig['client'], timeout: number) => HttpTransport },
): WebhookReceiver {
  const { name, groupBy, groupWait, groupInterval, repeatInterval } = receiver;
  const { url, urlFile, sendResolved, timeout, maxAlerts, client } = webhook;
  const transport = open(client, timeout);
  const ownName = receiver.webhooks.length > 1 ? `${name}/${index + 1}` : name;
  return {
    name: ownName,
    url: () => (urlFile === undefined ? url!.reveal() : readSecretFile(urlFile, `the URL of receiver ${ownName}`)),
    sendResolved,
    timeout,
    maxAlerts,
    groupBy,
    groupWait,
    groupInterval,
    repeatInterval,
    headers: () => transport.headers(),
    dispatcher: transport.dispatcher,
  };
}

function startPush(
  alertmanager: AlertmanagerConfig,
  deps: {
    readonly transport: HttpTransport;
    readonly clusters: KubeClusters;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  },
) {
  const { transport, clusters, logger, signal } = deps;
  const relabelTarget = compileRelabel(alertmanager.relabelConfigs);
  let urls: readonly string[] = [];
  startDiscovery(alertmanager.discovery, {
    emit: (groups) => {
      urls = alertmanagerUrls(groups, alertmanager, relabelTarget);
    },
    signal,
    logger,
    clusters,
    job: 'alertmanagers',
  }).catch((error: unknown) => logger.error({ err: error }, 'the discovery of Alertmanagers has ended'));
  const push = createAlertmanagerPush({
    urls: () => urls,
    timeout: alertmanager.timeout,
    headers: () => transport.headers(),
    dispatcher: transport.dispatcher,
    logger,
  });
  return { push, relabel: compileRelabel(alertmanager.alertRelabelConfigs), urls: () => urls };
}

function alertmanagerUrls(
  groups: readonly TargetGroup[],
  config: AlertmanagerConfig,
  relabel: Relabel,
): readonly string[] {
  const urls = new Set<string>();
  for (const group of groups) {
    for (const target of group.targets) {
      const labels = relabel(
        Labels.from({
          ...group.labels,
          ...ownLabels(target),
          __scheme__: config.scheme,
          __alerts_path__: config.pathPrefix,
        }),
      );
      if (labels !== undefined)
        urls.add(`${labels.get('__scheme__')}://${labels.get('__address__')}${labels.get('__alerts_path__')}`);
    }
  }
  return [...urls];
}

/** With relabelled labels, without the alerts that relabelling drops. */
function relabelAlerts(alerts: readonly NotifiableAlert[], relabel: Relabel): readonly NotifiableAlert[] {
  return alerts.flatMap((alert) => {
    const labels = relabel(alert.labels);
    return labels === undefined ? [] : [labels === alert.labels ? alert : { ...alert, labels }];
  });
}
