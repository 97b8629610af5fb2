import type { Logger } from 'pino';
import type { Scraper } from '../scrape/scraper.ts';
import { arp } from './arp.ts';
import { bonding } from './bonding.ts';
import { conntrack } from './conntrack.ts';
import { cpu } from './cpu.ts';
import { cpufreq } from './cpufreq.ts';
import { DEFAULT_DISK_EXCLUDE, diskstats } from './diskstats.ts';
import { dmi } from './dmi.ts';
import { entropy } from './entropy.ts';
import { Exposition } from './exposition.ts';
import { filefd } from './filefd.ts';
import { DEFAULT_FS_TYPES_EXCLUDE, DEFAULT_MOUNT_POINTS_EXCLUDE, filesystem } from './filesystem.ts';
import type { HostCollector } from './host-collector.ts';
import { HostFiles, isFileError } from './host-files.ts';
import { hwmon } from './hwmon.ts';
import { loadavg } from './loadavg.ts';
import { mdadm } from './mdadm.ts';
import { meminfo } from './meminfo.ts';
import { netclass } from './netclass.ts';
import { netdev } from './netdev.ts';
import { netstat } from './netstat.ts';
import { osRelease } from './os-release.ts';
import { pageSize } from './page-size.ts';
import { pressure } from './pressure.ts';
import { schedstat } from './schedstat.ts';
import { selinux } from './selinux.ts';
import { sockstat } from './sockstat.ts';
import { softnet } from './softnet.ts';
import { stat } from './stat.ts';
import { thermalZone } from './thermal-zone.ts';
import { time } from './time.ts';
import { udpQueues } from './udp-queues.ts';
import { uname } from './uname.ts';
import { vmstat } from './vmstat.ts';

/** Every field has a default, which describes a process that runs on the machine itself. */
export interface HostScraperOptions {
  /** /proc. In a container the machine's, mounted somewhere, such as /host/proc. */
  readonly procRoot?: string | undefined;
  /** /sys. */
  readonly sysRoot?: string | undefined;
  /** `/`. In a container the machine's root, such as /host/root. */
  readonly rootfs?: string | undefined;
  /** /run/udev/data. */
  readonly udevRoot?: string | undefined;
  /** The machine's name for node_uname_info where the container has a name of its own; what the kernel says. */
  readonly nodename?: string | undefined;
  /** Version told by node_exporter_build_info; ''. */
  readonly version?: string | undefined;
  /** Collectors that do not run; none. An unknown name is an error. */
  readonly disabledCollectors?: readonly string[] | undefined;
  /** Mount points without node_filesystem_*; virtual ones and those of containers. */
  readonly filesystemMountPointsExclude?: RegExp | undefined;
  /** Types of file systems without node_filesystem_*; virtual ones. */
  readonly filesystemTypesExclude?: RegExp | undefined;
  /** Devices without node_disk_*; partitions and devices in memory. */
  readonly diskDevicesExclude?: RegExp | undefined;
  /** Interfaces without node_network_*; the machine's ends of the pods' interfaces, which come and go with the pods. */
  readonly networkDevicesExclude?: RegExp | undefined;
  /** How long a file system may take to answer, ms; 2,000. */
  readonly filesystemTimeout?: number | undefined;
  /** How long a collector may take, ms; one that takes longer fails alone; 5,000. */
  readonly collectorTimeout?: number | undefined;
  /** Unix time in milliseconds; the machine's clock. */
  readonly clock?: (() => number) | undefined;
  /** Told once per collector why it fails, and when it works again; nobody. */
  readonly logger?: Logger | undefined;
}

const DEFAULT_NETWORK_EXCLUDE = /^(veth.*|[a-f0-9]{15})$/;

/**
 * Scrapes the machine that this process runs on: the metrics of node_exporter, by its names, labels and units, read
 * from /proc and /sys without starting a process.
 *
 * Not there: node_timex_* (the kernel tells it only through adjtimex(2), which Node cannot call), systemd, the textfile
 * directory, and the collectors of rare hardware and file systems (btrfs, edac, fibrechannel, infiniband, ipvs, nfs,
 * nvme, powersupplyclass, rapl, tapestats, xfs, zfs). Run node_exporter beside for those.
 */
export function createHostScraper(options: HostScraperOptions = {}): Scraper {
  return new HostScraper(hostCollectors(options), options);
}

