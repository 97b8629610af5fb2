import { fields, type HostCollector, lines } from './host-collector.ts';

/** node_arp_entries: neighbours known per interface. */
export const arp: HostCollector = {
  name: 'arp',
  collect(files, out) {
    const entries = new Map<string, number>();
    for (const line of lines(files.net('arp')).slice(1)) {
      const device = fields(line).at(-1)!;
      entries.set(device, (entries.get(device) ?? 0) + 1);
    }
    const family = out.gauge('node_arp_entries', 'Entries of the ARP table by interface.');
    for (const [device, count] of entries) family.add(count, { device });
  },
};
