import { httpClientKeys } from './http-client-keys.ts';
import { relabelConfigs } from './relabel-keys.ts';
import { boolean, duration, integer, nonEmptyText, positiveDuration, size, text, url } from './scalars.ts';
import { key, map, notServed, optional, record, required, section, type ValueOf } from './shape.ts';

const queueKeys = {
  max_samples_per_send: key(integer(1), 10_000, 'Samples of one request at most.'),
  batch_send_deadline: key(
    duration,
    1_000,
    'How long samples wait for others before they are written to the outbox and sent; at most 1s counts, because until then they are not safe.',
  ),
  max_shards: key(
    integer(1),
    20,
    'Requests under way at a time at most. Older data gets half of them, and less when it delays what is new.',
  ),
  min_backoff: key(positiveDuration, 30, 'The pause after a first failure; it doubles with each further one.'),
  max_backoff: key(positiveDuration, 5_000, 'The longest pause after a failure, unless the receiver asks for more.'),
  capacity: notServed('capacity has no effect: samples wait on disk; see outbox_max_size'),
  min_shards: notServed('min_shards has no effect: requests are made as they are needed'),
  retry_on_http_429: notServed('a request that is answered 429 is always sent again', ['true']),
  sample_age_limit: notServed('sample_age_limit is not served: everything in the outbox is sent, however old', [
    '0s',
    '0',
  ]),
};

const metadataKeys = {
  send: key(boolean, true, 'Whether metadata is sent: when it is new, and all of it every hour.'),
  send_interval: notServed('send_interval has no effect: metadata is sent when it is new, and all of it every hour'),
  max_samples_per_send: notServed('max_samples_per_send has no effect on metadata'),
};

export const remoteWriteKeys = {
  url: required(url, 'Where to POST: the remote write 1.0 endpoint of a Pharos, a Prometheus or another receiver.'),
  name: optional(nonEmptyText, 'The name in metrics and of the outbox on disk, unique. Default: made of the URL.'),
  remote_timeout: key(positiveDuration, 30_000, 'For one request.'),
  headers: key(record(text), {}, 'Headers to send with every request.'),
  write_relabel_configs: key(relabelConfigs, [], 'Steps that change or drop series before they are sent.'),
  outbox_max_size: optional(
    size,
    'How much may wait on local disk for this receiver, the tenth for refused requests included. Default: storage.outbox_max_size.',
  ),
  ...httpClientKeys,
  queue_config: section(map(queueKeys), 'How samples are sent.'),
  metadata_config: section(map(metadataKeys), 'How metadata is sent.'),
  protobuf_message: notServed('only the message of remote write 1.0 is served: prometheus.WriteRequest is sent', [
    'prometheus.WriteRequest',
  ]),
  send_exemplars: notServed('exemplars are not stored, so none are sent', ['false']),
  send_native_histograms: notServed('native histograms are not stored, so none are sent', ['false']),
  round_robin_dns: notServed('round_robin_dns is not served: the system resolves the name', ['false']),
};

export type RemoteWriteSettings = ValueOf<typeof remoteWriteKeys>;
