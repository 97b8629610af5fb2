import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { QueryError } from '../query-result.ts';
import { localAnswerer, type Question } from './answer.ts';
import { invalid, Parameters } from './parameters.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import type { QueryGate } from './query-gate.ts';
import { listChunks } from './render.ts';
import { withRequestSignal } from './request-signal.ts';
import { sendChunks } from './send-chunks.ts';
import { SlowQueryLog } from './slow-query-log.ts';

/** The most points that a range query may give for one series. */
const MAX_POINTS = 11_000;

/** Adds query, query_range and query_exemplars. */
export function addQueryEndpoints(scope: FastifyInstance, deps: QueryApiDeps, gate: QueryGate): void {
  const { engine, now, limits, logger } = deps;
  const answerer = deps.answer ?? localAnswerer(engine);
  const slowQueries = new SlowQueryLog(logger, limits.slowQuery ?? 10_000);

  const answer = async (
    [request, reply]: readonly [FastifyRequest, FastifyReply],
    parameters: Parameters,
    times: { readonly kind: 'instant'; readonly time: number } | RangeTimes,
  ): Promise<FastifyReply> => {
    const timeout = Math.min(parameters.duration('timeout') ?? Number.POSITIVE_INFINITY, limits.queryTimeout);
    const stats = statsOf(parameters);
    const query = {
      expr: parameters.text('query'),
      ...times,
      lookback: lookbackOf(parameters),
      countSamples: stats !== 'none',
      explain: parameters.text('explain') === '1',
      noCache: parameters.text('nocache') === '1',
    };
    const limit = parameters.limit();
    const began = performance.now();
    const cost = { queued: 0, headers: request.headers };
    try {
      const { chunks, stats: spent } = await withRequestSignal(reply, timeout, (signal) =>
        gate.run(signal, () => {
          cost.queued = performance.now() - began;
          return answerer({ request: query, limit, stats, queued: cost.queued }, signal);
        }),
      );
      slowQueries.note(query, { ...cost, took: performance.now() - began, stats: spent });
      return sendChunks(request, reply, chunks);
    } catch (error) {
      slowQueries.note(query, { ...cost, took: performance.now() - began, error });
      throw namingTheQuery(error);
    }
  };

  scope.route({
    method: ['GET', 'POST'],
    url: '/query',
    handler: (request, reply) => {
      const parameters = Parameters.of(request);
      return answer([request, reply], parameters, { kind: 'instant', time: parameters.time('time', now()) });
    },
  });

  scope.route({
    method: ['GET', 'POST'],
    url: '/query_range',
    handler: (request, reply) => {
      const parameters = Parameters.of(request);
      const start = parameters.time('start');
      const end = parameters.time('end');
      if (end < start) throw invalid('end', 'end timestamp must not be before start time');
      const step = parameters.step();
      if (Math.floor((end - start) / step) > MAX_POINTS) {
        throw new QueryError(
          'bad_data',
          'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
        );
      }
      return answer([request, reply], parameters, { kind: 'range', start, end, step });
    },
  });

  // Exemplars are not stored, so that no series has any; Grafana asks nevertheless.
  scope.route({
    method: ['GET', 'POST'],
    url: '/query_exemplars',
    handler: async (request, reply) => {
      const parameters = Parameters.of(request);
      const start = parameters.time('start', 0);
      if (parameters.time('end', now()) < start) {
        throw invalid('end', 'end timestamp must not be before start time');
      }
      return sendChunks(request, reply, listChunks([]));
    },
  });
}

function lookbackOf(parameters: Parameters): number | undefined {
  const lookback = parameters.duration('lookback_delta');
  return lookback !== undefined && lookback > 0 ? Math.max(1, Math.round(lookback)) : undefined;
}

/** A parse error says where in the query; this says that it is the query. */
function namingTheQuery(error: unknown): unknown {
  if (error instanceof QueryError && error.type === 'bad_data') return invalid('query', error.message);
  return error;
}

interface RangeTimes {
  readonly kind: 'range';
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Any text asks for statistics; `all` for those of each step too. */
function statsOf(parameters: Parameters): Question['stats'] {
  const text = parameters.text('stats');
  return text === '' ? 'none' : text === 'all' ? 'all' : 'summary';
}
