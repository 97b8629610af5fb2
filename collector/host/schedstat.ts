import { fields, type HostCollector, lines, numeric } from './host-collector.ts';

const NANOSECONDS = 1e9;

/** node_schedstat_*: the scheduler's accounting per processor. Only kernels built with CONFIG_SCHEDSTATS have it. */
export const schedstat: HostCollector = {
  name: 'schedstat',
  collect(files, out) {
    for (const line of lines(files.proc('schedstat'))) {
      const columns = fields(line);
      const processor = /^cpu(\d+)$/.exec(columns[0] ?? '')?.[1];
      if (processor === undefined) continue;
      const value = (column: number) => numeric(columns[column], 'schedstat');
      const labels = { cpu: processor };
      out
        .counter('node_schedstat_running_seconds_total', 'Seconds tasks ran on the processor.')
        .add(value(7) / NANOSECONDS, labels);
      out
        .counter('node_schedstat_waiting_seconds_total', 'Seconds tasks waited in the queue of the processor.')
        .add(value(8) / NANOSECONDS, labels);
      out.counter('node_schedstat_timeslices_total', 'Turns that tasks had on the processor.').add(value(9), labels);
    }
  },
};
