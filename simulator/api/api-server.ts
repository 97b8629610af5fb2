import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectStore } from '../object-store.ts';
import { Aggregation } from './aggregation.ts';
import { ApiError, tooManyRequests } from './api-error.ts';
import { type ApiRequest, readBody, sendJson, sendText } from './api-request.ts';
import { Authentication, type TokenGrant } from './authentication.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { followCustomResources } from './custom-resources.ts';
import { Faults } from './faults.ts';
import { FrontProxy } from './front-proxy.ts';
import { ObjectLists } from './object-list.ts';
import type { ProxyAnswer, ProxyBackend } from './proxying.ts';
import { type RequestLabels, RequestMetrics } from './request-metrics.ts';
import { ResourceTable } from './resources.ts';
import { Routes } from './routes.ts';
import { serverMetrics } from './server-metrics.ts';
import { WatchHub } from './watch-hub.ts';

export interface ApiServerOptions {
  readonly store: ObjectStore;
  /** Default: a new table of everything built in. */
  readonly resources?: ResourceTable;
  readonly tokens: readonly TokenGrant[];
  /** HTTPS when given, all of them PEM; clients may have certificates by `clientCa`. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string; readonly clientCa?: string };
  readonly host?: string;
  /** 0 chooses a free one, which stays the same when the server is stopped and started. */
  readonly port?: number;
  /** What is behind nodes, pods and services. Default: nobody can be reached. */
  readonly proxy?: ProxyBackend;
  /** Pages of the server itself such as `/metrics`; undefined leaves `/metrics` to the server and others unknown. */
  readonly pages?: (path: string) => Promise<ProxyAnswer> | undefined;
  /** Unix milliseconds of the simulated time. */
  readonly now: () => number;
  readonly logger?: ApiLogger;
  /** Whether a pod's deletion is finished by somebody else who sees its deletionTimestamp. Default: it is gone at once. */
  readonly graceful?: (resource: string) => boolean;
  /**
   * URLs of aggregated servers, by `namespace/name` of the service that an APIService names: in place of what Services and their
   * endpoints say.
   */
  readonly backends?: ReadonlyMap<string, string>;
  readonly limits?: Partial<ApiLimits>;
  /** The Kubernetes version it claims to be. */
  readonly version?: string;
}

export interface ApiLimits {
  /** Bytes of a request's body. Default 3 MiB. */
  readonly bodyBytes: number;
  /** Requests at once that are no watches. Default 1,000. */
  readonly requests: number;
  /** Default 5,000. */
  readonly watches: number;
  /** Bytes that may wait for one watch. Default 16 MiB. */
  readonly watchBuffer: number;
  /** Milliseconds until a proxied request is given up. Default 5 minutes. */
  readonly proxyTimeout: number;
  /** Milliseconds until a request to an aggregated server is given up. Default 30 s. */
  readonly aggregationTimeout: number;
  /** Milliseconds of real time between looks at whether aggregated servers answer. Default 10 s. */
  readonly probeInterval: number;
  /** Milliseconds of real time between bookmarks. Default 60 s. */
  readonly bookmarkInterval: number;
}

