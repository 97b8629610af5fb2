import { randomUUID } from 'node:crypto';
import { type DocumentLog, type DocumentVersion, mistakeOfDocument } from '../document-log.ts';
import { StorageError } from '../errors.ts';
import { type BoundedOptions, bounded } from './bounded.ts';
import type { ClickHouseClient } from './client.ts';
import { deleteRows } from './delete-rows.ts';
import { timeRangeSql } from './log-range-sql.ts';
import { columnOf, int64At, type NativeBlock } from './native-block.ts';
import { raced } from './raced.ts';
import { sqlString, sqlTime } from './sql-literal.ts';

export interface ClickHouseDocumentLogOptions {
  readonly client: ClickHouseClient;
  /** Throws a StorageError while the tables are not there. */
  readonly ready: () => void;
  /** How long versions are kept after they were replaced, in milliseconds; 0: for ever. */
  readonly retention: number;
  /** Milliseconds that a call may take. Default: DIRECT_TIMEOUT. */
  readonly timeout?: number;
  /** Told when old versions could not be deleted; it is tried again later. */
  readonly onSweepFailed?: (error: unknown) => void;
}

const COLUMNS = 'kind, id, version, ts, author, body, deleted';
/** Attempts to get a version in when ClickHouse drops it as a duplicate of a row that it lost. */
const ROUNDS = 10;
const SWEEP_INTERVAL = 3_600_000;
const SWEEP_TIMEOUT = 60_000;
/** Versions that one sweep deletes. */
const SWEEP_ROWS = 1000;

/**
 * Documents in the table `documents`, written directly: whoever writes has to know whether somebody else was faster.
 *
 * ClickHouse has no unique keys, but of inserts with the same deduplication token it stores only the first. So all who write the
 * version after the one they read use the same token, made of the document, the version and the writer of the version before, and
 * learn by reading back whose row is there. ClickHouse notes a token just before the row becomes part of the table and may be
 * killed between the two; then no row is there after an insert, and the next round has another token. Should two rows of a version
 * be there all the same, that of the lowest writer counts, for everybody.
 *
 * A row does not know when it is replaced, so versions age by a sweep after an append, once per hour, and not by a TTL.
 */
