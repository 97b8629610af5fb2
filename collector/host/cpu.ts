import type { Exposition } from './exposition.ts';
import { fields, type HostCollector, lines, numeric } from './host-collector.ts';
import type { HostFiles } from './host-files.ts';

/** Ticks per second of the times in /proc/stat: USER_HZ, which is 100 on every architecture that Node runs on. */
const USER_HZ = 100;

const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;
/** Guest time is also contained in user and nice, so it is a family of its own. */
const GUEST_MODES = ['user', 'nice'] as const;

/** An idle time that falls by more is a processor that was unplugged and came back: its counters start again. */
const RESTART_SECONDS = 3;

/**
 * node_cpu_seconds_total, node_cpu_guest_seconds_total and the counters of thermal throttling.
 *
 * The kernel computes idle and iowait afresh at each read and they may go back a little; a counter that goes back looks
 * like a restart to `rate`, so the highest value seen stands until the kernel's catches up.
 */
export function cpu(): HostCollector {
  const highest = new Map<string, Float64Array>();
  return {
    name: 'cpu',
    async collect(files, out) {
      const seconds = out.counter('node_cpu_seconds_total', 'Seconds a processor spent in each mode.');
      const guest = out.counter(
        'node_cpu_guest_seconds_total',
        'Seconds a processor spent running guests, by priority.',
      );
      const present = new Set<string>();
      for (const line of lines(files.proc('stat'))) {
        const [name = '', ...columns] = fields(line);
        if (!/^cpu\d+$/.test(name)) continue;
        const processor = name.slice(3);
        present.add(processor);
        const times = Float64Array.from({ length: MODES.length + GUEST_MODES.length }, (_, index) =>
          // Columns came one by one with new kernels; a missing one is a time that is not accounted.
          columns[index] === undefined ? 0 : numeric(columns[index], 'stat') / USER_HZ,
        );
        const values = monotone(highest.get(processor), times);
        highest.set(processor, values);
        MODES.forEach((mode, index) => void seconds.add(values[index]!, { cpu: processor, mode }));
        GUEST_MODES.forEach((mode, index) => void guest.add(values[MODES.length + index]!, { cpu: processor, mode }));
      }
      for (const processor of highest.keys()) if (!present.has(processor)) highest.delete(processor);
      if (present.size === 0) throw new Error('stat has no line for any processor');
      await collectThrottles(files, out);
    },
  };
}

function monotone(before: Float64Array | undefined, now: Float64Array): Float64Array {
  const idle = MODES.indexOf('idle');
  if (before === undefined || now[idle]! < before[idle]! - RESTART_SECONDS) return now;
  return now.map((value, index) => Math.max(value, before[index]!));
}

async function collectThrottles(files: HostFiles, out: Exposition): Promise<void> {
  const cores = new Set<string>();
  const packages = new Set<string>();
  for (const directory of files.sysListIf('devices/system/cpu').filter((name) => /^cpu\d+$/.test(name))) {
    const path = `devices/system/cpu/${directory}`;
    const count = await files.sysNumberIf(`${path}/thermal_throttle/core_throttle_count`);
    const packageCount = await files.sysNumberIf(`${path}/thermal_throttle/package_throttle_count`);
    if (count === undefined && packageCount === undefined) continue;
    const core = await files.sysIf(`${path}/topology/core_id`);
    const package_ = await files.sysIf(`${path}/topology/physical_package_id`);
    if (core === undefined || package_ === undefined) continue;
    // The threads of a core, and the cores of a package, repeat one counter.
    if (count !== undefined && !cores.has(`${package_}/${core}`)) {
      cores.add(`${package_}/${core}`);
      out
        .counter('node_cpu_core_throttles_total', 'Times a core was slowed down because of its temperature.')
        .add(count, { package: package_, core });
    }
    if (packageCount !== undefined && !packages.has(package_)) {
      packages.add(package_);
      out
        .counter('node_cpu_package_throttles_total', 'Times a processor package was slowed down for its temperature.')
        .add(packageCount, { package: package_ });
    }
  }
}
