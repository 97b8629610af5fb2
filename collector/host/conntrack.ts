import { fields, type HostCollector, lines, numeric } from './host-collector.ts';

const STATISTICS: Readonly<Record<string, string>> = {
  found: 'Lookups that found an entry.',
  invalid: 'Packets that cannot be tracked.',
  ignore: 'Packets that were tracked already.',
  insert: 'Entries inserted.',
  insert_failed: 'Entries that could not be inserted.',
  drop: 'Packets dropped because their entry could not be made.',
  early_drop: 'Entries dropped to make room for others.',
  search_restart: 'Lookups that began again because the table was resized.',
};

/** node_nf_conntrack_*: the table of tracked connections. Fails where the kernel does not track any. */
export const conntrack: HostCollector = {
  name: 'conntrack',
  collect(files, out) {
    const read = (name: string) => numeric(files.proc(`sys/net/netfilter/${name}`).trim(), name);
    out.gauge('node_nf_conntrack_entries', 'Connections that are tracked.').add(read('nf_conntrack_count'));
    out.gauge('node_nf_conntrack_entries_limit', 'Connections that can be tracked.').add(read('nf_conntrack_max'));
    const [head = '', ...rows] = lines(files.netIf('stat/nf_conntrack') ?? '');
    fields(head).forEach((name, column) => {
      const help = STATISTICS[name];
      if (help === undefined) return;
      // One row per processor.
      const sum = rows.reduce((total, row) => total + (Number.parseInt(fields(row)[column] ?? '', 16) || 0), 0);
      out.gauge(`node_nf_conntrack_stat_${name}`, help).add(sum);
    });
  },
};
