import { pino } from 'pino';
import { Registry } from 'prom-client';
import { autoscalingSection } from '../../alerting/api/autoscaling-endpoints.ts';
import { soleLeadership } from '../../alerting/leadership.ts';
import { createIntegrationRegistry } from '../../alerting/notify/receivers/integration-registry.ts';
import { freePort } from '../../bench/contenders/contender.ts';
import { createAlertingRole } from '../../cli/alerting-role.ts';
import { createCollectorRole } from '../../cli/collector-role.ts';
import { loadConfig } from '../../cli/config/load-config.ts';
import { loadAlerting } from '../../cli/load-alerting.ts';
import { openNotificationHttp } from '../../cli/notification-http.ts';
import type { PageFile } from '../../cli/page.ts';
import { policyCatalogue } from '../../cli/policy-catalogue.ts';
import { createQueryRole } from '../../cli/query-role.ts';
import { buildServer } from '../../cli/server.ts';
import { resolveSettings } from '../../cli/settings.ts';
import { SYSTEM_CLOCK } from '../../clock/clock.ts';
import { SharedKubeClusters } from '../../collector/kubernetes/shared-kube-clusters.ts';
import { createMemoryStorage } from '../../storage/memory.ts';

/** A server of this process that tests ask over its socket. */
export interface RunningPharos {
  readonly url: string;
  close(): Promise<void>;
}

/** All roles on a configuration file, wired as the program wires them, but on the in-memory store; and the console, when its files are given. */
export async function startPharos(configFile: string, page: readonly PageFile[] = []): Promise<RunningPharos> {
  const { config } = await loadConfig(configFile, { environment: {} });
  const registry = new Registry();
  const logger = pino({ level: 'silent' });
  const storage = createMemoryStorage();
  const options = { config: configFile, logLevel: 'error' } as const;
  const clusters = new SharedKubeClusters({ environment: {}, logger });
  const collector = createCollectorRole({ storage, clusters, registry, logger });
  let alerting: ReturnType<typeof createAlertingRole> | undefined;
  const query = createQueryRole({
    ...{ storage, options, registry, logger },
    config: () => config,
    settings: resolveSettings(options, config),
    started: Date.now(),
    ready: () => true,
    reload: async () => {},
    targets: () => collector.targets(),
    targetMetadata: () => collector.targetMetadata(),
    kubernetesClusters: () => collector.kubernetesClusters(),
    rules: () => alerting?.groups() ?? [],
    alerts: () => alerting?.alerts() ?? [],
    alertmanagers: () => alerting?.alertmanagers() ?? [],
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const features: ReadonlySet<string> = new Set();
  const integrations = createIntegrationRegistry({ openHttp: openNotificationHttp, clock: SYSTEM_CLOCK, registry });
  const loaded = await loadAlerting(config, { features, integrations, catalogue: policyCatalogue() });
  alerting = createAlertingRole({
    ...{ storage, clusters, config, loaded, features, registry, logger },
    query: query.queryFunc,
    arrived: async () => 'arrived',
    leadership: soleLeadership(),
    externalUrl: url,
    started: Date.now(),
  });
  const app = buildServer({
    logger,
    maxBodySize: config.server.maxBodySize,
    page,
    register: (server) => {
      query.register(server);
      collector.registerReceiver(server, config.server.maxBodySize);
      alerting?.register(server, [autoscalingSection({ board: () => undefined, clock: SYSTEM_CLOCK })]);
    },
  });
  await app.listen({ host: '127.0.0.1', port });
  await alerting.apply(config, loaded, []);
  await alerting.start();
  await collector.apply(config);
  return {
    url,
    async close() {
      await collector.stop();
      await alerting.stop();
      await clusters.close();
      await app.close();
      await storage.close(1000);
    },
  };
}
