/**
 * The Kubernetes metrics APIs over TLS, as an API server that others aggregate. Plain node:https, without a router: in paths a
 * slash and `%2F` are not the same, and nothing may make them so on the way.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SecureContextOptions } from 'node:tls';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Clock } from '../../../clock/clock.ts';
import { type AccessControl, AccessError, type Action, type RequestUser } from '../access-control.ts';
import { MetricsError } from '../metrics-error.ts';
import type { MetricsProvider, UsageProvider } from '../metrics-provider.ts';
import type { ObjectDirectory } from '../object-directory.ts';
import { ApiError, apiErrorOf, statusAnswer } from './api-error.ts';
import type { HealthCheck } from './health.ts';
import type { KindLookup } from './object-kind.ts';
import { type RequestMeter, requestMeter } from './request-meter.ts';
import type { ApiAnswer, Route } from './route.ts';
import { type RouteOptions, routeOf, splitTarget } from './routes.ts';

/** How the server talks TLS, which may change while it runs. */
export interface ServingTls {
  /**
   * Certificate and key, and as `ca` the authorities of clients' certificates: clients are asked for one, and whatever it is
   * the connection is taken, since access control judges it. Sessions must not be resumed by tickets: a client that was trusted
   * yesterday presents its certificate again.
   */
  readonly contextOptions: SecureContextOptions;
  /** Calls with what new connections are to have, whenever it changes. Returns how to stop that. */
  onContext(listener: (options: SecureContextOptions) => void): () => void;
}

export interface MetricsApisOptions {
  /** Port 0 is any that is free. */
  readonly address: { readonly host: string; readonly port: number };
  readonly tls: ServingTls;
  readonly access: AccessControl;
  readonly metrics: MetricsProvider;
  readonly usage: UsageProvider;
  /** Asked whether objects have been listed, before which nothing can be answered and the server is not ready. */
  readonly directory: ObjectDirectory;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly clock: Clock;
  /** Of the program, as `1.2.3`. */
  readonly version: string;
  /** What else must hold. Default: nothing. */
  readonly checks?: readonly HealthCheck[];
  /** Kinds of resources that are not built in. Default: by the names of the resources. */
  readonly kinds?: KindLookup;
  readonly limits?: Partial<MetricsApisLimits>;
}

export interface MetricsApisLimits {
  /** Characters of a path with its query: selectors may be long. Default 64 KiB. */
  readonly target: number;
  /** Bytes of a request's head, its path included. Default 128 KiB. */
  readonly head: number;
  /** Requests at once, beyond which they are told to come again. Health is always answered. Default 400. */
  readonly requests: number;
  /** Connections at once; more are closed. Default 2,000. */
  readonly connections: number;
  /** Milliseconds for an answer, with finding out who asks and whether they may. Default 30 s. */
  readonly timeout: number;
  /** Milliseconds that a client may take nothing of an answer. Default 30 s. */
  readonly stall: number;
}

const LIMITS: MetricsApisLimits = {
  target: 64 * 1024,
  head: 128 * 1024,
  requests: 400,
  connections: 2_000,
  timeout: 30_000,
  stall: 30_000,
};

/** Go's clients close connections that were idle for 90 s: they must be the first, or a request meets a closed one. */
const KEEP_ALIVE = 120_000;
const HEAD_TIMEOUT = 10_000;
/** How long requests that are being answered may go on when the server is closed. */
const DRAIN = 5_000;

export interface MetricsApis {
  /** The one in use. */
  readonly address: { readonly host: string; readonly port: number };
  /** Answers what is being asked, for five seconds at most, and nothing else. */
  close(): Promise<void>;
}

