import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from 'chdb';
import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import { HttpBody } from './http-body.ts';
import { HttpEngine } from './http-engine.ts';
import { HttpException, renderException } from './http-exception.ts';
import { multipartBoundary } from './http-multipart.ts';
import { type QueryContext, runQuery } from './http-query.ts';
import { createReadOnlyGuard } from './http-read-only.ts';
import { credentials, parseRequest } from './http-request.ts';
import { HttpResponse } from './http-response.ts';
import { HttpSlots } from './http-slots.ts';

export interface ClickHouseHttpOptions {
  /** The embedded engine. Queries run in sessions of their own beside it; it must outlive the server. */
  readonly session: Session;
  /** Opens another session on the same engine. Default: by the path of `session`, with the engine's own settings. */
  readonly openSession?: () => Session;
  /**
   * Default host 127.0.0.1; port 0 takes a free one. Or the path of a socket, which is replaced when it is there, and
   * which only this user may use.
   */
  readonly listen: { readonly host?: string; readonly port: number } | { readonly socket: string };
  /** Only SQL that reads the database, and reaches nothing else: no other table, file, program or machine. */
  readonly readOnly: boolean;
  /** When given, every query must bring them. Without a password a server that writes listens on loopback only. */
  readonly user?: string;
  readonly password?: string;
  readonly limits?: Partial<ClickHouseHttpLimits>;
  /** Where the data of inserts waits, in a directory of its own. Default: the system's. */
  readonly temporaryDirectory?: string;
  readonly logger?: Logger;
  readonly registry?: Registry;
}

export interface ClickHouseHttpLimits {
  /** Queries that run at the same time. Default 3: the thread pool of Node has 4, and others need one. */
  readonly maxQueries: number;
  /** Queries that wait for their turn. Default 64. */
  readonly maxQueued: number;
  /** How long a query waits for its turn. Default 10 s. */
  readonly queueTimeout: number;
  /** Connections. Default 256. */
  readonly maxConnections: number;
  /** Bytes of a query's text. Default 1 MiB, 16 MiB when writing is allowed. */
  readonly maxQueryBytes: number;
  /** Bytes of a body after decompression: the data of an INSERT. Default 1 GiB. */
  readonly maxBodyBytes: number;
  /** Bytes of an answer in a format that cannot be streamed, such as JSON or Parquet. Default 256 MiB. */
  readonly maxDocumentBytes: number;
  /** How long a query may run, when only reading. Default 60 s. */
  readonly maxExecutionTime: number;
  /** Bytes of memory that a query may take, when only reading. Default 1 GiB. */
  readonly maxMemory: number;
  /** How long a client may take to send its request. Default 5 min. */
  readonly requestTimeout: number;
  /** How long a client may leave the answer unread. Default 60 s. */
  readonly stallTimeout: number;
}

/** A server that is listening. */
export interface ClickHouseHttpServer {
  /** For a socket, its path behind `unix:`. */
  readonly url: string;
  /** Stops listening, kills the queries that run, and resolves when nothing of the engine is in use any more. */
  close(): Promise<void>;
}

/**
 * ClickHouse's HTTP interface in front of the embedded engine, for any client that speaks it. Rejects when the address
 * cannot be listened on, with a TypeError when it may not be.
 *
 * Not as in ClickHouse: sessions end with their query whatever their `session_id`; there are no progress headers, no
 * external tables, and no native compression; JSON, Parquet and other formats that have a beginning and an end are made
 * in memory; in read-only mode a SETTINGS clause cannot change a setting, while an address can change harmless ones.
 */
