import { setMaxListeners } from 'node:events';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Dispatcher, request } from 'undici';
import { type Clock, SYSTEM_CLOCK, wait } from '../../clock/clock.ts';
import { createHttpTransport, type HttpTransport } from '../http-transport.ts';
import type { HttpClientConfig } from '../scrape/scrape-config.ts';
import {
  type KubeClient,
  KubeError,
  type ListOptions,
  type ListPage,
  type RawObject,
  type Selection,
  type SendOptions,
  type WatchEvent,
  type WatchOptions,
} from './kube-client.ts';
import { errorOfAnswer, errorOfStatus, retryable, unreachable } from './kube-errors.ts';
import { lines } from './lines.ts';
import { checkObject, ListReader, parseJson } from './list-reader.ts';
import { RequestSlots } from './request-slots.ts';

export interface HttpKubeClientOptions {
  /** The API server's URL; a path below which the API is found may follow. */
  readonly server: string;
  readonly http: HttpClientConfig;
  /** Milliseconds for connecting, for the first byte of an answer, and between two bytes of it. Default 30,000. */
  readonly timeout?: number;
  /** Milliseconds for a whole answer, other than a watch's; a list in one piece may take four times that. Default 300,000. */
  readonly wholeTimeout?: number;
  /** How often a GET is repeated after a failure that may pass. Default 3. */
  readonly retries?: number;
  /** Milliseconds before the first repetition; doubled for each further one, and jittered. Default 250. */
  readonly retryDelay?: number;
  /** Requests under way at a time, watches not counted; further ones wait. Default 8. */
  readonly concurrency?: number;
  /**
   * Milliseconds without anything on a watch after which its connection counts as lost: the API server sends a bookmark about
   * once a minute, so silence for longer means that nobody is there any more. Default 150,000.
   */
  readonly watchIdleTimeout?: number;
  /** Milliseconds after which the server is asked to end a watch: a random time between the two. Default 5 and 10 minutes. */
  readonly watchDuration?: readonly [number, number];
  readonly clock?: Clock;
  /** Between 0 and 1, for jitter. Default Math.random. */
  readonly random?: () => number;
}

/** Bytes of an answer other than a list's. */
const MAX_BODY = 64 * 1024 ** 2;
/** Bytes of one event of a watch. */
const MAX_EVENT = 16 * 1024 ** 2;
/** Bytes of an answer that are taken before other work has its turn; a socket with more than enough gives 2 MiB at once. */
const BYTES_PER_TURN = 256 * 1024;
/** Requests that wait for their turn. */
const MAX_WAITING = 1_000;
/** The longest that a server's Retry-After is waited for here; with more the caller is told. */
const MAX_RETRY_AFTER = 30_000;
/** Watches at a time: as many connections, since there is no HTTP/2. */
const MAX_WATCHES = 1_000;

const ACCEPT_JSON = 'application/json';
const ACCEPT_METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const ACCEPT_METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/** A client over HTTP/1.1: one connection to each watch, the other requests share some. */
export function createKubeClient(options: HttpKubeClientOptions): KubeClient {
  return new HttpKubeClient(options);
}

interface Call {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly accept: string;
  readonly signal: AbortSignal;
  readonly body?: string;
  readonly contentType?: string;
}

class HttpKubeClient implements KubeClient {
  readonly server: string;
  readonly http: HttpClientConfig;
  readonly #timeout: number;
  readonly #wholeTimeout: number;
  readonly #retries: number;
  readonly #retryDelay: number;
  readonly #watchIdleTimeout: number;
  readonly #watchDuration: readonly [number, number];
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #requests: HttpTransport;
  readonly #watches: HttpTransport;
  readonly #slots: RequestSlots;
  readonly #closing = new AbortController();

  constructor(options: HttpKubeClientOptions) {
    this.server = checkServer(options.server);
    this.http = options.http;
    this.#timeout = options.timeout ?? 30_000;
    this.#wholeTimeout = options.wholeTimeout ?? 300_000;
    this.#retries = options.retries ?? 3;
    this.#retryDelay = options.retryDelay ?? 250;
    this.#watchIdleTimeout = options.watchIdleTimeout ?? 150_000;
    this.#watchDuration = options.watchDuration ?? [300_000, 600_000];
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#random = options.random ?? Math.random;
    const concurrency = options.concurrency ?? 8;
    this.#requests = createHttpTransport(options.http, { connections: concurrency, timeout: this.#timeout });
    this.#watches = createHttpTransport(options.http, { connections: MAX_WATCHES, timeout: this.#timeout });
    this.#slots = new RequestSlots(concurrency, MAX_WAITING);
    setMaxListeners(0, this.#closing.signal);
  }

  get(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
    return this.#repeat(signal, this.#wholeTimeout, (limited) =>
      this.#json({ method: 'GET', path, accept: ACCEPT_JSON, signal: limited }),
    );
  }

