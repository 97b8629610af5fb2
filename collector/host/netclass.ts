import type { HostCollector } from './host-collector.ts';

/** Attribute below /sys/class/net/<device>, name after node_network_, help. Numbers may be hexadecimal. */
const ATTRIBUTES: readonly (readonly [file: string, type: 'gauge' | 'counter', name: string, help: string])[] = [
  ['addr_assign_type', 'gauge', 'address_assign_type', 'How the hardware address came about, a number of the kernel.'],
  ['carrier', 'gauge', 'carrier', '1 when there is a carrier.'],
  ['carrier_changes', 'counter', 'carrier_changes_total', 'Times the carrier came or went.'],
  ['carrier_up_count', 'counter', 'carrier_up_changes_total', 'Times the carrier came.'],
  ['carrier_down_count', 'counter', 'carrier_down_changes_total', 'Times the carrier went.'],
  ['dev_id', 'gauge', 'device_id', 'Tells apart interfaces that share one hardware address.'],
  ['dormant', 'gauge', 'dormant', '1 when the interface waits for an event before it carries traffic.'],
  ['flags', 'gauge', 'flags', 'The flags of the interface as one number.'],
  ['ifindex', 'gauge', 'iface_id', 'The index of the interface.'],
  ['iflink', 'gauge', 'iface_link', 'The index of the interface below this one, its own if none.'],
  ['link_mode', 'gauge', 'iface_link_mode', 'The link mode, a number of the kernel.'],
  ['mtu', 'gauge', 'mtu_bytes', 'Largest packet that is sent, in bytes.'],
  ['name_assign_type', 'gauge', 'name_assign_type', 'How the name came about, a number of the kernel.'],
  ['netdev_group', 'gauge', 'net_dev_group', 'The group of the interface.'],
  ['tx_queue_len', 'gauge', 'transmit_queue_length', 'Packets that fit in the queue of the transmitter.'],
  ['type', 'gauge', 'protocol_type', 'The kind of link, a number of the kernel.'],
];

const BYTES_PER_MEGABIT = 1e6 / 8;

/** node_network_info, node_network_up and the other properties of the interfaces below /sys/class/net. */
export function netclass(exclude: RegExp): HostCollector {
  return {
    name: 'netclass',
    async collect(files, out) {
      for (const device of files.sysList('class/net')) {
        const path = `class/net/${device}`;
        // bonding_masters is a file among the directories.
        if (exclude.test(device) || device === 'bonding_masters') continue;
        const text = async (name: string) => (await files.sysIf(`${path}/${name}`)) ?? '';
        const operstate = await text('operstate');
        out
          .gauge('node_network_up', '1 when the interface is in the operational state "up".')
          .add(operstate === 'up' ? 1 : 0, { device });
        out.gauge('node_network_info', 'Always 1; the labels tell what the interface is.').add(1, {
          device,
          address: await text('address'),
          broadcast: await text('broadcast'),
          duplex: await text('duplex'),
          operstate,
          ifalias: await text('ifalias'),
        });
        for (const [file, type, name, help] of ATTRIBUTES) {
          const value = await files.sysNumberIf(`${path}/${file}`);
          if (value !== undefined) out[type](`node_network_${name}`, help).add(value, { device });
        }
        // An interface that does not know its speed says -1, and so does node_exporter: -125000.
        const megabits = await files.sysNumberIf(`${path}/speed`);
        if (megabits !== undefined) {
          out
            .gauge('node_network_speed_bytes', 'Speed of the link in bytes per second.')
            .add(megabits * BYTES_PER_MEGABIT, {
              device,
            });
        }
      }
    },
  };
}
