import type { AlertEvent, AlertLog, AlertStateName } from '../alert-log.ts';
import { Labels } from '../labels.ts';
import type { ClickHouseClient } from './client.ts';
import { columnOf, int64At, type NativeBlock } from './native-block.ts';
import { sqlTime } from './sql-literal.ts';
import type { Writer } from './writer/writer.ts';

export interface ClickHouseAlertLogOptions {
  readonly client: ClickHouseClient;
  readonly writer: Writer;
  /** Resolves when everything that is durable can be queried. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
}

/** The alert history in the table `alert_events`, written through the outbox like samples. */
export class ClickHouseAlertLog implements AlertLog {
  readonly #options: ClickHouseAlertLogOptions;

  constructor(options: ClickHouseAlertLogOptions) {
    this.#options = options;
  }

  append(events: readonly AlertEvent[]): Promise<void> {
    return this.#options.writer.appendAlerts(events);
  }

  async latest(since: number, signal: AbortSignal): Promise<readonly AlertEvent[]> {
    await this.#options.flush(signal);
    const columns =
      'ts, rule, labels, annotations, state, active_at, fired_at, resolved_at, keep_firing_since, value, last_sent_at, last_sent_status';
    const sql =
      `SELECT ${columns} FROM alert_events WHERE ts >= ${sqlTime(Math.ceil(since))} ` +
      'ORDER BY rule, ts DESC, sequence DESC LIMIT 1 BY rule, toString(labels)';
    const events: AlertEvent[] = [];
    for await (const block of this.#options.client.stream(sql, signal)) {
      for (let row = 0; row < block.rows; row++) events.push(readEvent(block, row));
    }
    return events;
  }
}

function readEvent(block: NativeBlock, row: number): AlertEvent {
  const time = (column: number) => int64At(columnOf(block, column, 'int64'), row);
  const text = (column: number) => columnOf(block, column, 'string')[row]!;
  const labels = (column: number) => Labels.fromSortedPairs(columnOf(block, column, 'map')[row]!);
  return {
    timestamp: time(0),
    rule: text(1),
    labels: labels(2),
    annotations: labels(3),
    state: text(4) as AlertStateName,
    activeAt: time(5),
    firedAt: time(6),
    resolvedAt: time(7),
    keepFiringSince: time(8),
    value: columnOf(block, 9, 'float64')[row]!,
    lastSentAt: time(10),
    lastSentStatus: text(11) as AlertEvent['lastSentStatus'],
  };
}
