import type { NotificationEvent } from '../../notification-log.ts';
import { encodeNativeBlock, LABELS_TYPE, STRINGS_TYPE, type WritableColumn } from '../native-writer.ts';
import { labelsColumn } from './labels-column.ts';
import { Uint32Column } from './uint32-column.ts';

/** What a notification takes in a segment beside the fingerprints, about. */
const BYTES_PER_NOTIFICATION = 400;
const BYTES_PER_FINGERPRINT = 17;

/** A notification and its place among those of the same time. */
export interface NotificationRow {
  readonly sequence: number;
  readonly event: NotificationEvent;
}

/** About how many bytes these events take in a segment. */
export function notificationBytes(events: readonly NotificationEvent[]): number {
  return events.reduce(
    (sum, { firing, resolved, reason }) =>
      sum + BYTES_PER_NOTIFICATION + reason.length + BYTES_PER_FINGERPRINT * (firing.length + resolved.length),
    0,
  );
}

/** Rows of the table `notifications`, as a Native block. */
export function encodeNotifications(rows: readonly NotificationRow[]): Uint8Array[] {
  const wide = (name: string, type: string, of: (row: NotificationRow) => number): WritableColumn => {
    const column = new Uint32Column();
    for (const row of rows) column.pushHalves(of(row));
    return { name, type, data: column.view() };
  };
  const count = (name: string, of: (event: NotificationEvent) => number): WritableColumn => ({
    name,
    type: 'UInt32',
    data: Uint32Array.from(rows, (row) => of(row.event)),
  });
  const text = (name: string, of: (event: NotificationEvent) => string): WritableColumn => ({
    name,
    type: 'String',
    data: rows.map((row) => of(row.event)),
  });
  const texts = (name: string, of: (event: NotificationEvent) => readonly string[]): WritableColumn => ({
    name,
    type: STRINGS_TYPE,
    data: rows.map((row) => of(row.event)),
  });
  return encodeNativeBlock(rows.length, [
    wide('ts', "DateTime64(3, 'UTC')", (row) => row.event.timestamp),
    wide('sequence', 'UInt64', (row) => row.sequence),
    text('receiver', (event) => event.receiver),
    text('integration', (event) => event.integration),
    text('group_key', (event) => event.groupKey),
    { name: 'group_labels', type: LABELS_TYPE, data: labelsColumn(rows.map((row) => row.event.groupLabels.pairs)) },
    text('status', (event) => event.status),
    text('outcome', (event) => event.outcome),
    text('reason', (event) => event.reason),
    count('attempts', (event) => event.attempts),
    { name: 'duration', type: 'Float64', data: Float64Array.from(rows, (row) => row.event.duration) },
    count('repeats', (event) => event.repeats),
    texts('firing', (event) => event.firing),
    texts('resolved', (event) => event.resolved),
  ]);
}
