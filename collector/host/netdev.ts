import { fields, type HostCollector, lines, numeric } from './host-collector.ts';

/** The columns of /proc/net/dev after the interface's name. */
const COLUMNS = [
  ['receive', 'bytes'],
  ['receive', 'packets'],
  ['receive', 'errs'],
  ['receive', 'drop'],
  ['receive', 'fifo'],
  ['receive', 'frame'],
  ['receive', 'compressed'],
  ['receive', 'multicast'],
  ['transmit', 'bytes'],
  ['transmit', 'packets'],
  ['transmit', 'errs'],
  ['transmit', 'drop'],
  ['transmit', 'fifo'],
  ['transmit', 'colls'],
  ['transmit', 'carrier'],
  ['transmit', 'compressed'],
] as const;

const MEANING = {
  bytes: 'Bytes',
  packets: 'Packets',
  errs: 'Errors',
  drop: 'Dropped packets',
  fifo: 'Buffer overruns',
  frame: 'Framing errors',
  compressed: 'Compressed packets',
  multicast: 'Multicast packets',
  colls: 'Collisions',
  carrier: 'Losses of carrier',
} as const;

/** node_network_receive_* and node_network_transmit_*: the counters of the interfaces. */
export function netdev(exclude: RegExp): HostCollector {
  return {
    name: 'netdev',
    async collect(files, out) {
      // Two lines of headings come first. Old kernels write no blank between the colon and the first number.
      for (const line of lines(files.net('dev')).slice(2)) {
        const colon = line.lastIndexOf(':');
        const device = line.slice(0, colon).trim();
        if (exclude.test(device)) continue;
        const columns = fields(line.slice(colon + 1));
        COLUMNS.forEach(([direction, what], index) => {
          const help = `${MEANING[what]} of the interface, ${direction} side.`;
          out
            .counter(`node_network_${direction}_${what}_total`, help)
            .add(numeric(columns[index], 'net/dev'), { device });
        });
        const nohandler = await files.sysNumberIf(`class/net/${device}/statistics/rx_nohandler`);
        if (nohandler !== undefined) {
          out
            .counter('node_network_receive_nohandler_total', 'Packets that came in for an interface nobody listens on.')
            .add(nohandler, { device });
        }
      }
    },
  };
}
