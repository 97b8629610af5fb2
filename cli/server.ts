import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { foreignOrigin } from '../alerting/api/foreign-origin.ts';
import type { PageFile } from './page.ts';
import type { Address } from './server-options.ts';

export interface HttpServerOptions {
  readonly logger: Logger;
  /** Bytes of a request's body. */
  readonly maxBodySize: number;
  readonly page: readonly PageFile[];
  /** Names under which browsers reach the server beside its addresses and localhost. Default: none. */
  readonly hosts?: readonly string[];
  /** Adds what the role serves. */
  readonly register: (app: FastifyInstance) => void;
}

/** The page may load its own files and ask its own server; nothing else, and nobody may frame it. */
const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** What changes something here; the API of alerting looks after itself, and queries only read. */
const CHANGES = /^\/(-|api\/v1\/(admin|write|otlp))(\/|$)/;

/** The role's HTTP server, not listening yet. */
export function buildServer(options: HttpServerOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: options.maxBodySize,
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 4096 },
  });
  app.addHook('onSend', async (_, reply) => {
    reply.header('X-Content-Type-Options', 'nosniff');
  });
  app.addHook('onRequest', async (request, reply) => {
    if (request.method === 'GET' || request.method === 'HEAD' || !CHANGES.test(request.routeOptions.url ?? '')) return;
    const arrival = { address: request.socket.localAddress, hosts: options.hosts ?? [] };
    const origin = foreignOrigin(request.headers, arrival);
    if (origin === undefined) return;
    return reply.code(403).type('text/plain').send(`pages of ${origin} must not change anything here\n`);
  });
  for (const { path, type, body } of options.page) {
    app.get(path, async (_, reply) => reply.type(type).header('Content-Security-Policy', PAGE_POLICY).send(body));
  }
  options.register(app);
  return app;
}

/** Listens, with an Error that says which address and why when it cannot be. Returns the address in use. */
export async function listen(app: FastifyInstance, address: Address): Promise<Address> {
  try {
    await app.listen({ host: address.host, port: address.port });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === 'EADDRINUSE' ? 'another process listens there' : error instanceof Error ? error.message : String(error);
    throw new Error(`cannot listen on ${address.host}:${address.port}: ${reason}; choose another with --listen`, {
      cause: error,
    });
  }
  const bound = app.server.address();
  return { host: address.host, port: typeof bound === 'object' && bound !== null ? bound.port : address.port };
}
