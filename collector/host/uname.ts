import { machine } from 'node:os';
import type { HostCollector } from './host-collector.ts';

/** node_uname_info. The name is that of this container where it has its own; `nodename` says the machine's. */
export function uname(nodename: string | undefined): HostCollector {
  return {
    name: 'uname',
    collect(files, out) {
      const read = (name: string) => files.proc(`sys/kernel/${name}`).trim();
      out.gauge('node_uname_info', 'Always 1; the labels tell the kernel and the name of the machine.').add(1, {
        sysname: read('ostype'),
        release: read('osrelease'),
        version: read('version'),
        machine: machine(),
        nodename: nodename ?? read('hostname'),
        domainname: read('domainname'),
      });
    },
  };
}
