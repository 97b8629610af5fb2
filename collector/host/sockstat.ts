import { fields, type HostCollector, lines, numeric } from './host-collector.ts';

/** node_sockstat_*: sockets in use by protocol; a machine without IPv6 has no sockstat6. */
export function sockstat(pageSize: number): HostCollector {
  return {
    name: 'sockstat',
    collect(files, out) {
      for (const line of [...lines(files.net('sockstat')), ...lines(files.netIf('sockstat6') ?? '')]) {
        const [head = '', ...pairs] = fields(line);
        const protocol = head.replace(':', '');
        for (let i = 0; i + 1 < pairs.length; i += 2) {
          const key = pairs[i]!;
          const value = numeric(pairs[i + 1], 'sockstat');
          const help = `${key} of the ${protocol} sockets`;
          out.gauge(`node_sockstat_${protocol}_${key}`, `${help}.`).add(value);
          // `mem` is in pages.
          if (key === 'mem')
            out.gauge(`node_sockstat_${protocol}_mem_bytes`, `${help}, in bytes.`).add(value * pageSize);
        }
      }
    },
  };
}
