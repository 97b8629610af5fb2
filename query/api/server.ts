import type { FastifyInstance } from 'fastify';
import { Counter, Histogram } from 'prom-client';
import { QueryError } from '../query-result.ts';
import { addAdminEndpoints } from './admin-endpoints.ts';
import { errorEnvelope, failureOf } from './envelope.ts';
import { addFederateEndpoint } from './federate-endpoint.ts';
import { addInventoryEndpoint } from './inventory-endpoint.ts';
import { addKubernetesClusterEndpoint } from './kubernetes-cluster-endpoint.ts';
import { addKubernetesEventEndpoint } from './kubernetes-event-endpoint.ts';
import { addLifecycleEndpoints } from './lifecycle-endpoints.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import { addQueryEndpoints } from './query-endpoints.ts';
import { QueryGate } from './query-gate.ts';
import { addRemoteReadEndpoint } from './remote-read/remote-read-endpoint.ts';
import { RouteTable } from './route-table.ts';
import { addRuleEndpoints } from './rule-endpoints.ts';
import { addSeriesEndpoints } from './series-endpoints.ts';
import { addStatusEndpoints } from './status-endpoints.ts';
import { addStoreEndpoints } from './store-endpoints.ts';
import { addSyntaxEndpoints } from './syntax-endpoints.ts';
import { addTargetEndpoints } from './target-endpoints.ts';

const PREFIX = '/api/v1';
const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Adds Prometheus' HTTP API under /api/v1, and /federate, /-/healthy, /-/ready, /-/reload and /metrics. Handlers throw; what is
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

  // Of the whole server: the collector's receivers are below the same prefix.
  const routes = new RouteTable();
  app.addHook('onRoute', ({ url, method }) => routes.add(url, method));

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
      return reply.code(status).type(JSON_TYPE).send(errorEnvelope(type, message));
    });
    scope.addHook('onResponse', async (request, reply) => {
      const handler = request.routeOptions.url ?? 'none';
      requests.inc({ handler, code: String(reply.statusCode) });
      duration.observe({ handler }, reply.elapsedTime / 1000);
    });

    const reloads = addLifecycleEndpoints(scope, deps);
    addFederateEndpoint(scope, deps, gate);
    scope.register(
      async (api) => {
        api.setNotFoundHandler((request, reply) => {
          const path = request.url.split('?', 1)[0]!;
          const allowed = routes.methodsOf(path);
          if (allowed.length === 0) throw new QueryError('not_found', `there is no ${request.method} ${path}`);
          // Clients that ask by POST ask again by GET when they see this status.
          const message = `${path} takes ${allowed.join(', ')}, got ${request.method}`;
          return reply
            .code(405)
            .header('Allow', allowed.join(', '))
            .type(JSON_TYPE)
            .send(errorEnvelope('bad_data', message));
        });
        addQueryEndpoints(api, deps, gate);
        addSyntaxEndpoints(api, deps);
        addSeriesEndpoints(api, deps, gate);
        addTargetEndpoints(api, deps);
        addRuleEndpoints(api, deps);
        addRemoteReadEndpoint(api, deps, gate);
        addAdminEndpoints(api, deps, gate);
        addKubernetesEventEndpoint(api, deps, gate);
        addKubernetesClusterEndpoint(api, deps);
        addInventoryEndpoint(api, deps);
        addStoreEndpoints(api, deps, gate);
        addStatusEndpoints(api, deps, { gate, reloads });
      },
      { prefix: PREFIX },
    );
  });
}
