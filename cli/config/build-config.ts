import type { ScrapeConfig } from '../../collector/scrape/scrape-config.ts';
import { Secret } from '../../collector/secret.ts';
import type { AlertmanagerSettings, NotificationSettings } from './alerting-keys.ts';
import type { AutoscalingSettings } from './autoscaling-keys.ts';
import { atMostOne, buildHttpClient } from './build-client.ts';
import { buildDiscovery } from './build-discovery.ts';
import { buildKubernetes } from './build-kubernetes.ts';
import { buildRelabelConfigs } from './build-relabel.ts';
import { buildRemoteWrites } from './build-remote-write.ts';
import { buildScrapeConfig, checkProtocols, globalIntervals } from './build-scrape.ts';
import { withoutUserInfo } from './build-server.ts';
import type {
  AlertmanagerConfig,
  AutoscalingConfig,
  ClickHouseConfig,
  GlobalConfig,
  HostMetricsConfig,
  NotificationConfig,
  PharosConfig,
  StorageConfig,
} from './config.ts';
import type { FileSettings } from './file-keys.ts';
import type { StorageSettings } from './own-keys.ts';
import type { Reading } from './reading.ts';
import { renderSettings } from './render-config.ts';
import type { ScrapeSettings } from './scrape-keys.ts';

export interface BuildOptions {
  readonly file: string | undefined;
  /** For external_labels. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** From scrape_config_files. */
  readonly moreScrapeConfigs: readonly ScrapeSettings[];
}

/** From what was read to what is meant: defaults that depend on other keys, and the checks that span keys. */
export function buildConfig(settings: FileSettings, reading: Reading, options: BuildOptions): PharosConfig {
  const { alerting } = settings;
  const jobs = [...settings.scrape_configs, ...options.moreScrapeConfigs];
  checkJobNames(jobs, reading);
  const global = buildGlobal(settings, reading, options);
  const scrapeConfigs = jobs.map((job) => buildScrapeConfig(job, settings.global, reading));
  return {
    file: options.file,
    global,
    scrapeConfigs,
    ruleFiles: settings.rule_files,
    policyFiles: settings.policy_files,
    builtinRules: settings.builtin_rules ?? settings.rule_files.length === 0,
    alerting: {
      leaderElection: alerting.leader_election,
      arrivalTimeout: alerting.arrival_timeout,
      alertRelabelConfigs: buildRelabelConfigs(alerting.alert_relabel_configs, reading),
      alertmanagers: alerting.alertmanagers.map((alertmanager) => buildAlertmanager(alertmanager, reading)),
    },
    notification: buildNotification(settings.notification, reading),
    autoscaling: buildAutoscaling(settings.autoscaling, reading),
    hostMetrics: buildHostMetrics(settings, scrapeConfigs, reading),
    kubernetes: buildKubernetes(settings, reading),
    storage: buildStorage(settings.storage, reading),
    remoteWrite: buildRemoteWrites(settings, reading),
    server: {
      listen: settings.server.listen,
      clickhouseHttp: settings.server.clickhouse_http,
      maxBodySize: settings.server.max_body_size,
      enableAdminApi: settings.server.enable_admin_api,
      query: {
        timeout: settings.server.query.timeout,
        maxConcurrency: settings.server.query.max_concurrency,
        maxSamples: settings.server.query.max_samples,
        maxMemory: settings.server.query.max_memory,
        maxSeries: settings.server.query.max_series,
        threads: settings.server.query.threads,
        cacheSize: settings.server.query.cache_size,
        slowQuery: settings.server.query.slow_query,
        lookbackDelta: settings.server.query.lookback_delta,
      },
    },
    // A section that is not given and one that is empty do not mean the same.
    rendered: renderSettings(
      reading.isGiven(settings, 'kubernetes') ? settings : { ...settings, kubernetes: undefined },
    ),
  };
}

function checkJobNames(jobs: readonly ScrapeSettings[], reading: Reading): void {
  const first = new Map<string, ScrapeSettings>();
  for (const job of jobs) {
    const other = first.get(job.job_name);
    if (other === undefined || job.job_name === '') {
      first.set(job.job_name, job);
      continue;
    }
    const { file, line } = reading.placeOf(other, 'job_name');
    reading.report(
      reading.placeOf(job, 'job_name'),
      `expected a job name that no other job has, got ${JSON.stringify(job.job_name)} as in ${file}:${line}`,
    );
  }
}

