import type {
  AlertEvent,
  AlertEventFilter,
  AlertIdentity,
  AlertLog,
  AlertStateEvent,
  AlertStateFilter,
  AlertStateName,
  FoundAlertEvent,
} from '../alert-log.ts';
import { Labels } from '../labels.ts';
import type { Matcher } from '../matcher.ts';
import type { ClickHouseClient } from './client.ts';
import { newestSql, rangeSql } from './log-range-sql.ts';
import { matcherSql } from './matcher-sql.ts';
import { columnOf, int64At, type NativeBlock } from './native-block.ts';
import { sqlString, sqlStrings, sqlTime } from './sql-literal.ts';
import type { Writer } from './writer/writer.ts';

export interface ClickHouseAlertLogOptions {
  readonly client: ClickHouseClient;
  readonly writer: Writer;
  /** Throws a StorageError while the tables are not there. */
  readonly ready: () => void;
  /** Resolves when everything that is durable can be queried. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
}

const COLUMNS = [
  ...['ts', 'sequence', 'rule', 'labels', 'annotations', 'state', 'active_at', 'fired_at', 'resolved_at'],
  ...['keep_firing_since', 'value', 'last_sent_at', 'last_sent_status'],
].join(', ');

/** What makes a row: it is there twice until it is merged, when it was inserted twice. */
const IDENTITY = 'ts, sequence, rule';

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
    const sql =
      `SELECT ${COLUMNS} FROM alert_events WHERE ts >= ${sqlTime(Math.ceil(since))} ` +
      'ORDER BY rule, ts DESC, sequence DESC LIMIT 1 BY rule, toString(labels)';
    return (await this.#read(sql, signal)).map(({ sequence: _, ...event }) => event);
  }

  async find(filter: AlertEventFilter, signal: AbortSignal): Promise<readonly FoundAlertEvent[]> {
    this.#options.ready();
    const { matcherSets = [], alerts = [], state = [], limit } = filter;
    const conditions = [rangeSql(filter), rulesSql(filter)];
    if (matcherSets.length > 0) conditions.push(`(${matcherSets.map(matchersSql).join(' OR ')})`);
    if (alerts.length > 0) conditions.push(isAnySql(alerts));
    if (state.length > 0) conditions.push(`state IN (${sqlStrings(state)})`);
    const table = { columns: COLUMNS, table: 'alert_events', identity: IDENTITY };
    const sql = newestSql({ ...table, conditions, limit });
    return this.#read(sql, signal);
  }

  async *alerts(
    range: Pick<AlertEventFilter, 'start' | 'end' | 'ruleNotEnding'>,
    signal: AbortSignal,
  ): AsyncGenerator<AlertIdentity> {
    this.#options.ready();
    const sql = `SELECT rule, labels FROM alert_events WHERE ${rangeSql(range)} AND ${rulesSql(range)} LIMIT 1 BY rule, toString(labels)`;
    for await (const block of this.#options.client.stream(sql, signal)) {
      const rules = columnOf(block, 0, 'string');
      const sets = columnOf(block, 1, 'map');
      for (let row = 0; row < block.rows; row++) {
        yield { rule: rules[row]!, labels: Labels.fromSortedPairs(sets[row]!) };
      }
    }
  }

  async newestFrom(filter: AlertStateFilter, limit: number, signal: AbortSignal): Promise<number> {
    this.#options.ready();
    const sql = `SELECT ts FROM alert_events WHERE ${statesSql(filter)} ORDER BY ts DESC LIMIT 1 OFFSET ${limit}`;
    for await (const block of this.#options.client.stream(sql, signal)) {
      if (block.rows > 0) return int64At(columnOf(block, 0, 'int64'), 0) + 1;
    }
    return filter.start;
  }

  async *states(filter: AlertStateFilter, signal: AbortSignal): AsyncGenerator<AlertStateEvent> {
    this.#options.ready();
    // In the order of the table, so that nothing is sorted.
    const sql =
      `SELECT ${stateColumnsSql(filter)} FROM alert_events WHERE ${statesSql(filter)} ` +
      `ORDER BY rule, ts, sequence LIMIT 1 BY ${IDENTITY}`;
    yield* this.#states(sql, filter, signal);
  }

