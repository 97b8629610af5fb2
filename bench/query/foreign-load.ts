import { machineShare, machineTimes } from '../machine-share.ts';
import { cpuSeconds } from './process-cpu.ts';

/**
 * Begins to watch the machine. What it returns says how many percent of all cores were since then used by anything but these
 * processes and this one: with more than a few, the times that were measured meanwhile are too long.
 */
export function watchForeignLoad(pids: readonly number[]): () => number {
  const own = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), selfSeconds());
  const before = { machine: machineTimes(), own: own() };
  return () => {
    const now = machineTimes();
    const { busy } = machineShare(before.machine, now);
    // The kernel counts in hundredths of a second.
    const ours = (100 * (own() - before.own) * 100) / (now.all - before.machine.all);
    return Math.max(0, busy - ours);
  };
}

function selfSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
