import { COLUMN, type Column } from '../load/columns.ts';

/** What a line is about; families are not there for all of them. */
export const KIND = {
  root: 1,
  slice: 2,
  pod: 4,
  sandbox: 8,
  container: 16,
  /** A sandbox without a network of its own, and its lines about the node's network. */
  hostSandbox: 32,
  hostNetwork: 64,
} as const;
const ALL = KIND.root | KIND.slice | KIND.pod | KIND.sandbox | KIND.container | KIND.hostSandbox;
const NETWORKED = KIND.root | KIND.sandbox | KIND.hostNetwork;
const DISKS = KIND.root | KIND.pod | KIND.container;

/** What a line says that no meter knows. */
export interface RowFacts {
  readonly memoryLimit: number;
  /** Microseconds per period; 0 without a limit. */
  readonly quota: number;
  readonly shares: number;
  readonly startSeconds: number;
  readonly disk: number;
  readonly memory: number;
  readonly lastSeenSeconds: number;
}

export type CadvisorValue = (values: Float64Array, facts: RowFacts) => number;

/** One line of each row. */
export interface CadvisorFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly kinds: number;
  /** Labels of the line's own; where they go among the others follows from their names. */
  readonly label: string;
  /** Whether it is about the moment of the scrape rather than that at which the values were taken. */
  readonly present: boolean;
  /** Decimals of the value. */
  readonly scale: number;
  readonly value: CadvisorValue;
}

/** A column as it is, in whole units. */
const whole =
  (column: Column): CadvisorValue =>
  (values) =>
    Math.floor(values[column]!);
/** Seconds in microseconds. */
const micros =
  (column: Column): CadvisorValue =>
  (values) =>
    Math.floor(values[column]! * 1e6);
const constant =
  (value: number): CadvisorValue =>
  () =>
    value;

function counter(
  name: string,
  help: string,
  options: Partial<CadvisorFamily> & Pick<CadvisorFamily, 'value'>,
): CadvisorFamily {
  return {
    name: `container_${name}`,
    type: 'counter',
    help,
    kinds: ALL,
    label: '',
    present: false,
    scale: 0,
    ...options,
  };
}

function gauge(
  name: string,
  help: string,
  options: Partial<CadvisorFamily> & Pick<CadvisorFamily, 'value'>,
): CadvisorFamily {
  return { ...counter(name, help, options), type: 'gauge' };
}

const usage: CadvisorValue = (values) => values[COLUMN.rss]! + values[COLUMN.cache]! + values[COLUMN.kernel]!;
const DEVICE = 'device="/dev/vda"';
const PARTITION = 'device="/dev/vda1"';
const INTERFACE = 'interface="eth0"';
const LIMITED = KIND.container | KIND.pod;
const OWN = KIND.container | KIND.sandbox | KIND.hostSandbox;