  list<T = RawObject>(path: string, options: ListOptions<T>): Promise<ListPage<T>> {
    const query = selectionQuery(options);
    if (options.limit > 0) query.set('limit', String(options.limit));
    if (options.continue !== undefined && options.continue !== '') query.set('continue', options.continue);
    const map = options.map ?? ((item: RawObject) => item as T);
    const accept = options.metadataOnly === true ? ACCEPT_METADATA_LIST : ACCEPT_JSON;
    // All in one may be hundreds of megabytes.
    const timeout = options.limit > 0 ? this.#wholeTimeout : 4 * this.#wholeTimeout;
    return this.#repeat(options.signal, timeout, async (signal) => {
      const call: Call = { method: 'GET', path: withQuery(path, query), accept, signal };
      const items: T[] = [];
      const reader = new ListReader((item) => items.push(map(item)));
      await this.#read(call, (chunk) => reader.push(chunk));
      return { items, ...this.#parsed(call, () => reader.end()) };
    });
  }

  async *watch(path: string, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const [least, most] = this.#watchDuration;
    const duration = least + (most - least) * this.#random();
    const query = selectionQuery(options);
    query.set('watch', '1');
    query.set('allowWatchBookmarks', 'true');
    query.set('resourceVersion', options.resourceVersion);
    query.set('timeoutSeconds', String(Math.max(1, Math.round(duration / 1_000))));
    const accept = options.metadataOnly === true ? ACCEPT_METADATA : ACCEPT_JSON;
    // The server ends the watch; the limit is for one that does not.
    const limit = limitedSignal([options.signal, this.#closing.signal], duration + 2 * this.#watchIdleTimeout);
    const call: Call = { method: 'GET', path: withQuery(path, query), accept, signal: limit.signal };
    try {
      const { body } = await this.#open(call, this.#watches, this.#watchIdleTimeout);
      for await (const line of lines(body as AsyncIterable<Buffer>, MAX_EVENT)) yield eventOf(line);
    } catch (error) {
      if (options.signal?.aborted === true) return;
      throw this.#explain(error, call, this.#watchIdleTimeout);
    } finally {
      limit.release();
    }
  }

  async send(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, options: SendOptions): Promise<unknown> {
    const defaultType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const limit = limitedSignal([options.signal, this.#closing.signal], this.#wholeTimeout);
    const { signal } = limit;
    const call: Call = {
      method,
      path,
      accept: ACCEPT_JSON,
      signal,
      body: JSON.stringify(options.body),
      contentType: options.contentType ?? defaultType,
    };
    try {
      return await this.#inSlot(call, () => this.#json(call));
    } finally {
      limit.release();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the connection to the API server was closed'));
    await Promise.all([this.#requests.close(), this.#watches.close()]);
  }

  /** Does a GET, again as long as it fails for a reason that may pass. */
  async #repeat<T>(
    signal: AbortSignal | undefined,
    timeout: number,
    attempt: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    for (let tries = 0; ; tries++) {
      const limit = limitedSignal([signal, this.#closing.signal], timeout);
      try {
        return await this.#inSlot({ method: 'GET', path: '', signal: limit.signal }, () => attempt(limit.signal));
      } catch (error) {
        const kubeError = error as KubeError;
        const isOver = signal?.aborted === true || this.#closing.signal.aborted || tries >= this.#retries;
        if (isOver || !retryable(kubeError)) throw error;
        // New credentials are tried at once, and only one time.
        if (kubeError.status === 401 && (this.http.credentials === undefined || tries > 0)) throw error;
        const { retryAfter } = kubeError;
        if (retryAfter !== undefined && retryAfter > MAX_RETRY_AFTER) throw error;
        const delay = this.#retryDelay * 2 ** tries * (0.5 + this.#random());
        const pause = kubeError.status === 401 ? 0 : Math.max(delay, retryAfter ?? 0);
        await wait(this.#clock, pause, signal ?? this.#closing.signal);
      } finally {
        limit.release();
      }
    }
  }

  async #inSlot<T>(call: Pick<Call, 'method' | 'path' | 'signal'>, run: () => Promise<T>): Promise<T> {
    const giveBack = await this.#slots.take(call.signal).catch((error: unknown) => {
      throw this.#explain(error, call, this.#timeout);
    });
    try {
      return await run();
    } finally {
      giveBack();
    }
  }

  async #json(call: Call): Promise<unknown> {
    const chunks: Buffer[] = [];
    let length = 0;
    await this.#read(call, (chunk) => {
      length += chunk.length;
      if (length > MAX_BODY) throw new Error(`expected an answer of at most ${MAX_BODY} bytes, got more`);
      chunks.push(chunk);
    });
    return this.#parsed(call, () => parseJson(Buffer.concat(chunks)));
  }

  #parsed<T>(call: Call, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      throw this.#explain(error, call, this.#timeout);
    }
  }

  /** Gives the body of a successful answer, decompressed, in pieces. Rejects with a KubeError. */
  async #read(call: Call, take: (chunk: Buffer) => void): Promise<void> {
    try {
      const { body, headers } = await this.#open(call, this.#requests, this.#timeout);
      const stream =
        headers['content-encoding'] === 'gzip' ? pipeline(body, createGunzip({ chunkSize: 64 * 1024 }), noop) : body;
      let taken = 0;
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        take(chunk);
        if ((taken += chunk.length) < BYTES_PER_TURN) continue;
        taken = 0;
        await new Promise(setImmediate);
      }
    } catch (error) {
      throw this.#explain(error, call, this.#timeout);
    }
  }

  /** Resolves with an answer of status 2xx. */
  async #open(call: Call, transport: HttpTransport, bodyTimeout: number): Promise<Dispatcher.ResponseData> {
    const headers = await transport.headers();
    const answer = await request(this.server + call.path, {
      method: call.method,
      dispatcher: transport.dispatcher,
      signal: call.signal,
      headersTimeout: this.#timeout,
      bodyTimeout,
      ...(call.body !== undefined && { body: call.body }),
      headers: {
        accept: call.accept,
        'user-agent': 'Pharos',
        // A watch is not compressed: what has arrived must be readable at once.
        ...(transport === this.#requests && { 'accept-encoding': 'gzip' }),
        ...(call.contentType !== undefined && { 'content-type': call.contentType }),
        ...headers,
      },
    });
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    throw await errorOfAnswer(answer, this.#what(call));
  }

  #what({ method, path }: Pick<Call, 'method' | 'path'>): string {
    const query = path.indexOf('?');
    return `${method} ${this.server}${query === -1 ? path : path.slice(0, query)}`;
  }

  #explain(error: unknown, call: Pick<Call, 'method' | 'path'>, timeout: number): KubeError {
    return error instanceof KubeError ? error : unreachable(error, this.#what(call), timeout);
  }
}

