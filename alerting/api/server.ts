import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Counter, Histogram, type Registry } from 'prom-client';
import { type AlertmanagerApiDeps, alertmanagerSection } from './alertmanager-endpoints.ts';
import { type ApiAnswer, type ApiEndpoint, type ApiSection, RefusedRequest } from './endpoint.ts';
import { foreignOrigin } from './foreign-origin.ts';

export interface AlertingApiDeps extends AlertmanagerApiDeps {
  readonly logger: Logger;
  readonly registry: Registry;
  /** What else there is, such as `historySection` and `policySection`. Default: nothing. */
  readonly sections?: readonly ApiSection[];
  /** Names, such as that of the external URL, under which browsers reach the server beside its addresses and localhost. Default: none. */
  readonly hosts?: readonly string[];
}

const JSON_TYPE = 'application/json; charset=utf-8';
const MAX_BODY = 2 ** 20;
/** How many milliseconds a client may take nothing of an answer that waits for it. */
const STALL_TIMEOUT = 60_000;
const DEFECT: ApiAnswer = { status: 500, json: 'the request failed for a reason that is in the log' };

/** Adds the HTTP API of alerting: Alertmanager's API v2 under /api/v2, and the sections. */
export function registerAlertingApi(app: FastifyInstance, deps: AlertingApiDeps): void {
  const meter = apiMeter(deps.registry);
  for (const section of [alertmanagerSection(deps), ...(deps.sections ?? [])]) {
    registerSection(app, section, { logger: deps.logger, meter, hosts: deps.hosts ?? [] });
  }
}

interface SectionContext {
  readonly hosts: readonly string[];
  readonly logger: Logger;
  readonly meter: (request: FastifyRequest, reply: FastifyReply) => void;
}

function registerSection(app: FastifyInstance, section: ApiSection, { logger, meter, hosts }: SectionContext): void {
  const failure = (error: unknown, request: FastifyRequest): ApiAnswer => {
    const answer = section.failure(refusalOf(error) ?? error);
    if (answer !== undefined) return answer;
    logger.error({ err: error, handler: request.routeOptions.url }, 'a request to the alerting API failed');
    return DEFECT;
  };
  const add = async (scope: FastifyInstance): Promise<void> => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body));
    scope.addHook('onRequest', async (request) => {
      if (request.method === 'GET' || request.method === 'HEAD') return;
      const origin = foreignOrigin(request.headers, { address: request.socket.localAddress, hosts });
      if (origin === undefined) return;
      const message = `pages of ${origin} must not change anything here; if they are this server's, external_url has to name them`;
      throw new RefusedRequest(403, message);
    });
    scope.addHook('onResponse', async (request, reply) => meter(request, reply));
    scope.setErrorHandler((error, request, reply) => send(reply, failure(error, request)));
    for (const endpoint of section.endpoints) addEndpoint(scope, endpoint);
    if (section.isWhole === true) {
      scope.setNotFoundHandler((request, reply) => {
        const path = request.url.split('?', 1)[0]!.slice(section.prefix.length);
        const methods = section.endpoints.filter((endpoint) => hasPath(endpoint, path)).map(({ method }) => method);
        const refusal =
          methods.length === 0
            ? new RefusedRequest(404, `path ${section.prefix}${path} was not found`)
            : new RefusedRequest(405, `method ${request.method} is not allowed, but [${methods.join(',')}] are`);
        if (methods.length > 0) reply.header('Allow', methods.join(','));
        return send(reply, failure(refusal, request));
      });
    }
  };
  app.register(add, { prefix: section.prefix });
}

function addEndpoint(scope: FastifyInstance, endpoint: ApiEndpoint): void {
  scope.route({
    method: endpoint.method,
    url: endpoint.path,
    bodyLimit: endpoint.maxBody ?? MAX_BODY,
    handler: async (request, reply) => {
      const controller = new AbortController();
      const onClose = () => controller.abort(new RefusedRequest(499, 'the client went away'));
      reply.raw.once('close', onClose);
      try {
        const answer = await endpoint.handle({
          params: request.params as Readonly<Record<string, string>>,
          query: new URLSearchParams(request.url.split('?').slice(1).join('?')),
          contentType: (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase(),
          headers: request.headers,
          body: typeof request.body === 'string' ? request.body : '',
          signal: controller.signal,
        });
        return send(reply, answer);
      } finally {
        reply.raw.off('close', onClose);
      }
    },
  });
}

function send(
  reply: FastifyReply,
  { status, json, pieces, contentType = JSON_TYPE, headers }: ApiAnswer,
): FastifyReply {
  reply.code(status).header('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(headers ?? {})) reply.header(name, value);
  if (pieces !== undefined) {
    // Whoever stops reading would keep the whole answer in memory.
    reply.raw.setTimeout(STALL_TIMEOUT, () => reply.raw.destroy());
    return reply.type(contentType).send(Readable.from(pieces, { objectMode: false, highWaterMark: 64 * 1024 }));
  }
  return json === undefined ? reply.send() : reply.type(JSON_TYPE).send(JSON.stringify(json) + '\n');
}

/** What the web server itself refuses. */
function refusalOf(error: unknown): RefusedRequest | undefined {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  return status >= 400 && status < 500 ? new RefusedRequest(status, (error as Error).message) : undefined;
}

function hasPath({ path }: ApiEndpoint, wanted: string): boolean {
  const parts = path.split('/');
  const given = wanted.split('/');
  return (
    parts.length === given.length &&
    parts.every((part, i) => part === given[i] || (part.startsWith(':') && given[i] !== ''))
  );
}

function apiMeter(registry: Registry): SectionContext['meter'] {
  const requests = new Counter({
    name: 'pharos_alerting_api_requests_total',
    help: 'Requests to the HTTP API of alerting.',
    labelNames: ['handler', 'code'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'pharos_alerting_api_request_duration_seconds',
    help: 'How long requests to the HTTP API of alerting took, their answer included.',
    labelNames: ['handler'],
    buckets: [0.005, 0.02, 0.1, 0.4, 1, 3, 8, 20],
    registers: [registry],
  });
  return (request, reply) => {
    const handler = request.routeOptions.url ?? 'none';
    requests.inc({ handler, code: String(reply.statusCode) });
    duration.observe({ handler }, reply.elapsedTime / 1000);
  };
}
