import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The store's own metrics, registered in the given registry. */
export type StorageMetrics = ReturnType<typeof createStorageMetrics>;

/** Registers the metrics of the write path; call once per registry. */
export function createStorageMetrics(registry: Registry) {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name: `pharos_${name}`, help, registers });
  const counter = (name: string, help: string) => new Counter({ name: `pharos_${name}`, help, registers });
  return {
    outboxBytes: gauge('outbox_bytes', 'Bytes in the outbox that are not in ClickHouse yet.'),
    outboxSegments: gauge('outbox_segments', 'Segments in the outbox that are not in ClickHouse yet.'),
    outboxOldest: gauge(
      'outbox_oldest_segment_timestamp_seconds',
      'When the oldest segment in the outbox was written, 0 if it is empty.',
    ),
    outboxLimit: gauge('outbox_limit_bytes', 'Bytes at which the outbox refuses samples.'),
    acknowledged: gauge('outbox_acknowledged_sequence', 'The newest segment that is durable.'),
    inserted: gauge('outbox_inserted_sequence', 'The newest segment that ClickHouse has stored.'),
    quarantined: counter('outbox_quarantined_segments_total', 'Segments put aside because they can never be stored.'),
    insertFailures: counter('outbox_insert_failures_total', 'Inserts that failed and were or will be repeated.'),
    insertSeconds: new Histogram({
      name: 'pharos_outbox_insert_duration_seconds',
      help: 'How long ClickHouse took to store a segment.',
      buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'pharos_outbox_commit_duration_seconds',
      help: 'How long it took to write a segment and make it durable.',
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      registers,
    }),
    samplesAppended: counter('storage_samples_appended_total', 'Samples that were acknowledged as durable.'),
    samplesInserted: counter('storage_samples_inserted_total', 'Samples that ClickHouse has stored.'),
    samplesRefused: counter('storage_samples_refused_total', 'Samples refused because the outbox was full or failed.'),
    series: gauge('storage_active_series', 'Series that a writer holds.'),
  };
}
