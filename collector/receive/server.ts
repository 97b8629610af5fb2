import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { StorageError } from '../../storage/errors.ts';
import { InFlight, tooLarge } from './in-flight.ts';
import { oncePerMinute } from './once-per-minute.ts';
import { type RemoteWriteOptions, RemoteWriteReceiver, type WriteOutcome, WriteRequestError } from './remote-write.ts';

export interface RemoteWriteServerOptions extends RemoteWriteOptions {
  readonly registry: Registry;
  readonly logger: Logger;
  /** Bytes of a request's body, compressed. Default 16 MiB. */
  readonly maxBodyBytes?: number;
  /** Bytes of all bodies that are being received or stored. More are refused with 429. Default 64 MiB. */
  readonly maxInFlightBytes?: number;
}

/**
 * Adds `POST /api/v1/write`, Prometheus' remote write 1.0:
 *
 * - 204 when everything is stored, durably
 * - 400 when the request cannot be read (nothing is stored) or when series are refused (all others are stored; the text
 *   says which). Senders do not repeat a 400.
 * - 413 for too large a request, 415 for remote write 2.0, other encodings and other content
 * - 429 with Retry-After when there is no room, 503 when the storage does not answer: nothing is stored, send it again
 *
 * Exemplars and native histograms are not stored and not refused either, because a sender takes a 400 for the loss of
 * the whole request. The header `X-Pharos-Ignored` and `pharos_remote_write_ignored_total` count them.
 */
export function registerRemoteWrite(server: FastifyInstance, options: RemoteWriteServerOptions): void {
  const receiver = new RemoteWriteReceiver(options);
  const metrics = remoteWriteMetrics(options.registry, receiver);
  const maxBodyBytes = options.maxBodyBytes ?? 16 * 2 ** 20;
  const inFlight = new InFlight({
    maxBodyBytes,
    maxBytes: options.maxInFlightBytes ?? 64 * 2 ** 20,
    gauge: metrics.inFlight,
  });
  const warn = oncePerMinute(options.now ?? Date.now);
  const sweep = setInterval(() => receiver.forgetIdle(), 60_000).unref();

  server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxBodyBytes }, (_, body, done) =>
      done(null, body),
    );

    scope.addHook('onRequest', async (request, reply) => {
      metrics.stopTimer.set(request, metrics.duration.startTimer());
      const problem = unsupported(request);
      if (problem !== undefined) return refuse(reply, 415, problem);
      const refusal = inFlight.enter(request.headers, (leave) => reply.raw.once('close', leave));
      if (refusal === undefined) return;
      if (refusal.status === 429) reply.header('Retry-After', '1');
      return refuse(reply, refusal.status, refusal.message);
    });

    scope.addHook('onResponse', async (request, reply) => {
      metrics.requests.inc({ code: String(reply.statusCode) });
      metrics.stopTimer.get(request)?.();
    });

    scope.setErrorHandler((error: Error & { statusCode?: number }, _, reply) => {
      const [status, message, retryAfter] = answerTo(error, maxBodyBytes);
      if (status >= 500) options.logger.error({ err: error }, 'a remote write request failed');
      else if (status !== 429)
        warn(() => options.logger.warn({ status, reason: message }, 'a remote write request was refused'));
      if (retryAfter !== undefined) reply.header('Retry-After', String(retryAfter));
      return refuse(reply, status, message);
    });

    scope.post('/api/v1/write', async (request, reply) => {
      const outcome = await receiver.write(request.body instanceof Uint8Array ? request.body : new Uint8Array(0));
      count(metrics, outcome);
      const { exemplars, histograms } = outcome;
      if (exemplars + histograms > 0) {
        reply.header('X-Pharos-Ignored', `exemplars=${exemplars}, histograms=${histograms}`);
        warn(() =>
          options.logger.warn(
            { exemplars, histograms },
            'a sender sends exemplars or native histograms, which are not stored',
          ),
        );
      }
      if (outcome.refusedSeries === 0) return reply.code(204).send();
      const message = partlyRefused(outcome);
      warn(() =>
        options.logger.warn(
          { refused: outcome.refused, problems: outcome.problems.slice(0, 3) },
          'a sender sends series that are refused',
        ),
      );
      return refuse(reply, 400, message);
    });

    scope.addHook('onClose', async () => {
      clearInterval(sweep);
      receiver.close();
    });
  });
}

