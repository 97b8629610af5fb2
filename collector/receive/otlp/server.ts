import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import { StorageError } from '../../../storage/errors.ts';
import { InFlight, tooLarge } from '../in-flight.ts';
import { oncePerMinute } from '../once-per-minute.ts';
import { decodeJson } from './decode-json.ts';
import { decodeProtobuf } from './decode-protobuf.ts';
import { OtlpReceiver, type OtlpReceiverOptions } from './otlp-receiver.ts';
import { OtlpError } from './otlp-request.ts';
import { MEDIA_TYPES, type OtlpEncoding, statusBody, successBody } from './otlp-response.ts';

export interface OtlpServerOptions extends OtlpReceiverOptions {
  readonly registry: Registry;
  readonly logger: Logger;
  /** Bytes of a request's body as it comes. Default 16 MiB. */
  readonly maxBodyBytes?: number;
  /** Bytes of a request after decompression. Default 32 MiB. */
  readonly maxDecodedBytes?: number;
  /** Bytes of all bodies that are being received or stored. More are refused with 429. Default 64 MiB. */
  readonly maxInFlightBytes?: number;
}

/**
 * Adds `POST /api/v1/otlp/v1/metrics`, the OpenTelemetry protocol's metrics over HTTP, as protocol buffers or JSON,
 * gzipped or not:
 *
 * - 200 when everything that Prometheus' model has a place for is stored, durably; what is not is counted and named in
 *   `partial_success`: delta temporality, exponential histograms, times in the future, labels beyond the limits
 * - 400 when the request cannot be read, 413 when it is too large, 415 for other content: nothing is stored, and a sender
 *   does not repeat it
 * - 429 with Retry-After when there is no room, 503 when the storage does not answer: nothing is stored, send it again
 */
export function registerOtlp(server: FastifyInstance, options: OtlpServerOptions): void {
  const { registry, logger } = options;
  const receiver = new OtlpReceiver(options);
  const metrics = otlpMetrics(registry, receiver);
  const maxBodyBytes = options.maxBodyBytes ?? 16 * 2 ** 20;
  const maxDecodedBytes = options.maxDecodedBytes ?? 32 * 2 ** 20;
  const maxBytes = options.maxInFlightBytes ?? 64 * 2 ** 20;
  const inFlight = new InFlight({ maxBodyBytes, maxBytes, gauge: metrics.inFlight });
  const warn = oncePerMinute(options.now ?? Date.now);
  const sweep = setInterval(() => receiver.forgetIdle(), 60_000).unref();

  server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxBodyBytes }, (_, body, done) =>
      done(null, body),
    );
    scope.addHook('onRequest', async (request, reply) => {
      const problem = unsupported(request);
      if (problem !== undefined) return fail(request, reply, { status: 415, message: problem });
      const refusal = inFlight.enter(request.headers, (leave) => reply.raw.once('close', leave));
      return refusal && fail(request, reply, { ...refusal, ...(refusal.status === 429 && { retryAfter: 1 }) });
    });
    scope.addHook('onResponse', async (_, reply) => metrics.requests.inc({ code: String(reply.statusCode) }));
    scope.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
      const failure = failureOf(error, { maxBodyBytes, maxDecodedBytes });
      if (failure.status >= 500) logger.error({ err: error }, 'an OTLP request failed');
      else if (failure.status !== 429) {
        warn(() => logger.warn({ status: failure.status, reason: failure.message }, 'an OTLP request was refused'));
      }
      return fail(request, reply, failure);
    });

    scope.post('/api/v1/otlp/v1/metrics', async (request, reply) => {
      const encoding = encodingOf(request)!;
      const body = await decompressed(request, maxDecodedBytes);
      const { samples, rejectedPoints, problems } = await receiver.write(
        encoding === 'json' ? decodeJson(body.toString()) : decodeProtobuf(body),
      );
      metrics.samples.inc(samples);
      metrics.rejected.inc(rejectedPoints);
      if (problems.length > 0) {
        warn(() =>
          logger.warn({ rejectedPoints, problems: problems.slice(0, 3) }, 'an OTLP sender sends what is rejected'),
        );
      }
      return reply.type(MEDIA_TYPES[encoding]).send(successBody(encoding, rejectedPoints, problems.join('; ')));
    });
    scope.addHook('onClose', async () => {
      clearInterval(sweep);
      receiver.close();
    });
  });
}

