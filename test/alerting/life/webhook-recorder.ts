import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a webhook was told, as far as it is looked at. */
export interface ToldAlert {
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly fingerprint: string;
}

export interface Delivery {
  /** When it came; Unix milliseconds. */
  readonly at: number;
  readonly status: string;
  readonly alerts: readonly ToldAlert[];
}

const MAX_BODY = 2 ** 20;

/** A webhook that takes every notification and remembers it. */
export class WebhookRecorder {
  readonly deliveries: Delivery[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => this.#take(request, response));
  }

  /** Its URL. */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
      if (body.length > MAX_BODY) request.destroy();
    });
    request.on('end', () => {
      try {
        const { status, alerts } = JSON.parse(body) as Delivery;
        this.deliveries.push({ at: Date.now(), status, alerts });
        response.writeHead(200).end();
      } catch {
        response.writeHead(400).end('no JSON');
      }
    });
  }
}
