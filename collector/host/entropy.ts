import { type HostCollector, numeric } from './host-collector.ts';

/** node_entropy_available_bits and node_entropy_pool_size_bits. */
export const entropy: HostCollector = {
  name: 'entropy',
  collect(files, out) {
    const read = (name: string) => numeric(files.proc(`sys/kernel/random/${name}`).trim(), name);
    out.gauge('node_entropy_available_bits', 'Entropy that the random generator holds.').add(read('entropy_avail'));
    out.gauge('node_entropy_pool_size_bits', 'Entropy that the random generator can hold.').add(read('poolsize'));
  },
};
