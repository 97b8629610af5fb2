import { readFileSync } from 'node:fs';

/** USER_HZ: the unit of the times in /proc/<pid>/stat. */
const TICKS_PER_SECOND = 100;

/** User and system seconds of a process with all its threads, without its children; in steps of 10 ms. Throws when it is gone. */
export function cpuSeconds(pid: number): number {
  // The command's name stands in brackets and may contain anything.
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const columns = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(columns[11]) + Number(columns[12])) / TICKS_PER_SECOND;
}
