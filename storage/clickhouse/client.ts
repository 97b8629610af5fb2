import { StorageError } from '../errors.ts';
import type { NativeBlock } from './native-block.ts';

/** A file in Native format that goes into a table as one unit. */
export interface InsertFile {
  readonly table: string;
  readonly columns: readonly string[];
  readonly path: string;
  /** Another insert with the same token stores nothing. Undefined: no such check. */
  readonly token: string | undefined;
  /** Store only the rows that satisfy this SQL condition. */
  readonly where?: string;
}

/** `small`: an answer of a few megabytes at most, which may come in one piece. */
export type AnswerSize = 'small';

/** What a Querier needs of ClickHouse. */
export type ClickHouseReader = Pick<ClickHouseClient, 'stream'>;

/**
 * The little that Pharos needs of ClickHouse, embedded or a server. Every method rejects with a StorageError:
 * `unavailable` when there is no answer, `canceled` when the signal fires, `limit` when the query is too big,
 * `bad_data` when ClickHouse will never accept the data, otherwise `internal`. ClickHouse's own code and text are in
 * the `cause`, a ClickHouseError.
 */
export interface ClickHouseClient {
  /** The answer as objects, for small ones. */
  query<Row>(sql: string, signal: AbortSignal): Promise<Row[]>;

  /**
   * The bytes of the answer in Native format, as they come, cut anywhere; as `stream` otherwise.
   */
  bytes(sql: string, signal: AbortSignal, size?: AnswerSize): AsyncIterable<Uint8Array>;

  /**
   * The answer as blocks, as they come. Ending the loop early or aborting the signal stops the query in ClickHouse. Whoever
   * holds an unfinished stream holds a connection.
   */
  stream(sql: string, signal: AbortSignal, size?: AnswerSize): AsyncIterable<NativeBlock>;

  /** A statement without an answer: DDL. */
  command(sql: string): Promise<void>;

  /** Inserts a file; safe to repeat with the same token while the table's deduplication window has it. */
  insert(file: InsertFile): Promise<void>;

  /** Waits for what is running, then lets go of the connection. The client rejects everything afterwards. */
  close(): Promise<void>;
}

/** What ClickHouse said. `code` is its error code, 0 when it said nothing (no connection). */
export class ClickHouseError extends Error {
  override readonly name = 'ClickHouseError';
  readonly code: number;

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The data can never be accepted: it does not parse, or does not fit the table's columns. */
const BAD_DATA = new Set([6, 7, 8, 10, 16, 27, 32, 33, 50, 53, 69, 70, 72, 117, 131, 190, 271, 432, 536]);
/** Too many rows, bytes, memory or time for one query, or too long a query. */
const LIMIT = new Set([62, 158, 159, 160, 167, 241, 307, 396]);
/** Overload, a lost connection, a full disk, a replica that is behind, too many parts: it passes. */
const UNAVAILABLE = new Set([
  159, 160, 164, 201, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285, 319, 394, 516,
]);

/** What an error of ClickHouse means for the caller; `inserting` because a timeout means `retry` to a writer. */
export function storageErrorOf(error: ClickHouseError, inserting = false): StorageError {
  const { code } = error;
  if (code === 0) return new StorageError('unavailable', 'ClickHouse does not answer', { cause: error });
  if (inserting && UNAVAILABLE.has(code)) {
    return new StorageError('unavailable', `ClickHouse cannot store now (code ${code})`, { cause: error });
  }
  if (inserting && BAD_DATA.has(code)) {
    return new StorageError('bad_data', `ClickHouse rejects the data (code ${code})`, { cause: error });
  }
  if (LIMIT.has(code)) {
    return new StorageError('limit', `the query needs more memory, time or rows than allowed (code ${code})`, {
      cause: error,
    });
  }
  if (UNAVAILABLE.has(code))
    return new StorageError('unavailable', `ClickHouse is overloaded (code ${code})`, { cause: error });
  return new StorageError('internal', `ClickHouse failed (code ${code})`, { cause: error });
}

/** ClickHouse's code in a message like `Code: 60. DB::Exception: …`; undefined when the text is not ClickHouse's. */
export function clickHouseCode(message: string): number | undefined {
  const match = /Code: (\d+)/.exec(message);
  return match === null ? undefined : Number(match[1]);
}

/** The INSERT of an InsertFile before its source: `INSERT INTO t (a, b) SETTINGS …`. */
export function insertPrefix(file: InsertFile): string {
  const settings =
    file.token === undefined
      ? 'insert_deduplicate = 0'
      : `insert_deduplicate = 1, insert_deduplication_token = '${file.token}'`;
  // One thread: with more, the blocks of one insert get their numbers, and so their tokens, in any order.
  return `INSERT INTO ${file.table} (${file.columns.join(', ')}) SETTINGS ${settings}, max_insert_threads = 1`;
}
