import {
  EVENT_FILTER_FIELDS,
  type EventFilter,
  type EventLog,
  type KubernetesEvent,
  type RecordedEvents,
} from '../event-log.ts';
import type { ClickHouseClient } from './client.ts';
import { columnOf, int64At, type NativeBlock } from './native-block.ts';
import { sqlString, sqlStrings, sqlTime } from './sql-literal.ts';
import type { Writer } from './writer/writer.ts';

export interface ClickHouseEventLogOptions {
  readonly client: ClickHouseClient;
  readonly writer: Writer;
  /** Throws a StorageError while the tables are not there. */
  readonly ready: () => void;
  /** Resolves when everything that is durable can be queried. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
}

const TEXTS = [
  ...['cluster', 'namespace', 'kind', 'name', 'object_uid', 'reason', 'type', 'message'],
  ...['component', 'host', 'uid'],
] as const;

/** The events in the table `kubernetes_events`, written through the outbox like samples. */
export class ClickHouseEventLog implements EventLog {
  readonly #options: ClickHouseEventLogOptions;

  constructor(options: ClickHouseEventLogOptions) {
    this.#options = options;
  }

  append(events: readonly KubernetesEvent[]): Promise<void> {
    return this.#options.writer.appendEvents(events);
  }

  async find(filter: EventFilter, signal: AbortSignal): Promise<readonly KubernetesEvent[]> {
    this.#options.ready();
    const conditions = [`ts >= ${sqlTime(Math.ceil(filter.start))}`, `ts <= ${sqlTime(filter.end)}`];
    for (const field of EVENT_FILTER_FIELDS) {
      const values = filter[field];
      if (values !== undefined && values.length > 0) conditions.push(`${field} IN (${sqlStrings(values)})`);
    }
    // A row is there twice until it is merged, when it was inserted twice.
    const sql =
      `SELECT ts, first, toInt64(count), ${TEXTS.map((name) => `toString(${name})`).join(', ')} FROM kubernetes_events ` +
      `WHERE ${conditions.join(' AND ')} ORDER BY ts DESC, count DESC, uid LIMIT 1 BY cluster, uid, count LIMIT ${filter.limit}`;
    const events: KubernetesEvent[] = [];
    for await (const block of this.#options.client.stream(sql, signal)) {
      for (let row = 0; row < block.rows; row++) events.push(readEvent(block, row));
    }
    return events;
  }

  async recorded(cluster: string, since: number, signal: AbortSignal): Promise<RecordedEvents> {
    await this.#options.flush(signal);
    const sql =
      `SELECT uid, toInt64(max(count)), max(ts) FROM kubernetes_events ` +
      `WHERE cluster = ${sqlString(cluster)} AND ts >= ${sqlTime(Math.ceil(since))} GROUP BY uid`;
    const counts = new Map<string, number>();
    let newest = 0;
    for await (const block of this.#options.client.stream(sql, signal)) {
      const uids = columnOf(block, 0, 'string');
      const highest = columnOf(block, 1, 'int64');
      const last = columnOf(block, 2, 'int64');
      for (let row = 0; row < block.rows; row++) {
        counts.set(uids[row]!, int64At(highest, row));
        newest = Math.max(newest, int64At(last, row));
      }
    }
    return { counts, newest };
  }
}

function readEvent(block: NativeBlock, row: number): KubernetesEvent {
  const number = (column: number) => int64At(columnOf(block, column, 'int64'), row);
  const text = (name: (typeof TEXTS)[number]) => columnOf(block, 3 + TEXTS.indexOf(name), 'string')[row]!;
  return {
    timestamp: number(0),
    firstTimestamp: number(1),
    cluster: text('cluster'),
    namespace: text('namespace'),
    kind: text('kind'),
    name: text('name'),
    objectUid: text('object_uid'),
    reason: text('reason'),
    type: text('type'),
    message: text('message'),
    component: text('component'),
    host: text('host'),
    count: number(2),
    uid: text('uid'),
  };
}
