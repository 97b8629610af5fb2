import { fields, type HostCollector, lines, numeric } from './host-collector.ts';

/** Kills for want of memory, paging, swapping and page faults: what node_exporter keeps by default. */
const KEPT = /^(oom_kill|pgpg|pswp|pg.*fault)/;

/** node_vmstat_*: a few of the lines of /proc/vmstat. */
export const vmstat: HostCollector = {
  name: 'vmstat',
  collect(files, out) {
    for (const line of lines(files.proc('vmstat'))) {
      const [name = '', value] = fields(line);
      if (KEPT.test(name)) out.untyped(`node_vmstat_${name}`, `${name} of /proc/vmstat.`).add(numeric(value, 'vmstat'));
    }
  },
};
