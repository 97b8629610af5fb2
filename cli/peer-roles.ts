import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { Agent, request as ask } from 'undici';
import { foreignOrigin } from '../alerting/api/foreign-origin.ts';
import type { HttpServer } from './server.ts';

/** Where the other roles are, as a query role can be told. */
export interface PeerRoles {
  readonly alerting?: string | undefined;
  readonly collector?: string | undefined;
}

export interface PeerRolesOptions {
  readonly peers: PeerRoles;
  /** Names under which browsers reach this server. */
  readonly hosts: readonly string[];
  readonly logger: Logger;
}

/** What only the role knows. */
const PATHS: readonly { readonly role: keyof PeerRoles; readonly path: RegExp }[] = [
  {
    role: 'alerting',
    path: /^\/api\/(v2|v1\/(policies|alerts|rules|notifications|alertmanagers|autoscaling))(\/|\?|$)/,
  },
  { role: 'collector', path: /^\/api\/v1\/(targets|scrape_pools|kubernetes\/clusters)(\/|\?|$)/ },
];
const TIMEOUT = 60_000;
/** What belongs to one connection, or says who asks this server: the other role is asked by this one. */
const OWN_HEADERS =
  /^(connection|keep-alive|transfer-encoding|upgrade|te|trailer|proxy-.*|host|origin|referer|sec-.*|expect)$/;

/**
 * Has a query role answer for roles that run elsewhere, so that the console and Grafana need one address: what only they know is passed on to
 * them. A role that cannot be reached is 502, in the form of the API's errors. Closing ends the connections.
 */
export function passOnToPeers(app: HttpServer, { peers, hosts, logger }: PeerRolesOptions): { close(): Promise<void> } {
  const agent = new Agent({ connections: 32, headersTimeout: TIMEOUT, bodyTimeout: TIMEOUT });
  app.addHook('onRequest', async (request, reply) => {
    const role = PATHS.find(({ path }) => path.test(request.url))?.role;
    const url = role && peers[role];
    if (role === undefined || url === undefined) return;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const origin = foreignOrigin(request.headers, { address: request.socket.localAddress, hosts });
      if (origin !== undefined) {
        return reply.code(403).send(failure('forbidden', `pages of ${origin} must not change anything here`));
      }
    }
    return passOn(request, reply, { role, url, agent, logger });
  });
  return { close: () => agent.close() };
}

/** As far as a request is looked at. */
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: IncomingMessage;
}

interface Answering {
  code(status: number): this;
  header(name: string, value: string | string[]): this;
  send(body: unknown): unknown;
}

interface Passing {
  readonly role: string;
  readonly url: string;
  readonly agent: Agent;
  readonly logger: Logger;
}

async function passOn(request: Asked, reply: Answering, { role, url, agent, logger }: Passing): Promise<unknown> {
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  try {
    const answer = await ask(url.replace(/\/+$/, '') + request.url, {
      method: request.method as 'GET',
      headers: passable(request.headers),
      body: hasBody ? request.raw : null,
      dispatcher: agent,
    });
    reply.code(answer.statusCode);
    for (const [name, value] of Object.entries(passable(answer.headers)))
      if (value !== undefined) reply.header(name, value);
    return reply.send(answer.body);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn({ role, reason }, 'another role cannot be reached');
    return reply.code(502).send(failure('unavailable', `the ${role} role cannot be reached: ${reason}`));
  }
}

function passable<T>(headers: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.test(name)));
}

function failure(errorType: string, error: string): object {
  return { status: 'error', errorType, error };
}