  /**
   * The last events are found by time and state alone; only of those of alerts that have not ended the wide columns are read:
   *
   *     ... WHERE (rule, ts, sequence) IN (SELECT rule, last.1, last.2 FROM (... GROUP BY rule, hash of the labels) WHERE not ended)
   */
  async *standing(filter: AlertStateFilter, signal: AbortSignal): AsyncGenerator<AlertStateEvent> {
    this.#options.ready();
    const where = statesSql(filter);
    // Half the time of toString(labels). Of 100,000 alerts two have the same hash with a probability of 3e-10.
    const alert = 'cityHash64(mapKeys(labels), mapValues(labels))';
    const last = `SELECT rule, max((ts, sequence, state)) AS last FROM alert_events WHERE ${where} GROUP BY rule, ${alert}`;
    const open = `SELECT rule, last.1, last.2 FROM (${last}) WHERE last.3 != 'inactive'`;
    const sql =
      `SELECT ${stateColumnsSql(filter)} FROM alert_events WHERE ${where} AND (rule, ts, sequence) IN (${open}) ` +
      `LIMIT 1 BY ${IDENTITY}`;
    yield* this.#states(sql, filter, signal);
  }

  async *#states(sql: string, filter: AlertStateFilter, signal: AbortSignal): AsyncGenerator<AlertStateEvent> {
    for await (const block of this.#options.client.stream(sql, signal)) {
      for (let row = 0; row < block.rows; row++) yield readStateEvent(block, row, filter.annotations);
    }
  }

  async #read(sql: string, signal: AbortSignal): Promise<FoundAlertEvent[]> {
    const events: FoundAlertEvent[] = [];
    for await (const block of this.#options.client.stream(sql, signal)) {
      for (let row = 0; row < block.rows; row++) events.push(readEvent(block, row));
    }
    return events;
  }
}

function labelSql(name: string): string {
  return `labels[${sqlString(name)}]`;
}

function matchersSql(matchers: readonly Matcher[]): string {
  const conditions = matchers.map((matcher) => {
    const label = labelSql(matcher.name);
    return matcherSql(matcher, `if(${label} != '', ${label}, annotations[${sqlString(matcher.name)}])`);
  });
  return conditions.length === 0 ? '1' : `(${conditions.join(' AND ')})`;
}

function rulesSql({ ruleNotEnding }: Pick<AlertEventFilter, 'ruleNotEnding'>): string {
  return ruleNotEnding === undefined ? '1' : `NOT endsWith(rule, ${sqlString(ruleNotEnding)})`;
}

function isAlertSql({ rule, labels }: AlertIdentity): string {
  const each = [...labels].map(([name, value]) => ` AND ${labelSql(name)} = ${sqlString(value)}`);
  return `(rule = ${sqlString(rule)} AND length(labels) = ${labels.size}${each.join('')})`;
}

function isAnySql(alerts: readonly AlertIdentity[]): string {
  return `(${alerts.map(isAlertSql).join(' OR ')})`;
}

function statesSql(filter: AlertStateFilter): string {
  const { labelSets = [], alerts = [] } = filter;
  const conditions = [rangeSql(filter), rulesSql(filter)];
  if (alerts.length > 0) conditions.push(isAnySql(alerts));
  const sets = labelSets.map((set) => set.map((one) => matcherSql(one, labelSql(one.name))).join(' AND ') || '1');
  if (sets.length > 0) conditions.push(`(${sets.map((set) => `(${set})`).join(' OR ')})`);
  return conditions.join(' AND ');
}

/** What `readStateEvent` reads. */
function stateColumnsSql({ annotations }: AlertStateFilter): string {
  const wanted = annotations.map((name) => `annotations[${sqlString(name)}]`);
  return ['ts', 'rule', 'labels', 'state', 'active_at', 'fired_at', 'value', ...wanted].join(', ');
}

function readStateEvent(block: NativeBlock, row: number, annotations: readonly string[]): AlertStateEvent {
  const number = (column: number) => int64At(columnOf(block, column, 'int64'), row);
  const text = (column: number) => columnOf(block, column, 'string')[row]!;
  return {
    timestamp: number(0),
    rule: text(1),
    labels: Labels.fromSortedPairs(columnOf(block, 2, 'map')[row]!),
    annotations: Labels.from(annotations.map((name, i) => [name, text(7 + i)] as const)),
    state: text(3) as AlertStateName,
    activeAt: number(4),
    firedAt: number(5),
    value: columnOf(block, 6, 'float64')[row]!,
  };
}

function readEvent(block: NativeBlock, row: number): FoundAlertEvent {
  const number = (column: number) => int64At(columnOf(block, column, 'int64'), row);
  const text = (column: number) => columnOf(block, column, 'string')[row]!;
  const labels = (column: number) => Labels.fromSortedPairs(columnOf(block, column, 'map')[row]!);
  return {
    timestamp: number(0),
    sequence: number(1),
    rule: text(2),
    labels: labels(3),
    annotations: labels(4),
    state: text(5) as AlertStateName,
    activeAt: number(6),
    firedAt: number(7),
    resolvedAt: number(8),
    keepFiringSince: number(9),
    value: columnOf(block, 10, 'float64')[row]!,
    lastSentAt: number(11),
    lastSentStatus: text(12) as AlertEvent['lastSentStatus'],
  };
}
