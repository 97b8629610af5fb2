import { discoveryKeys } from './discovery-keys.ts';
import { httpClientKeys } from './http-client-keys.ts';
import { relabelConfigs } from './relabel-keys.ts';
import { existingFile, nonEmptyText, oneOf, positiveDuration, text, url } from './scalars.ts';
import { elsewhere, key, list, map, optional, section, type ValueOf } from './shape.ts';

const alertmanagerKeys = {
  scheme: key(oneOf('http', 'https'), 'http', 'http or https.'),
  path_prefix: key(text, '', 'Goes before /api/v2/alerts.'),
  timeout: key(positiveDuration, 10_000, 'For one attempt to push alerts.'),
  api_version: key(oneOf('v2'), 'v2', 'The API of the Alertmanager.'),
  ...httpClientKeys,
  ...discoveryKeys,
  relabel_configs: key(relabelConfigs, [], 'Steps that change or drop Alertmanagers.'),
  alert_relabel_configs: key(relabelConfigs, [], 'Steps that change or drop alerts for these Alertmanagers.'),
};

export type AlertmanagerSettings = ValueOf<typeof alertmanagerKeys>;

const leaderElectionKeys = {
  by: key(
    oneOf('auto', 'store', 'kubernetes', 'none'),
    'auto',
    'How one of several alerting instances leads: by rows in the ClickHouse server that they share, by a Lease in the Kubernetes cluster that Pharos runs in, or not at all; auto: by the server if there is one.',
  ),
  namespace: optional(nonEmptyText, "Of the Lease object. Default: the service account's, else default."),
  name: key(nonEmptyText, 'pharos-alerting', 'Of the lease; instances that share it do the same work.'),
};

export const alertingKeys = {
  leader_election: section(
    map(leaderElectionKeys),
    'Several instances that evaluate the same rules and policies, of which one does.',
  ),
  arrival_timeout: optional(
    positiveDuration,
    "How long an evaluation waits for samples that are late. Default: the scrape's timeout, half an interval at most.",
  ),
  alert_relabel_configs: key(relabelConfigs, [], 'Steps that change or drop alerts before they are pushed.'),
  alertmanagers: key(list(map(alertmanagerKeys)), [], 'Alertmanagers that every alert is pushed to.'),
};

/** How the short form groups alerts; its receivers may say otherwise for themselves. */
const GROUPING = {
  group_by: 'Labels that make alerts one notification; "..." alone means every alert by itself.',
  group_wait: 'How long a new group waits for more alerts.',
  group_interval: 'How long until changes of a group are told.',
  repeat_interval: 'How long until an unchanged group is told again.',
};

export const notificationKeys = {
  external_url: optional(url, 'The URL under which people reach Pharos, for the links in notifications.'),
  config_file: optional(
    existingFile,
    "An Alertmanager's configuration: routes, receivers, inhibition, time intervals and templates. Instead of all below.",
  ),
  group_by: elsewhere(GROUPING.group_by),
  group_wait: elsewhere(GROUPING.group_wait),
  group_interval: elsewhere(GROUPING.group_interval),
  repeat_interval: elsewhere(GROUPING.repeat_interval),
  receivers: elsewhere(
    'Who gets the notifications: receivers as in an Alertmanager configuration, each of which gets every alert.',
  ),
};

export type NotificationSettings = ValueOf<typeof notificationKeys>;
