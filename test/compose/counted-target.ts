import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A target that numbers its scrapes, and remembers which of them were served and when. */
export class CountedTarget {
  /** What is served besides, in the text format. */
  more = '';
  /** When the scrape with this number had been served; Unix milliseconds. */
  readonly served = new Map<number, number>();
  readonly #metric: string;
  readonly #server: Server;

  constructor(metric: string) {
    this.#metric = metric;
    let count = 0;
    this.#server = createServer((_, response) => {
      const number = ++count;
      response.once('finish', () => this.served.set(number, Date.now()));
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(`${this.#metric} ${number}\n${this.more}`);
    });
  }

  /** Its host and port. */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => this.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
