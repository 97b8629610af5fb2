import { discoveryKeys } from './discovery-keys.ts';
import { httpClientKeys } from './http-client-keys.ts';
import { relabelConfigs } from './relabel-keys.ts';
import {
  boolean,
  duration,
  existingFile,
  integer,
  nonEmptyText,
  oneOf,
  positiveDuration,
  secretUrl,
  text,
  url,
} from './scalars.ts';
import { key, list, map, notServed, optional, required, section, type ValueOf } from './shape.ts';

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

const groupingKeys = {
  group_by: optional(list(text), 'Labels that make alerts one notification; "..." alone means every alert by itself.'),
  group_wait: optional(duration, 'How long a new group waits for more alerts.'),
  group_interval: optional(positiveDuration, 'How long until changes of a group are told.'),
  repeat_interval: optional(positiveDuration, 'How long until an unchanged group is told again.'),
};

const webhookKeys = {
  url: optional(secretUrl, 'Where to POST (version 4 of the webhook body).'),
  url_file: optional(existingFile, 'A file with the URL, read anew for each use.'),
  send_resolved: key(boolean, true, 'Tell also what is resolved.'),
  max_alerts: key(integer(0), 0, 'At most so many alerts in one body; 0 means all.'),
  timeout: key(positiveDuration, 10_000, 'For one attempt.'),
  http_config: section(map(httpClientKeys), 'How to talk to the server.'),
  payload: notServed('a payload of your own is not served yet: the standard body is sent'),
};

export type WebhookSettings = ValueOf<typeof webhookKeys>;

const receiverKeys = {
  name: required(nonEmptyText, 'The name of the receiver, unique.'),
  webhook_configs: key(list(map(webhookKeys)), [], 'Webhooks; each gets every notification.'),
  ...groupingKeys,
};

export type ReceiverSettings = ValueOf<typeof receiverKeys>;

export const notificationKeys = {
  external_url: optional(url, 'The URL under which people reach Pharos, for the links in notifications.'),
  ...groupingKeys,
  receivers: key(list(map(receiverKeys)), [], 'Who gets the notifications; each receiver gets every alert.'),
  config_file: optional(
    existingFile,
    "An Alertmanager's configuration: routes, receivers, inhibition, time intervals and templates. Instead of receivers.",
  ),
};

export type NotificationSettings = ValueOf<typeof notificationKeys>;
