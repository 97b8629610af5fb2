import type { FastifyInstance } from 'fastify';
import { Counter, Histogram } from 'prom-client';
import { QueryError } from '../query-result.ts';
import { errorEnvelope, failureOf } from './envelope.ts';
import { addLifecycleEndpoints } from './lifecycle-endpoints.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import { addQueryEndpoints } from './query-endpoints.ts';
import { QueryGate } from './query-gate.ts';
import { addRuleEndpoints } from './rule-endpoints.ts';
import { addSeriesEndpoints } from './series-endpoints.ts';
import { addStatusEndpoints } from './status-endpoints.ts';
import { addTargetEndpoints } from './target-endpoints.ts';

const PREFIX = '/api/v1';

/**
 * Adds Prometheus' HTTP API under /api/v1, and /-/healthy, /-/ready, /-/reload and /metrics. Handlers throw; what is
 * thrown becomes an error envelope here, and the detail of a defect goes to the log only.
 */
export function registerQueryApi(app: FastifyInstance, deps: QueryApiDeps): void {
  const { registry, logger, limits } = deps;
  const gate = new QueryGate({
    maxConcurrent: limits.maxConcurrent ?? 20,
    maxWaiting: limits.maxWaiting ?? 100,
    registry,
  });
  const requests = new Counter({
    name: 'pharos_api_requests_total',
    help: 'Requests to the HTTP API.',
    labelNames: ['handler', 'code'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'pharos_api_request_duration_seconds',
    help: 'How long requests to the HTTP API took, their answer included.',
    labelNames: ['handler'],
    buckets: [0.005, 0.02, 0.1, 0.4, 1, 3, 8, 20, 60, 120],
    registers: [registry],
  });

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: limits.maxBodyBytes ?? 2 ** 20 },
      (_, body, done) => done(null, body),
    );
    scope.setErrorHandler((error, request, reply) => {
      const { status, type, message, defect } = failureOf(error);
      if (defect) logger.error({ err: error, handler: request.routeOptions.url }, 'a request to the API failed');
      if (type === 'unavailable') reply.header('Retry-After', '1');
      return reply.code(status).type('application/json; charset=utf-8').send(errorEnvelope(type, message));
    });
    scope.addHook('onResponse', async (request, reply) => {
      const handler = request.routeOptions.url ?? 'none';
      requests.inc({ handler, code: String(reply.statusCode) });
      duration.observe({ handler }, reply.elapsedTime / 1000);
    });

    const reloads = addLifecycleEndpoints(scope, deps);
    scope.register(
      async (api) => {
        api.setNotFoundHandler((request) => {
          const path = request.url.split('?', 1)[0];
          throw new QueryError('not_found', `there is no ${request.method} ${path}`);
        });
        addQueryEndpoints(api, deps, gate);
        addSeriesEndpoints(api, deps, gate);
        addTargetEndpoints(api, deps);
        addRuleEndpoints(api, deps);
        addStatusEndpoints(api, deps, { gate, reloads });
      },
      { prefix: PREFIX },
    );
  });
}
