import { fields, type HostCollector, lines, numeric } from './host-collector.ts';

/** The counters that are kept, `protocol_field`: those of node_exporter's default. */
const KEPT = new RegExp(
  [
    '^(.*_(InErrors|InErrs)',
    'Ip_Forwarding',
    'Ip(6|Ext)_(InOctets|OutOctets)',
    'Icmp6?_(InMsgs|OutMsgs)',
    'TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)',
    'Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)',
    'Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$',
  ].join('|'),
);

/** node_netstat_*: from /proc/net/netstat, snmp and snmp6. A machine without IPv6 has no snmp6. */
export const netstat: HostCollector = {
  name: 'netstat',
  collect(files, out) {
    const counters = new Map<string, string | undefined>();
    for (const file of ['netstat', 'snmp'])
      for (const [name, value] of pairedLines(files.net(file))) counters.set(name, value);
    for (const [name, value] of namedLines(files.netIf('snmp6') ?? '')) counters.set(name, value);
    for (const [name, value] of counters) {
      if (!KEPT.test(name)) continue;
      out.untyped(`node_netstat_${name}`, `${name} of the kernel's network statistics.`).add(numeric(value, name));
    }
  },
};

/** Lines in pairs, `Tcp: name name…` and `Tcp: value value…`, as `Tcp_name` and its value. */
function* pairedLines(text: string): Generator<[string, string | undefined]> {
  const rows = lines(text);
  for (let i = 0; i + 1 < rows.length; i += 2) {
    const [protocol = '', ...names] = fields(rows[i]!);
    const [, ...values] = fields(rows[i + 1]!);
    for (const [index, name] of names.entries()) yield [`${protocol.replace(':', '')}_${name}`, values[index]];
  }
}

/** Lines `Ip6InOctets 5` as `Ip6_InOctets` and its value: the protocol ends with the 6. */
function* namedLines(text: string): Generator<[string, string | undefined]> {
  for (const line of lines(text)) {
    const [name = '', value] = fields(line);
    const split = name.indexOf('6');
    if (split > 0) yield [`${name.slice(0, split + 1)}_${name.slice(split + 1)}`, value];
  }
}
