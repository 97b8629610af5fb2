import { Labels } from '../labels.ts';
import type { FoundNotification, NotificationEvent, NotificationFilter, NotificationLog } from '../notification-log.ts';
import type { ClickHouseClient } from './client.ts';
import { newestSql, rangeSql } from './log-range-sql.ts';
import { columnOf, int64At, type NativeBlock } from './native-block.ts';
import { sqlStrings, sqlTime } from './sql-literal.ts';
import type { Writer } from './writer/writer.ts';

export interface ClickHouseNotificationLogOptions {
  readonly client: ClickHouseClient;
  readonly writer: Writer;
  /** Throws a StorageError while the tables are not there. */
  readonly ready: () => void;
  /** Resolves when everything that is durable can be queried. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
}

const COLUMNS = [
  ...['ts', 'sequence', 'receiver', 'integration', 'group_key', 'group_labels', 'status', 'outcome', 'reason'],
  ...['attempts', 'duration', 'repeats', 'firing', 'resolved'],
].join(', ');

/** The history of notifications in the table `notifications`, written through the outbox like samples. */
export class ClickHouseNotificationLog implements NotificationLog {
  readonly #options: ClickHouseNotificationLogOptions;

  constructor(options: ClickHouseNotificationLogOptions) {
    this.#options = options;
  }

  append(events: readonly NotificationEvent[]): Promise<void> {
    return this.#options.writer.appendNotifications(events);
  }

  async latest(since: number, signal: AbortSignal): Promise<readonly NotificationEvent[]> {
    await this.#options.flush(signal);
    const sql =
      `SELECT ${COLUMNS} FROM notifications WHERE ts >= ${sqlTime(Math.ceil(since))} AND outcome = 'delivered' ` +
      'ORDER BY receiver, integration, group_key, ts DESC, sequence DESC LIMIT 1 BY receiver, integration, group_key';
    return (await this.#read(sql, signal)).map(({ sequence: _, ...event }) => event);
  }

  async find(filter: NotificationFilter, signal: AbortSignal): Promise<readonly FoundNotification[]> {
    this.#options.ready();
    const { receiver = [], fingerprint = [], outcome = [], limit } = filter;
    const conditions = [rangeSql(filter)];
    if (receiver.length > 0) conditions.push(`receiver IN (${sqlStrings(receiver)})`);
    if (outcome.length > 0) conditions.push(`outcome IN (${sqlStrings(outcome)})`);
    if (fingerprint.length > 0) {
      const wanted = `[${sqlStrings(fingerprint)}]`;
      conditions.push(`(hasAny(firing, ${wanted}) OR hasAny(resolved, ${wanted}))`);
    }
    const identity = 'ts, sequence, receiver, integration, group_key';
    const sql = newestSql({ columns: COLUMNS, table: 'notifications', identity, conditions, limit });
    return this.#read(sql, signal);
  }

  async #read(sql: string, signal: AbortSignal): Promise<FoundNotification[]> {
    const events: FoundNotification[] = [];
    for await (const block of this.#options.client.stream(sql, signal)) {
      for (let row = 0; row < block.rows; row++) events.push(readEvent(block, row));
    }
    return events;
  }
}

function readEvent(block: NativeBlock, row: number): FoundNotification {
  const number = (column: number) => int64At(columnOf(block, column, 'int64'), row);
  const count = (column: number) => columnOf(block, column, 'uint32')[row]!;
  const text = (column: number) => columnOf(block, column, 'string')[row]!;
  const texts = (column: number) => columnOf(block, column, 'strings')[row]!;
  return {
    timestamp: number(0),
    sequence: number(1),
    receiver: text(2),
    integration: text(3),
    groupKey: text(4),
    groupLabels: Labels.fromSortedPairs(columnOf(block, 5, 'map')[row]!),
    status: text(6) as NotificationEvent['status'],
    outcome: text(7) as NotificationEvent['outcome'],
    reason: text(8),
    attempts: count(9),
    duration: columnOf(block, 10, 'float64')[row]!,
    repeats: count(11),
    firing: texts(12),
    resolved: texts(13),
  };
}
