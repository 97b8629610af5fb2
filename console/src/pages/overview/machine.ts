import type { InstantSample } from '../../api/query-instant.ts';
import { quoted } from '../../objects/selector.ts';

/** A machine that belongs to no cluster. What is not known is undefined. */
export interface Machine {
  readonly instance: string;
  readonly job: string;
  readonly name: string;
  readonly system: string;
  readonly cores: number | undefined;
  /** Share of all cores, from 0 to 1. */
  readonly cpu: number | undefined;
  readonly load: number | undefined;
  /** Bytes. */
  readonly memory: { readonly total: number | undefined; readonly used: number | undefined };
  /** The file system that is fullest. Bytes. */
  readonly disk: { readonly mountpoint: string; readonly total: number; readonly used: number } | undefined;
  /** Seconds. */
  readonly uptime: number | undefined;
}

/** File systems that are no place to keep data. */
const REAL = 'cluster="",fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|devtmpfs|nsfs"';

/** What `machines` reads. */
export const MACHINE_QUERIES = {
  info: 'node_uname_info{cluster=""}',
  cores: 'count by (job, instance) (node_cpu_seconds_total{cluster="",mode="idle"})',
  cpu: '1 - avg by (job, instance) (rate(node_cpu_seconds_total{cluster="",mode="idle"}[2m]))',
  load: 'node_load1{cluster=""}',
  memory: 'node_memory_MemTotal_bytes{cluster=""}',
  available: 'node_memory_MemAvailable_bytes{cluster=""}',
  disk: `node_filesystem_size_bytes{${REAL}}`,
  free: `node_filesystem_avail_bytes{${REAL}}`,
  uptime: 'time() - node_boot_time_seconds{cluster=""}',
} as const;

/** The machines by name, from answers of MACHINE_QUERIES. */
export function machines(
  samples: Readonly<Record<keyof typeof MACHINE_QUERIES, readonly InstantSample[]>>,
): readonly Machine[] {
  return samples.info
    .map(({ labels }): Machine => {
      const { instance = '', job = '', nodename = instance, sysname = '', release = '', machine = '' } = labels;
      const own = (of: readonly InstantSample[]) =>
        of.filter((sample) => sample.labels.instance === instance && sample.labels.job === job);
      const value = (of: readonly InstantSample[]): number | undefined => own(of)[0]?.value;
      const [total, available] = [value(samples.memory), value(samples.available)];
      const disks = own(samples.disk).flatMap(({ labels: { mountpoint = '' }, value: size }) => {
        const free = own(samples.free).find((sample) => sample.labels.mountpoint === mountpoint)?.value;
        return free === undefined || size === 0 ? [] : [{ mountpoint, total: size, used: size - free }];
      });
      return {
        instance,
        job,
        name: nodename,
        system: [sysname, release, machine].filter((part) => part !== '').join(' '),
        cores: value(samples.cores),
        cpu: value(samples.cpu),
        load: value(samples.load),
        memory: { total, used: total === undefined || available === undefined ? undefined : total - available },
        disk: disks.toSorted((a, b) => b.used / b.total - a.used / a.total)[0],
        uptime: value(samples.uptime),
      };
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** Charts of a machine. */
export function machineCharts({ instance, job }: Pick<Machine, 'instance' | 'job'>) {
  const of = `cluster="",instance=${quoted(instance)},job=${quoted(job)}`;
  const real = 'device!~"lo|veth.*|docker.*|br-.*|cni.*|flannel.*|cali.*"';
  return [
    {
      title: 'CPU',
      unit: '%',
      queries: [
        { query: `100 * (1 - avg(rate(node_cpu_seconds_total{${of},mode="idle"}[2m])))`, legend: 'Busy' },
        { query: `100 * avg(rate(node_cpu_seconds_total{${of},mode="iowait"}[2m]))`, legend: 'Waiting for disks' },
      ],
    },
    {
      title: 'Memory',
      unit: 'bytes',
      queries: [
        { query: `node_memory_MemTotal_bytes{${of}} - node_memory_MemAvailable_bytes{${of}}`, legend: 'Used' },
        { query: `node_memory_MemTotal_bytes{${of}}`, legend: 'There is', isFaint: true },
      ],
    },
    {
      title: 'Network',
      unit: 'bytes/s',
      queries: [
        { query: `sum(rate(node_network_receive_bytes_total{${of},${real}}[2m]))`, legend: 'Received' },
        { query: `sum(rate(node_network_transmit_bytes_total{${of},${real}}[2m]))`, legend: 'Sent' },
      ],
    },
    {
      title: 'Disks',
      unit: 'bytes/s',
      queries: [
        { query: `sum(rate(node_disk_read_bytes_total{${of}}[2m]))`, legend: 'Read' },
        { query: `sum(rate(node_disk_written_bytes_total{${of}}[2m]))`, legend: 'Written' },
      ],
    },
  ];
}
