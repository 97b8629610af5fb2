import { formatDuration } from '../../alerting/duration.ts';
import type { ScrapeConfig } from '../../collector/scrape/scrape-config.ts';
import { buildHttpClient } from './build-client.ts';
import { buildDiscovery } from './build-discovery.ts';
import { buildRelabelConfigs } from './build-relabel.ts';
import type { Reading } from './reading.ts';
import type { GlobalSettings, ScrapeSettings } from './scrape-keys.ts';

const DEFAULT_SCRAPE_INTERVAL = 60_000;
const DEFAULT_SCRAPE_TIMEOUT = 10_000;

/** The intervals of `global`, in which 0 counts as not given. */
export function globalIntervals(
  global: GlobalSettings,
  reading: Reading,
): { readonly scrapeInterval: number; readonly scrapeTimeout: number } {
  const scrapeInterval = global.scrape_interval || DEFAULT_SCRAPE_INTERVAL;
  const scrapeTimeout = global.scrape_timeout || Math.min(DEFAULT_SCRAPE_TIMEOUT, scrapeInterval);
  checkTimeout(global, { scrapeTimeout, scrapeInterval }, reading);
  return { scrapeInterval, scrapeTimeout };
}

/** Fills in the global values and checks what the table of keys cannot say. */
export function buildScrapeConfig(job: ScrapeSettings, global: GlobalSettings, reading: Reading): ScrapeConfig {
  const globalInterval = global.scrape_interval || DEFAULT_SCRAPE_INTERVAL;
  const globalTimeout = global.scrape_timeout || Math.min(DEFAULT_SCRAPE_TIMEOUT, globalInterval);
  const scrapeInterval = job.scrape_interval || globalInterval;
  const scrapeTimeout = job.scrape_timeout || Math.min(globalTimeout, scrapeInterval);
  // Against a global interval that could not be read there is nothing to compare.
  if (job.scrape_interval || reading.isSound(global, 'scrape_interval')) {
    checkTimeout(job, { scrapeTimeout, scrapeInterval }, reading);
  }
  checkProtocols(job, reading);
  const protocols = job.scrape_protocols ?? global.scrape_protocols;
  return {
    jobName: job.job_name,
    scrapeInterval,
    scrapeTimeout,
    metricsPath: job.metrics_path,
    scheme: job.scheme,
    params: { ...job.params },
    honorLabels: job.honor_labels,
    honorTimestamps: job.honor_timestamps,
    trackTimestampsStaleness: job.track_timestamps_staleness,
    enableCompression: job.enable_compression,
    bodySizeLimit: job.body_size_limit || global.body_size_limit || 0,
    sampleLimit: job.sample_limit || global.sample_limit || 0,
    labelLimit: job.label_limit || global.label_limit || 0,
    labelNameLengthLimit: job.label_name_length_limit || global.label_name_length_limit || 0,
    labelValueLengthLimit: job.label_value_length_limit || global.label_value_length_limit || 0,
    targetLimit: job.target_limit || global.target_limit || 0,
    keepDroppedTargets: job.keep_dropped_targets || global.keep_dropped_targets || 0,
    client: buildHttpClient(job, reading),
    discovery: buildDiscovery(job, reading, { needsHostPort: job.relabel_configs.length === 0 }),
    relabelConfigs: buildRelabelConfigs(job.relabel_configs, reading),
    metricRelabelConfigs: buildRelabelConfigs(job.metric_relabel_configs, reading),
    scrapeFallbackProtocol: job.fallback_scrape_protocol,
    ...(protocols !== undefined && { scrapeProtocols: protocols }),
  };
}

function checkTimeout(
  section: GlobalSettings | ScrapeSettings,
  { scrapeTimeout, scrapeInterval }: { scrapeTimeout: number; scrapeInterval: number },
  reading: Reading,
): void {
  if (scrapeTimeout <= scrapeInterval || !reading.isSound(section, 'scrape_timeout', 'scrape_interval')) return;
  const key = reading.isGiven(section, 'scrape_timeout') ? 'scrape_timeout' : 'scrape_interval';
  reading.report(
    reading.placeOf(section, key),
    `expected a timeout of at most the scrape interval (${formatDuration(scrapeInterval)}), got ${formatDuration(scrapeTimeout)}`,
  );
}

/** Protocols are asked for in their order, so that an empty list or a repeated one is a mistake. */
export function checkProtocols(section: GlobalSettings | ScrapeSettings, reading: Reading): void {
  const protocols = section.scrape_protocols;
  if (protocols === undefined) return;
  if (protocols.length === 0) {
    reading.report(reading.placeOf(section, 'scrape_protocols'), 'expected at least one protocol, got none');
  }
  for (const [i, protocol] of protocols.entries()) {
    if (protocols.indexOf(protocol) < i) {
      reading.report(reading.placeOf(protocols, i), `expected each protocol once, got ${protocol} twice`);
    }
  }
}
