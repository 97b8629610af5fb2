import type { PharosConfig } from './config/config.ts';
import { formatDuration } from './config/duration.ts';
import { type Address, localUrl, type Role } from './server-options.ts';
import { cleanUrl, type Settings } from './settings.ts';
import { VERSION } from './version.ts';

export interface StartupFacts {
  readonly role: Role;
  readonly config: PharosConfig;
  readonly settings: Settings;
  readonly address: Address;
  /** Since the start. */
  readonly milliseconds: number;
  readonly ruleGroups: number;
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
  if (role === 'all' || role === 'collector') lines.push(['scraping', scraping(config)]);
  const kept = settings.retention === 0 ? 'kept for ever' : `kept ${formatDuration(settings.retention)}`;
  lines.push([
    'data',
    settings.clickhouse === undefined
      ? `${settings.dataDir}  (embedded ClickHouse, ${kept})`
      : `${cleanUrl(settings.clickhouse.url)}  (ClickHouse server, ${kept}), outbox in ${settings.dataDir}`,
  ]);
  if (settings.clickhouseHttp !== undefined) {
    lines.push(['SQL', `${localUrl(settings.clickhouseHttp)}/  (ClickHouse's HTTP protocol, read-only)`]);
  }
  if (role === 'all' || role === 'alerting') lines.push(['rules', rules(config, facts.ruleGroups)]);
  const seconds = (facts.milliseconds / 1000).toFixed(1);
  const what = role === 'all' ? 'Pharos' : `Pharos ${role}`;
  return [
    `${what} ${VERSION} is ready after ${seconds} s`,
    ...lines.map(([name, text]) => `  ${name.padEnd(9)} ${text}`),
  ].join('\n');
}

function scraping(config: PharosConfig): string {
  const jobs = config.scrapeConfigs.map(
    ({ jobName, scrapeInterval }) => `${jobName} every ${formatDuration(scrapeInterval)}`,
  );
  const { hostMetrics } = config;
  if (hostMetrics.enabled) {
    jobs.unshift(`this machine (job ${hostMetrics.job}) every ${formatDuration(hostMetrics.interval)}`);
  }
  if (jobs.length === 0) return 'nothing: no scrape_configs';
  return jobs.length <= 6 ? jobs.join(', ') : `${jobs.slice(0, 5).join(', ')} and ${jobs.length - 5} more jobs`;
}

function rules(config: PharosConfig, groups: number): string {
  const from = config.builtinRules
    ? 'built in'
    : config.ruleFiles.length > 0
      ? `from ${config.ruleFiles.join(', ')}`
      : 'none configured';
  return `${groups} group${groups === 1 ? '' : 's'}, ${from}`;
}
