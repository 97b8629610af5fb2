import { fields, type HostCollector, numeric } from './host-collector.ts';

/** node_filefd_allocated and node_filefd_maximum. */
export const filefd: HostCollector = {
  name: 'filefd',
  collect(files, out) {
    const [allocated, , maximum] = fields(files.proc('sys/fs/file-nr'));
    out.gauge('node_filefd_allocated', 'Open file handles of the whole machine.').add(numeric(allocated, 'file-nr'));
    out.gauge('node_filefd_maximum', 'Most file handles the machine may open.').add(numeric(maximum, 'file-nr'));
  },
};