/** Listens. Rejects with an Error that says where and why when it cannot. */
export async function startMetricsApis(options: MetricsApisOptions): Promise<MetricsApis> {
  const limits = { ...LIMITS, ...options.limits };
  let closing = false;
  const context: RequestContext = {
    ...options,
    checks: [
      { name: 'objects', live: false, problem: () => unlisted(options.directory) },
      { name: 'shutdown', live: false, problem: () => (closing ? 'the server is being closed' : undefined) },
      ...(options.checks ?? []),
    ],
    limits,
    meter: requestMeter(options.registry),
    isClosing: () => closing,
  };
  const server = createServer(
    {
      ...options.tls.contextOptions,
      requestCert: true,
      // Who has none may have a token. What a certificate is worth, access control judges.
      rejectUnauthorized: false,
      handshakeTimeout: HEAD_TIMEOUT,
      maxHeaderSize: limits.head,
      headersTimeout: Math.min(HEAD_TIMEOUT, limits.timeout),
      requestTimeout: limits.timeout,
      keepAliveTimeout: KEEP_ALIVE,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => void handle(request, response, context),
  );
  server.maxConnections = limits.connections;
  server.on('clientError', refuseUnread);
  // A handshake that fails is the client's affair.
  server.on('tlsClientError', (error) => options.logger.debug({ err: error }, 'a TLS handshake failed'));
  const unsubscribe = options.tls.onContext((changed) => renew(server, changed, options.logger));
  try {
    await listen(server, options.address);
  } catch (error) {
    unsubscribe();
    throw error;
  }
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.address.port;
  return {
    address: { host: options.address.host, port },
    async close() {
      closing = true;
      unsubscribe();
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const cancel = options.clock.schedule(DRAIN, () => server.closeAllConnections());
      await closed;
      cancel();
    },
  };
}

function renew(server: Server, options: SecureContextOptions, logger: Logger): void {
  try {
    server.setSecureContext(options);
  } catch (error) {
    logger.error(
      { err: error },
      'a new certificate for the metrics APIs cannot be used; the one before is used further',
    );
  }
}

async function listen(server: Server, { host, port }: MetricsApisOptions['address']): Promise<void> {
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'another process listens there' : message;
    throw new Error(`cannot serve the metrics APIs on ${host}:${port}: ${reason}`, { cause: error });
  }
}

interface RequestContext extends MetricsApisOptions, RouteOptions {
  readonly checks: readonly HealthCheck[];
  readonly limits: MetricsApisLimits;
  readonly meter: RequestMeter;
  readonly isClosing: () => boolean;
  readonly kinds?: KindLookup;
}

async function handle(request: IncomingMessage, response: ServerResponse, context: RequestContext): Promise<void> {
  const { clock, meter, logger, limits } = context;
  const began = clock.elapsed();
  const isFull = meter.running >= limits.requests;
  const finished = meter.began();
  const controller = new AbortController();
  let api = 'other';
  let isGone = false;
  const gone = (): void => {
    if (response.writableFinished) return;
    isGone = true;
    controller.abort(new Error('the client went away'));
  };
  const cancel = clock.schedule(limits.timeout, () => {
    controller.abort(new ApiError(504, `the request was not answered within ${limits.timeout / 1000} s`));
  });
  response.once('close', gone);
  let status = 499;
  try {
    // Nothing that is refused may stay open for the body that comes with it.
    if (request.method !== 'GET' && request.method !== 'HEAD') response.shouldKeepAlive = false;
    let answer: ApiAnswer;
    try {
      const { path, query } = targetOf(request, limits);
      const route = routeOf(path, context);
      api = route.api;
      if (isFull && route.access !== 'everybody') throw tooMany();
      answer = await abortable(
        answerOf(request, route, { query, context, signal: controller.signal }),
        controller.signal,
      );
    } catch (error) {
      answer = statusAnswer(errorFor(error, { request, logger, isGone }));
    }
    status = answer.status;
    if (isGone) return;
    cancel();
    if (context.isClosing()) response.shouldKeepAlive = false;
    await send(response, answer, { isHead: request.method === 'HEAD', stall: limits.stall });
  } catch (error) {
    status = 499;
    // An answer that has begun can only be cut off, which the client can tell from its end.
    response.destroy();
    if (!isGone) logger.error({ err: error }, 'an answer of the metrics APIs could not be sent');
  } finally {
    cancel();
    response.off('close', gone);
    finished(api, isGone && !response.writableFinished ? 499 : status, (clock.elapsed() - began) / 1000);
  }
}

function targetOf({ url = '' }: IncomingMessage, limits: MetricsApisLimits): ReturnType<typeof splitTarget> {
  if (url.length > limits.target) {
    throw new ApiError(
      414,
      `the path and query of a request must be at most ${limits.target} characters, got ${url.length}`,
    );
  }
  return splitTarget(url);
}

