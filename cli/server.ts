import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { foreignOrigin } from '../alerting/api/foreign-origin.ts';
import { encodings, type PageFile } from './page.ts';
import type { Address } from './server-options.ts';

/** A role's HTTP server. */
export type HttpServer = FastifyInstance;

export interface HttpServerOptions {
  readonly logger: Logger;
  /** Bytes of a request's body. */
  readonly maxBodySize: number;
  /** The console; [] where it is not served. */
  readonly page: readonly PageFile[];
  /** Names under which browsers reach the server beside its addresses and localhost. Default: none. */
  readonly hosts?: readonly string[];
  /** Adds what the role serves. */
  readonly register: (app: FastifyInstance) => void;
}

/**
 * The page may load its own files and ask its own server; nothing else, and nobody may frame it. Styles are also made by the
 * libraries that it is made with; code is not.
 */
const PAGE_POLICY =
  "default-src 'self'; object-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

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
  servePage(app, options.page);
  options.register(app);
  return app;
}

/** The console: the page at each of its addresses, and its files. */
function servePage(app: FastifyInstance, page: readonly PageFile[]): void {
  for (const { path, type, isImmutable, ...forms } of page) {
    const encoded = encodings(forms);
    app.get(path, async (request, reply) => {
      const { encoding, body } = await encoded(request.headers['accept-encoding']);
      if (encoding !== undefined) reply.header('Content-Encoding', encoding);
      return (
        reply
          .type(type)
          .header('Vary', 'Accept-Encoding')
          .header('Cache-Control', isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache')
          .header('Content-Security-Policy', PAGE_POLICY)
          // What somebody looks at is in the address: no link tells it to anybody else.
          .header('Referrer-Policy', 'same-origin')
          .header('Cross-Origin-Opener-Policy', 'same-origin')
          .send(body)
      );
    });
  }
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
