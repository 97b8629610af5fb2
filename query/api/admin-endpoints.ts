import type { FastifyInstance, FastifyReply } from 'fastify';
import { QueryError } from '../query-result.ts';
import { errorEnvelope } from './envelope.ts';
import { invalid, Parameters } from './parameters.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import type { QueryGate } from './query-gate.ts';
import { withRequestSignal } from './request-signal.ts';

/** All the time there is, in milliseconds of a JavaScript Date. */
const LAST_TIME = 8.64e15;
/** How long a deletion may take: it waits until ClickHouse has touched every part. */
const TIMEOUT = 10 * 60_000;

const NOT_SUPPORTED = {
  clean_tombstones: 'clean_tombstones is not supported: ClickHouse removes deleted rows by itself when it merges parts',
  snapshot: 'snapshot is not supported: samples are in ClickHouse, which has BACKUP for it',
};

/**
 * Adds admin/tsdb/delete_series, and clean_tombstones and snapshot, which only say why they are not there. Without
 * `deleteSamples` all three say that the admin API is off.
 */
export function addAdminEndpoints(scope: FastifyInstance, deps: QueryApiDeps, gate: QueryGate): void {
  const { deleteSamples } = deps;
  const method = ['POST', 'PUT'];
  /** Prometheus' status for it; 503 would ask for another try. */
  const disabled = (reply: FastifyReply): FastifyReply =>
    reply.code(500).type('application/json; charset=utf-8').send(errorEnvelope('unavailable', 'admin APIs disabled'));

  scope.route({
    method,
    url: '/admin/tsdb/delete_series',
    handler: async (request, reply) => {
      if (deleteSamples === undefined) return disabled(reply);
      const parameters = Parameters.of(request);
      if (parameters.all('match[]').length === 0) throw new QueryError('bad_data', 'no match[] parameter provided');
      const start = parameters.time('start', -LAST_TIME);
      const end = parameters.time('end', LAST_TIME);
      if (end < start) throw invalid('end', 'end timestamp must not be before start time');
      const matcherSets = parameters.matcherSets((reason) => invalid('match[]', reason));
      deps.logger.warn({ match: parameters.all('match[]'), start, end }, 'samples are being deleted over the API');
      await withRequestSignal(reply, TIMEOUT, (signal) =>
        gate.run(signal, () => deleteSamples({ matcherSets, start, end }, signal)),
      );
      return reply.code(204).send();
    },
  });

  for (const [name, reason] of Object.entries(NOT_SUPPORTED)) {
    scope.route({
      method,
      url: `/admin/tsdb/${name}`,
      handler: async (_, reply) => {
        if (deleteSamples === undefined) return disabled(reply);
        throw new QueryError('execution', reason);
      },
    });
  }
}