/** Families with several lines per row stand here once per line, one behind the other. */
export const CADVISOR_FAMILIES: readonly CadvisorFamily[] = [
  counter('blkio_device_usage_total', 'Blkio device bytes usage', {
    kinds: DISKS,
    label: 'device="/dev/vda",major="254",minor="0",operation="Read"',
    value: whole(COLUMN.readBytes),
  }),
  counter('blkio_device_usage_total', 'Blkio device bytes usage', {
    kinds: DISKS,
    label: 'device="/dev/vda",major="254",minor="0",operation="Write"',
    value: whole(COLUMN.writeBytes),
  }),
  counter('cpu_cfs_periods_total', 'Number of elapsed enforcement period intervals.', {
    kinds: LIMITED,
    value: whole(COLUMN.periods),
  }),
  counter('cpu_cfs_throttled_periods_total', 'Number of throttled period intervals.', {
    kinds: LIMITED,
    value: whole(COLUMN.throttledPeriods),
  }),
  counter('cpu_cfs_throttled_seconds_total', 'Total time duration the container has been throttled.', {
    kinds: LIMITED,
    scale: 6,
    value: micros(COLUMN.throttledSeconds),
  }),
  gauge('cpu_load_average_10s', 'Value of container cpu load average over the last 10 seconds.', {
    value: constant(0),
  }),
  counter('cpu_system_seconds_total', 'Cumulative system cpu time consumed in seconds.', {
    scale: 6,
    value: micros(COLUMN.cpuSystem),
  }),
  counter('cpu_usage_seconds_total', 'Cumulative cpu time consumed in seconds.', {
    label: 'cpu="total"',
    scale: 6,
    value: (values) => Math.floor((values[COLUMN.cpuUser]! + values[COLUMN.cpuSystem]!) * 1e6),
  }),
  counter('cpu_user_seconds_total', 'Cumulative user cpu time consumed in seconds.', {
    scale: 6,
    value: micros(COLUMN.cpuUser),
  }),
  gauge('file_descriptors', 'Number of open file descriptors for the container.', {
    kinds: OWN,
    value: whole(COLUMN.files),
  }),
  gauge('fs_inodes_free', 'Number of available Inodes', {
    kinds: KIND.root,
    label: PARTITION,
    value: (_, facts) => Math.floor(facts.disk / 16_384) - 412_311,
  }),
  gauge('fs_inodes_total', 'Number of Inodes', {
    kinds: KIND.root,
    label: PARTITION,
    value: (_, facts) => Math.floor(facts.disk / 16_384),
  }),
  gauge('fs_io_current', 'Number of I/Os currently in progress', {
    kinds: KIND.root,
    label: PARTITION,
    value: constant(0),
  }),
  counter('fs_io_time_seconds_total', 'Cumulative count of seconds spent doing I/Os', {
    kinds: KIND.root,
    label: PARTITION,
    scale: 6,
    value: (values) => Math.floor((values[COLUMN.reads]! + values[COLUMN.writes]!) * 600),
  }),
  gauge('fs_limit_bytes', 'Number of bytes that can be consumed by the container on this filesystem.', {
    kinds: KIND.root | KIND.container,
    label: PARTITION,
    value: (_, facts) => facts.disk,
  }),
  counter('fs_reads_bytes_total', 'Cumulative count of bytes read', {
    kinds: DISKS,
    label: DEVICE,
    value: whole(COLUMN.readBytes),
  }),
  counter('fs_reads_total', 'Cumulative count of reads completed', {
    kinds: DISKS,
    label: DEVICE,
    value: whole(COLUMN.reads),
  }),
  gauge('fs_usage_bytes', 'Number of bytes that are consumed by the container on this filesystem.', {
    kinds: KIND.root | KIND.container,
    label: PARTITION,
    value: (values, facts) => Math.min(facts.disk, Math.floor(values[COLUMN.fsUsage]!)),
  }),
  counter('fs_writes_bytes_total', 'Cumulative count of bytes written', {
    kinds: DISKS,
    label: DEVICE,
    value: whole(COLUMN.writeBytes),
  }),
  counter('fs_writes_total', 'Cumulative count of writes completed', {
    kinds: DISKS,
    label: DEVICE,
    value: whole(COLUMN.writes),
  }),
  gauge('last_seen', 'Last time a container was seen by the exporter', {
    present: true,
    value: (_, facts) => facts.lastSeenSeconds,
  }),
  gauge('memory_cache', 'Number of bytes of page cache memory.', { value: whole(COLUMN.cache) }),
  counter('memory_failcnt', 'Number of memory usage hits limits', { value: whole(COLUMN.limitHits) }),
  counter('memory_failures_total', 'Cumulative count of memory allocation failures.', {
    label: 'failure_type="pgfault" scope="container"',
    value: whole(COLUMN.pageFaults),
  }),
  counter('memory_failures_total', 'Cumulative count of memory allocation failures.', {
    label: 'failure_type="pgfault" scope="hierarchy"',
    value: whole(COLUMN.pageFaults),
  }),
  counter('memory_failures_total', 'Cumulative count of memory allocation failures.', {
    label: 'failure_type="pgmajfault" scope="container"',
    value: whole(COLUMN.majorFaults),
  }),
  counter('memory_failures_total', 'Cumulative count of memory allocation failures.', {
    label: 'failure_type="pgmajfault" scope="hierarchy"',
    value: whole(COLUMN.majorFaults),
  }),
  gauge('memory_kernel_usage', 'Size of kernel memory allocated in bytes.', { value: whole(COLUMN.kernel) }),
  gauge('memory_mapped_file', 'Size of memory mapped files in bytes.', { value: whole(COLUMN.mapped) }),
  gauge('memory_max_usage_bytes', 'Maximum memory usage recorded in bytes', { value: whole(COLUMN.maxUsage) }),
  gauge('memory_rss', 'Size of RSS in bytes.', { value: whole(COLUMN.rss) }),
  gauge('memory_swap', 'Container swap usage in bytes.', { value: constant(0) }),
  gauge('memory_total_active_file_bytes', 'Current total active file in bytes.', {
    value: (values) => values[COLUMN.cache]! - values[COLUMN.inactiveFile]!,
  }),
  gauge('memory_total_inactive_file_bytes', 'Current total inactive file in bytes.', {
    value: whole(COLUMN.inactiveFile),
  }),
  gauge(
    'memory_usage_bytes',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
    { value: usage },
  ),
  gauge('memory_working_set_bytes', 'Current working set in bytes.', {
    value: (values, facts) => usage(values, facts) - values[COLUMN.inactiveFile]!,
  }),
  counter('network_receive_bytes_total', 'Cumulative count of bytes received', {
    kinds: NETWORKED,
    label: INTERFACE,
    value: whole(COLUMN.receiveBytes),
  }),
  counter('network_receive_errors_total', 'Cumulative count of errors encountered while receiving', {
    kinds: NETWORKED,
    label: INTERFACE,
    value: constant(0),
  }),
  counter('network_receive_packets_dropped_total', 'Cumulative count of packets dropped while receiving', {
    kinds: NETWORKED,
    label: INTERFACE,
    value: whole(COLUMN.receiveDropped),
  }),
  counter('network_receive_packets_total', 'Cumulative count of packets received', {
    kinds: NETWORKED,
    label: INTERFACE,
    value: whole(COLUMN.receivePackets),
  }),
  counter('network_transmit_bytes_total', 'Cumulative count of bytes transmitted', {
    kinds: NETWORKED,
    label: INTERFACE,
    value: whole(COLUMN.transmitBytes),
  }),
  counter('network_transmit_errors_total', 'Cumulative count of errors encountered while transmitting', {
    kinds: NETWORKED,
    label: INTERFACE,
    value: constant(0),
  }),
  counter('network_transmit_packets_dropped_total', 'Cumulative count of packets dropped while transmitting', {
    kinds: NETWORKED,
    label: INTERFACE,
    value: whole(COLUMN.transmitDropped),
  }),
  counter('network_transmit_packets_total', 'Cumulative count of packets transmitted', {
    kinds: NETWORKED,
    label: INTERFACE,
    value: whole(COLUMN.transmitPackets),
  }),
  counter('oom_events_total', 'Count of out of memory events observed for the container', {
    value: whole(COLUMN.oomKills),
  }),
  counter(
    'pressure_cpu_stalled_seconds_total',
    'Total time duration no tasks in the container could make progress due to CPU congestion.',
    { scale: 6, value: micros(COLUMN.cpuStalled) },
  ),
  counter(
    'pressure_cpu_waiting_seconds_total',
    'Total time duration tasks in the container have waited due to CPU congestion.',
    { scale: 6, value: micros(COLUMN.cpuWaiting) },
  ),
  counter(
    'pressure_io_stalled_seconds_total',
    'Total time duration no tasks in the container could make progress due to IO congestion.',
    { scale: 6, value: (values) => Math.floor(values[COLUMN.ioWaiting]! * 6e5) },
  ),
  counter(
    'pressure_io_waiting_seconds_total',
    'Total time duration tasks in the container have waited due to IO congestion.',
    { scale: 6, value: micros(COLUMN.ioWaiting) },
  ),
  counter(
    'pressure_memory_stalled_seconds_total',
    'Total time duration no tasks in the container could make progress due to memory congestion.',
    { scale: 6, value: (values) => Math.floor(values[COLUMN.memoryWaiting]! * 5e5) },
  ),
  counter(
    'pressure_memory_waiting_seconds_total',
    'Total time duration tasks in the container have waited due to memory congestion.',
    { scale: 6, value: micros(COLUMN.memoryWaiting) },
  ),
  gauge('processes', 'Number of processes running inside the container.', { value: whole(COLUMN.processes) }),
  gauge('sockets', 'Number of open sockets for the container.', { kinds: OWN, value: whole(COLUMN.sockets) }),
  gauge('spec_cpu_period', 'CPU period of the container.', { value: constant(100_000) }),
  gauge('spec_cpu_quota', 'CPU quota of the container.', { kinds: LIMITED, value: (_, facts) => facts.quota }),
  gauge('spec_cpu_shares', 'CPU share of the container.', { value: (_, facts) => facts.shares }),
  gauge('spec_memory_limit_bytes', 'Memory limit for the container.', { value: (_, facts) => facts.memoryLimit }),
  gauge('spec_memory_reservation_limit_bytes', 'Memory reservation limit for the container.', { value: constant(0) }),
  gauge('spec_memory_swap_limit_bytes', 'Memory swap limit for the container.', { value: constant(0) }),
  gauge('start_time_seconds', 'Start time of the container since unix epoch in seconds.', {
    value: (_, facts) => facts.startSeconds,
  }),
  ...['iowaiting', 'running', 'sleeping', 'stopped', 'uninterruptible'].map((state) =>
    gauge('tasks_state', 'Number of tasks in given state', { label: `state="${state}"`, value: constant(0) }),
  ),
  gauge('threads', 'Number of threads running inside the container', { kinds: OWN, value: whole(COLUMN.threads) }),
  gauge('threads_max', 'Maximum number of threads allowed inside the container, infinity if value is zero', {
    kinds: OWN,
    value: constant(0),
  }),
  gauge(
    'ulimits_soft',
    'Soft ulimit values for the container root process. Unlimited if -1, except priority and nice',
    { kinds: OWN, label: 'ulimit="max_open_files"', value: constant(1_048_576) },
  ),
];
