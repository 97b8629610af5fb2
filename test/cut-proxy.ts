import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** How a cut looks to the client. */
export type Cut =
  /** Connections are refused at once, as when the server is down. */
  | 'refuse'
  /** Connections are accepted and nothing ever comes, as when packets are dropped. */
  | 'hang';

/** A TCP proxy whose wire can be cut and mended, to put between a client and a server under test. */
export class CutProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port: number;
  #hanging = false;

  constructor(target: { readonly host: string; readonly port: number }, port = 0) {
    this.#target = target;
    this.#port = port;
  }

  get port(): number {
    return this.#port;
  }

  /** Starts, or mends the wire. After a cut it listens at the same port again. */
  async open(): Promise<void> {
    if (this.#hanging) this.#dropAll();
    this.#hanging = false;
    if (this.#server !== undefined) return;
    const server = createServer((client) => this.#accept(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Breaks every connection and keeps new ones from getting through. */
  async cut(how: Cut): Promise<void> {
    this.#hanging = how === 'hang';
    if (how === 'refuse') await this.close();
    else for (const socket of this.#sockets) socket.pause().unpipe();
  }

  async close(): Promise<void> {
    this.#dropAll();
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  #accept(client: Socket): void {
    this.#track(client);
    if (this.#hanging) {
      client.pause();
      return;
    }
    const upstream = connect(this.#target.port, this.#target.host);
    this.#track(upstream);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream);
    upstream.pipe(client);
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  #dropAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
