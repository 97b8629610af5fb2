import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { World } from './world/world.ts';

export interface KubeletListenersOptions {
  readonly count: number;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Kubelets that can be reached without the API server: a port on 127.0.0.1 for each of the first nodes. */
export class KubeletListeners {
  readonly #options: KubeletListenersOptions;
  readonly #servers: Server[] = [];
  #handle: ((index: number, request: IncomingMessage, response: ServerResponse) => void) | undefined;

  constructor(options: KubeletListenersOptions) {
    this.#options = options;
  }

  /** Listens; the ports are those of the first nodes, in the order in which they are made. */
  async open(): Promise<readonly number[]> {
    const { count, tls } = this.#options;
    const ports: number[] = [];
    for (let index = 0; index < count; index++) {
      const handle = (request: IncomingMessage, response: ServerResponse) => {
        if (this.#handle === undefined) response.writeHead(503).end();
        else this.#handle(index, request, response);
      };
      const server = tls === undefined ? createHttpServer(handle) : createHttpsServer(tls, handle);
      server.keepAliveTimeout = 120_000;
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(0, '127.0.0.1', resolve);
      });
      this.#servers.push(server);
      ports.push((server.address() as AddressInfo).port);
    }
    return ports;
  }

  /** From now on they answer for the world's nodes those who have a valid token. */
  serve(world: World, isValid: (token: string) => boolean): void {
    const ports = this.#servers.map((server) => (server.address() as AddressInfo).port);
    const names = ports.map((port) => world.nodeAtPort(port));
    this.#handle = (index, request, response) => {
      const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
      const path = (request.url ?? '/').split('?', 1)[0]!;
      if (path !== '/healthz' && (token === undefined || !isValid(token))) {
        response.writeHead(401).end('Unauthorized');
        return;
      }
      const asked = {
        kind: 'node',
        namespace: '',
        name: names[index] ?? '',
        port: String(ports[index]),
        path,
      } as const;
      world.proxy(asked).then(
        ({ status, headers, body }) =>
          response.writeHead(status, { ...headers, 'content-length': body.length }).end(body),
        // Who is down does not answer.
        () => response.destroy(),
      );
    };
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
  }
}