/** What of a request's headers is not remote write 1.0; undefined when it is. */
function unsupported(request: FastifyRequest): string | undefined {
  const encoding = (request.headers['content-encoding'] ?? 'snappy').trim().toLowerCase();
  if (encoding !== 'snappy') return `Content-Encoding must be snappy, got ${encoding}`;
  const [media = '', ...parameters] = (request.headers['content-type'] ?? 'application/x-protobuf')
    .toLowerCase()
    .split(';');
  if (media.trim() !== 'application/x-protobuf')
    return `Content-Type must be application/x-protobuf, got ${media.trim()}`;
  for (const parameter of parameters) {
    const [name, value = ''] = parameter.split('=').map((part) => part.trim().replace(/^"|"$/g, ''));
    if (name === 'proto' && value !== 'prometheus.writerequest') {
      return `the message must be prometheus.WriteRequest (remote write 1.0), got ${value}`;
    }
  }
  return undefined;
}

function answerTo(
  error: Error & { statusCode?: number },
  maxBodyBytes: number,
): [status: number, message: string, retryAfter?: number] {
  if (error instanceof WriteRequestError) return [error.tooLarge ? 413 : 400, error.message];
  if (error instanceof StorageError) {
    switch (error.kind) {
      case 'full':
        return [429, 'the storage has no room at the moment', 5];
      case 'unavailable':
      case 'canceled':
        return [503, 'the storage does not answer at the moment', 5];
      case 'limit':
      case 'bad_data':
        return [400, error.message];
      case 'internal':
        return [500, 'storing failed, see the log'];
      default:
        return error.kind satisfies never;
    }
  }
  if (error.statusCode === 413) return [413, tooLarge(maxBodyBytes)];
  const status =
    error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : 500;
  return [status, status === 500 ? 'the request failed, see the log' : error.message];
}

function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(`${message}\n`);
}

function partlyRefused(outcome: WriteOutcome): string {
  const { samples, refused, problems, refusedSeries } = outcome;
  const more = refusedSeries - problems.length;
  const lines = [
    `${samples} samples are stored, ${refused} samples of ${refusedSeries} series are refused:`,
    ...problems,
  ];
  if (more > 0) lines.push(`and ${more} more series`);
  return lines.join('\n');
}

type Metrics = ReturnType<typeof remoteWriteMetrics>;

function remoteWriteMetrics(registry: Registry, receiver: RemoteWriteReceiver) {
  const registers = [registry];
  new Gauge({
    name: 'pharos_remote_write_cached_series',
    help: 'Series that senders use, known by their bytes.',
    registers,
    collect() {
      this.set(receiver.cachedSeries);
    },
  });
  return {
    requests: new Counter({
      name: 'pharos_remote_write_requests_total',
      help: 'Remote write requests, by the status of the answer.',
      labelNames: ['code'],
      registers,
    }),
    samples: new Counter({
      name: 'pharos_remote_write_samples_total',
      help: 'Samples stored from remote writes.',
      registers,
    }),
    refused: new Counter({
      name: 'pharos_remote_write_refused_samples_total',
      help: 'Samples of remote writes that were refused: bad labels, or a time in the future.',
      registers,
    }),
    ignored: new Counter({
      name: 'pharos_remote_write_ignored_total',
      help: 'Parts of remote writes that are not stored.',
      labelNames: ['kind'],
      registers,
    }),
    inFlight: new Gauge({
      name: 'pharos_remote_write_in_flight_bytes',
      help: 'Bytes of the bodies that are being received or stored.',
      registers,
    }),
    duration: new Histogram({
      name: 'pharos_remote_write_request_duration_seconds',
      help: 'From the arrival of a request to its answer.',
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
      registers,
    }),
    stopTimer: new WeakMap<FastifyRequest, () => number>(),
  };
}

function count(metrics: Metrics, outcome: WriteOutcome): void {
  metrics.samples.inc(outcome.samples);
  metrics.refused.inc(outcome.refused);
  metrics.ignored.inc({ kind: 'exemplars' }, outcome.exemplars);
  metrics.ignored.inc({ kind: 'histograms' }, outcome.histograms);
}
