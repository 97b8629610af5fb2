import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import { Secret } from '../secret.ts';
import { refuse, until } from './api-server.case.ts';
import { createKubeClient, type HttpKubeClientOptions } from './http-kube-client.ts';
import { type KubeClient, KubeError, type WatchEvent } from './kube-client.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function clientOf(handler: Handler, options: Partial<HttpKubeClientOptions> = {}): Promise<KubeClient> {
  const server = createServer(handler);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = createKubeClient({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}/k8s/clusters/c-1/`,
    http: PLAIN_HTTP_CLIENT,
    retryDelay: 1,
    ...options,
  });
  closing.push(async () => {
    await client.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return client;
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function failure(promise: Promise<unknown>): Promise<KubeError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KubeError);
  return error as KubeError;
}

async function collect(events: AsyncIterable<WatchEvent>, into: string[]): Promise<void> {
  for await (const { type, object } of events) into.push(`${type} ${object.metadata.name ?? ''}`.trim());
}

describe('a GET', () => {
  it('goes below the path of the server, and answers with JSON', async () => {
    const urls: string[] = [];
    const client = await clientOf((request, response) => {
      urls.push(request.url!);
      json(response, { a: 1 });
    });
    expect(client.server).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/k8s\/clusters\/c-1$/);
    expect(await client.get('/version?x=1')).toEqual({ a: 1 });
    expect(urls).toEqual(['/k8s/clusters/c-1/version?x=1']);
  });

  it.each([
    ['is repeated while the server is overloaded', 429],
    ['is repeated while the server is starting', 503],
  ])('%s', async (_, status) => {
    let asked = 0;
    const client = await clientOf((_request, response) => {
      if (++asked < 3) refuse(response, status, 'Busy');
      else json(response, {});
    });
    expect(await client.get('/x')).toEqual({});
    expect(asked).toBe(3);
  });

  it('is repeated when the connection breaks, and not for ever', async () => {
    let asked = 0;
    const client = await clientOf((_request, response) => {
      asked++;
      response.destroy();
    });
    const error = await failure(client.get('/x'));
    expect(error).toMatchObject({ status: 0 });
    expect(error.message).toMatch(/^GET http:.*\/x: the connection broke$/);
    expect(asked).toBe(4);
  });

  it.each([400, 403, 404, 409, 410, 422])('is not repeated after status %i', async (status) => {
    let asked = 0;
    const client = await clientOf((_request, response) => {
      asked++;
      refuse(response, status, 'Because');
    });
    const error = await failure(client.get('/x'));
    expect(error).toMatchObject({ status, reason: 'Because' });
    expect(error.message).toMatch(/\/x: expected status 200, got \d+: no: Because$/);
    expect(asked).toBe(1);
  });

  it('leaves a long wait that the server wants to the caller', async () => {
    const client = await clientOf((_request, response) =>
      refuse(response, 429, 'TooManyRequests', { 'retry-after': '120' }),
    );
    expect(await failure(client.get('/x'))).toMatchObject({ status: 429, retryAfter: 120_000 });
  });

  it('ends when nothing comes, when too little comes, and with its signal', async () => {
    const silent = await clientOf(() => undefined, { timeout: 100, retries: 0 });
    expect((await failure(silent.get('/x'))).message).toMatch(/no answer within 100 ms$/);
    const stuck = await clientOf((_request, response) => response.writeHead(200).write('{'), {
      timeout: 100,
      retries: 0,
    });
    expect((await failure(stuck.get('/x'))).message).toMatch(/nothing was received for 100 ms$/);
    const dripping = await clientOf(
      (_request, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
      },
      { timeout: 200, wholeTimeout: 300, retries: 0 },
    );
    expect((await failure(dripping.get('/x'))).message).toMatch(/no complete answer within 300 ms$/);
    const started = performance.now();
    const given = await failure(silent.get('/x', { signal: AbortSignal.timeout(20) }));
    expect(given.status).toBe(0);
    expect(performance.now() - started).toBeLessThan(90);
  });

  it('shows no secret and no query in errors', async () => {
    const authorization = { type: 'Bearer', credentials: new Secret('hunter2'), credentialsFile: undefined };
    const http = { ...PLAIN_HTTP_CLIENT, authorization };
    const client = await clientOf((_request, response) => response.end('hunter2, not JSON'), { http, retries: 0 });
    const error = await failure(client.get('/x?continue=hunter2'));
    expect(error.message).toMatch(/\/x: expected JSON, got something else$/);
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  });

  it('waits for its turn when many are under way', async () => {
    let running = 0;
    let most = 0;
    const client = await clientOf(
      (_request, response) => {
        most = Math.max(most, ++running);
        setTimeout(() => {
          running--;
          json(response, {});
        }, 10);
      },
      { concurrency: 3 },
    );
    await Promise.all(Array.from({ length: 20 }, () => client.get('/x')));
    expect(most).toBe(3);
  });

  it('cannot be done after close, and is cut by it', async () => {
    const client = await clientOf(() => undefined);
    const waiting = failure(client.get('/x'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await client.close();
    expect((await waiting).message).toMatch(/the connection to the API server was closed$/);
    expect((await failure(client.get('/x'))).message).toMatch(/was closed$/);
  });
});

describe('a list', () => {
  it('asks for what is selected, a page at a time, compressed', async () => {
    const urls: string[] = [];
    const client = await clientOf((request, response) => {
      urls.push(decodeURIComponent(request.url!));
      expect(request.headers['accept-encoding']).toBe('gzip');
      const metadata = { resourceVersion: '9', continue: 'more' };
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync(JSON.stringify({ metadata, items: [{ metadata: { name: 'ä' } }] })));
    });
    const options = { limit: 5, continue: 't', labelSelector: 'a in (b,c)', fieldSelector: 'spec.nodeName=n' };
    const page = await client.list('/api/v1/pods', { ...options, map: ({ metadata }) => metadata.name });
    expect(page).toEqual({ items: ['ä'], resourceVersion: '9', continue: 'more' });
    expect(urls).toEqual([
      '/k8s/clusters/c-1/api/v1/pods?labelSelector=a+in+(b,c)&fieldSelector=spec.nodeName=n&limit=5&continue=t',
    ]);
  });

  it.each<[string, Handler]>([
    ['breaks off', (_, response) => response.end('{"metadata":{"resourceVersion":"1"},"items":[{"metadata"')],
    ['is garbage', (_, response) => response.end('<html>')],
    [
      'is cut',
      (_, response) => void response.writeHead(200, { 'content-length': 9_999 }).write('{', () => response.destroy()),
    ],
    ['is no gzip', (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('plain')],
  ])('that %s is read again, and then an error of status 0', async (_, handler) => {
    let asked = 0;
    const client = await clientOf((request, response) => {
      asked++;
      handler(request, response);
    });
    expect(await failure(client.list('/x', { limit: 5 }))).toMatchObject({ status: 0 });
    expect(asked).toBe(4);
  });
});

describe('a watch', () => {
  it('asks for bookmarks and an end, and gives each event as soon as it has come', async () => {
    let url = '';
    const client = await clientOf(
      (request, response) => {
        url = request.url!;
        expect(request.headers['accept-encoding']).toBeUndefined();
        const line = `${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'ä' } } })}\n`;
        const bytes = Buffer.from(line + line + '\n');
        const cut = line.indexOf('ä') + 1;
        response.writeHead(200).write(bytes.subarray(0, cut));
        setTimeout(() => {
          response.write(bytes.subarray(cut));
          response.end('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"8"}}}\n');
        }, 20);
      },
      { watchDuration: [300_000, 600_000], random: () => 0.5 },
    );
    const events: string[] = [];
    await collect(client.watch('/api/v1/pods', { resourceVersion: '7', labelSelector: 'a=b' }), events);
    expect(events).toEqual(['ADDED ä', 'ADDED ä', 'BOOKMARK']);
    expect(url.slice(url.indexOf('?'))).toBe(
      '?labelSelector=a%3Db&watch=1&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=450',
    );
  });

  const STATUS = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
  it.each<[string, Handler, object]>([
    ['is refused', (_, response) => refuse(response, 403, 'Forbidden'), { status: 403, reason: 'Forbidden' }],
    ['begins too far back', (_, response) => refuse(response, 410, 'Gone'), { status: 410 }],
    [
      'is told that it is too old',
      (_, response) => response.end(`${JSON.stringify({ type: 'ERROR', object: STATUS })}\n`),
      { status: 410, reason: 'Expired' },
    ],
    ['is cut', (_, response) => void response.writeHead(200).write(' ', () => response.destroy()), { status: 0 }],
    ['ends inside of an event', (_, response) => response.end('{"type":"ADD'), { status: 0 }],
    ['brings garbage', (_, response) => response.end('{"type":"ADDED"\u0000\n'), { status: 0 }],
    ['brings what is unknown', (_, response) => response.end('{"type":"NEWS","object":{}}\n'), { status: 0 }],
    ['brings an object without a name', (_, response) => response.end('{"type":"ADDED","object":{}}\n'), { status: 0 }],
  ])('that %s is an error, and is not repeated', async (_, handler, expected) => {
    let asked = 0;
    const client = await clientOf((request, response) => {
      asked++;
      handler(request, response);
    });
    expect(await failure(collect(client.watch('/x', { resourceVersion: '7' }), []))).toMatchObject(expected);
    expect(asked).toBe(1);
  });

  it('ends quietly with its signal, and its connection with it', async () => {
    let closed = false;
    const client = await clientOf((_, response) => {
      response.on('close', () => {
        closed = true;
      });
      response.writeHead(200);
      response.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n');
    });
    const ending = new AbortController();
    const events: string[] = [];
    const watching = collect(client.watch('/x', { resourceVersion: '7', signal: ending.signal }), events);
    await until(() => events.length === 1);
    ending.abort();
    await watching;
    await until(() => closed);
  });

  it('does not take the turn of other requests', async () => {
    const client = await clientOf(
      (request, response) => {
        if (/watch=1/.test(request.url!)) response.writeHead(200).flushHeaders();
        else json(response, {});
      },
      { concurrency: 1 },
    );
    const ending = new AbortController();
    setMaxListeners(0, ending.signal);
    const watches = Array.from({ length: 20 }, () =>
      collect(client.watch('/x', { resourceVersion: '7', signal: ending.signal }), []),
    );
    expect(await client.get('/y')).toEqual({});
    ending.abort();
    await Promise.all(watches);
  });
});

describe('sending', () => {
  it('sends JSON in the right type and is never repeated', async () => {
    const seen: string[] = [];
    const client = await clientOf(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      seen.push(`${request.method} ${request.headers['content-type']} ${body}`);
      if (request.method === 'POST') refuse(response, 503, 'Busy');
      else json(response, { ok: true });
    });
    expect(await client.send('PATCH', '/x', { body: { a: 1 } })).toEqual({ ok: true });
    expect(await client.send('PUT', '/x', { body: {}, contentType: 'application/x' })).toEqual({ ok: true });
    expect(await failure(client.send('POST', '/x', { body: {} }))).toMatchObject({ status: 503 });
    expect(seen).toEqual([
      'PATCH application/merge-patch+json {"a":1}',
      'PUT application/x {}',
      'POST application/json {}',
    ]);
  });
});

describe('the URL of a server', () => {
  it.each([
    ['10.0.0.1:6443', 'the server must be a URL such as https://10.0.0.1:6443, got something else'],
    ['ftp://a', "the server's URL must begin with https:// or http://, got ftp:"],
    ['https://joe:hunter2@a', "the server's URL must not hold credentials"],
    ['https://a?token=hunter2', "the server's URL must not have a query or a fragment"],
  ])('cannot be %s', (server, message) => {
    expect(() => createKubeClient({ server, http: PLAIN_HTTP_CLIENT })).toThrow(message);
  });
});
