import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { NotifiableAlert } from '../alerting/notifiable-alert.ts';
import { createAlertmanagerPush } from '../alerting/notify/alertmanager.ts';
import { simpleConfiguration } from '../alerting/notify/configuration/simple-configuration.ts';
import type { NotificationTemplates } from '../alerting/notify/integration.ts';
import { createNotifier, type Notifier } from '../alerting/notify/notifier.ts';
import { startDiscovery } from '../collector/discovery/discovery.ts';
import { createHttpTransport, type HttpTransport } from '../collector/http-transport.ts';
import type { KubeClusters } from '../collector/kubernetes/kube-clusters.ts';
import { compileRelabel, type Relabel } from '../collector/relabel.ts';
import type { TargetGroup } from '../collector/scrape/scrape-config.ts';
import { ownLabels } from '../collector/scrape/target.ts';
import { Labels } from '../storage/labels.ts';
import type { NotificationLog } from '../storage/notification-log.ts';
import type { AlertmanagerConfig, PharosConfig } from './config/config.ts';
import { webhookIntegration } from './webhook-integration.ts';

export interface NotificationsOptions {
  readonly config: PharosConfig;
  readonly notificationLog: NotificationLog;
  readonly externalUrl: string;
  /** Where Alertmanagers may be found. */
  readonly clusters: KubeClusters;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** Everybody who is told of alerts: receivers and Alertmanagers. */
export interface Notifications {
  readonly notifier: Notifier;
  notify(alerts: readonly NotifiableAlert[]): void;
  /** Makes these the receivers and Alertmanagers; what was told, and what is still to be, stays. */
  apply(config: PharosConfig): Promise<void>;
  alertmanagers(): readonly string[];
  stop(): Promise<void>;
}

/** An Alertmanager tells again of ends that it hears of, so those that are older are kept from it. */
const PUSH_ENDS = 15 * 60_000;

export function createNotifications(options: NotificationsOptions): Notifications {
  const { config, notificationLog, externalUrl, registry, logger } = options;
  const notifier = createNotifier({
    configuration: receiversOf(config),
    templates: NO_TEMPLATES,
    notificationLog,
    silenced: () => [],
    externalUrl,
    logger,
    registry,
  });
  notifier.start();
  let pushes = startPushes(config, options);
  return {
    notifier,
    notify(alerts) {
      notifier.notify(alerts);
      const since = Date.now() - PUSH_ENDS;
      pushes.notify(alerts.filter(({ status, endsAt }) => status === 'firing' || endsAt > since));
    },
    async apply(next) {
      await Promise.all([notifier.apply(receiversOf(next), NO_TEMPLATES), pushes.stop()]);
      pushes = startPushes(next, options);
    },
    alertmanagers: () => pushes.urls(),
    async stop() {
      await Promise.all([notifier.stop(), pushes.stop()]);
    },
  };
}

/** Webhooks of the section `notification` have none. */
const NO_TEMPLATES: NotificationTemplates = { text: (template) => template, html: (template) => template };

function receiversOf({ notification }: PharosConfig) {
  return simpleConfiguration(
    notification.receivers.map(({ webhooks, ...receiver }) => ({
      ...receiver,
      integrations: webhooks.map((webhook, i) => ({ name: `webhook/${i}`, settings: webhookIntegration(webhook) })),
    })),
  );
}

/** The Alertmanagers that every alert is pushed to. */
function startPushes(config: PharosConfig, { clusters, logger }: NotificationsOptions) {
  const discovering = new AbortController();
  const transports: HttpTransport[] = [];
  const pushes = config.alerting.alertmanagers.map((alertmanager) => {
    const transport = createHttpTransport(alertmanager.client, { timeout: alertmanager.timeout });
    transports.push(transport);
    return startPush(alertmanager, { transport, clusters, logger, signal: discovering.signal });
  });
  const relabel = compileRelabel(config.alerting.alertRelabelConfigs);
  return {
    notify(alerts: readonly NotifiableAlert[]): void {
      if (pushes.length === 0) return;
      const relabelled = relabelAlerts(alerts, relabel);
      for (const { push, relabel: own } of pushes) push.notify(relabelAlerts(relabelled, own));
    },
    urls: () => pushes.flatMap(({ urls }) => urls()),
    async stop(): Promise<void> {
      discovering.abort();
      await Promise.all(pushes.map(({ push }) => push.stop()));
      await Promise.all(transports.map((transport) => transport.close()));
    },
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