export async function startClickHouseHttpServer(options: ClickHouseHttpOptions): Promise<ClickHouseHttpServer> {
  const limits = { ...DEFAULT_LIMITS, maxQueryBytes: options.readOnly ? 2 ** 20 : 16 * 2 ** 20, ...options.limits };
  const host = 'socket' in options.listen ? undefined : (options.listen.host ?? '127.0.0.1');
  if (options.password === undefined && host !== undefined && !isLoopback(host)) {
    if (!options.readOnly) {
      throw new TypeError(
        `ClickHouse's HTTP interface with writing needs a password to listen on ${host}, use 127.0.0.1`,
      );
    }
    options.logger?.warn(
      { host },
      "ClickHouse's HTTP interface is open to other machines, for reading and without a password",
    );
  }
  const { session } = options;
  const engine = new HttpEngine(
    options.openSession ?? (() => new (session.constructor as SessionConstructor)(session.path)),
  );
  const directory = await mkdtemp(join(options.temporaryDirectory ?? tmpdir(), 'pharos-clickhouse-http-'));
  const close = async () => {
    engine.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    return await listen(options, { limits, engine, directory, host, close });
  } catch (error) {
    await close();
    throw error;
  }
}

type SessionConstructor = new (path: string) => Session;

const DEFAULT_LIMITS: Omit<ClickHouseHttpLimits, 'maxQueryBytes'> = {
  maxQueries: 3,
  maxQueued: 64,
  queueTimeout: 10_000,
  maxConnections: 256,
  maxBodyBytes: 2 ** 30,
  maxDocumentBytes: 256 * 2 ** 20,
  maxExecutionTime: 60_000,
  maxMemory: 2 ** 30,
  requestTimeout: 300_000,
  stallTimeout: 60_000,
};

interface Parts {
  readonly limits: ClickHouseHttpLimits;
  readonly engine: HttpEngine;
  readonly directory: string;
  /** Undefined for a socket. */
  readonly host: string | undefined;
  close(): Promise<void>;
}

async function listen(options: ClickHouseHttpOptions, parts: Parts): Promise<ClickHouseHttpServer> {
  const { limits, engine, host } = parts;
  const identity = await engine.control.queryAsync('SELECT version(), timezone()', { format: 'TSVRaw' });
  const [version = '', timezone = 'UTC'] = identity.text().trim().split('\t');
  const context: QueryContext = {
    engine,
    slots: new HttpSlots({ slots: limits.maxQueries, queue: limits.maxQueued, wait: limits.queueTimeout }),
    guard: options.readOnly ? await createReadOnlyGuard(engine.control) : undefined,
    directory: parts.directory,
    limits: new Map([
      ['max_execution_time', String(limits.maxExecutionTime / 1000)],
      ['max_memory_usage', String(limits.maxMemory)],
    ]),
    maxQueryBytes: limits.maxQueryBytes,
    maxExecutionTime: limits.maxExecutionTime,
    maxDocumentBytes: limits.maxDocumentBytes,
  };
  const queries = queryCounter(options.registry, context.slots);
  const running = new Set<Promise<void>>();
  const closing = new AbortController();

  const answer = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const compress = message.url?.includes('enable_http_compression=') ? message.headers['accept-encoding'] : undefined;
    let writer = new HttpResponse(response, { compress: undefined, stallTimeout: limits.stallTimeout });
    response.setHeader('X-ClickHouse-Server-Display-Name', 'pharos');
    response.setHeader('X-ClickHouse-Timezone', timezone);
    try {
      authenticate(message, options);
      const request = parseRequest(message);
      if (request.compress) writer = new HttpResponse(response, { compress, stallTimeout: limits.stallTimeout });
      if (request.queryId !== undefined && !/[^\x20-\x7e]/.test(request.queryId)) {
        response.setHeader('X-ClickHouse-Query-Id', request.queryId);
      }
      await runQuery(context, {
        request,
        body: new HttpBody(message, limits.maxBodyBytes),
        boundary: multipartBoundary(message.headers['content-type']),
        get: message.method === 'GET',
        response: writer,
        signal: AbortSignal.any([gone.signal, closing.signal]),
      });
      queries?.inc({ code: '0' });
    } catch (error) {
      const exception = renderException(gone.signal.aborted ? CANCELLED : error, version);
      queries?.inc({ code: String(exception.code) });
      if (!exception.expected) options.logger?.error({ err: error }, "a query over ClickHouse's HTTP interface failed");
      if (!message.complete) letGo(message, response);
      writer.fail(exception);
    }
  };

  const server = createServer((message, response) => {
    const path = (message.url ?? '/').split('?', 1)[0];
    if (path === '/ping' || (path === '/' && isPlainGet(message))) {
      response.setHeader('Content-Type', 'text/html; charset=UTF-8');
      response.end('Ok.\n');
    } else if (path !== '/') {
      response.statusCode = 404;
      response.end(
        `There is no handle ${path}\n\nUse / or /ping for health checks.\nSend queries from your program with POST method or GET /?query=...\n`,
      );
    } else if (message.method !== 'GET' && message.method !== 'POST') {
      response.statusCode = 405;
      response.setHeader('Allow', 'GET, POST');
      response.end('Send queries with GET or POST\n');
    } else {
      const done = answer(message, response);
      running.add(done);
      done.finally(() => running.delete(done));
    }
  });
  server.maxConnections = limits.maxConnections;
  server.requestTimeout = limits.requestTimeout;
  server.keepAliveTimeout = 10_000;
  if ('socket' in options.listen) {
    const { socket } = options.listen;
    await rm(socket, { force: true });
    server.listen(socket);
    await once(server, 'listening');
    await chmod(socket, 0o600);
  } else {
    server.listen(options.listen.port, host);
    await once(server, 'listening');
  }

  let closed: Promise<void> | undefined;
  return {
    url: urlOf(server.address(), host),
    close() {
      closed ??= (async () => {
        const ended = once(server, 'close');
        server.close();
        closing.abort();
        await Promise.allSettled(running);
        server.closeAllConnections();
        await ended;
        await parts.close();
      })();
      return closed;
    },
  };
}

