import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: the unit of the times in /proc/<pid>/stat. */
const TICKS_PER_SECOND = 100;

/** What a process and its children cost so far. */
export interface ProcessUsage {
  /** User and system time in seconds, of all its threads and of its children. */
  readonly cpuSeconds: number;
  /** The most memory that was resident (VmHWM), summed over the process and its living children; bytes. */
  readonly peakBytes: number;
  /** What is resident now of mapped files, programs and libraries among them (RssFile), summed likewise; part of the peak. */
  readonly fileBytes: number;
}

/** Reads /proc. Throws when the process is gone. */
export function processUsage(pid: number): ProcessUsage {
  const parents = new Map<number, number>();
  const stats = new Map<number, readonly string[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      // The command's name stands in brackets and may contain anything.
      const text = readFileSync(`/proc/${entry}/stat`, 'latin1');
      const columns = text.slice(text.lastIndexOf(')') + 2).split(' ');
      stats.set(Number(entry), columns);
      parents.set(Number(entry), Number(columns[1]));
    } catch {
      // It ended since the directory was read.
    }
  }
  if (!stats.has(pid)) throw new Error(`process ${pid} is gone`);
  let ticks = 0;
  let peakBytes = 0;
  let fileBytes = 0;
  for (const [each, columns] of stats) {
    if (!descends(each, pid, parents)) continue;
    // utime, stime, and those of children that ended and were waited for.
    for (const column of [11, 12, 13, 14]) ticks += Number(columns[column]);
    const status = statusOf(each);
    peakBytes += bytesIn(status, 'VmHWM');
    fileBytes += bytesIn(status, 'RssFile');
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, peakBytes, fileBytes };
}

function descends(pid: number, ancestor: number, parents: ReadonlyMap<number, number>): boolean {
  for (let each: number | undefined = pid; each !== undefined && each !== 0; each = parents.get(each)) {
    if (each === ancestor) return true;
  }
  return false;
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}

function bytesIn(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
}