function buildGlobal(settings: FileSettings, reading: Reading, { environment }: BuildOptions): GlobalConfig {
  const { global } = settings;
  checkProtocols(global, reading);
  const externalLabels: Record<string, string> = {};
  for (const [name, value] of Object.entries(global.external_labels)) {
    externalLabels[name] = value.replace(/\$(?:(\$)|\{([^}]*)\}|(\w+))/g, (_, dollar, braced, bare) => {
      if (dollar !== undefined) return '$';
      const variable: string = braced ?? bare;
      const found = environment[variable];
      if (found === undefined) {
        const place = reading.placeOf(global.external_labels, name);
        reading.report(place, `the environment variable ${variable} is not set; it counts as empty`, 'warning');
      }
      return found ?? '';
    });
  }
  return {
    ...globalIntervals(global, reading),
    evaluationInterval: global.evaluation_interval || 60_000,
    ruleQueryOffset: global.rule_query_offset,
    externalLabels,
  };
}

function buildAlertmanager(settings: AlertmanagerSettings, reading: Reading): AlertmanagerConfig {
  const prefix = settings.path_prefix.replace(/^\/+|\/+$/g, '');
  return {
    scheme: settings.scheme,
    pathPrefix: prefix === '' ? '' : `/${prefix}`,
    timeout: settings.timeout,
    client: buildHttpClient(settings, reading),
    discovery: buildDiscovery(settings, reading, { needsHostPort: settings.relabel_configs.length === 0 }),
    relabelConfigs: buildRelabelConfigs(settings.relabel_configs, reading),
    alertRelabelConfigs: buildRelabelConfigs(settings.alert_relabel_configs, reading),
  };
}

function buildNotification(settings: NotificationSettings, reading: Reading): NotificationConfig {
  const others = ['group_by', 'group_wait', 'group_interval', 'repeat_interval', 'receivers'] as const;
  const other = others.find((name) => reading.isGiven(settings, name));
  if (settings.config_file && other !== undefined) {
    reading.report(reading.placeOf(settings, other), `expected config_file alone or ${other} without it, got both`);
  }
  return { externalUrl: settings.external_url || undefined, configFile: settings.config_file || undefined };
}

function buildAutoscaling(settings: AutoscalingSettings, reading: Reading): AutoscalingConfig {
  const { cert_file: certFile, key_file: keyFile } = settings;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [given, missing] =
      certFile === undefined ? (['key_file', 'cert_file'] as const) : (['cert_file', 'key_file'] as const);
    reading.report(reading.placeOf(settings, given), `expected ${missing} besides ${given}, got ${given} alone`);
  }
  return {
    enabled: settings.enabled,
    listen: settings.listen,
    tls: certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile },
    serviceNamespace: settings.service_namespace,
    serviceName: settings.service_name,
    register: settings.register,
    interval: settings.interval,
    freshness: settings.freshness,
    hold: settings.hold,
  };
}

function buildHostMetrics(
  settings: FileSettings,
  scrapeConfigs: readonly ScrapeConfig[],
  reading: Reading,
): HostMetricsConfig {
  const host = settings.host_metrics;
  // A prometheus.yml as it is must mean what it means to Prometheus, which measures nothing itself.
  const enabled = host.enabled ?? (reading.isGiven(settings, 'host_metrics') || scrapeConfigs.length === 0);
  if (enabled && scrapeConfigs.some(({ jobName }) => jobName === host.job)) {
    reading.report(
      reading.placeOf(host, 'job'),
      `a scrape configuration has the job name ${JSON.stringify(host.job)} as well; queries by job count both`,
      'warning',
    );
  }
  return {
    enabled,
    interval: host.interval,
    job: host.job,
    instance: host.instance,
    filesystemMountPointsExclude: toRegExp(host.filesystem_mount_points_exclude),
    filesystemTypesExclude: toRegExp(host.filesystem_types_exclude),
    networkDevicesExclude: toRegExp(host.network_devices_exclude),
    diskDevicesExclude: toRegExp(host.disk_devices_exclude),
  };
}

/** Empty text leaves nothing out, where an empty expression would match everything. */
function toRegExp(source: string): RegExp {
  return source === '' ? /(?!)/ : new RegExp(source, 'u');
}

function buildStorage(settings: StorageSettings, reading: Reading): StorageConfig {
  return {
    dataDir: settings.data_dir || undefined,
    clickhouse: settings.clickhouse && buildClickHouse(settings.clickhouse, reading),
    retention: settings.retention,
    outboxMaxSize: settings.outbox_max_size,
  };
}

function buildClickHouse(settings: NonNullable<StorageSettings['clickhouse']>, reading: Reading): ClickHouseConfig {
  atMostOne(settings, ['password', 'password_file'], reading);
  const { url, basicAuth } = withoutUserInfo(settings.url);
  const password = basicAuth?.password?.reveal();
  return {
    url,
    user: reading.isGiven(settings, 'user') ? settings.user : basicAuth?.username || settings.user,
    password: settings.password ?? (password ? new Secret(password) : undefined),
    passwordFile: settings.password_file || undefined,
    database: settings.database,
  };
}
