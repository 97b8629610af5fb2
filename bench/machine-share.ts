import { readFileSync } from 'node:fs';

/** Processor time of the whole machine since it started, summed over its cores, in ticks of the kernel. */
export interface MachineTimes {
  readonly all: number;
  readonly idle: number;
  readonly steal: number;
}

/** Reads /proc/stat. */
export function machineTimes(): MachineTimes {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  const columns = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { all: columns.reduce((sum, each) => sum + each, 0), idle: columns[3]! + columns[4]!, steal: columns[7] ?? 0 };
}

/** Percent of the time between two readings: how much was used, and how much was taken by other machines on the same host. */
export function machineShare(before: MachineTimes, after: MachineTimes): { busy: number; steal: number } {
  const all = after.all - before.all;
  return {
    busy: 100 * (1 - (after.idle - before.idle) / all),
    steal: (100 * (after.steal - before.steal)) / all,
  };
}
