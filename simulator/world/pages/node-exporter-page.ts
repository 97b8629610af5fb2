import { COLUMN } from '../load/columns.ts';
import type { Meters } from '../load/meters.ts';
import { fraction } from '../random.ts';
import type { Machine } from '../runtime/machine.ts';
import type { PageWriter } from './page-writer.ts';
import { steadyGrowth } from './steady-growth.ts';

export interface NodeExporterOptions {
  readonly meters: Meters;
  readonly now: number;
  /** Milliseconds that the node's clock is ahead. */
  readonly skew: number;
  /** Of the process, for what it says of itself. */
  readonly version: string;
}

type Kind = 'counter' | 'gauge';
type Samples = readonly (readonly [string, number])[];

/** The page of a node's node_exporter, without what it says of its own process. */
export function writeNodeExporter(
  writer: PageWriter,
  machine: Machine,
  { meters, now, skew, version }: NodeExporterOptions,
): void {
  const { root } = machine.rows;
  const values = new Float64Array(64);
  meters.read(root, now, values);
  const since = machine.bootedAt;
  const uptime = (now - since) / 1000;
  const family = (type: Kind, name: string, samples: Samples) => {
    writer.family(`node_${name}`, type, HELP[name] ?? `Kernel figure ${name}.`);
    for (const [labels, value] of samples)
      writer.sample(labels === '' ? `node_${name}` : `node_${name}{${labels}}`, value);
  };
  const single = (type: Kind, name: string, value: number) => family(type, name, [['', value]]);
  const grow = (rate: number, key: string) =>
    Math.floor(steadyGrowth(rate, { since, now, key: `${machine.name}/${key}` }));

  family('gauge', 'exporter_build_info', [
    [
      `branch="HEAD",goarch="amd64",goos="linux",goversion="go1.24.1",revision="${'0'.repeat(40)}",tags="unknown",version="${version}"`,
      1,
    ],
  ]);
  single('gauge', 'boot_time_seconds', Math.floor((since + skew) / 1000));
  single('gauge', 'time_seconds', (now + skew) / 1000);
  family('gauge', 'uname_info', [
    [
      `domainname="(none)",machine="x86_64",nodename="${machine.name}",release="6.1.0-28-cloud-amd64",sysname="Linux",version="#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1"`,
      1,
    ],
  ]);
  single('gauge', 'timex_sync_status', Math.abs(skew) > 1000 ? 0 : 1);
  single('gauge', 'timex_maxerror_seconds', Math.abs(skew) > 1000 ? 16 : 0.002);
  single('gauge', 'timex_offset_seconds', skew / 1000);
  cpu();
  load();
  memory();
  disks();
  network();
  pressure();
  kernel();

  function cpu(): void {
    // The cores share the work unevenly, always in the same way; what is not used is idle.
    const shares = Array.from(
      { length: machine.cores },
      (_, core) => 0.94 + 0.12 * fraction(`${machine.name}/core/${core}`),
    );
    const whole = shares.reduce((sum, share) => sum + share, 0);
    const samples: (readonly [string, number])[] = [];
    const round = (seconds: number) => Math.floor(seconds * 100) / 100;
    for (const [core, share] of shares.entries()) {
      const part = share / whole;
      const user = values[COLUMN.cpuUser]! * part;
      const system = values[COLUMN.cpuSystem]! * part;
      const waiting = Math.min(uptime * 0.05, values[COLUMN.ioWaiting]! * part * 0.2);
      const idle = Math.max(0, uptime - user - system - waiting);
      const modes = {
        idle,
        iowait: waiting,
        irq: 0,
        nice: 0,
        softirq: system * 0.06,
        steal: 0,
        system: system * 0.94,
        user,
      };
      for (const [mode, seconds] of Object.entries(modes))
        samples.push([`cpu="${core}",mode="${mode}"`, round(seconds)]);
    }
    family('counter', 'cpu_seconds_total', samples);
  }

  function load(): void {
    const busy = (seconds: number) => {
      const before = Math.max(meters.oldest, now - seconds * 1000);
      const used = (time: number) =>
        meters.value(root, COLUMN.cpuUser, time) + meters.value(root, COLUMN.cpuSystem, time);
      return before >= now ? 0 : ((used(now) - used(before)) * 1000) / (now - before);
    };
    for (const [name, seconds] of [
      ['load1', 60],
      ['load5', 300],
      ['load15', 900],
    ] as const)
      single('gauge', name, Math.round(busy(seconds) * 115) / 100);
    single('gauge', 'procs_running', 1 + Math.round(busy(60)));
    single('gauge', 'procs_blocked', 0);
    single('counter', 'context_switches_total', grow(9000, 'switches'));
    single('counter', 'intr_total', grow(5000, 'interrupts'));
    single('counter', 'forks_total', grow(12, 'forks'));
  }

  function memory(): void {
    const [rss, cache, kernelMemory, inactive] = [
      values[COLUMN.rss]!,
      values[COLUMN.cache]!,
      values[COLUMN.kernel]!,
      values[COLUMN.inactiveFile]!,
    ];
    const total = machine.memory;
    const buffers = Math.round(total * 0.004);
    const free = Math.max(total * 0.01, total - rss - cache - kernelMemory - buffers);
    const figures: Readonly<Record<string, number>> = {
      MemTotal: total,
      MemFree: free,
      MemAvailable: Math.max(0, total - rss - kernelMemory - (cache - inactive)),
      Buffers: buffers,
      Cached: cache,
      SwapCached: 0,
      Active: rss * 0.6 + cache - inactive,
      Inactive: rss * 0.4 + inactive,
      Active_anon: rss * 0.6,
      Inactive_anon: rss * 0.4,
      Active_file: cache - inactive,
      Inactive_file: inactive,
      AnonPages: rss,
      Mapped: values[COLUMN.mapped]!,
      Shmem: total * 0.002,
      Slab: kernelMemory * 0.7,
      SReclaimable: kernelMemory * 0.4,
      SUnreclaim: kernelMemory * 0.3,
      KernelStack: values[COLUMN.threads]! * 16_384,
      PageTables: rss * 0.006,
      Dirty: 409_600,
      Writeback: 0,
      Committed_AS: rss * 1.6,
      CommitLimit: total * 0.5,
      SwapTotal: 0,
      SwapFree: 0,
      HugePages_Total: 0,
      HugePages_Free: 0,
    };
    for (const [name, value] of Object.entries(figures)) {
      single('gauge', name.startsWith('HugePages_') ? `memory_${name}` : `memory_${name}_bytes`, Math.round(value));
    }
    for (const [name, value] of [
      ['pgfault', values[COLUMN.pageFaults]!],
      ['pgmajfault', values[COLUMN.majorFaults]!],
      ['oom_kill', values[COLUMN.oomKills]!],
      ['pgpgin', values[COLUMN.readBytes]! / 1024],
      ['pgpgout', values[COLUMN.writeBytes]! / 1024],
      ['pswpin', 0],
      ['pswpout', 0],
    ] as const) {
      single('counter', `vmstat_${name}`, Math.floor(value));
    }
  }

  function disks(): void {
    const device = 'device="vda"';
    const [reads, writes] = [values[COLUMN.reads]!, values[COLUMN.writes]!];
    const busy = reads * 0.0006 + writes * 0.0009;
    family('counter', 'disk_read_bytes_total', [[device, Math.floor(values[COLUMN.readBytes]!)]]);
    family('counter', 'disk_written_bytes_total', [[device, Math.floor(values[COLUMN.writeBytes]!)]]);
    family('counter', 'disk_reads_completed_total', [[device, Math.floor(reads)]]);
    family('counter', 'disk_writes_completed_total', [[device, Math.floor(writes)]]);
    family('counter', 'disk_read_time_seconds_total', [[device, reads * 0.0006]]);
    family('counter', 'disk_write_time_seconds_total', [[device, writes * 0.0009]]);
    family('counter', 'disk_io_time_seconds_total', [[device, busy * 0.7]]);
    family('counter', 'disk_io_time_weighted_seconds_total', [[device, busy]]);
    family('gauge', 'disk_io_now', [[device, 0]]);
    const used = Math.min(machine.disk * 0.995, values[COLUMN.fsUsage]!);
    const filesystems = [
      ['device="/dev/vda1",device_error="",fstype="ext4",mountpoint="/"', machine.disk, used],
      ['device="/dev/vda15",device_error="",fstype="vfat",mountpoint="/boot/efi"', 129_718_272, 12_345_344],
      ['device="tmpfs",device_error="",fstype="tmpfs",mountpoint="/run"', Math.round(machine.memory * 0.1), 2_301_952],
    ] as const;
    family(
      'gauge',
      'filesystem_size_bytes',
      filesystems.map(([labels, size]) => [labels, size] as const),
    );
    family(
      'gauge',
      'filesystem_free_bytes',
      filesystems.map(([labels, size, taken]) => [labels, Math.round(size - taken)] as const),
    );
    family(
      'gauge',
      'filesystem_avail_bytes',
      filesystems.map(([labels, size, taken]) => [labels, Math.max(0, Math.round(size * 0.998 - taken))] as const),
    );
    family(
      'gauge',
      'filesystem_files',
      filesystems.map(([labels, size]) => [labels, Math.round(size / 16_384)] as const),
    );
    family(
      'gauge',
      'filesystem_files_free',
      filesystems.map(([labels, size, taken]) => [labels, Math.round((size - taken / 4) / 16_384)] as const),
    );
    family(
      'gauge',
      'filesystem_readonly',
      filesystems.map(([labels]) => [labels, 0] as const),
    );
    family(
      'gauge',
      'filesystem_device_error',
      filesystems.map(([labels]) => [labels, 0] as const),
    );
  }

  function network(): void {
    const local = grow(40_000, 'lo');
    const bridge = Math.floor((values[COLUMN.receiveBytes]! + values[COLUMN.transmitBytes]!) * 0.3);
    const rows: readonly (readonly [string, Readonly<Record<string, number>>])[] = [
      [
        'eth0',
        {
          receive_bytes: values[COLUMN.receiveBytes]!,
          transmit_bytes: values[COLUMN.transmitBytes]!,
          receive_packets: values[COLUMN.receivePackets]!,
          transmit_packets: values[COLUMN.transmitPackets]!,
          receive_drop: values[COLUMN.receiveDropped]!,
          transmit_drop: values[COLUMN.transmitDropped]!,
        },
      ],
      [
        'lo',
        { receive_bytes: local, transmit_bytes: local, receive_packets: local / 300, transmit_packets: local / 300 },
      ],
      [
        'cni0',
        {
          receive_bytes: bridge,
          transmit_bytes: bridge,
          receive_packets: bridge / 700,
          transmit_packets: bridge / 700,
        },
      ],
    ];
    for (const what of ['bytes', 'packets', 'drop', 'errs']) {
      for (const direction of ['receive', 'transmit']) {
        family(
          'counter',
          `network_${direction}_${what}_total`,
          rows.map(
            ([device, figures]) => [`device="${device}"`, Math.floor(figures[`${direction}_${what}`] ?? 0)] as const,
          ),
        );
      }
    }
    family(
      'gauge',
      'network_up',
      rows.map(([device]) => [`device="${device}"`, device === 'lo' ? 0 : 1] as const),
    );
    family(
      'gauge',
      'network_mtu_bytes',
      rows.map(([device]) => [`device="${device}"`, device === 'lo' ? 65_536 : 1500] as const),
    );
    family('gauge', 'network_speed_bytes', [['device="eth0"', 1.25e9]]);
    const { address, publicAddress } = machine;
    const source = publicAddress ?? address;
    family('gauge', 'network_route_info', [
      [
        `dest="default",device="eth0",gw="${source.replace(/\d+$/, '1')}",priority="0",proto="dhcp",src="${source}",table="main"`,
        1,
      ],
    ]);
    const sockets = 20 + Math.round(values[COLUMN.sockets]!);
    single('gauge', 'netstat_Tcp_CurrEstab', sockets);
    single('counter', 'netstat_Tcp_InSegs', Math.floor(values[COLUMN.receivePackets]! * 0.95));
    single('counter', 'netstat_Tcp_OutSegs', Math.floor(values[COLUMN.transmitPackets]! * 0.95));
    single('counter', 'netstat_Tcp_RetransSegs', Math.floor(values[COLUMN.transmitPackets]! * 0.0004));
    single('counter', 'netstat_TcpExt_TCPSynRetrans', Math.floor(values[COLUMN.transmitPackets]! * 0.00003));
    single('counter', 'netstat_TcpExt_ListenDrops', 0);
    single('counter', 'netstat_Tcp_ActiveOpens', grow(8, 'opens'));
    single('counter', 'netstat_Tcp_PassiveOpens', grow(6, 'accepts'));
    single('gauge', 'sockstat_TCP_inuse', sockets + 12);
    single('gauge', 'sockstat_TCP_alloc', sockets + 30);
    single('gauge', 'sockstat_TCP_tw', Math.round(sockets * 0.4));
    single('gauge', 'sockstat_sockets_used', sockets + 180);
    single('gauge', 'nf_conntrack_entries', 150 + 4 * sockets);
    single('gauge', 'nf_conntrack_entries_limit', 262_144);
    const perCore = (value: number) =>
      Array.from({ length: machine.cores }, (_, core) => [`cpu="${core}"`, Math.floor(value / machine.cores)] as const);
    family('counter', 'softnet_processed_total', perCore(values[COLUMN.receivePackets]!));
    family('counter', 'softnet_dropped_total', perCore(0));
    family('counter', 'softnet_times_squeezed_total', perCore(values[COLUMN.receivePackets]! * 0.00002));
  }

  function pressure(): void {
    single('counter', 'pressure_cpu_waiting_seconds_total', values[COLUMN.cpuWaiting]! * 0.3);
    single('counter', 'pressure_io_waiting_seconds_total', values[COLUMN.ioWaiting]!);
    single('counter', 'pressure_io_stalled_seconds_total', values[COLUMN.ioWaiting]! * 0.6);
    single('counter', 'pressure_memory_waiting_seconds_total', values[COLUMN.memoryWaiting]!);
    single('counter', 'pressure_memory_stalled_seconds_total', values[COLUMN.memoryWaiting]! * 0.5);
  }

  function kernel(): void {
    single('gauge', 'filefd_allocated', 1800 + Math.round(values[COLUMN.files]!));
    single('gauge', 'filefd_maximum', 2 ** 63);
    single('gauge', 'entropy_available_bits', 256);
    single('gauge', 'textfile_scrape_error', 0);
    const units = ['containerd.service', 'kubelet.service', 'ssh.service', 'systemd-journald.service'];
    family(
      'gauge',
      'systemd_unit_state',
      units.flatMap((name) =>
        ['active', 'failed', 'inactive'].map(
          (state) => [`name="${name}",state="${state}",type="notify"`, state === 'active' ? 1 : 0] as const,
        ),
      ),
    );
    const collectors = [
      'cpu',
      'diskstats',
      'filesystem',
      'loadavg',
      'meminfo',
      'netdev',
      'netstat',
      'pressure',
      'softnet',
      'time',
      'uname',
      'vmstat',
    ];
    family(
      'gauge',
      'scrape_collector_success',
      collectors.map((name) => [`collector="${name}"`, 1] as const),
    );
    family(
      'gauge',
      'scrape_collector_duration_seconds',
      collectors.map((name) => [`collector="${name}"`, 0.0002 + 0.004 * fraction(name)] as const),
    );
  }
}

const HELP: Readonly<Record<string, string>> = {
  boot_time_seconds: 'Node boot time, in unixtime.',
  time_seconds: 'System time in seconds since epoch (1970).',
  uname_info: 'Labeled system information as provided by the uname system call.',
  cpu_seconds_total: 'Seconds the CPUs spent in each mode.',
  load1: '1m load average.',
  load5: '5m load average.',
  load15: '15m load average.',
  filesystem_avail_bytes: 'Filesystem space available to non-root users in bytes.',
  filesystem_size_bytes: 'Filesystem size in bytes.',
};