export interface ApiLogger {
  debug(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const LIMITS: ApiLimits = {
  bodyBytes: 3 * 1024 * 1024,
  requests: 1_000,
  watches: 5_000,
  watchBuffer: 16 * 1024 * 1024,
  proxyTimeout: 300_000,
  aggregationTimeout: 30_000,
  probeInterval: 10_000,
  bookmarkInterval: 60_000,
};

/** Listens, and serves the objects of a store as a Kubernetes API server does. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const server = new ApiServer(options);
  await server.start();
  return server;
}

/** A running API server, with switches for what can go wrong with one. */
export class ApiServer {
  readonly resources: ResourceTable;
  /** With whose certificate aggregated servers are asked. */
  readonly frontProxy: FrontProxy;
  readonly #options: ApiServerOptions;
  readonly #limits: ApiLimits;
  readonly #authentication: Authentication;
  readonly #faults = new Faults();
  readonly #metrics = new RequestMetrics();
  readonly #watches: WatchHub;
  readonly #aggregation: Aggregation;
  readonly #unfollow: () => void;
  readonly #routes: Routes;
  readonly #host: string;
  #port: number;
  #server: Server | undefined;

  /** Use `startApiServer`. */
  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#host = options.host ?? '127.0.0.1';
    this.#port = options.port ?? 0;
    this.resources = options.resources ?? new ResourceTable();
    this.#authentication = new Authentication(options.tokens, options.now);
    this.#watches = new WatchHub({
      store: options.store,
      maxWatches: this.#limits.watches,
      maxBuffered: this.#limits.watchBuffer,
      bookmarkInterval: this.#limits.bookmarkInterval,
    });
    this.#unfollow = followCustomResources(options.store, this.resources);
    const clientCa = options.tls?.clientCa ?? new CertificateAuthority('kubernetes').cert;
    this.frontProxy = new FrontProxy(options.store, { clientCa });
    this.#aggregation = new Aggregation({
      store: options.store,
      frontProxy: this.frontProxy,
      backends: options.backends ?? new Map(),
      timeout: this.#limits.aggregationTimeout,
      probeInterval: this.#limits.probeInterval,
      now: options.now,
    });
    this.#routes = new Routes({
      store: options.store,
      resources: this.resources,
      lists: new ObjectLists(options.store),
      watches: this.#watches,
      authentication: this.#authentication,
      now: options.now,
      proxy: options.proxy ?? unreachable,
      proxyTimeout: this.#limits.proxyTimeout,
      pages: (path) => options.pages?.(path) ?? this.#ownPage(path),
      graceful: options.graceful ?? (() => false),
      aggregation: this.#aggregation,
      version: options.version ?? 'v1.34.2',
      address: () => `${this.#host}:${this.#port}`,
    });
  }

  /** Without a slash at its end. */
  get url(): string {
    return `${this.#options.tls === undefined ? 'http' : 'https'}://${this.#host}:${this.#port}`;
  }

  /** The certificate that clients must trust; undefined without TLS. */
  get ca(): string | undefined {
    return this.#options.tls && (this.#options.tls.ca ?? this.#options.tls.cert);
  }

  /** Requests answered and their durations, watches and objects, in Prometheus' exposition format. */
  metrics(): string {
    const { store } = this.#options;
    const { resources } = this;
    const { running, sent, slow } = this.#watches.figures;
    const page = { store, resources, running, sent, slow, unavailable: this.#aggregation.unavailable() };
    return [...this.#metrics.lines(), ...serverMetrics(page), ''].join('\n');
  }

  /** How many requests were answered since the start, by verb, resource and code. */
  requestCounts(): ReturnType<RequestMetrics['counts']> {
    return this.#metrics.counts();
  }

  /** Counts a request that a component of the cluster would have made, in the server's own metrics only. */
  countSimulated(labels: RequestLabels, code: number, seconds: number): void {
    this.#metrics.observe(labels, code, seconds, { simulated: true });
  }

  /** Watches running, events sent, and watches cut because they were slow. */
  get watchFigures(): WatchHub['figures'] {
    return this.#watches.figures;
  }

  /** Listens again, at the same port, after `stop`. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const { tls } = this.#options;
    const handle = (incoming: IncomingMessage, response: ServerResponse) => void this.#handle(incoming, response);
    const server =
      tls === undefined
        ? createHttpServer(handle)
        : createHttpsServer(
            {
              cert: tls.cert,
              key: tls.key,
              ...(tls.clientCa !== undefined && { ca: tls.clientCa, requestCert: true, rejectUnauthorized: false }),
            },
            handle,
          );
    // Longer than clients keep idle connections, so that theirs are not cut while they use them.
    server.keepAliveTimeout = 120_000;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.#port, this.#host, resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Cuts all connections and listens no more, as if the process had ended; the objects stay. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    this.#unfollow();
    this.#aggregation.close();
    this.#watches.close();
    await this.stop();
  }

  /** Forgets the history: lists under way and watches from old versions get 410. */
  compact(): void {
    this.#options.store.compact();
  }

  /** Cuts the connections of all watches, or of those on one of the store's resources. */
  breakWatches(resource?: string): void {
    this.#watches.breakAll(resource);
  }

  /** Whether a request with this token is somebody's, as a kubelet asks by TokenReview. */
  acceptsToken(token: string): boolean {
    return this.#authentication.userOf(token) !== undefined;
  }

  /** From now on the token is answered 401. */
  expireToken(token: string): void {
    this.#authentication.expire(token);
  }

  addToken(grant: TokenGrant): void {
    this.#authentication.add(grant);
  }

  /** Ends a token and answers with the one that replaces it. */
  rotateToken(token: string, successor?: string): string {
    return this.#authentication.rotate(token, successor);
  }

  /** Milliseconds that every request waits before it is handled. */
  setDelay(milliseconds: number): void {
    this.#faults.delay = milliseconds;
  }

  /** The next `count` lists of a resource (`pods`, `deployments.apps`, or '*') fail; status 0 cuts the connection. */
  failLists(resource: string, status: number, count: number): void {
    this.#faults.failLists(resource, status, count);
  }

  /** The next `count` answers about a resource are no JSON, or garbage is written into its running watches. */
  sendGarbage(resource: string, { count = 1, watches = false }: { count?: number; watches?: boolean } = {}): void {
    if (watches)
      this.#watches.inject('{"type":"MODIFIED","object":{"kind\u0000\n<html>', resource === '*' ? undefined : resource);
    else this.#faults.sendGarbage(resource, count);
  }

  /** Sends no bookmarks any more, or again. */
  dropBookmarks(drop = true): void {
    this.#watches.withoutBookmarks = drop;
  }

  /** Ends the faults that are under way: delays, failing lists, garbage, missing bookmarks. */
  clearFaults(): void {
    this.#faults.clear();
    this.#watches.withoutBookmarks = false;
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const mutating = incoming.method !== 'GET' && incoming.method !== 'HEAD';
    const gone = new AbortController();
    let labels: RequestLabels | undefined;
    let counted = true;
    this.#metrics.begin(mutating);
    const release = () => {
      if (counted) this.#metrics.end(mutating);
      counted = false;
    };
    response.on('error', () => response.destroy());
    response.on('close', () => {
      release();
      gone.abort();
      if (labels !== undefined && response.headersSent)
        this.#metrics.observe(labels, response.statusCode, (performance.now() - started) / 1000);
    });
    try {
      if (this.#faults.delay > 0) await sleep(this.#faults.delay, undefined, { signal: gone.signal });
      const url = new URL(incoming.url ?? '/', 'http://server');
      const request: ApiRequest = {
        method: incoming.method ?? 'GET',
        // Not the one that URL has made of it, which would resolve dots.
        path: (incoming.url ?? '/').split('?', 1)[0]!,
        query: url.searchParams,
        user: this.#authentication.user(incoming),
        incoming,
        response,
        signal: gone.signal,
        body: once(() => readBody(incoming, this.#limits.bodyBytes)),
      };
      const route = this.#routes.find(request);
      labels = route.labels;
      if (route.longRunning) release();
      else if (this.#metrics.inFlight > this.#limits.requests) throw tooManyRequests();
      if (this.#fail(route.labels, route.stored, response)) return;
      const answer = await route.run();
      if (answer !== undefined) await sendJson(response, answer);
    } catch (error) {
      if (!gone.signal.aborted) this.#refuse(response, error);
    }
  }

  /** True when a fault was the answer. */
  #fail(labels: RequestLabels, stored: string | undefined, response: ServerResponse): boolean {
    if (stored === undefined) return false;
    const status = labels.verb === 'LIST' ? this.#faults.takeFailure(stored) : undefined;
    if (status === 0) {
      response.destroy();
      return true;
    }
    if (status !== undefined) throw simulated(status);
    if (!this.#faults.takeGarbage(stored)) return false;
    const body = '<html><body>\u0000\u0001{"kind":"PodList","items":[{"metadata":{"na';
    sendText(response, 200, { type: 'application/json', body });
    return true;
  }

  #refuse(response: ServerResponse, error: unknown): void {
    let known: ApiError;
    if (error instanceof ApiError) known = error;
    else {
      this.#options.logger?.error({ error }, 'a request failed');
      known = new ApiError(500, 'InternalError', `Internal error occurred: ${(error as Error).message}`);
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { details, code } = known;
    if (details?.retryAfterSeconds !== undefined) response.setHeader('retry-after', String(details.retryAfterSeconds));
    if (code === 413) response.setHeader('connection', 'close');
    sendText(response, code, { type: 'application/json', body: JSON.stringify(known.status()) });
  }

  #ownPage(path: string): Promise<ProxyAnswer> | undefined {
    if (path !== '/metrics') return undefined;
    const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };
    return Promise.resolve({ status: 200, headers, body: this.metrics() });
  }
}

function simulated(status: number): ApiError {
  const reasons: Readonly<Record<number, string>> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    410: 'Expired',
    429: 'TooManyRequests',
    500: 'InternalError',
    503: 'ServiceUnavailable',
    504: 'Timeout',
  };
  const details = status === 429 ? { retryAfterSeconds: 1 } : undefined;
  return new ApiError(status, reasons[status] ?? '', `simulated failure with status ${status}`, details);
}

function unreachable(): Promise<never> {
  return Promise.reject(new Error('no route to host'));
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
