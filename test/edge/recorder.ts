import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { uncompressSync } from 'snappy';
import { WriteRequest } from '../../collector/receive/write-request.ts';

/** A remote write request that the receiver took. Times are milliseconds. */
export interface Arrival {
  /** When its body had come. */
  readonly at: number;
  readonly samples: number;
  /** Of its samples. */
  readonly oldest: number;
  readonly newest: number;
}

/** Passes remote write on to a receiver, and notes when which timestamps came. */
export class Recorder {
  readonly arrivals: Arrival[] = [];
  readonly #server: Server;

  constructor(target: { readonly host: string; readonly port: number }) {
    this.#server = createServer(async (request, response) => {
      try {
        const body = await bodyOf(request);
        const at = Date.now();
        const answer = httpRequest({ ...target, path: request.url, method: request.method, headers: request.headers });
        answer.on('error', () => response.destroy());
        answer.on('response', (from) => {
          if (from.statusCode! < 300) this.#note(body, at);
          response.writeHead(from.statusCode!, from.headers);
          from.pipe(response);
        });
        answer.end(body);
      } catch {
        response.destroy();
      }
    });
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #note(body: Buffer, at: number): void {
    const request = new WriteRequest();
    request.decode(uncompressSync(body) as Buffer);
    if (request.samples === 0) return;
    const times = request.timestamps.subarray(0, request.samples);
    let [oldest, newest] = [Number.POSITIVE_INFINITY, 0];
    for (const time of times) {
      oldest = Math.min(oldest, time);
      newest = Math.max(newest, time);
    }
    this.arrivals.push({ at, samples: request.samples, oldest, newest });
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
