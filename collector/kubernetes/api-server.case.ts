import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { ObjectStore, type StoreEvent } from '../../simulator/object-store.ts';

/** A small API server with the faults that a client must live with. Pages, watches, bookmarks and 410 as Kubernetes has them. */
export class ApiServer {
  store = new ObjectStore({ now: Date.now });
  /** Only this one is let in; undefined lets everybody in. */
  token: string | undefined;
  /** Answers in the server's place when it says so. */
  fault: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Called before each page of a list but the first. */
  beforeNextPage: () => void = () => undefined;
  /** Milliseconds between bookmarks. */
  bookmarkInterval = 60_000;
  /** Groups that the server does not have. */
  readonly absent = new Set<string>();
  /** Of all requests: method and URL. */
  readonly requests: string[] = [];
  readonly accepts: string[] = [];
  #server: Server | undefined;
  #port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<() => void>();

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get watches(): number {
    return this.#watches.size;
  }

  /** On the same port again after a stop. */
  async start(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Cuts all connections. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Ends all watches in order, as the server does when their time is over. */
  endWatches(): void {
    for (const end of [...this.#watches]) end();
  }

  /** Watches go on without ever saying anything again: what a lost connection looks like. */
  silenceWatches(): void {
    this.#isSilent = true;
  }

  /** Changes that no watch hears of, and that are forgotten at once. */
  unheard(change: () => void): void {
    for (const end of [...this.#watches]) end();
    this.#isSilent = true;
    change();
    this.store.compact();
    this.#isSilent = false;
  }

  hearWatches(): void {
    this.#isSilent = false;
  }

  #isSilent = false;

  put(name: string, { namespace = 'default', ...fields }: { namespace?: string; [field: string]: unknown } = {}): void {
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, ...fields };
    if (this.store.get('pods', namespace, name) === undefined) this.store.create('pods', object);
    else this.store.update('pods', object);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url}`);
    this.accepts.push(String(request.headers.accept));
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
      refuse(response, 401, 'Unauthorized');
      return;
    }
    if (this.fault?.(request, response) === true) return;
    const url = new URL(request.url!, 'http://api');
    const parts = /^\/(?:api|apis\/([^/]+))\/v1\/(?:namespaces\/([^/]+)\/)?([a-z]+)$/.exec(url.pathname);
    if (parts === null || this.absent.has(parts[1] ?? '')) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
      return;
    }
    const [, group = '', namespace = '', plural] = parts;
    const resource = group === '' ? plural! : `${plural}.${group}`;
    if (url.searchParams.get('watch') === '1') this.#watch(response, { resource, namespace, query: url.searchParams });
    else this.#list(request, response, { resource, namespace, query: url.searchParams });
  }

  #list(request: IncomingMessage, response: ServerResponse, { resource, namespace, query }: Asked): void {
    const limit = Number(query.get('limit') ?? 0);
    const token = query.get('continue');
    let version = this.store.version;
    let after = '';
    if (token !== null) {
      this.beforeNextPage();
      const [of, last] = JSON.parse(Buffer.from(token, 'base64').toString()) as [number, string];
      if (of < this.store.oldestVersion) {
        refuse(response, 410, 'Expired');
        return;
      }
      version = of;
      after = last;
    }
    const all = this.store.list(resource, { sorted: true }).filter(({ metadata }) => {
      return (namespace === '' || metadata.namespace === namespace) && keyOf(metadata) > after;
    });
    const items = limit === 0 ? all : all.slice(0, limit);
    const next =
      items.length < all.length
        ? Buffer.from(JSON.stringify([version, keyOf(items.at(-1)!.metadata)])).toString('base64')
        : undefined;
    const body = JSON.stringify({
      kind: 'List',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(version), ...(next !== undefined && { continue: next }) },
      items,
    });
    const zipped = /gzip/.test(String(request.headers['accept-encoding'])) && body.length > 1_000;
    response.writeHead(200, { 'content-type': 'application/json', ...(zipped && { 'content-encoding': 'gzip' }) });
    response.end(zipped ? gzipSync(body) : body);
  }

  #watch(response: ServerResponse, { resource, namespace, query }: Asked): void {
    const send = (type: string, object: unknown): void => {
      if (!this.#isSilent && !response.writableEnded) response.write(`${JSON.stringify({ type, object })}\n`);
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const version = Number(query.get('resourceVersion'));
    const missed = this.store.changesAfter(resource, version);
    if (missed === undefined) {
      send('ERROR', { kind: 'Status', status: 'Failure', code: 410, reason: 'Expired', message: 'too old' });
      response.end();
      return;
    }
    const tell = (event: StoreEvent): void => {
      if (event.resource !== resource || event.version <= version) return;
      if (namespace !== '' && event.object.metadata.namespace !== namespace) return;
      send(event.type, event.object);
    };
    missed.forEach(tell);
    const unsubscribe = this.store.subscribe(tell);
    const bookmarks = setInterval(() => {
      send('BOOKMARK', { kind: 'Pod', metadata: { resourceVersion: String(this.store.version) } });
    }, this.bookmarkInterval);
    const end = (): void => {
      response.end();
    };
    this.#watches.add(end);
    response.on('close', () => {
      clearInterval(bookmarks);
      unsubscribe();
      this.#watches.delete(end);
    });
  }
}

interface Asked {
  readonly resource: string;
  readonly namespace: string;
  readonly query: URLSearchParams;
}

function keyOf({ namespace = '', name }: { readonly namespace?: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

/** Answers with a Status. */
export function refuse(
  response: ServerResponse,
  code: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    code,
    reason,
    message: `no: ${reason}`,
  };
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(status));
}

/** Resolves when it holds; rejects after five seconds. */
export async function until(holds: () => boolean, what = String(holds)): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited for 5 s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
