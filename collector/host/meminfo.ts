import { fields, type HostCollector, lines, numeric } from './host-collector.ts';

/** node_memory_*: every line of /proc/meminfo, kilobytes turned into bytes. */
export const meminfo: HostCollector = {
  name: 'meminfo',
  collect(files, out) {
    for (const line of lines(files.proc('meminfo'))) {
      const [key = '', value, unit] = fields(line);
      // `Active(anon):` becomes Active_anon.
      const name = key.replace(/:$/, '').replace('(', '_').replace(')', '');
      const count = numeric(value, 'meminfo');
      if (unit === 'kB')
        out.gauge(`node_memory_${name}_bytes`, `${name} of /proc/meminfo, in bytes.`).add(count * 1024);
      else out.gauge(`node_memory_${name}`, `${name} of /proc/meminfo.`).add(count);
    }
  },
};
