import { fields, type HostCollector, numeric } from './host-collector.ts';

/** node_load1, node_load5, node_load15. */
export const loadavg: HostCollector = {
  name: 'loadavg',
  collect(files, out) {
    const values = fields(files.proc('loadavg'));
    [1, 5, 15].forEach((minutes, index) => {
      const help = `Tasks running or waiting uninterruptibly, averaged over about ${minutes} min.`;
      out.gauge(`node_load${minutes}`, help).add(numeric(values[index], 'loadavg'));
    });
  },
};