function urlOf(address: string | AddressInfo | null, host: string | undefined): string {
  if (typeof address === 'string') return `unix:${address}`;
  return `http://${isIP(host ?? '') === 6 ? `[${host}]` : host}:${address?.port}`;
}

const CANCELLED = new HttpException('QUERY_WAS_CANCELLED', 'Query was cancelled: the client has gone');

/**
 * Ends a connection on which a body is still coming. Not at once: a client that is writing would see its connection
 * break and miss the answer.
 */
function letGo(message: IncomingMessage, response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
  response.once('finish', () => {
    message.resume();
    setTimeout(() => message.destroy(), 1000).unref();
  });
}

/** A request without a query, which asks whether somebody is there. */
function isPlainGet(message: IncomingMessage): boolean {
  return (message.method === 'GET' || message.method === 'HEAD') && !/[?&]query=/.test(message.url ?? '');
}

function authenticate(message: IncomingMessage, options: ClickHouseHttpOptions): void {
  if (options.password === undefined) return;
  const given = credentials(message);
  const wanted = { user: options.user ?? 'default', password: options.password };
  if (given.user === '' && given.password === '') {
    throw new HttpException('REQUIRED_PASSWORD', 'Authentication failed: a user and a password are required');
  }
  if (!equal(given.user || 'default', wanted.user) || !equal(given.password, wanted.password)) {
    throw new HttpException(
      'AUTHENTICATION_FAILED',
      'Authentication failed: password is incorrect, or there is no user with such name',
    );
  }
}

/** Takes the same time whatever the difference. */
function equal(given: string, wanted: string): boolean {
  const length = Math.max(Buffer.byteLength(given), Buffer.byteLength(wanted), 1);
  const pad = (text: string) => {
    const bytes = Buffer.alloc(length + 4);
    bytes.writeUInt32LE(Buffer.byteLength(text), length);
    bytes.write(text);
    return bytes;
  };
  return timingSafeEqual(pad(given), pad(wanted));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function queryCounter(registry: Registry | undefined, slots: HttpSlots): Counter<'code'> | undefined {
  if (registry === undefined) return undefined;
  new Gauge({
    name: 'pharos_clickhouse_http_queries_running',
    help: "Queries that run over ClickHouse's HTTP interface.",
    registers: [registry],
    collect() {
      this.set(slots.running);
    },
  });
  return new Counter({
    name: 'pharos_clickhouse_http_queries_total',
    help: "Queries over ClickHouse's HTTP interface, by ClickHouse's error code, 0 for none.",
    labelNames: ['code'],
    registers: [registry],
  });
}
