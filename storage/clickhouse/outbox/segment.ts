/**
 * A segment is what one commit made durable: at most one file per table, each in Native format as ClickHouse takes it. All
 * that is known of a file is in its name, so that a file can be inserted as it is and one that is torn is recognised:
 *
 *     00000003-0000000042.5-samples.1048576.9ae0daaf.native
 *     epoch    sequence   order table bytes  CRC-32
 */
export interface Segment {
  readonly epoch: number;
  readonly sequence: number;
  readonly files: readonly SegmentFile[];
  /** How many samples are in it; 0 when it was found at the start. */
  readonly samples: number;
  /** The metrics of its samples that were late when they were appended; undefined when that is not known. */
  readonly lateMetrics: ReadonlySet<string> | undefined;
  /** When it was written, in milliseconds. */
  readonly writtenAt: number;
}

export interface SegmentFile {
  readonly name: string;
  readonly table: InsertTable;
  readonly bytes: number;
  readonly crc: number;
}

/** What a segment may hold, in the order in which it is inserted: a sample is never visible before its series. */
export const INSERT_TABLES = {
  series: ['metric', 'id', 'labels', 'first', 'last'],
  metadata: ['metric', 'type', 'help', 'unit', 'updated'],
  alert_events: [
    ...['ts', 'sequence', 'rule', 'labels', 'annotations', 'state', 'active_at', 'fired_at', 'resolved_at'],
    ...['keep_firing_since', 'value', 'last_sent_at', 'last_sent_status'],
  ],
  kubernetes_events: [
    ...['ts', 'first', 'cluster', 'namespace', 'kind', 'name', 'object_uid', 'reason', 'type', 'message'],
    ...['component', 'host', 'count', 'uid'],
  ],
  notifications: [
    ...['ts', 'sequence', 'receiver', 'integration', 'group_key', 'group_labels', 'status', 'outcome', 'reason'],
    ...['attempts', 'duration', 'repeats', 'firing', 'resolved'],
  ],
  samples: ['metric', 'id', 'ts', 'mantissa', 'scale'],
} as const;

export type InsertTable = keyof typeof INSERT_TABLES;

const ORDER = Object.keys(INSERT_TABLES) as InsertTable[];
const NAME = /^(\d{8})-(\d{10})\.\d-([a-z_]+)\.(\d+)\.([0-9a-f]{8})\.native$/;

/** The name of a file of a segment. */
export function segmentFileName(
  segment: { readonly epoch: number; readonly sequence: number },
  file: { readonly table: InsertTable; readonly bytes: number; readonly crc: number },
): string {
  const stem = `${String(segment.epoch).padStart(8, '0')}-${String(segment.sequence).padStart(10, '0')}`;
  return `${stem}.${ORDER.indexOf(file.table)}-${file.table}.${file.bytes}.${file.crc.toString(16).padStart(8, '0')}.native`;
}

/** What a name says; undefined when it is not the name of a segment's file. */
export function parseSegmentFileName(
  name: string,
): { readonly epoch: number; readonly sequence: number; readonly file: SegmentFile } | undefined {
  const match = NAME.exec(name);
  const table = match?.[3];
  if (match === null || !ORDER.includes(table as InsertTable)) return undefined;
  const file = { name, table: table as InsertTable, bytes: Number(match[4]), crc: Number.parseInt(match[5]!, 16) };
  return { epoch: Number(match[1]), sequence: Number(match[2]), file };
}
