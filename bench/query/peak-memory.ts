import { readFileSync, writeFileSync } from 'node:fs';

/** The most memory of a process that was resident while it was watched; bytes. */
export interface PeakMemory {
  readonly total: number;
  /** Memory of its own, and pages of files, each at its own peak: sampled, so a short peak may be missed. */
  readonly anonymous: number;
  readonly file: number;
}

const SAMPLE_EVERY_MS = 20;

/**
 * Runs `work` and says how much memory the process had meanwhile. The total is the kernel's own high-water mark, which is
 * reset first.
 */
export async function watchMemory<T>(pid: number, work: () => Promise<T>): Promise<{ result: T; peak: PeakMemory }> {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  let anonymous = 0;
  let file = 0;
  const sample = () => {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    anonymous = Math.max(anonymous, field(status, 'RssAnon'));
    file = Math.max(file, field(status, 'RssFile'));
  };
  sample();
  const timer = setInterval(sample, SAMPLE_EVERY_MS);
  try {
    const result = await work();
    sample();
    return { result, peak: { total: field(readFileSync(`/proc/${pid}/status`, 'latin1'), 'VmHWM'), anonymous, file } };
  } finally {
    clearInterval(timer);
  }
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
}
