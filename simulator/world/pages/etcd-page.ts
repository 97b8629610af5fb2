import { type ComponentOptions, writeOwnProcess } from './component.ts';
import { exponential, writeHistogram } from './histogram.ts';
import type { PageWriter } from './page-writer.ts';
import { steadyGrowth } from './steady-growth.ts';

/** The page of an etcd member; the first one leads. */
export function writeEtcd(writer: PageWriter, options: ComponentOptions): void {
  const { container, now, pods, objects } = options;
  const since = container.startedAt;
  const grow = (rate: number, name: string) => steadyGrowth(rate, { since, now, key: container.id + name });
  const single = (
    type: 'counter' | 'gauge',
    name: string,
    ...[help, value, labels = '']: [string, number, string?]
  ) => {
    writer.family(name, type, help);
    writer.sample(name + labels, value);
  };
  let stored = 0;
  for (const count of objects.values()) stored += count;
  const leader = container.pod.machine.number === 1;
  single('gauge', 'etcd_server_has_leader', 'Whether or not a leader exists. 1 is existence, 0 is not.', 1);
  single(
    'gauge',
    'etcd_server_is_leader',
    'Whether or not this member is a leader. 1 if is, 0 otherwise.',
    leader ? 1 : 0,
  );
  single('counter', 'etcd_server_leader_changes_seen_total', 'The number of leader changes seen.', 1);
  single('gauge', 'etcd_server_proposals_pending', 'The current number of pending proposals to commit.', 0);
  single(
    'counter',
    'etcd_server_proposals_committed_total',
    'The total number of consensus proposals committed.',
    Math.floor(grow(0.1 * pods + 5, 'proposals')),
  );
  single(
    'counter',
    'etcd_server_proposals_applied_total',
    'The total number of consensus proposals applied.',
    Math.floor(grow(0.1 * pods + 5, 'proposals')),
  );
  single('counter', 'etcd_server_proposals_failed_total', 'The total number of failed proposals seen.', 0);
  single('gauge', 'etcd_server_quota_backend_bytes', 'Current backend storage quota size in bytes.', 8 * 2 ** 30);
  single(
    'gauge',
    'etcd_mvcc_db_total_size_in_bytes',
    'Total size of the underlying database physically allocated in bytes.',
    20 * 2 ** 20 + stored * 14_336,
  );
  single(
    'gauge',
    'etcd_mvcc_db_total_size_in_use_in_bytes',
    'Total size of the underlying database logically in use in bytes.',
    8 * 2 ** 20 + stored * 6144,
  );
  single('gauge', 'etcd_debugging_mvcc_keys_total', 'Total number of keys.', stored);
  for (const [name, median] of [
    ['etcd_disk_wal_fsync_duration_seconds', 0.0012],
    ['etcd_disk_backend_commit_duration_seconds', 0.0025],
  ] as const) {
    writer.family(name, 'histogram', 'The latency distributions of writes to the disk.');
    writeHistogram(writer, name, {
      labels: '',
      bounds: exponential(0.001, 2, 14),
      count: grow(0.1 * pods + 5, name),
      median,
    });
  }
  writer.family('etcd_network_peer_round_trip_time_seconds', 'histogram', 'Round-Trip-Time histogram between peers');
  for (const peer of ['a', 'b'])
    writeHistogram(writer, 'etcd_network_peer_round_trip_time_seconds', {
      labels: `To="${peer}"`,
      bounds: exponential(0.0001, 2, 16),
      count: grow(0.5, `peer${peer}`),
      median: 0.0008,
    });
  writer.family(
    'grpc_server_handled_total',
    'counter',
    'Total number of RPCs completed on the server, regardless of success or failure.',
  );
  for (const method of ['Range', 'Txn', 'Watch'])
    writer.sample(
      `grpc_server_handled_total{grpc_code="OK",grpc_method="${method}",grpc_service="etcdserverpb.KV",grpc_type="unary"}`,
      Math.floor(grow(0.1 * pods + 2, method)),
    );
  writeOwnProcess(writer, options, 320);
}
