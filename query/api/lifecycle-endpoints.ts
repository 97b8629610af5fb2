import type { FastifyInstance } from 'fastify';
import type { QueryApiDeps } from './query-api-deps.ts';

/** How the configuration's reloads over HTTP went. */
export interface ConfigReloads {
  readonly lastSucceeded: boolean;
  /** Milliseconds since 1970; the start of the process counts. */
  readonly lastSuccess: number;
}

/** Adds /-/healthy, /-/ready, /-/reload and /metrics. All but the last answer in plain text. */
export function addLifecycleEndpoints(scope: FastifyInstance, deps: QueryApiDeps): ConfigReloads {
  const reloads = { lastSucceeded: true, lastSuccess: deps.status.startTime };
  let running: Promise<void> | undefined;

  scope.get('/-/healthy', async (_, reply) => reply.type('text/plain').send('Pharos is Healthy.\n'));

  scope.get('/-/ready', async (_, reply) =>
    deps.ready()
      ? reply.type('text/plain').send('Pharos is Ready.\n')
      : reply.code(503).type('text/plain').send('Service Unavailable\n'),
  );

  scope.route({
    method: ['POST', 'PUT'],
    url: '/-/reload',
    handler: async (_, reply) => {
      // Who asks while a reload runs gets that one's outcome.
      running ??= deps.reload().finally(() => (running = undefined));
      try {
        await running;
        reloads.lastSucceeded = true;
        reloads.lastSuccess = deps.now();
        return reply.code(200).send();
      } catch (error) {
        reloads.lastSucceeded = false;
        deps.logger.error({ err: error }, 'the configuration was not reloaded');
        const reason = error instanceof Error ? error.message : String(error);
        return reply.code(500).type('text/plain').send(`failed to reload config: ${reason}\n`);
      }
    },
  });
  scope.get('/-/reload', async (_, reply) =>
    reply.code(405).header('Allow', 'POST, PUT').type('text/plain').send('Only POST or PUT requests allowed\n'),
  );

  scope.get('/metrics', async (_, reply) => reply.type(deps.registry.contentType).send(await deps.registry.metrics()));
  return reloads;
}
