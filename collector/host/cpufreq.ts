import type { HostCollector } from './host-collector.ts';

/** File in cpufreq, name of the family, help. The kernel speaks in kilohertz. */
const FREQUENCIES: readonly (readonly [file: string, name: string, help: string])[] = [
  ['cpuinfo_cur_freq', 'node_cpu_frequency_hertz', 'Frequency that the hardware reports.'],
  ['cpuinfo_min_freq', 'node_cpu_frequency_min_hertz', 'Lowest frequency of the hardware.'],
  ['cpuinfo_max_freq', 'node_cpu_frequency_max_hertz', 'Highest frequency of the hardware.'],
  ['scaling_cur_freq', 'node_cpu_scaling_frequency_hertz', 'Frequency that the governor chose.'],
  ['scaling_min_freq', 'node_cpu_scaling_frequency_min_hertz', 'Lowest frequency that the governor may choose.'],
  ['scaling_max_freq', 'node_cpu_scaling_frequency_max_hertz', 'Highest frequency that the governor may choose.'],
];

/** node_cpu_frequency_*, node_cpu_scaling_frequency_*, node_cpu_scaling_governor. Nothing on machines without cpufreq. */
export const cpufreq: HostCollector = {
  name: 'cpufreq',
  async collect(files, out) {
    for (const directory of files.sysList('devices/system/cpu').filter((name) => /^cpu\d+$/.test(name))) {
      const path = `devices/system/cpu/${directory}/cpufreq`;
      const processor = directory.slice(3);
      const governors = await files.sysIf(`${path}/scaling_available_governors`);
      const governor = await files.sysIf(`${path}/scaling_governor`);
      if (governor === undefined) continue;
      for (const [file, name, help] of FREQUENCIES) {
        const kilohertz = await files.sysNumberIf(`${path}/${file}`);
        if (kilohertz !== undefined) out.gauge(name, help).add(kilohertz * 1000, { cpu: processor });
      }
      const family = out.gauge('node_cpu_scaling_governor', '1 for the frequency governor in force, 0 for the others.');
      for (const name of new Set([governor, ...(governors ?? '').split(/\s+/)])) {
        if (name !== '') family.add(name === governor ? 1 : 0, { cpu: processor, governor: name });
      }
    }
  },
};
