import { alertingKeys, notificationKeys } from './alerting-keys.ts';
import { autoscalingKeys } from './autoscaling-keys.ts';
import { kubernetesKeys } from './kubernetes-keys.ts';
import { hostMetricsKeys, serverKeys, storageKeys } from './own-keys.ts';
import { remoteWriteKeys } from './remote-write-keys.ts';
import { boolean, path } from './scalars.ts';
import { globalKeys, scrapeConfigs } from './scrape-keys.ts';
import { elsewhere, key, list, map, notServed, optional, section, type ValueOf } from './shape.ts';

/** The whole file: every key of prometheus.yml, and Pharos' own sections. */
export const fileKeys = {
  global: section(map(globalKeys), 'Defaults for all jobs and rules.'),
  scrape_configs: key(scrapeConfigs, [], 'What is scraped: a list of jobs.'),
  scrape_config_files: key(list(path), [], 'Files with more scrape_configs; the last component may hold a *.'),
  rule_files: key(list(path), [], 'Files with rules; the last component may hold a *.'),
  builtin_rules: optional(
    boolean,
    'Evaluate the rules that come with Pharos. Default: only when rule_files is not given.',
  ),
  policy_files: key(list(path), [], 'Files with alert policies; the last component may hold a *.'),
  policies: elsewhere('Alert policies: docs/policies.md has their keys.'),
  alerting: section(map(alertingKeys), 'How alerts are evaluated, and Alertmanagers.'),
  notification: section(map(notificationKeys), 'Who is told of alerts.'),
  autoscaling: section(map(autoscalingKeys), 'The Kubernetes metrics APIs, which autoscalers ask.'),
  host_metrics: section(map(hostMetricsKeys), 'The metrics of the machine that Pharos runs on.'),
  kubernetes: section(
    map(kubernetesKeys),
    'The Kubernetes clusters that are watched. {} finds the one that Pharos runs in.',
  ),
  storage: section(map(storageKeys), 'Where metrics are kept.'),
  server: section(map(serverKeys), 'Addresses and limits.'),
  remote_write: key(list(map(remoteWriteKeys)), [], 'Receivers that every sample is also sent to.'),
  remote_read: notServed('remote_read is not served yet: queries see only the own storage'),
  otlp: notServed('otlp settings are not served yet: the defaults hold'),
  tracing: notServed('tracing is not served yet: no traces are sent'),
  runtime: notServed("runtime tunes Go's garbage collector and has no effect here"),
};

export const fileShape = map(fileKeys);

export type FileSettings = ValueOf<typeof fileKeys>;
