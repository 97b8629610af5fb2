import { fields, type HostCollector, lines } from './host-collector.ts';

/** node_udp_queues: bytes waiting in the queues of the UDP sockets, summed. A machine without IPv6 has no udp6. */
export const udpQueues: HostCollector = {
  name: 'udp_queues',
  collect(files, out) {
    const family = out.gauge('node_udp_queues', 'Bytes that wait in the queues of all UDP sockets.');
    const versions = [
      ['v4', files.net('udp')],
      ['v6', files.netIf('udp6')],
    ] as const;
    for (const [ip, text] of versions) {
      if (text === undefined) continue;
      let transmit = 0;
      let receive = 0;
      for (const line of lines(text).slice(1)) {
        const [tx = '', rx = ''] = (fields(line)[4] ?? '').split(':');
        transmit += Number.parseInt(tx, 16) || 0;
        receive += Number.parseInt(rx, 16) || 0;
      }
      family.add(transmit, { queue: 'tx', ip });
      family.add(receive, { queue: 'rx', ip });
    }
  },
};
