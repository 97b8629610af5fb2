import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SelfSigned } from '../../../simulator/api/self-signed.ts';
import { nameOf } from './episode.ts';

export interface CalledAlert {
  /** As `nameOf` makes it. */
  readonly id: string;
  readonly status: 'firing' | 'resolved';
  readonly annotations: Readonly<Record<string, string>>;
}

/** A request that came. */
export interface Call {
  /** When its body was there; Unix milliseconds. */
  readonly at: number;
  /** Which server it came from: the path that this one was told. */
  readonly from: string;
  readonly groupKey: string;
  readonly alerts: readonly CalledAlert[];
  /** Whether the receiver took it: then it has told people, whatever becomes of its answer. */
  readonly isTaken: boolean;
}

/** What the receiver does with a call. */
export type Answer = { readonly status: number; readonly headers?: Readonly<Record<string, string>> } | 'hang';

const MAX_BODY = 2 ** 22;

/** A webhook that remembers every call, and fails as it is told. */
export class FaultReceiver {
  readonly calls: Call[] = [];
  /** Decides on a call before it is remembered; 2xx takes it. */
  answer: (call: Omit<Call, 'isTaken'>) => Answer = () => ({ status: 200 });
  /** Is called with each call that was taken, before it is answered; the answer waits for it. */
  taken: (call: Call) => Promise<void> | void = () => {};
  /** Is called when a call that was taken has been answered. */
  answered: (call: Call) => void = () => {};
  readonly #tls: SelfSigned | undefined;
  #server: Server | undefined;
  #port = 0;

  constructor(tls?: SelfSigned) {
    this.#tls = tls;
  }

  /** Listens, after a `stop` at the same port again. */
  async start(): Promise<void> {
    const take = (request: IncomingMessage, response: ServerResponse) => this.#take(request, response);
    const server = this.#tls === undefined ? createHttpServer(take) : createHttpsServer({ ...this.#tls }, take);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  /** Refuses connections from now on. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  /** Those that were taken. */
  get told(): readonly Call[] {
    return this.calls.filter(({ isTaken }) => isTaken);
  }

  /** Whether it was told so of the alert. */
  knows(id: string, status: CalledAlert['status']): boolean {
    return this.told.some(({ alerts }) => alerts.some((alert) => alert.id === id && alert.status === status));
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    let body = '';
    request.setEncoding('utf8');
    request.on('error', () => {});
    request.on('data', (chunk: string) => {
      body += chunk;
      if (body.length > MAX_BODY) request.destroy();
    });
    request.on('end', () => {
      void this.#hear(body, request.url ?? '/', response);
    });
  }

  async #hear(body: string, from: string, response: ServerResponse): Promise<void> {
    const { groupKey, alerts } = JSON.parse(body) as {
      groupKey: string;
      alerts: {
        status: CalledAlert['status'];
        labels: Record<string, string>;
        annotations: Record<string, string>;
      }[];
    };
    const told = alerts.map(({ status, labels, annotations }) => ({ id: nameOf(labels), status, annotations }));
    const heard = { at: Date.now(), from: from.slice(1), groupKey, alerts: told };
    const answer = this.answer(heard);
    const call = { ...heard, isTaken: answer !== 'hang' && answer.status < 300 };
    this.calls.push(call);
    if (call.isTaken) await this.taken(call);
    if (answer === 'hang') return;
    response.writeHead(answer.status, { ...answer.headers });
    response.end(() => {
      if (call.isTaken) this.answered(call);
    });
  }
}
