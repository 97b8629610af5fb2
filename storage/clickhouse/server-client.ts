import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createClient } from '@clickhouse/client';
import { StorageError } from '../errors.ts';
import {
  type ClickHouseClient,
  ClickHouseError,
  clickHouseCode,
  type InsertFile,
  insertPrefix,
  storageErrorOf,
} from './client.ts';
import type { NativeBlock } from './native-block.ts';
import { NativeReader } from './native-reader.ts';

export interface ServerClientOptions {
  /** `http://user:password@host:8123/database`; user, password and database may be given here or below. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  /** Default: the URL's path, else `default`. */
  readonly database?: string;
  /** How long one request may take, and a stream may be silent. Default 60 s. */
  readonly timeout?: number;
  /** Requests at the same time. Default 32. */
  readonly maxConnections?: number;
}

/** A ClickHouse server over HTTP. Makes no connection yet. Throws a TypeError when the URL is none. */
export function createServerClient(options: ServerClientOptions): ClickHouseClient {
  return new HttpClient(options);
}

/** The methods of @clickhouse/client that are used here. */
interface HttpConnection {
  exec(request: {
    query: string;
    values?: Readable;
    abort_signal?: AbortSignal;
    clickhouse_settings?: Record<string, string | number>;
  }): Promise<{ stream: Readable }>;
  close(): Promise<void>;
}

class HttpClient implements ClickHouseClient {
  readonly #connection: HttpConnection;
  readonly #timeout: number;
  readonly #closed = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(options: ServerClientOptions) {
    let url: URL;
    try {
      url = new URL(options.url);
    } catch {
      // Without the cause: its text repeats the URL, and so the password.
      throw new TypeError('the address of ClickHouse must be a URL such as http://user:password@host:8123');
    }
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new TypeError(`the address of ClickHouse must begin with http:// or https://, got ${url.protocol}//`);
    }
    this.#timeout = options.timeout ?? 60_000;
    const path = decodeURIComponent(url.pathname.replace(/^\/+|\/+$/g, ''));
    this.#connection = createClient({
      url: url.origin,
      username: options.user ?? (decodeURIComponent(url.username) || 'default'),
      password: options.password ?? decodeURIComponent(url.password),
      database: options.database ?? (path || 'default'),
      application: 'pharos',
      request_timeout: this.#timeout,
      max_open_connections: options.maxConnections ?? 32,
      keep_alive: { enabled: true },
      // The logger would write queries, and with them what users keep in labels.
      log: { level: 127 as never },
    }) as unknown as HttpConnection;
  }

  async query<Row>(sql: string, signal: AbortSignal): Promise<Row[]> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#body(`${sql} FORMAT JSONEachRow`, signal)) pieces.push(piece);
    const lines = Buffer.concat(pieces).toString().split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
  }

  async *stream(sql: string, signal: AbortSignal): AsyncGenerator<NativeBlock> {
    const reader = new NativeReader();
    let tail: Uint8Array = new Uint8Array(0);
    try {
      for await (const piece of this.#body(`${sql} FORMAT Native`, signal)) {
        tail = piece;
        yield* reader.push(piece);
      }
      yield* reader.end();
    } catch (error) {
      if (error instanceof StorageError) throw error;
      // An error in the middle of an answer comes as text where the next block should be.
      const message = Buffer.from(tail).toString('latin1');
      const code = clickHouseCode(message);
      if (code !== undefined) throw storageErrorOf(new ClickHouseError(code, message.slice(-2000)));
      throw new StorageError('unavailable', "ClickHouse's answer broke off", { cause: error });
    }
  }

  async *#body(query: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const both = AbortSignal.any([signal, this.#closed.signal]);
    let finished!: () => void;
    const running = new Promise<void>((resolve) => (finished = resolve));
    this.#running.add(running);
    let body: Readable | undefined;
    try {
      both.throwIfAborted();
      // One id would be enough to kill it, but the server also stops a query whose reader has gone.
      const answer = await this.#connection.exec({
        query,
        abort_signal: both,
        clickhouse_settings: { ...SETTINGS, max_execution_time: Math.ceil(this.#timeout / 1000) },
      });
      body = answer.stream;
      const destroy = () => body?.destroy();
      both.addEventListener('abort', destroy, { once: true });
      try {
        for await (const piece of body) {
          yield piece as Uint8Array;
          both.throwIfAborted();
        }
        both.throwIfAborted();
      } finally {
        both.removeEventListener('abort', destroy);
      }
    } catch (error) {
      throw this.#errorOf(error, { signal });
    } finally {
      body?.destroy();
      this.#running.delete(running);
      finished();
    }
  }

  async command(sql: string): Promise<void> {
    for await (const _ of this.#body(sql, new AbortController().signal)) {
      // A statement has no answer; reading to the end is what waits for it.
    }
  }

  async insert(file: InsertFile): Promise<void> {
    if (this.#closing !== undefined) throw new StorageError('canceled', 'the storage is closed');
    const columns = file.columns.join(', ');
    const source =
      file.where === undefined
        ? 'FORMAT Native'
        : `SELECT ${columns} FROM input('${await this.#structure(file)}') WHERE ${file.where} FORMAT Native`;
    const values = createReadStream(file.path);
    try {
      const answer = await this.#connection.exec({
        query: `${insertPrefix(file)} ${source}`,
        values,
        abort_signal: AbortSignal.any([this.#closed.signal, AbortSignal.timeout(this.#timeout)]),
        clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
      });
      for await (const _ of answer.stream) {
        // Empty; its end says that the insert is done.
      }
    } catch (error) {
      throw this.#errorOf(error, { inserting: true });
    } finally {
      values.destroy();
    }
  }

  /** The names and types of the columns as the table has them, for `input`. */
  async #structure(file: InsertFile): Promise<string> {
    const wanted = file.columns.map((column) => `'${column}'`).join(', ');
    const rows = await this.query<{ name: string; type: string }>(
      `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${file.table}' AND name IN (${wanted})`,
      this.#closed.signal,
    );
    const types = new Map(
      rows.map((row) => [row.name, row.type.replace(/^SimpleAggregateFunction\(\w+, (.*)\)$/, '$1')]),
    );
    return file.columns
      .map((column) => `${column} ${types.get(column)}`)
      .join(', ')
      .replaceAll("'", "\\'");
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.resolve();
      this.#closed.abort();
      await Promise.allSettled(this.#running);
      await this.#connection.close();
    })();
    return this.#closing;
  }

  #errorOf(error: unknown, context: { signal?: AbortSignal; inserting?: boolean }): StorageError {
    if (error instanceof StorageError) return error;
    if (this.#closing !== undefined) return new StorageError('canceled', 'the storage is closed', { cause: error });
    if (context.signal?.aborted) {
      return new StorageError('canceled', 'the request was canceled', { cause: context.signal.reason });
    }
    const message = error instanceof Error ? error.message : String(error);
    const given = error instanceof Error && 'code' in error ? Number(error.code) : Number.NaN;
    const code = Number.isInteger(given) ? given : (clickHouseCode(message) ?? 0);
    return storageErrorOf(new ClickHouseError(code, message, { cause: error }), context.inserting);
  }
}

const SETTINGS = {
  max_query_size: String(16 * 2 ** 20),
  max_ast_elements: 1_000_000,
  max_expanded_ast_elements: 1_000_000,
  // ClickHouse otherwise goes on computing for a reader that has gone.
  cancel_http_readonly_queries_on_client_close: 1,
};
