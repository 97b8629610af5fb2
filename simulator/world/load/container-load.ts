import { noise } from '../random.ts';
import type { RunningContainer } from '../runtime/machine.ts';
import { COLUMN } from './columns.ts';
import type { Meters } from './meters.ts';

const MiB = 2 ** 20;

/** What a container's load depends on beside itself. */
export interface LoadConditions {
  readonly time: number;
  /** Requests per second that reach this replica. */
  readonly requests: number;
  /** Demand as a share of the busiest time, for what is not driven by requests. */
  readonly demand: number;
  /** 0 to 1: how much of the CPU that is asked for the node can give. */
  readonly supply: number;
}

/**
 * Sets a container's rates and gauges for a tick. Answers the memory that it wants; when that is above its limit, the
 * kernel kills it.
 */
export function loadContainer(meters: Meters, container: RunningContainer, conditions: LoadConditions): number {
  const { time, requests, demand, supply } = conditions;
  const { row, seed, pod, main, cpuRequest, cpuLimit, memoryRequest, memoryLimit } = container;
  const { profile } = pod;
  const age = Math.max(0, time - container.startedAt);
  const jitter = 1 + 0.06 * noise(seed, time, 60_000) + 0.03 * noise(seed + 7, time, 20_000);
  const level = requests / profile.requestsPerReplica;
  const kind = main ? profile.name : 'steady';

  const nominalCpu = cpuRequest ?? (cpuLimit === undefined ? 0.03 : cpuLimit / 2);
  const wanted = Math.max(0.0002, nominalCpu * cpuShare(kind, level, { demand, seed, time }) * jitter);
  const ceiling = cpuLimit === undefined ? Number.POSITIVE_INFINITY : cpuLimit;
  const cpu = Math.min(wanted * supply, ceiling);
  meters.set(row, COLUMN.cpuUser, cpu * 0.72);
  meters.set(row, COLUMN.cpuSystem, cpu * 0.28);
  const shortage = Math.max(0, wanted - cpu);
  // Even below its limit a container is throttled in the periods in which its threads run together.
  const throttled = cpuLimit === undefined ? 0 : Math.min(1, Math.max(0, wanted / cpuLimit - 0.6) / 0.5);
  if (cpuLimit !== undefined) {
    const active = 10 * Math.min(1, 0.2 + 4 * cpu);
    meters.set(row, COLUMN.periods, active);
    meters.set(row, COLUMN.throttledPeriods, active * throttled);
    meters.set(row, COLUMN.throttledSeconds, throttled * cpu * 0.6 + shortage);
  }
  meters.set(row, COLUMN.cpuWaiting, Math.min(0.99, throttled * 0.3 + shortage * 0.5 + 0.004 * cpu));
  meters.set(row, COLUMN.cpuStalled, Math.min(0.9, throttled * 0.1 + shortage * 0.2));

  const nominalMemory = memoryRequest ?? (memoryLimit === undefined ? 48 * MiB : memoryLimit * 0.6);
  const warm = 1 - 0.45 * Math.exp(-age / 90_000);
  let rss = nominalMemory * (0.5 + 0.14 * Math.min(2, kind === 'web' ? level : demand)) * warm;
  rss *= 1 + 0.02 * noise(seed + 13, time, 300_000);
  if (kind === 'leak') {
    const room = (memoryLimit ?? 4 * nominalMemory) - 0.5 * nominalMemory;
    rss += room * Math.min(1.05, age / profile.leakTime);
  }
  if (kind === 'cache') rss += nominalMemory * 0.45 * (1 - Math.exp(-age / 3_600_000));
  rss += container.ballast;
  const kernel = nominalMemory * 0.02 + MiB;
  const limit = memoryLimit ?? Number.POSITIVE_INFINITY;
  const cacheTarget =
    kind === 'database' ? nominalMemory * 0.8 * (1 - Math.exp(-age / 1_800_000)) : nominalMemory * 0.12;
  const memoryWanted = rss + kernel;
  rss = Math.min(rss, limit - kernel);
  const cache = Math.max(0, Math.min(cacheTarget, limit - rss - kernel));
  setGauges();
  setTraffic();
  return memoryWanted;

  function setGauges(): void {
    const pages = (value: number) => Math.round(value / 4096) * 4096;
    meters.set(row, COLUMN.rss, pages(rss));
    meters.set(row, COLUMN.cache, pages(cache));
    meters.set(row, COLUMN.inactiveFile, pages(cache * 0.62));
    meters.set(row, COLUMN.mapped, pages(cache * 0.22));
    meters.set(row, COLUMN.kernel, pages(kernel));
    const usage = pages(rss) + pages(cache) + pages(kernel);
    meters.set(row, COLUMN.maxUsage, Math.max(usage, meters.value(row, COLUMN.maxUsage, time)));
    meters.set(row, COLUMN.fsUsage, pages(2 * MiB + Math.min(900 * MiB, (age / 1000) * 40)));
    const threads = 4 + (seed % 24) + Math.round(Math.min(40, 8 * level));
    meters.set(row, COLUMN.threads, threads);
    meters.set(row, COLUMN.processes, 1 + (seed % 3));
    meters.set(row, COLUMN.sockets, 3 + Math.round(Math.min(400, requests)));
    meters.set(row, COLUMN.files, 12 + (seed % 30) + Math.round(Math.min(400, requests)));
  }

  function setTraffic(): void {
    const disk = kind === 'database' ? 1 : kind === 'batch' ? 0.3 : 0.01;
    meters.set(row, COLUMN.writeBytes, (disk * 900_000 * demand + 400) * jitter);
    meters.set(row, COLUMN.writes, (disk * 60 * demand + 0.05) * jitter);
    meters.set(row, COLUMN.readBytes, disk * 500_000 * demand * jitter);
    meters.set(row, COLUMN.reads, disk * 25 * demand * jitter);
    meters.set(row, COLUMN.ioWaiting, Math.min(0.5, disk * 0.02 * demand));
    meters.set(row, COLUMN.memoryWaiting, rss > 0.97 * limit ? 0.05 : 0);
    meters.set(row, COLUMN.limitHits, rss + cache > 0.99 * limit ? 3 : 0);
    meters.set(row, COLUMN.pageFaults, 40 + 3000 * cpu);
    meters.set(row, COLUMN.majorFaults, disk * 0.4);
    meters.set(row, COLUMN.requests, requests);
    const slow = Math.min(0.9, 0.01 + throttled * 0.5 + (wanted > 0 ? shortage / wanted : 0));
    meters.set(row, COLUMN.slowRequests, requests * slow);
    meters.set(row, COLUMN.failedRequests, requests * (0.001 + Math.max(0, slow - 0.3) * 0.05));
  }
}

/** CPU as a share of what is requested. */
function cpuShare(
  kind: string,
  level: number,
  { demand, seed, time }: { readonly demand: number; readonly seed: number; readonly time: number },
): number {
  switch (kind) {
    case 'web':
    case 'leak':
      return 0.05 + 0.75 * level;
    case 'worker':
      return 0.15 + 0.6 * demand + 0.25 * Math.max(0, noise(seed + 3, time, 600_000));
    case 'batch':
      return 0.95;
    case 'database':
      return 0.15 + 0.55 * demand;
    case 'cache':
      return 0.08 + 0.4 * demand;
    case 'gpu':
      return 0.5 + 0.2 * demand;
    default:
      return 0.35 + 0.1 * demand;
  }
}
