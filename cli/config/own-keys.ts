import {
  address,
  boolean,
  duration,
  existingFile,
  integer,
  nonEmptyText,
  path,
  pattern,
  positiveDuration,
  secret,
  size,
  text,
  url,
} from './scalars.ts';
import { key, map, notServed, optional, required, section, type ValueOf } from './shape.ts';

export const hostMetricsKeys = {
  enabled: optional(boolean, 'Measure this machine. Default: only when scrape_configs is not given.'),
  interval: key(positiveDuration, 15_000, 'How often.'),
  job: key(nonEmptyText, 'node', 'The label job.'),
  instance: optional(nonEmptyText, "The label instance. Default: the machine's name."),
  filesystem_mount_points_exclude: key(
    pattern,
    '^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)',
    'Mount points to leave out.',
  ),
  filesystem_types_exclude: key(
    pattern,
    '^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|erofs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$',
    'Types of file systems to leave out.',
  ),
  network_devices_exclude: key(pattern, '^(veth.*|[a-f0-9]{15})$', 'Network devices to leave out.'),
  disk_devices_exclude: key(pattern, '^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$', 'Disks to leave out.'),
};

const clickhouseKeys = {
  url: required(url, 'Its HTTP interface, http://host:8123.'),
  user: key(text, 'default', 'The user.'),
  password: optional(secret, 'The password.'),
  password_file: optional(existingFile, 'A file with the password.'),
  database: key(nonEmptyText, 'pharos', 'The database; it is created when it is missing.'),
};

export const storageKeys = {
  data_dir: optional(path, 'Where the embedded store and the outbox lie. Default: ./data.'),
  clickhouse: optional(map(clickhouseKeys), 'A ClickHouse server to use instead of the embedded engine.'),
  retention: key(duration, 90 * 86_400_000, 'How long samples are kept; 0 keeps them for ever.'),
  outbox_max_size: key(size, 1024 ** 3, 'How much may wait on local disk while ClickHouse does not answer.'),
  tsdb: notServed("Prometheus' tsdb settings have no effect on ClickHouse; see storage.retention"),
  exemplars: notServed("Prometheus' exemplar settings have no effect on ClickHouse"),
};

export type StorageSettings = ValueOf<typeof storageKeys>;

const queryKeys = {
  timeout: key(positiveDuration, 120_000, 'A longer query is aborted.'),
  max_concurrency: key(integer(1), 20, 'So many queries run at a time; others wait.'),
  max_samples: key(integer(1), 50_000_000, 'A query that needs more samples in memory at once fails.'),
  max_memory: key(size, 1024 ** 3, 'A query whose samples and intermediate results take more memory fails.'),
  max_series: key(integer(1), 500_000, 'A query that selects more series fails.'),
  threads: optional(
    integer(0),
    'Threads for heavy queries; 0: none. Default: one less than the processors, at most 4.',
  ),
  cache_size: key(size, 64 * 1024 ** 2, 'How much each of these threads keeps of results; 0: nothing.'),
  slow_query: key(positiveDuration, 10_000, 'A query that takes longer is logged, with its cost.'),
  lookback_delta: key(positiveDuration, 300_000, 'How far back a sample counts as the current value.'),
};

export const serverKeys = {
  listen: key(address, { host: '127.0.0.1', port: 9090 }, 'Where the page and the API are served.'),
  clickhouse_http: optional(address, "Serve the embedded store over ClickHouse's HTTP protocol, read-only, there."),
  max_body_size: key(size, 64 * 1024 ** 2, 'The largest request body, uncompressed.'),
  enable_admin_api: key(boolean, false, 'Whether series can be deleted over the API, by everybody who reaches it.'),
  query: section(map(queryKeys), 'Limits of queries.'),
};
