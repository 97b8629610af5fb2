import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Session } from 'chdb';
import { StorageError } from '../errors.ts';
import {
  type AnswerSize,
  type ClickHouseClient,
  ClickHouseError,
  clickHouseCode,
  type InsertFile,
  insertPrefix,
  storageErrorOf,
} from './client.ts';
import type { NativeBlock } from './native-block.ts';
import { NativeReader } from './native-reader.ts';
import { sqlString } from './sql-literal.ts';

export interface EmbeddedClientOptions {
  /** The directory of the database, created when missing. One process owns it at a time. */
  readonly path: string;
  /** Bytes that the engine may allocate for queries, inserts and merges together. Default 1.5 GiB. */
  readonly memoryLimit?: number;
  /** Streams at the same time; more are refused with `unavailable`. Default 64. */
  readonly maxStreams?: number;
}

/** ClickHouse in this process. */
export interface EmbeddedClient extends ClickHouseClient {
  /** The session that writes; a server in this process may use it for queries of its own. Closed by `close`. */
  readonly session: Session;
  /** Another session on the same database, for its owner to close before the client closes. */
  openSession(): Session;
}

/**
 * Opens the embedded engine. Throws a StorageError `unavailable` that names the directory when another process has it.
 * A process can have one such client at a time: the engine is one per process.
 */
export function openEmbeddedClient(options: EmbeddedClientOptions): EmbeddedClient {
  return new ChdbClient(options);
}

/** Streams that are ready for the next reader; the rest are closed when they are given back. */
const IDLE_STREAM_SESSIONS = 4;

class ChdbClient implements EmbeddedClient {
  readonly #path: string;
  readonly #arguments: readonly string[];
  readonly #maxStreams: number;
  readonly #chdb: typeof import('chdb');
  readonly session: Session;
  #idle: Session[] = [];
  #streams = 0;
  #tags = 0;
  #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(options: EmbeddedClientOptions) {
    this.#path = resolve(options.path);
    this.#maxStreams = options.maxStreams ?? 64;
    const memoryLimit = options.memoryLimit ?? 1.5 * 2 ** 30;
    mkdirSync(this.#path, { recursive: true });
    const configFile = join(this.#path, 'engine.xml');
    writeFileSync(configFile, engineConfig(memoryLimit));
    this.#arguments = [
      `--config-file=${configFile}`,
      ...Object.entries(SETTINGS).map(([name, value]) => `--${name}=${value}`),
      `--max_memory_usage=${Math.floor(memoryLimit * 0.7)}`,
    ];
    // Loaded when it is used: the engine's library takes 200 MB, which the other roles do not need.
    this.#chdb = createRequire(import.meta.url)('chdb');
    this.session = this.openSession();
  }

  openSession(): Session {
    try {
      return new this.#chdb.Session(this.#path, { connectionArgs: this.#arguments });
    } catch (error) {
      throw new StorageError(
        'unavailable',
        `cannot open the database in ${this.#path}: another process has it open, or it cannot be read and written`,
        { cause: error },
      );
    }
  }

