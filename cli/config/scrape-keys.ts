import { discoveryKeys } from './discovery-keys.ts';
import { httpClientKeys } from './http-client-keys.ts';
import { relabelConfigs } from './relabel-keys.ts';
import { badLabelName, boolean, duration, integer, nonEmptyText, oneOf, size, text } from './scalars.ts';
import { key, list, map, notServed, optional, record, required, type ValueOf } from './shape.ts';

const scrapeProtocol = oneOf(
  'PrometheusProto',
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
);

const limit = integer(0);

const NATIVE = 'native histograms are not served yet';

/** Keys that both `global` and a scrape configuration have; the latter wins. */
const sharedKeys = {
  scrape_interval: optional(duration, 'How often targets are scraped. Default: 1m, in a job the global one.'),
  scrape_timeout: optional(duration, 'After which time a scrape fails. Default: 10s, at most the interval.'),
  scrape_protocols: optional(list(scrapeProtocol), 'The formats that targets are asked for, the best first.'),
  body_size_limit: optional(size, 'A larger answer (uncompressed) fails the scrape; 0 means no limit.'),
  sample_limit: optional(limit, 'More samples after relabelling fail the scrape; 0 means no limit.'),
  label_limit: optional(limit, 'More labels of a sample fail the scrape; 0 means no limit.'),
  label_name_length_limit: optional(limit, 'A longer label name fails the scrape; 0 means no limit.'),
  label_value_length_limit: optional(limit, 'A longer label value fails the scrape; 0 means no limit.'),
  target_limit: optional(limit, 'With more targets none of the job is scraped; 0 means no limit.'),
  keep_dropped_targets: optional(limit, 'How many dropped targets of a job are shown; 0 means all.'),
  metric_name_validation_scheme: notServed(
    'only the utf8 scheme is served: names are not checked against the legacy one',
    ['utf8', ''],
  ),
  metric_name_escaping_scheme: notServed('only allow-utf-8 is served: names are taken as the target writes them', [
    'allow-utf-8',
    '',
  ]),
  scrape_failure_log_file: notServed(
    'scrape_failure_log_file is not served yet: failures are in the log and on /targets',
  ),
  scrape_native_histograms: notServed(`${NATIVE}: classic histograms are scraped`, ['false']),
  convert_classic_histograms_to_nhcb: notServed(`${NATIVE}: classic histograms stay as they are`, ['false']),
  always_scrape_classic_histograms: notServed(`${NATIVE}: classic histograms are always scraped`, ['false', 'true']),
  extra_scrape_metrics: notServed('extra_scrape_metrics is not served yet: the additional series are missing', [
    'false',
  ]),
};

export const globalKeys = {
  ...sharedKeys,
  evaluation_interval: key(duration, 60_000, 'How often rules are evaluated.'),
  rule_query_offset: key(duration, 0, 'How far in the past rules are evaluated, for data that comes late.'),
  external_labels: key(
    record(text, badLabelName),
    {},
    'Labels that alerts and outgoing data get. A dollar and a name are an environment variable, two dollars are one.',
  ),
  query_log_file: notServed('query_log_file is not served yet: slow queries are in the log'),
};

export type GlobalSettings = ValueOf<typeof globalKeys>;

export const scrapeKeys = {
  job_name: required(nonEmptyText, 'The name of the job, unique, and the default of the label job.'),
  ...sharedKeys,
  fallback_scrape_protocol: optional(scrapeProtocol, 'The format of answers whose Content-Type is missing or unknown.'),
  metrics_path: key(text, '/metrics', 'The path that is scraped.'),
  scheme: key(oneOf('http', 'https'), 'http', 'http or https.'),
  params: key(record(list(text)), {}, 'Parameters of the URL.'),
  honor_labels: key(boolean, false, "Where they collide, the target's labels win over the server's."),
  honor_timestamps: key(boolean, true, "Keep the target's timestamps."),
  track_timestamps_staleness: key(boolean, false, 'Mark series with timestamps of their own stale when they go away.'),
  enable_compression: key(boolean, true, 'Ask for compressed answers.'),
  scrape_classic_histograms: notServed(`${NATIVE}: classic histograms are always scraped`, ['false', 'true']),
  native_histogram_bucket_limit: notServed(`${NATIVE}`, ['0']),
  native_histogram_min_bucket_factor: notServed(`${NATIVE}`, ['0']),
  ...httpClientKeys,
  ...discoveryKeys,
  relabel_configs: key(relabelConfigs, [], 'Steps that change or drop targets.'),
  metric_relabel_configs: key(relabelConfigs, [], 'Steps that change or drop samples.'),
};

export type ScrapeSettings = ValueOf<typeof scrapeKeys>;

export const scrapeConfigs = list(map(scrapeKeys));

/** A file that `scrape_config_files` names. */
export const scrapeFileKeys = {
  scrape_configs: key(scrapeConfigs, [], 'Scrape configurations.'),
};
