import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SeriesFilter } from '../../storage/querier.ts';
import type { Metadata } from '../../storage/series.ts';
import { QueryError } from '../query-result.ts';
import { TRUNCATED } from './answer.ts';
import { unescapeName } from './label-name.ts';
import { invalid, Parameters } from './parameters.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import type { QueryGate } from './query-gate.ts';
import { listChunks, objectChunks } from './render.ts';
import { withRequestSignal } from './request-signal.ts';
import { sendChunks } from './send-chunks.ts';

const DAY = 86_400_000;

/** Adds series, labels, label/:name/values and metadata. */
export function addSeriesEndpoints(scope: FastifyInstance, deps: QueryApiDeps, gate: QueryGate): void {
  const { querier, now } = deps;

  /** All time when the request does not say; one more than the limit, to see whether there are more. */
  const filterOf = (parameters: Parameters, refusal?: (reason: string) => QueryError): SeriesFilter => {
    const limit = parameters.limit();
    return {
      start: parameters.time('start', 0),
      end: parameters.time('end', now() + DAY),
      matcherSets: parameters.matcherSets(refusal),
      limit: limit === 0 ? 0 : limit + 1,
    };
  };

  const ask = <T>(reply: FastifyReply, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    withRequestSignal(reply, deps.limits.queryTimeout, (signal) => gate.run(signal, () => work(signal)));

  const list = async (
    [request, reply]: readonly [FastifyRequest, FastifyReply],
    filter: SeriesFilter,
    read: (signal: AbortSignal) => Promise<readonly unknown[]>,
  ): Promise<FastifyReply> => {
    const found = await ask(reply, read);
    const truncated = filter.limit > 0 && found.length >= filter.limit;
    const items = truncated ? found.slice(0, filter.limit - 1) : found;
    return sendChunks(request, reply, listChunks(items, truncated ? { warnings: [TRUNCATED] } : {}));
  };

  scope.route({
    method: ['GET', 'POST'],
    url: '/series',
    handler: async (request, reply) => {
      const parameters = Parameters.of(request);
      if (parameters.all('match[]').length === 0) throw new QueryError('bad_data', 'no match[] parameter provided');
      const filter = filterOf(parameters, (reason) => invalid('match[]', reason));
      return list([request, reply], filter, (signal) => querier.series(filter, signal));
    },
  });

  scope.route({
    method: ['GET', 'POST'],
    url: '/labels',
    handler: async (request, reply) => {
      const filter = filterOf(Parameters.of(request));
      return list([request, reply], filter, (signal) => querier.labelNames(filter, signal));
    },
  });

  scope.get<{ Params: { name: string } }>('/label/:name/values', async (request, reply) => {
    const name = unescapeName(request.params.name);
    if (name === '') throw new QueryError('bad_data', 'invalid label name: ""');
    const filter = filterOf(Parameters.of(request));
    return list([request, reply], filter, (signal) => querier.labelValues(name, filter, signal));
  });

  scope.get('/metadata', async (request, reply) => {
    const parameters = Parameters.of(request);
    const limit = parameters.count('limit');
    const perMetric = parameters.count('limit_per_metric');
    const metric = parameters.text('metric');
    if (limit === 0) return sendChunks(request, reply, objectChunks({}));
    const most = Number.isFinite(limit) ? limit : 0;
    const found = await ask(reply, (signal) => querier.metadata(metric === '' ? undefined : metric, most, signal));
    return sendChunks(request, reply, objectChunks(byMetric(found, limit, perMetric)));
  });
}

function byMetric(
  entries: readonly Metadata[],
  limit: number,
  perMetric: number,
): Record<string, Pick<Metadata, 'type' | 'help' | 'unit'>[]> {
  const metrics = new Map<string, Pick<Metadata, 'type' | 'help' | 'unit'>[]>();
  for (const { metric, type, help, unit } of entries) {
    let list = metrics.get(metric);
    if (list === undefined) {
      if (metrics.size >= limit) continue;
      metrics.set(metric, (list = []));
    }
    if (perMetric === 0 || list.length < perMetric) list.push({ type, help, unit });
  }
  return Object.fromEntries(metrics);
}
