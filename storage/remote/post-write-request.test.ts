import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPost, type SendOutcome } from './post-write-request.ts';

let server: Server;
let url: string;
let answer: (response: ServerResponse) => void;
const received: { headers: IncomingHttpHeaders; body: Buffer }[] = [];

beforeEach(async () => {
  received.length = 0;
  server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    received.push({ headers: request.headers, body: Buffer.concat(pieces) });
    answer(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write?token=hidden`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const post = (timeout = 5000, signal = new AbortController().signal): Promise<SendOutcome> =>
  createPost({
    url,
    headers: async () => ({ authorization: 'Bearer verysecret', 'X-Scope-OrgID': 'tenant' }),
    timeout,
    userAgent: 'pharos/1',
  })(Buffer.from('body'), signal);

test('sends the headers of remote write 1.0 and the configured ones', async () => {
  answer = (response) => response.writeHead(204).end();
  expect(await post()).toEqual({ kind: 'delivered' });
  expect(received[0]!.body.toString()).toBe('body');
  expect(received[0]!.headers).toMatchObject({
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
    'user-agent': 'pharos/1',
    authorization: 'Bearer verysecret',
    'x-scope-orgid': 'tenant',
  });
});

test('an answer that blames the data is final, and its reason is told in one line without credentials', async () => {
  answer = (response) => response.writeHead(400).end('out of\n\norder; you said Bearer verysecret\n');
  expect(await post()).toEqual({
    kind: 'refused',
    reason: 'status 400: out of order; you said <secret>',
  });
  for (const status of [405, 413, 415, 422]) {
    answer = (response) => response.writeHead(status).end();
    expect(await post(), String(status)).toEqual({ kind: 'refused', reason: `status ${status}` });
  }
});

test('a long reason is cut', async () => {
  answer = (response) => response.writeHead(400).end('x'.repeat(100_000));
  const outcome = await post();
  expect(outcome.kind === 'refused' && outcome.reason.length).toBeLessThan(600);
});

test('an answer that does not blame the data is tried again', async () => {
  for (const status of [401, 403, 404, 407, 408, 425, 429, 500, 502, 503, 504, 304]) {
    answer = (response) => response.writeHead(status).end();
    expect(await post(), String(status)).toEqual({ kind: 'failed', reason: `status ${status}`, retryAfter: 0 });
  }
});

test('Retry-After is honoured in seconds and as a date, up to five minutes', async () => {
  const withHeader = async (value: string) => {
    answer = (response) => response.writeHead(429, { 'retry-after': value }).end();
    const outcome = await post();
    return outcome.kind === 'failed' ? outcome.retryAfter : undefined;
  };
  expect(await withHeader('7')).toBe(7000);
  expect(await withHeader('86400')).toBe(300_000);
  expect(await withHeader('soon')).toBe(0);
  const wait = await withHeader(new Date(Date.now() + 20_000).toUTCString());
  expect(wait).toBeGreaterThan(18_000);
  expect(wait).toBeLessThanOrEqual(20_000);
});

test('what goes wrong on the way is tried again, and says nothing of the URL', async () => {
  answer = (response) => response.destroy();
  expect(await post()).toMatchObject({ kind: 'failed', reason: 'the request failed: UND_ERR_SOCKET' });
  answer = () => {};
  expect(await post(100)).toMatchObject({ kind: 'failed', reason: 'no answer within 100 ms' });
  url = 'http://127.0.0.1:1/?token=hidden';
  const outcome = await post();
  expect(outcome).toMatchObject({ kind: 'failed', reason: 'the request failed: ECONNREFUSED' });
});

test('a credential that cannot be read is a failure that names the file', async () => {
  const send = createPost({
    url,
    headers: () => Promise.reject(new Error('cannot read password_file /etc/p: no such file or directory')),
    timeout: 1000,
    userAgent: 'pharos/1',
  });
  expect(await send(Buffer.from(''), new AbortController().signal)).toEqual({
    kind: 'failed',
    reason: 'cannot read password_file /etc/p: no such file or directory',
    retryAfter: 0,
  });
});

test('the signal cuts it', async () => {
  answer = () => {};
  const controller = new AbortController();
  const posting = post(5000, controller.signal);
  setTimeout(() => controller.abort(new Error('stop')), 50);
  await expect(posting).rejects.toThrow('stop');
});
