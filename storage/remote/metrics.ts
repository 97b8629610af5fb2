import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The metrics of sending by remote write, of all receivers together. Call once per registry. */
export function createRemoteWriteMetrics(registry: Registry) {
  const registers = [registry];
  const labelNames = ['remote_name'] as const;
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `pharos_remote_write_${name}`, help, labelNames, registers });
  const counter = <L extends string = never>(name: string, help: string, more: readonly L[] = []) =>
    new Counter({ name: `pharos_remote_write_${name}`, help, labelNames: [...labelNames, ...more], registers });
  return {
    pendingBytes: gauge('pending_bytes', 'Bytes in the outbox that the receiver has not taken yet.'),
    pendingSegments: gauge('pending_segments', 'Segments in the outbox that the receiver has not taken yet.'),
    pendingSamples: gauge('pending_samples', 'Samples in the outbox that the receiver has not taken yet.'),
    limitBytes: gauge('outbox_limit_bytes', 'Bytes at which the outbox refuses samples.'),
    oldestPending: gauge(
      'oldest_pending_timestamp_seconds',
      'When the oldest segment in the outbox was written, 0 if it is empty.',
    ),
    newestPending: gauge(
      'newest_pending_timestamp_seconds',
      'When the newest segment in the outbox was written, 0 if it is empty.',
    ),
    quarantineBytes: gauge('quarantine_bytes', 'Bytes of requests that the receiver refused for good.'),
    shards: gauge('shards', 'Requests that may be under way at a time, by what the answers of the receiver suggest.'),
    shardsMax: gauge('shards_max', 'Requests that may be under way at a time at most.'),
    backlogShards: gauge('backlog_shards', 'Of these, those that may carry older data.'),
    series: gauge('active_series', 'Series that a writer holds and that relabelling keeps.'),
    appended: counter('appended_samples_total', 'Samples that are or were in the outbox.'),
    sent: counter('sent_samples_total', 'Samples that the receiver has taken.'),
    sentBytes: counter('sent_bytes_total', 'Bytes of the bodies that the receiver has taken.'),
    failed: counter('failed_samples_total', 'Samples that the receiver refused for good; they are in the quarantine.'),
    retried: counter('retried_samples_total', 'Samples of requests that failed and were or will be sent again.'),
    dropped: counter(
      'dropped_samples_total',
      'Samples that were not taken to be sent: the outbox was full or failed, or relabelling drops their series.',
      ['reason'],
    ),
    quarantineDropped: counter(
      'quarantine_dropped_samples_total',
      'Samples that left the quarantine because it was full.',
    ),
    sends: counter('sends_total', 'Requests by how they ended: delivered, refused or failed.', ['outcome']),
    liveDelay: new Histogram({
      name: 'pharos_remote_write_live_delay_seconds',
      help: 'From the outbox to the answer of the receiver, of data that was new when it was sent.',
      labelNames,
      buckets: [0.03, 0.1, 0.3, 1, 2, 3, 5, 10, 30],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'pharos_remote_write_commit_duration_seconds',
      help: 'How long it took to write a segment and make it durable.',
      labelNames,
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      registers,
    }),
  };
}

export type RemoteWriteMetrics = ReturnType<typeof createRemoteWriteMetrics>;
