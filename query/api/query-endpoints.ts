import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { QueryError, type QueryResult, type QueryValue } from '../query-result.ts';
import { invalid, Parameters } from './parameters.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import type { QueryGate } from './query-gate.ts';
import { listChunks, queryChunks } from './render.ts';
import { withRequestSignal } from './request-signal.ts';
import { sendChunks } from './send-chunks.ts';

/** The most points that a range query may give for one series. */
const MAX_POINTS = 11_000;

/** What of an answer was left out because of `limit`. */
export const TRUNCATED = 'results truncated due to limit';

/** Adds query, query_range and query_exemplars. */
export function addQueryEndpoints(scope: FastifyInstance, deps: QueryApiDeps, gate: QueryGate): void {
  const { engine, now } = deps;

  const answer = async (
    [request, reply]: readonly [FastifyRequest, FastifyReply],
    parameters: Parameters,
    run: (signal: AbortSignal) => Promise<QueryResult>,
  ): Promise<FastifyReply> => {
    const limit = parameters.limit();
    const timeout = Math.min(parameters.duration('timeout') ?? Number.POSITIVE_INFINITY, deps.limits.queryTimeout);
    const began = performance.now();
    const result = await withRequestSignal(reply, timeout, (signal) => gate.run(signal, () => run(signal))).catch(
      (error: unknown) => {
        throw namingTheQuery(error);
      },
    );
    const { value, truncated } = truncate(result.value, limit);
    const warnings = truncated ? [...result.warnings, TRUNCATED] : result.warnings;
    const stats =
      parameters.text('stats') === ''
        ? undefined
        : {
            timings: { execTotalTime: (performance.now() - began) / 1000 },
            samples: { totalQueryableSamples: result.stats.samplesRead },
            seriesRead: result.stats.seriesRead,
          };
    return sendChunks(request, reply, queryChunks(value, { warnings, infos: result.infos }, stats));
  };

  scope.route({
    method: ['GET', 'POST'],
    url: '/query',
    handler: (request, reply) => {
      const parameters = Parameters.of(request);
      const time = parameters.time('time', now());
      const lookback = lookbackOf(parameters);
      const expr = parameters.text('query');
      return answer([request, reply], parameters, (signal) => engine.instant({ expr, time, lookback }, signal));
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
      const lookback = lookbackOf(parameters);
      const expr = parameters.text('query');
      return answer([request, reply], parameters, (signal) =>
        engine.range({ expr, start, end, step, lookback }, signal),
      );
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

function truncate(value: QueryValue, limit: number): { readonly value: QueryValue; readonly truncated: boolean } {
  if (limit > 0 && value.type === 'vector' && value.samples.length > limit) {
    return { value: { ...value, samples: value.samples.slice(0, limit) }, truncated: true };
  }
  if (limit > 0 && value.type === 'matrix' && value.series.length > limit) {
    return { value: { ...value, series: value.series.slice(0, limit) }, truncated: true };
  }
  return { value, truncated: false };
}
