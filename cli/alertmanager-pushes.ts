import type { Logger } from 'pino';
import type { NotifiableAlert } from '../alerting/notifiable-alert.ts';
import { createAlertmanagerPush } from '../alerting/notify/alertmanager.ts';
import { startDiscovery } from '../collector/discovery/discovery.ts';
import { createHttpTransport, type HttpTransport } from '../collector/http-transport.ts';
import type { KubeClusters } from '../collector/kubernetes/kube-clusters.ts';
import { compileRelabel, type Relabel } from '../collector/relabel.ts';
import type { TargetGroup } from '../collector/scrape/scrape-config.ts';
import { ownLabels } from '../collector/scrape/target.ts';
import { Labels } from '../storage/labels.ts';
import type { AlertingConfig, AlertmanagerConfig } from './config/config.ts';

export interface AlertmanagerPushesOptions {
  readonly config: AlertingConfig;
  /** Where Alertmanagers may be found. */
  readonly clusters: KubeClusters;
  /** Whether this instance is the one that tells; asked right before each attempt. */
  readonly isLeader: () => boolean;
  readonly logger: Logger;
}

/** The Alertmanagers of `alerting.alertmanagers`, which get every alert. */
export interface AlertmanagerPushes {
  notify(alerts: readonly NotifiableAlert[]): void;
  urls(): readonly string[];
  stop(): Promise<void>;
}

/** An Alertmanager tells again of ends that it hears of, so those that are older are kept from it. */
const PUSH_ENDS = 15 * 60_000;

export function startAlertmanagerPushes(options: AlertmanagerPushesOptions): AlertmanagerPushes {
  const { config, clusters, isLeader, logger } = options;
  const transports: HttpTransport[] = [];
  const discovering = new AbortController();
  const pushes = config.alertmanagers.map((alertmanager) => {
    const transport = createHttpTransport(alertmanager.client, { timeout: alertmanager.timeout });
    transports.push(transport);
    return startPush(alertmanager, { transport, clusters, isLeader, logger, signal: discovering.signal });
  });
  const relabel = compileRelabel(config.alertRelabelConfigs);
  return {
    notify(alerts) {
      if (pushes.length === 0) return;
      const since = Date.now() - PUSH_ENDS;
      const told = alerts.filter(({ status, endsAt }) => status === 'firing' || endsAt > since);
      const relabelled = relabelAlerts(told, relabel);
      for (const { push, relabel: own } of pushes) push.notify(relabelAlerts(relabelled, own));
    },
    urls: () => pushes.flatMap(({ urls }) => urls()),
    async stop() {
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
    readonly isLeader: () => boolean;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  },
) {
  const { transport, clusters, isLeader, logger, signal } = deps;
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
    maySend: isLeader,
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