function hostCollectors(options: HostScraperOptions): readonly HostCollector[] {
  const networkExclude = options.networkDevicesExclude ?? DEFAULT_NETWORK_EXCLUDE;
  const all = [
    arp,
    bonding,
    conntrack,
    cpu(),
    cpufreq,
    diskstats(options.diskDevicesExclude ?? DEFAULT_DISK_EXCLUDE),
    dmi(),
    entropy,
    filefd,
    filesystem({
      mountPointsExclude: options.filesystemMountPointsExclude ?? DEFAULT_MOUNT_POINTS_EXCLUDE,
      fsTypesExclude: options.filesystemTypesExclude ?? DEFAULT_FS_TYPES_EXCLUDE,
      timeout: options.filesystemTimeout ?? 2_000,
    }),
    hwmon,
    loadavg,
    mdadm,
    meminfo,
    netclass(networkExclude),
    netdev(networkExclude),
    netstat,
    osRelease,
    pressure,
    schedstat,
    selinux,
    sockstat(pageSize()),
    softnet,
    stat,
    thermalZone,
    time(options.clock ?? Date.now),
    udpQueues,
    uname(options.nodename),
    vmstat,
  ];
  const disabled = new Set(options.disabledCollectors);
  for (const name of disabled) {
    if (!all.some((collector) => collector.name === name)) {
      const known = all.map((collector) => collector.name).join(', ');
      throw new Error(`a disabled host collector must be one of ${known}, got ${JSON.stringify(name)}`);
    }
  }
  return all.filter((collector) => !disabled.has(collector.name));
}

class HostScraper implements Scraper {
  readonly #collectors: readonly HostCollector[];
  readonly #files: HostFiles;
  readonly #timeout: number;
  readonly #version: string;
  readonly #logger: Logger | undefined;
  /** Collectors of an earlier scrape that have not settled. */
  readonly #busy = new Set<HostCollector>();
  /** Collectors that failed last time, with what was logged of it. */
  readonly #failing = new Map<HostCollector, string>();

  constructor(collectors: readonly HostCollector[], options: HostScraperOptions) {
    this.#collectors = collectors;
    this.#files = new HostFiles({
      proc: options.procRoot ?? '/proc',
      sys: options.sysRoot ?? '/sys',
      rootfs: options.rootfs ?? '/',
      udev: options.udevRoot ?? '/run/udev/data',
    });
    this.#timeout = options.collectorTimeout ?? 5_000;
    this.#version = options.version ?? '';
    this.#logger = options.logger;
  }

  async scrape(signal: AbortSignal): Promise<{ bytes: Uint8Array; contentType: string }> {
    signal.throwIfAborted();
    let giveUp: () => void = () => {};
    const aborted = new Promise<never>((_, reject) => {
      giveUp = () => reject(signal.reason);
    });
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      const runs = await Promise.race([Promise.all(this.#collectors.map((each) => this.#run(each))), aborted]);
      return {
        bytes: Exposition.encode([...runs.map((run) => run.out), this.#summary(runs)]),
        contentType: Exposition.CONTENT_TYPE,
      };
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  async close(): Promise<void> {}

  /** Runs one collector; never rejects. After a timeout its output is dropped, since it may still write to it. */
  async #run(collector: HostCollector): Promise<CollectorRun> {
    const start = performance.now();
    const out = new Exposition();
    let failure: unknown;
    let timer: NodeJS.Timeout | undefined;
    let late = false;
    try {
      if (this.#busy.has(collector)) {
        late = true;
        throw new Error('it has not finished since an earlier scrape');
      }
      const timeout = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          late = true;
          reject(new Error(`a collector may take ${this.#timeout} ms, it took longer`));
        }, this.#timeout);
      });
      this.#busy.add(collector);
      const work = (async () => collector.collect(this.#files, out))().finally(() => this.#busy.delete(collector));
      await Promise.race([work, timeout]);
    } catch (error) {
      failure = error;
    } finally {
      clearTimeout(timer);
    }
    this.#report(collector, failure);
    return {
      name: collector.name,
      out: late ? new Exposition() : out,
      seconds: (performance.now() - start) / 1000,
      success: failure === undefined,
    };
  }

  #report(collector: HostCollector, failure: unknown): void {
    const before = this.#failing.get(collector);
    if (failure === undefined) {
      if (before !== undefined) this.#logger?.info({ collector: collector.name }, 'host collector works again');
      this.#failing.delete(collector);
      return;
    }
    const message = failure instanceof Error ? failure.message : String(failure);
    if (message === before) return;
    this.#failing.set(collector, message);
    // A missing file is how a machine says that it does not have something: no reason to worry anybody.
    const level = isFileError(failure) && failure.code === 'ENOENT' ? 'debug' : 'warn';
    this.#logger?.[level]({ collector: collector.name, err: failure }, 'host collector failed');
  }

  #summary(runs: readonly CollectorRun[]): Exposition {
    const out = new Exposition();
    const duration = out.gauge('node_scrape_collector_duration_seconds', 'How long the collector took.');
    const success = out.gauge('node_scrape_collector_success', '1 when the collector found what it reads.');
    for (const { name, seconds, success: succeeded } of runs) {
      duration.add(seconds, { collector: name });
      success.add(succeeded ? 1 : 0, { collector: name });
    }
    // Dashboards find the machines by this metric.
    out
      .gauge(
        'node_exporter_build_info',
        "Always 1; the built-in host scraper stands in for node_exporter, the version is Pharos'.",
      )
      .add(1, { version: this.#version });
    return out;
  }
}

interface CollectorRun {
  readonly name: string;
  readonly out: Exposition;
  readonly seconds: number;
  readonly success: boolean;
}
