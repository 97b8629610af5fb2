import { fields, type HostCollector, lines, numeric } from './host-collector.ts';

/** The lines of /proc/stat beside the processors: interrupts, context switches, forks, boot time, processes. */
export const stat: HostCollector = {
  name: 'stat',
  collect(files, out) {
    for (const line of lines(files.proc('stat'))) {
      const [key, first] = fields(line);
      const value = () => numeric(first, 'stat');
      if (key === 'intr') out.counter('node_intr_total', 'Interrupts served.').add(value());
      else if (key === 'ctxt')
        out.counter('node_context_switches_total', 'Switches from one task to another.').add(value());
      else if (key === 'processes') out.counter('node_forks_total', 'Processes and threads created.').add(value());
      else if (key === 'btime')
        out.gauge('node_boot_time_seconds', 'When the machine started, Unix time.').add(value());
      else if (key === 'procs_running') out.gauge('node_procs_running', 'Tasks that can run now.').add(value());
      else if (key === 'procs_blocked') out.gauge('node_procs_blocked', 'Tasks that wait for I/O.').add(value());
    }
  },
};