/** Undefined when the content is neither. */
function encodingOf(request: FastifyRequest): OtlpEncoding | undefined {
  const media = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  return media === MEDIA_TYPES.json ? 'json' : media === MEDIA_TYPES.protobuf ? 'protobuf' : undefined;
}

function codingOf(request: FastifyRequest): string {
  return (request.headers['content-encoding'] ?? '').trim().toLowerCase();
}

function unsupported(request: FastifyRequest): string | undefined {
  if (encodingOf(request) === undefined) {
    const given = request.headers['content-type'] ?? 'none';
    return `Content-Type must be application/x-protobuf or application/json, got ${given}`;
  }
  const coding = codingOf(request);
  return ['', 'identity', 'gzip'].includes(coding) ? undefined : `Content-Encoding must be gzip or none, got ${coding}`;
}

const unzip = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(gunzip);

async function decompressed(request: FastifyRequest, limit: number): Promise<Buffer> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (codingOf(request) === 'gzip') return unzip(body, { maxOutputLength: limit });
  return body;
}

interface OtlpFailure {
  readonly status: number;
  readonly message: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

function failureOf(
  error: Error & { statusCode?: number; code?: string },
  limits: { readonly maxBodyBytes: number; readonly maxDecodedBytes: number },
): OtlpFailure {
  if (error instanceof OtlpError) return { status: 400, message: error.message };
  if (error instanceof StorageError) {
    switch (error.kind) {
      case 'full':
        return { status: 429, message: 'the storage has no room at the moment', retryAfter: 5 };
      case 'unavailable':
      case 'canceled':
        return { status: 503, message: 'the storage does not answer at the moment', retryAfter: 5 };
      case 'limit':
      case 'bad_data':
        return { status: 400, message: error.message };
      case 'internal':
        return { status: 500, message: 'storing failed, see the log' };
      default:
        return error.kind satisfies never;
    }
  }
  if (error.code === 'ERR_BUFFER_TOO_LARGE') {
    return { status: 413, message: `the request must have at most ${limits.maxDecodedBytes} bytes when decompressed` };
  }
  if (error.code?.startsWith('Z_') === true)
    return { status: 400, message: 'the body must be gzip, as its header says' };
  if (error.statusCode === 413) return { status: 413, message: tooLarge(limits.maxBodyBytes) };
  const { statusCode = 500 } = error;
  if (statusCode >= 400 && statusCode < 500) return { status: statusCode, message: error.message };
  return { status: 500, message: 'the request failed, see the log' };
}

/** gRPC's codes for HTTP's. */
const RPC_CODES: Readonly<Record<number, number>> = { 413: 8, 429: 8, 503: 14, 500: 13 };
const INVALID_ARGUMENT = 3;

function fail(request: FastifyRequest, reply: FastifyReply, failure: OtlpFailure): FastifyReply {
  const { status, message, retryAfter } = failure;
  const encoding = encodingOf(request) ?? 'json';
  if (retryAfter !== undefined) reply.header('Retry-After', String(retryAfter));
  const code = RPC_CODES[status] ?? INVALID_ARGUMENT;
  return reply
    .code(status)
    .type(MEDIA_TYPES[encoding])
    .send(statusBody(encoding, code, message));
}

function otlpMetrics(registry: Registry, receiver: OtlpReceiver) {
  const registers = [registry];
  new Gauge({
    name: 'pharos_otlp_cached_series',
    help: 'Series that OTLP senders use.',
    registers,
    collect() {
      this.set(receiver.cachedSeries);
    },
  });
  return {
    requests: new Counter({
      name: 'pharos_otlp_requests_total',
      help: 'OTLP requests, by the status of the answer.',
      labelNames: ['code'],
      registers,
    }),
    samples: new Counter({ name: 'pharos_otlp_samples_total', help: 'Samples stored from OTLP.', registers }),
    rejected: new Counter({
      name: 'pharos_otlp_rejected_points_total',
      help: 'Data points of OTLP that were rejected: of kinds that are not stored, or beyond the limits.',
      registers,
    }),
    inFlight: new Gauge({
      name: 'pharos_otlp_in_flight_bytes',
      help: 'Bytes of the bodies that are being received or stored.',
      registers,
    }),
  };
}
