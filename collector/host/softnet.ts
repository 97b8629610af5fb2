import type { Exposition } from './exposition.ts';
import { fields, type HostCollector, lines } from './host-collector.ts';

const COLUMNS: readonly (readonly [column: number, name: string, type: 'counter' | 'gauge', help: string])[] = [
  [0, 'processed_total', 'counter', 'Packets that the processor took from the queue.'],
  [1, 'dropped_total', 'counter', 'Packets dropped because the queue was full.'],
  [2, 'times_squeezed_total', 'counter', 'Times the processor ran out of its budget with work left.'],
  [8, 'cpu_collision_total', 'counter', 'Times the lock of a transmitter was held by another processor.'],
  [9, 'received_rps_total', 'counter', 'Times another processor asked this one to take packets.'],
  [10, 'flow_limit_count_total', 'counter', 'Times the limit per flow was reached.'],
  [11, 'backlog_len', 'gauge', 'Packets that wait in the queue.'],
];
/** Since Linux 5.10 the line says which processor it is of; before, lines are in the order of the online ones. */
const CPU_COLUMN = 12;

/** node_softnet_*: the network queue of each processor. */
export const softnet: HostCollector = {
  name: 'softnet',
  collect(files, out: Exposition) {
    lines(files.net('softnet_stat')).forEach((line, row) => {
      const columns = fields(line).map((text) => Number.parseInt(text, 16));
      const labels = { cpu: String(columns[CPU_COLUMN] ?? row) };
      for (const [column, name, type, help] of COLUMNS) {
        const value = columns[column];
        if (value !== undefined) out[type](`node_softnet_${name}`, help).add(value, labels);
      }
    });
  },
};
