import type { KubernetesEvent } from '../../event-log.ts';
import { encodeNativeBlock, type WritableColumn } from '../native-writer.ts';
import { Uint32Column } from './uint32-column.ts';

/** What an event takes in a segment beside its message, about. */
const BYTES_PER_EVENT = 300;

/** About how many bytes these events take in a segment. */
export function eventBytes(events: readonly KubernetesEvent[]): number {
  return events.reduce((sum, event) => sum + BYTES_PER_EVENT + event.message.length, 0);
}

/** Rows of the table `kubernetes_events`, as a Native block. */
export function encodeEvents(rows: readonly KubernetesEvent[]): Uint8Array[] {
  const number = (name: string, type: string, of: (event: KubernetesEvent) => number): WritableColumn => {
    const column = new Uint32Column();
    for (const row of rows) column.pushHalves(of(row));
    return { name, type, data: column.view() };
  };
  const text = (name: string, of: (event: KubernetesEvent) => string): WritableColumn => ({
    name,
    type: 'String',
    data: rows.map(of),
  });
  return encodeNativeBlock(rows.length, [
    number('ts', "DateTime64(3, 'UTC')", (event) => event.timestamp),
    number('first', "DateTime64(3, 'UTC')", (event) => event.firstTimestamp),
    text('cluster', (event) => event.cluster),
    text('namespace', (event) => event.namespace),
    text('kind', (event) => event.kind),
    text('name', (event) => event.name),
    text('object_uid', (event) => event.objectUid),
    text('reason', (event) => event.reason),
    text('type', (event) => event.type),
    text('message', (event) => event.message),
    text('component', (event) => event.component),
    text('host', (event) => event.host),
    number('count', 'UInt64', (event) => event.count),
    text('uid', (event) => event.uid),
  ]);
}