interface Asked {
  readonly query: URLSearchParams;
  readonly context: RequestContext;
  readonly signal: AbortSignal;
}

async function answerOf(request: IncomingMessage, route: Route, { query, context, signal }: Asked): Promise<ApiAnswer> {
  const { access } = context;
  if (route.access !== 'everybody') {
    const user = await access.authenticate(request, signal);
    if (request.method !== 'GET' && request.method !== 'HEAD') throw notAllowed();
    if (route.access !== 'known') await authorize(user, route.access, { access, signal });
  } else if (request.method !== 'GET' && request.method !== 'HEAD') throw notAllowed();
  const { accept, 'if-none-match': ifNoneMatch } = request.headers;
  return route.answer({ query, accept, ifNoneMatch, signal });
}

/** With what is forbidden in the error's details, as an API server tells it. */
async function authorize(
  user: RequestUser,
  action: Action,
  { access, signal }: { readonly access: AccessControl; readonly signal: AbortSignal },
): Promise<void> {
  try {
    await access.authorize(user, action, signal);
  } catch (error) {
    if (!(error instanceof AccessError) || error.status !== 403 || !('resource' in action)) throw error;
    const { name, group, resource: kind } = action;
    throw new ApiError(403, error.message, { details: { ...(name !== '' && { name }), group, kind } });
  }
}

/** Rejects when the signal fires, whatever becomes of the promise. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

interface Failure {
  readonly request: IncomingMessage;
  readonly logger: Logger;
  readonly isGone: boolean;
}

function errorFor(error: unknown, { request, logger, isGone }: Failure): ApiError {
  const known = apiErrorOf(error);
  if (known !== undefined) return known;
  if (!isGone) {
    logger.error(
      { err: error, path: request.url?.split('?', 1)[0]?.slice(0, 500) },
      'a request to the metrics APIs failed',
    );
  }
  return new ApiError(500, 'the request failed for a reason that is in the log of the server');
}

function tooMany(): ApiError {
  const message = 'Too many requests, please try again later.';
  return new ApiError(429, message, { details: { retryAfterSeconds: 1 }, headers: { 'Retry-After': '1' } });
}

function notAllowed(): ApiError {
  const message = 'the server does not allow this method on the requested resource';
  return new ApiError(405, message, { details: {}, headers: { Allow: 'GET, HEAD' } });
}

interface Sending {
  readonly isHead: boolean;
  readonly stall: number;
}

async function send(response: ServerResponse, answer: ApiAnswer, { isHead, stall }: Sending): Promise<void> {
  const { status, type, body, headers } = answer;
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.setHeader('Cache-Control', 'no-cache, private');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  if (status === 304) {
    response.removeHeader('Content-Type');
    response.end();
  } else if (typeof body === 'string' || Buffer.isBuffer(body)) {
    response.setHeader('Content-Length', Buffer.byteLength(body));
    response.end(isHead ? undefined : body);
  } else if (isHead) response.end();
  else {
    // Whoever stops reading would keep the answer, and a place among the requests, for ever.
    response.setTimeout(stall, () => response.destroy());
    await pipeline(Readable.from(body, { objectMode: false, highWaterMark: 64 * 1024 }), response);
    return;
  }
  if (response.writableFinished || response.destroyed) return;
  response.setTimeout(stall, () => response.destroy());
  await new Promise<void>((resolve) => response.once('finish', resolve).once('close', resolve));
}

/** For what cannot even be read as a request. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'the head of the request is too large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'the request did not come in time']
        : ['400 Bad Request', 'this is no request of HTTP/1.1'];
  const { body, type } = statusAnswer(new ApiError(Number(status!.slice(0, 3)), reason!));
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body as string)}\r\nConnection: close\r\n\r\n${body as string}`,
  );
}

/** Whether the objects of the cluster are not known yet. */
function unlisted(directory: ObjectDirectory): string | undefined {
  try {
    directory.pod('default', 'none');
    return undefined;
  } catch (error) {
    if (error instanceof MetricsError) return error.message;
    throw error;
  }
}
