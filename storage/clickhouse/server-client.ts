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
  readonly #database: string;
  readonly #connect: (database: string) => HttpConnection;
  readonly #connection: HttpConnection;
  readonly #timeout: number;
  /** What is running, each to be stopped by its controller when the client closes. */
  readonly #running = new Map<AbortController, Promise<void>>();
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
    this.#database = options.database ?? (path || 'default');
    this.#connect = (database) =>
      createClient({
        url: url.origin,
        username: options.user ?? (decodeURIComponent(url.username) || 'default'),
        password: options.password ?? decodeURIComponent(url.password),
        database,
        application: 'pharos',
        request_timeout: this.#timeout,
        max_open_connections: options.maxConnections ?? 32,
        keep_alive: { enabled: true },
        // The logger would write queries, and with them what users keep in labels.
        log: { level: 127 as never },
      }) as unknown as HttpConnection;
    this.#connection = this.#connect(this.#database);
  }

  async query<Row>(sql: string, signal: AbortSignal): Promise<Row[]> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#body(`${sql} FORMAT JSONEachRow`, { signal, retry: true })) pieces.push(piece);
    const text = Buffer.concat(pieces).toString();
    try {
      return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]));
    } catch (error) {
      throw brokenAnswer(text, error);
    }
  }

  async *stream(sql: string, signal: AbortSignal): AsyncGenerator<NativeBlock> {
    const reader = new NativeReader();
    let tail: Uint8Array = new Uint8Array(0);
    try {
      for await (const piece of this.bytes(sql, signal)) {
        tail = piece;
        yield* reader.push(piece);
      }
      yield* reader.end();
    } catch (error) {
      if (error instanceof StorageError) throw error;
      throw brokenAnswer(Buffer.from(tail).toString('latin1'), error);
    }
  }

  bytes(sql: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    return this.#body(`${sql} FORMAT Native`, { signal, retry: true });
  }

  /** The body of an answer. With `retry`, a request that got no answer at all is repeated once: a kept connection may be stale. */
  async *#body(query: string, options: { signal?: AbortSignal; retry?: boolean }): AsyncGenerator<Uint8Array> {
    const request = this.#begin(options.signal);
    const settings = { ...SETTINGS, max_execution_time: Math.ceil(this.#timeout / 1000) };
    const ask = () => this.#connection.exec({ query, abort_signal: request.signal, clickhouse_settings: settings });
    let body: Readable | undefined;
    try {
      request.signal.throwIfAborted();
      const answer = await ask().catch((error) => {
        if (options.retry !== true || request.signal.aborted || errorCode(error) !== 0) throw error;
        return ask();
      });
      body = answer.stream;
      const destroy = () => body?.destroy();
      request.signal.addEventListener('abort', destroy, { once: true });
      for await (const piece of body) {
        yield piece as Uint8Array;
        request.signal.throwIfAborted();
      }
      request.signal.throwIfAborted();
    } catch (error) {
      throw this.#errorOf(error, options);
    } finally {
      body?.destroy();
      request.end();
    }
  }

  async command(sql: string): Promise<void> {
    try {
      await this.#statement(sql);
    } catch (error) {
      const missing =
        error instanceof StorageError &&
        error.cause instanceof ClickHouseError &&
        error.cause.code === UNKNOWN_DATABASE;
      if (!missing) throw error;
      await this.#createDatabase();
      await this.#statement(sql);
    }
  }

  async #statement(sql: string): Promise<void> {
    for await (const _ of this.#body(sql, {})) {
      // A statement has no answer; reading to the end is what waits for it.
    }
  }

  async #createDatabase(): Promise<void> {
    const connection = this.#connect('default');
    try {
      const name = this.#database.replaceAll('\\', '\\\\').replaceAll('`', '\\`');
      const answer = await connection.exec({ query: `CREATE DATABASE IF NOT EXISTS \`${name}\`` });
      answer.stream.resume();
    } catch (error) {
      throw this.#errorOf(error, {});
    } finally {
      await connection.close();
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
    const timeout = AbortSignal.timeout(this.#timeout);
    const request = this.#begin(timeout);
    try {
      const answer = await this.#connection.exec({
        query: `${insertPrefix(file)} ${source}`,
        values,
        abort_signal: request.signal,
        clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
      });
      for await (const _ of answer.stream) {
        // Empty; its end says that the insert is done.
      }
    } catch (error) {
      throw this.#errorOf(error, { inserting: true });
    } finally {
      values.destroy();
      request.end();
    }
  }

  /** A signal for one request, which the caller's signal and the end of the client fire; `end` forgets it. */
  #begin(signal: AbortSignal | undefined): { signal: AbortSignal; end: () => void } {
    const controller = new AbortController();
    const abort = () => controller.abort();
    let finished!: () => void;
    this.#running.set(controller, new Promise<void>((resolve) => (finished = resolve)));
    if (signal?.aborted || this.#closing !== undefined) controller.abort();
    signal?.addEventListener('abort', abort, { once: true });
    const end = () => {
      signal?.removeEventListener('abort', abort);
      this.#running.delete(controller);
      finished();
    };
    return { signal: controller.signal, end };
  }

  /** The names and types of the columns as the table has them, for `input`. */
  async #structure(file: InsertFile): Promise<string> {
    const wanted = file.columns.map((column) => `'${column}'`).join(', ');
    const rows = await this.query<{ name: string; type: string }>(
      `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${file.table}' AND name IN (${wanted})`,
      AbortSignal.timeout(this.#timeout),
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
      const running = [...this.#running.values()];
      for (const controller of this.#running.keys()) controller.abort();
      await Promise.allSettled(running);
      await this.#connection.close();
    })();
    return this.#closing;
  }

  #errorOf(error: unknown, context: { signal?: AbortSignal | undefined; inserting?: boolean }): StorageError {
    if (error instanceof StorageError) return error;
    if (this.#closing !== undefined) return new StorageError('canceled', 'the storage is closed', { cause: error });
    if (context.signal?.aborted) {
      return new StorageError('canceled', 'the request was canceled', { cause: context.signal.reason });
    }
    const message = error instanceof Error ? error.message : String(error);
    const code = errorCode(error);
    return storageErrorOf(new ClickHouseError(code, message, { cause: error }), context.inserting);
  }
}

/** ClickHouse's code of an error, 0 when the error is not ClickHouse's: no connection, no answer. */
function errorCode(error: unknown): number {
  const given = error instanceof Error && 'code' in error ? Number(error.code) : Number.NaN;
  if (Number.isInteger(given)) return given;
  return clickHouseCode(error instanceof Error ? error.message : String(error)) ?? 0;
}

/** An error in the middle of an answer comes as text where more data should be. */
function brokenAnswer(end: string, error: unknown): StorageError {
  const code = clickHouseCode(end);
  if (code !== undefined) return storageErrorOf(new ClickHouseError(code, end.slice(-2000), { cause: error }));
  return new StorageError('unavailable', "ClickHouse's answer broke off", { cause: error });
}

const UNKNOWN_DATABASE = 81;

const SETTINGS = {
  max_query_size: String(16 * 2 ** 20),
  max_ast_elements: 1_000_000,
  max_expanded_ast_elements: 1_000_000,
  // ClickHouse otherwise goes on computing for a reader that has gone.
  cancel_http_readonly_queries_on_client_close: 1,
};