  async query<Row>(sql: string, signal: AbortSignal): Promise<Row[]> {
    const rows: Row[] = [];
    // The engine cannot stream what SHOW and EXPLAIN say.
    if (!/^\s*(SELECT|WITH)\b/i.test(sql)) {
      this.#check(signal);
      const answer = await this.#run(sql, { format: 'JSONEachRow' });
      return answer.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]));
    }
    for await (const piece of this.#stream(sql, { format: 'JSONEachRow' }, signal)) {
      for (const line of Buffer.from(piece).toString().split('\n')) if (line !== '') rows.push(JSON.parse(line) as Row);
    }
    return rows;
  }

  async *stream(sql: string, signal: AbortSignal, size?: AnswerSize): AsyncGenerator<NativeBlock> {
    const reader = new NativeReader();
    for await (const piece of this.bytes(sql, signal, size)) yield* reader.push(piece);
    yield* reader.end();
  }

  bytes(sql: string, signal: AbortSignal, size?: AnswerSize): AsyncGenerator<Uint8Array> {
    return this.#stream(sql, { format: 'Native', size }, signal);
  }

  /**
   * A stream is opened by this thread, which takes the engine milliseconds to plan; a small answer is planned and computed in
   * a thread of libuv's.
   */
  async *#stream(
    sql: string,
    { format, size }: { format: string; size?: AnswerSize | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    this.#check(signal);
    if (this.#streams >= this.#maxStreams) {
      throw new StorageError('unavailable', `too many queries are reading, at most ${this.#maxStreams} may`);
    }
    this.#streams++;
    const session = this.#idle.pop() ?? this.openSession();
    let finished!: () => void;
    const running = new Promise<void>((resolve) => (finished = resolve));
    this.#running.add(running);
    const tag = `pharos ${process.pid}-${++this.#tags}`;
    // What the engine had made of an answer that failed or was killed stays in its session, and would come before the next answer there.
    let isReadToEnd = false;
    try {
      const tagged = `/* ${tag} */ ${sql}`;
      // Cancelling a stream takes effect at its next block only, which may be long in coming.
      const kill = () => void this.session.queryAsync(killSql(tag)).catch(() => {});
      signal.addEventListener('abort', kill, { once: true });
      if (size === 'small') {
        try {
          const bytes = (await session.queryAsync(tagged, { format })).bytes();
          this.#check(signal);
          if (bytes.length > 0) yield bytes;
          this.#check(signal);
          isReadToEnd = true;
        } finally {
          signal.removeEventListener('abort', kill);
        }
        return;
      }
      const stream = session.queryStream(tagged, { format });
      try {
        for await (const chunk of stream) {
          this.#check(signal);
          yield chunk.raw();
        }
        this.#check(signal);
        isReadToEnd = true;
      } finally {
        signal.removeEventListener('abort', kill);
        stream.cancel();
      }
    } catch (error) {
      if (signal.aborted) throw canceled(signal);
      throw this.#errorOf(error);
    } finally {
      this.#streams--;
      const isReusable = isReadToEnd && this.#closing === undefined && this.#idle.length < IDLE_STREAM_SESSIONS;
      if (isReusable) this.#idle.push(session);
      else session.close();
      this.#running.delete(running);
      finished();
    }
  }

  async command(sql: string): Promise<void> {
    await this.#run(sql, {});
  }

  async insert(file: InsertFile): Promise<void> {
    // Not `INSERT … FORMAT Native` with the bytes behind it: the library decodes a statement as UTF-8.
    const where = file.where === undefined ? '' : ` WHERE ${file.where}`;
    const columns = file.columns.join(', ');
    const source = `SELECT ${columns} FROM file(${sqlString(file.path)}, Native)${where}`;
    await this.#run(`${insertPrefix(file)} ${source}`, { inserting: true });
  }

  async #run(sql: string, options: { format?: string; inserting?: boolean }): Promise<string> {
    if (this.#closing !== undefined) throw new StorageError('canceled', 'the storage is closed');
    const result = this.session.queryAsync(sql, { format: options.format ?? 'TSV' });
    this.#running.add(result);
    try {
      return (await result).text();
    } catch (error) {
      throw this.#errorOf(error, options.inserting);
    } finally {
      this.#running.delete(result);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Lets `#closing` be set before the first await below ends.
    await Promise.resolve();
    await Promise.allSettled(this.#running);
    for (const session of this.#idle) session.close();
    this.#idle = [];
    this.session.close();
    await this.#chdb.drainPending();
  }

  #check(signal: AbortSignal): void {
    if (signal.aborted) throw canceled(signal);
    if (this.#closing !== undefined) throw new StorageError('canceled', 'the storage is closed');
  }

  #errorOf(error: unknown, inserting = false): unknown {
    if (error instanceof StorageError || !(error instanceof Error)) return error;
    if (this.#closing !== undefined) return new StorageError('canceled', 'the storage is closed', { cause: error });
    const code = clickHouseCode(error.message);
    // Not the engine's own words: a defect of ours, such as a column of an unexpected type.
    if (code === undefined) return new StorageError('internal', 'reading from ClickHouse failed', { cause: error });
    return storageErrorOf(new ClickHouseError(code, error.message, { cause: error }), inserting);
  }
}

function canceled(signal: AbortSignal): StorageError {
  return new StorageError('canceled', 'the request was canceled', { cause: signal.reason });
}

/** Stops the query that carries a tag in a comment. */
function killSql(tag: string): string {
  return `KILL QUERY WHERE startsWith(query, '/* ${tag} */') ASYNC`;
}

const SETTINGS = {
  // Selections name their series by id.
  max_query_size: 16 * 2 ** 20,
  max_ast_elements: 1_000_000,
  max_expanded_ast_elements: 1_000_000,
  max_execution_time: 120,
  // Compiling expressions costs memory for ever and pays off only in far bigger queries.
  compile_expressions: 0,
  compile_aggregate_expressions: 0,
  compile_sort_description: 0,
  log_queries: 0,
  session_timezone: 'UTC',
};

/** Limits the caches, which are sized for a server of its own, to what a process with other work can spare. */
function engineConfig(memoryLimit: number): string {
  const megabyte = 2 ** 20;
  const entries = {
    max_server_memory_usage: Math.floor(memoryLimit),
    mark_cache_size: 32 * megabyte,
    primary_index_cache_size: 32 * megabyte,
    index_mark_cache_size: 8 * megabyte,
    // Small reads use it.
    uncompressed_cache_size: 64 * megabyte,
    index_uncompressed_cache_size: 0,
    query_condition_cache_size: 8 * megabyte,
    compiled_expression_cache_size: 8 * megabyte,
    unique_key_index_cache_size_bytes: megabyte,
    vector_similarity_index_cache_size: megabyte,
    text_index_tokens_cache_size: megabyte,
    text_index_header_cache_size: megabyte,
    text_index_postings_cache_size: megabyte,
    parquet_metadata_cache_size: megabyte,
    iceberg_metadata_files_cache_size: megabyte,
    max_thread_pool_free_size: 16,
  };
  const lines = Object.entries(entries).map(([name, value]) => `  <${name}>${value}</${name}>`);
  return `<clickhouse>\n${lines.join('\n')}\n</clickhouse>\n`;
}