export class ClickHouseDocumentLog implements DocumentLog {
  readonly #options: ClickHouseDocumentLogOptions;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(options: ClickHouseDocumentLogOptions) {
    this.#options = options;
  }

  async append(version: DocumentVersion): Promise<boolean> {
    const mistake = mistakeOfDocument(version);
    if (mistake !== undefined) throw mistake;
    this.#options.ready();
    const added = await bounded((signal) => this.#append(version, signal), this.#limit());
    if (added) this.#sweep();
    return added;
  }

  async latest(kind: string, signal: AbortSignal): Promise<readonly DocumentVersion[]> {
    this.#options.ready();
    const newest =
      `SELECT ${COLUMNS} FROM documents WHERE kind = ${sqlString(kind)} ` +
      'ORDER BY id, version DESC, writer LIMIT 1 BY id';
    const sql = `SELECT ${READ} FROM (${newest}) WHERE NOT deleted ORDER BY id`;
    return bounded((within) => this.#read(sql, within), this.#limit(signal));
  }

  async versions(kind: string, id: string, signal: AbortSignal): Promise<readonly DocumentVersion[]> {
    this.#options.ready();
    const sql = `SELECT ${READ} FROM documents WHERE ${isDocument(kind, id)} ORDER BY version DESC, writer LIMIT 1 BY version`;
    return bounded((within) => this.#read(sql, within), this.#limit(signal));
  }

  async written(
    kind: string,
    range: { readonly start: number; readonly end: number; readonly limit: number },
    signal: AbortSignal,
  ): Promise<readonly DocumentVersion[]> {
    this.#options.ready();
    const sql =
      `SELECT ${READ} FROM documents WHERE kind = ${sqlString(kind)} AND ${timeRangeSql(range)} ` +
      `ORDER BY ts DESC, id, version DESC, writer LIMIT 1 BY id, version LIMIT ${range.limit}`;
    return bounded((within) => this.#read(sql, within), this.#limit(signal));
  }

  #limit(signal?: AbortSignal): BoundedOptions {
    const { timeout } = this.#options;
    return { ...(signal !== undefined && { signal }), ...(timeout !== undefined && { timeout }) };
  }

  async #append(document: DocumentVersion, signal: AbortSignal): Promise<boolean> {
    const { kind, id, version } = document;
    const before = await this.#newest(kind, id, signal);
    if (before.version !== version - 1) return false;
    const writer = randomUUID();
    for (let round = 1; round <= ROUNDS; round++) {
      const token = JSON.stringify([kind, id, version, before.writer, round]);
      await raced(this.#options.client.command(insertSql(document, writer, token)), signal, 'the write was canceled');
      const newest = await this.#newest(kind, id, signal);
      if (newest.version > version) return this.#wrote(document, writer, signal);
      if (newest.version === version) return newest.writer === writer;
    }
    throw new StorageError('internal', `ClickHouse dropped version ${version} of the ${kind} ${id} ${ROUNDS} times`);
  }

  /** The newest version and who wrote it; 0 and '' when there is none. */
  async #newest(
    kind: string,
    id: string,
    signal: AbortSignal,
  ): Promise<{ readonly version: number; readonly writer: string }> {
    const sql = `SELECT version, writer FROM documents WHERE ${isDocument(kind, id)} ORDER BY version DESC, writer LIMIT 1`;
    for await (const block of this.#options.client.stream(sql, signal)) {
      return { version: int64At(columnOf(block, 0, 'int64'), 0), writer: columnOf(block, 1, 'string')[0]! };
    }
    return { version: 0, writer: '' };
  }

  /** Whether a version that has been replaced already is this writer's. */
  async #wrote({ kind, id, version }: DocumentVersion, writer: string, signal: AbortSignal): Promise<boolean> {
    const sql = `SELECT min(writer) FROM documents WHERE ${isDocument(kind, id)} AND version = ${version}`;
    for await (const block of this.#options.client.stream(sql, signal)) {
      return columnOf(block, 0, 'string')[0] === writer;
    }
    return false;
  }

  async #read(sql: string, signal: AbortSignal): Promise<readonly DocumentVersion[]> {
    const found: DocumentVersion[] = [];
    for await (const block of this.#options.client.stream(sql, signal)) {
      for (let row = 0; row < block.rows; row++) found.push(readDocument(block, row));
    }
    return found;
  }

  #sweep(): void {
    const { retention, onSweepFailed } = this.#options;
    if (retention === 0 || performance.now() - this.#sweptAt < SWEEP_INTERVAL) return;
    this.#sweptAt = performance.now();
    bounded((signal) => this.#deleteOld(retention, signal), { timeout: SWEEP_TIMEOUT }).catch((error) =>
      onSweepFailed?.(error),
    );
  }

  /**
   * Deletes versions that were replaced too long ago, and documents that were deleted too long ago. The version that says so goes
   * last: a sweep that ends halfway must not bring back an older one.
   */
  async #deleteOld(retention: number, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const cutoff = `now64(3) - toIntervalSecond(${Math.ceil(retention / 1000)})`;
    const replaced =
      'SELECT toString(old.kind), old.id, old.version FROM documents AS old INNER JOIN documents AS new ' +
      'ON old.kind = new.kind AND old.id = new.id AND old.version + 1 = new.version ' +
      `WHERE new.ts < ${cutoff} LIMIT ${SWEEP_ROWS}`;
    const gone =
      `SELECT toString(kind), id, version FROM documents WHERE deleted AND ts < ${cutoff} ` +
      `AND (kind, id) NOT IN (SELECT kind, id FROM documents WHERE NOT deleted) LIMIT ${SWEEP_ROWS}`;
    for (const sql of [replaced, gone]) {
      const keys: string[] = [];
      for await (const block of client.stream(sql, signal)) {
        const [kinds, ids] = [columnOf(block, 0, 'string'), columnOf(block, 1, 'string')];
        const versions = columnOf(block, 2, 'int64');
        for (let row = 0; row < block.rows; row++) {
          keys.push(`(${sqlString(kinds[row]!)}, ${sqlString(ids[row]!)}, ${int64At(versions, row)})`);
        }
      }
      if (keys.length === 0) continue;
      await deleteRows(client, `documents WHERE (kind, id, version) IN (${keys.join(', ')})`, signal);
    }
  }
}

const READ = 'toString(kind), id, version, ts, author, body, toUInt8(deleted)';

function isDocument(kind: string, id: string): string {
  return `kind = ${sqlString(kind)} AND id = ${sqlString(id)}`;
}

function insertSql(document: DocumentVersion, writer: string, token: string): string {
  const { kind, id, version, timestamp, author, body, isDeleted } = document;
  const settings = `async_insert = 0, insert_deduplicate = 1, insert_deduplication_token = ${sqlString(token)}`;
  const values = [
    ...[sqlString(kind), sqlString(id), version, sqlTime(timestamp), sqlString(author), sqlString(body)],
    ...[isDeleted ? 1 : 0, sqlString(writer)],
  ];
  return `INSERT INTO documents (${COLUMNS}, writer) SETTINGS ${settings} VALUES (${values.join(', ')})`;
}

function readDocument(block: NativeBlock, row: number): DocumentVersion {
  const text = (column: number) => columnOf(block, column, 'string')[row]!;
  return {
    kind: text(0),
    id: text(1),
    version: int64At(columnOf(block, 2, 'int64'), row),
    timestamp: int64At(columnOf(block, 3, 'int64'), row),
    author: text(4),
    body: text(5),
    isDeleted: columnOf(block, 6, 'uint8')[row] === 1,
  };
}
