import type { FastifyInstance } from 'fastify';
import { QueryError } from '../query-result.ts';
import { invalid, Parameters } from './parameters.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import type { QueryGate } from './query-gate.ts';
import { objectChunks } from './render.ts';
import { withRequestSignal } from './request-signal.ts';
import { sendChunks } from './send-chunks.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/**
 * Adds status/storage: the tables of the store, its disks and the outbox; and status/cardinality: the metrics with the most series and
 * the labels with the most values, at most `limit` of each, with how many of these are new.
 */
export function addStoreEndpoints(scope: FastifyInstance, { statistics, limits }: QueryApiDeps, gate: QueryGate): void {
  const reader = () => {
    if (statistics === undefined) throw new QueryError('not_found', 'this server has no store that tells of itself');
    return statistics;
  };

  scope.get('/status/storage', async (request, reply) => {
    const store = reader();
    const answer = await withRequestSignal(reply, limits.queryTimeout, (signal) =>
      gate.run(signal, () => store.statistics(signal)),
    );
    return sendChunks(request, reply, objectChunks(answer));
  });

  scope.get('/status/cardinality', async (request, reply) => {
    const store = reader();
    const limit = Parameters.of(request).limit() || DEFAULT_LIMIT;
    if (limit > MAX_LIMIT) throw invalid('limit', `limit must be at most ${MAX_LIMIT}, got ${limit}`);
    const answer = await withRequestSignal(reply, limits.queryTimeout, (signal) =>
      gate.run(signal, () => store.cardinality(limit, signal)),
    );
    return sendChunks(request, reply, objectChunks(answer));
  });
}
