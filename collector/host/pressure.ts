import { type HostCollector, lines, numeric } from './host-collector.ts';

const RESOURCES = { cpu: 'processor time', io: 'I/O', memory: 'memory' } as const;

/** node_pressure_*: the totals of /proc/pressure. The processor's `full` line is there since Linux 5.13. */
export const pressure: HostCollector = {
  name: 'pressure',
  collect(files, out) {
    for (const [resource, what] of Object.entries(RESOURCES)) {
      for (const line of lines(files.proc(`pressure/${resource}`))) {
        const total = /\btotal=(\d+)/.exec(line)?.[1];
        const seconds = numeric(total, `pressure/${resource}`) / 1e6;
        if (line.startsWith('some ')) {
          const help = `Seconds in which some task waited for ${what}.`;
          out.counter(`node_pressure_${resource}_waiting_seconds_total`, help).add(seconds);
        } else if (line.startsWith('full ')) {
          const help = `Seconds in which no task could run for want of ${what}.`;
          out.counter(`node_pressure_${resource}_stalled_seconds_total`, help).add(seconds);
        }
      }
    }
    const irq = /^full .*\btotal=(\d+)/m.exec(files.procIf('pressure/irq') ?? '')?.[1];
    if (irq !== undefined) {
      const help = 'Seconds in which no task could run because interrupts were served.';
      out.counter('node_pressure_irq_stalled_seconds_total', help).add(Number(irq) / 1e6);
    }
  },
};
