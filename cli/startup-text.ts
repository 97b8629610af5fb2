import { formatDuration } from '../alerting/duration.ts';
import type { PharosConfig } from './config/config.ts';
import { counted } from './counted.ts';
import { type Address, formatAddress, localUrl, type Role } from './server-options.ts';
import { cleanUrl, type Settings } from './settings.ts';
import { VERSION } from './version.ts';

export interface StartupFacts {
  readonly role: Role;
  /** False at the edge. */
  readonly keepsSamples: boolean;
  readonly config: PharosConfig;
  readonly settings: Settings;
  readonly address: Address;
  /** Since the start. */
  readonly milliseconds: number;
  readonly ruleGroups: number;
  /** Of the files. */
  readonly policies: number;
  /** Names of those that tell somebody. */
  readonly receivers: readonly string[];
  /** The Kubernetes clusters that are monitored, by name; '' for one without. */
  readonly clusters: readonly string[];
  /** Where the Kubernetes metrics APIs are served; undefined when they are not. */
  readonly metricsApis: Address | undefined;
  /** The simulated one among them. */
  readonly demo:
    | { readonly nodes: number; readonly pods: number; readonly url: string; readonly kubeconfig: string }
    | undefined;
}

/** What a person needs next, when the server is ready. */
export function startupText(facts: StartupFacts): string {
  const { role, config, settings, address } = facts;
  const url = localUrl(address);
  const lines: [string, string][] = [];
  if (role === 'all' || role === 'query') lines.push(['page', `${url}/`]);
  lines.push([
    'API',
    `${url}/api/v1/  (Prometheus' HTTP API: in Grafana, a Prometheus data source with the URL ${url})`,
  ]);
  if (role === 'all' || role === 'collector') lines.push(['scraping', scraping(config, settings)]);
  if (facts.keepsSamples) lines.push(['data', data(settings)]);
  if (role !== 'query' && config.remoteWrite.length > 0) {
    const receivers = config.remoteWrite.map((remote) => cleanUrl(remote.url)).join(', ');
    const only = facts.keepsSamples ? '' : '; nothing is kept here';
    lines.push(['sending', `to ${receivers}, outbox in ${settings.dataDir}${only}`]);
  }
  if (role === 'all' || role === 'collector') lines.push(['clusters', clusters(facts)]);
  if (settings.clickhouseHttp !== undefined) {
    lines.push(['SQL', `${localUrl(settings.clickhouseHttp)}/  (ClickHouse's HTTP protocol, read-only)`]);
  }
  if (role === 'all' || role === 'alerting') {
    lines.push(['rules', rules(facts)], ['telling', telling(facts)]);
    if (facts.metricsApis !== undefined) {
      const at = formatAddress(facts.metricsApis);
      lines.push(['scaling', `metrics.k8s.io, custom.metrics.k8s.io and external.metrics.k8s.io at https://${at}`]);
    }
  }
  const seconds = (facts.milliseconds / 1000).toFixed(1);
  const what = role === 'all' ? 'Pharos' : `Pharos ${role}`;
  return [
    `${what} ${VERSION} is ready after ${seconds} s`,
    ...lines.map(([name, text]) => `  ${name.padEnd(9)} ${text}`),
  ].join('\n');
}

function data({ clickhouse, dataDir, retention }: Settings): string {
  const kept = retention === 0 ? 'kept for ever' : `kept ${formatDuration(retention)}`;
  return clickhouse === undefined
    ? `${dataDir}  (embedded ClickHouse, ${kept})`
    : `${cleanUrl(clickhouse.url)}  (ClickHouse server, ${kept}), outbox in ${dataDir}`;
}

function scraping(config: PharosConfig, { shard }: Settings): string {
  const jobs = config.scrapeConfigs.map(
    ({ jobName, scrapeInterval }) => `${jobName} every ${formatDuration(scrapeInterval)}`,
  );
  const { hostMetrics } = config;
  if (hostMetrics.enabled) {
    jobs.unshift(`this machine (job ${hostMetrics.job}) every ${formatDuration(hostMetrics.interval)}`);
  }
  if (jobs.length === 0) return 'nothing: no scrape_configs';
  const all = jobs.length <= 6 ? jobs.join(', ') : `${jobs.slice(0, 5).join(', ')} and ${jobs.length - 5} more jobs`;
  return shard === undefined ? all : `${all}; of their targets those of shard ${shard.index}/${shard.count}`;
}

function clusters({ clusters: names, demo, config }: StartupFacts): string {
  if (demo !== undefined) {
    return `${names.join(', ')}: ${demo.nodes} nodes and ${demo.pods} pods that are not real, behind ${demo.url} (--demo; kubectl --kubeconfig ${demo.kubeconfig} top pods -A)`;
  }
  if (names.length > 0) return names.map((name) => (name === '' ? 'the one that this runs in' : name)).join(', ');
  if (config.kubernetes.enabled === false) return 'none: kubernetes.enabled is false';
  return 'no Kubernetes cluster found; --kubeconfig FILE monitors one, --demo plays one to look at';
}

function rules({ config, ruleGroups, policies }: StartupFacts): string {
  const from = config.builtinRules
    ? 'built in'
    : config.ruleFiles.length > 0
      ? `from ${config.ruleFiles.join(', ')}`
      : 'none configured';
  const also = policies === 0 ? '' : `; ${counted(policies, 'policy', 'policies')} from files`;
  return `${counted(ruleGroups, 'group')}, ${from}${also}`;
}

function telling({ config, receivers }: StartupFacts): string {
  const { notification, alerting } = config;
  const from = notification.configFile === undefined ? '' : `, as ${notification.configFile} says`;
  const told = receivers.length === 0 ? [] : [`${receivers.join(', ')}${from}`];
  if (alerting.alertmanagers.length > 0) told.push('the Alertmanagers under alerting');
  return told.length > 0 ? told.join('; ') : 'nobody: no receivers in notification';
}
