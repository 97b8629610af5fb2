import { cpuSeconds } from './process-cpu.ts';

/** What a process that has nothing to do may use, of one core: clocks, its own metrics, connections. */
const IDLE_SHARE = 0.1;
/** Over so many ms the share is taken: single collections of garbage are no work. */
const WINDOW_MS = 5_000;

/** A process that is waited for. */
export interface Watched {
  readonly name: string;
  readonly pid: number;
}

/**
 * Waits until each of these processes has been idle for `still` ms: what was loaded is then flushed, compacted and merged.
 * Resolves with the names of those that were not idle after `timeout` ms.
 */
export async function untilQuiet(
  processes: readonly Watched[],
  { still, timeout }: { readonly still: number; readonly timeout: number },
): Promise<string[]> {
  const deadline = Date.now() + timeout;
  const busyAt = processes.map(() => Date.now());
  let before = processes.map(({ pid }) => cpuSeconds(pid));
  for (;;) {
    const began = Date.now();
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
    const now = processes.map(({ pid }) => cpuSeconds(pid));
    const seconds = (Date.now() - began) / 1000;
    for (const [index, used] of now.entries()) {
      if (used - before[index]! > IDLE_SHARE * seconds) busyAt[index] = Date.now();
    }
    const busy = processes.filter((_, index) => Date.now() - busyAt[index]! < still);
    if (busy.length === 0) return [];
    if (Date.now() > deadline) return busy.map(({ name }) => name);
    before = now;
  }
}