function selectionQuery({ labelSelector = '', fieldSelector = '' }: Selection): URLSearchParams {
  const query = new URLSearchParams();
  if (labelSelector !== '') query.set('labelSelector', labelSelector);
  if (fieldSelector !== '') query.set('fieldSelector', fieldSelector);
  return query;
}

function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${text}`;
}

const EVENT_TYPES: ReadonlySet<string> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);

function eventOf(line: Buffer): WatchEvent {
  const event = parseJson(line) as { type?: string; object?: unknown };
  if (event?.type === 'ERROR') throw errorOfStatus(event.object, 'the watch was ended by the API server');
  if (typeof event?.type !== 'string' || !EVENT_TYPES.has(event.type)) {
    throw new Error(`expected an event of a known type, got ${JSON.stringify(event?.type)}`);
  }
  // A bookmark's object has no name.
  if (event.type === 'BOOKMARK') return event as WatchEvent;
  checkObject(event.object);
  return event as WatchEvent;
}

/** Aborts with any of the signals or after a time; `release` when it is not needed any more. */
function limitedSignal(
  signals: readonly (AbortSignal | undefined)[],
  milliseconds: number,
): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const given = signals.filter((signal) => signal !== undefined);
  const abort = (event: Event): void => controller.abort((event.target as AbortSignal).reason);
  for (const signal of given) {
    if (signal.aborted) controller.abort(signal.reason);
    else signal.addEventListener('abort', abort, { once: true });
  }
  const timer = setTimeout(
    () => controller.abort(new DOMException(`no complete answer within ${milliseconds} ms`, 'TimeoutError')),
    milliseconds,
  );
  return {
    signal: controller.signal,
    release() {
      clearTimeout(timer);
      for (const signal of given) signal.removeEventListener('abort', abort);
    },
  };
}

/** The URL without a slash at its end. Credentials in it are refused, because it is shown. */
function checkServer(server: string): string {
  let url: URL;
  try {
    url = new URL(server);
  } catch {
    throw new Error('the server must be a URL such as https://10.0.0.1:6443, got something else');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error(`the server's URL must begin with https:// or http://, got ${url.protocol}`);
  }
  if (url.username !== '' || url.password !== '') throw new Error("the server's URL must not hold credentials");
  if (url.search !== '' || url.hash !== '') throw new Error("the server's URL must not have a query or a fragment");
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function noop(): void {}
