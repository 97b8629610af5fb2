import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { afterEach, expect, it } from 'vitest';
import { passOnToPeers } from './peer-roles.ts';
import { buildServer } from './server.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function listening(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ends.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function query(peers: { readonly alerting?: string; readonly collector?: string }): Promise<string> {
  const logger = pino({ level: 'silent' });
  const app = buildServer({
    logger,
    maxBodySize: 1_000_000,
    page: [],
    register(server) {
      ends.push(passOnToPeers(server, { peers, hosts: [], logger }).close);
      server.get('/api/v1/alerts', async () => 'own');
      server.get('/api/v1/query', async () => 'own');
    },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  ends.push(() => app.close());
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

/** A role that says what it was asked. */
function echo(): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json').setHeader('etag', '"7"').writeHead(201);
      const { method, url, headers } = request;
      const body = Buffer.concat(chunks).toString();
      response.end(JSON.stringify({ method, url, origin: headers.origin, ifMatch: headers['if-match'], body }));
    });
  });
}

it('passes on what only the alerting role knows, with its method, query, headers and body', async () => {
  const url = await query({ alerting: await listening(echo()) });
  const answer = await fetch(`${url}/api/v1/policies/a%2Fb?days=7`, {
    method: 'PUT',
    headers: { 'if-match': '"6"', 'content-type': 'application/json', origin: url },
    body: '{"name":"x"}',
  });
  expect([answer.status, answer.headers.get('etag')]).toEqual([201, '"7"']);
  expect(await answer.json()).toEqual({
    method: 'PUT',
    url: '/api/v1/policies/a%2Fb?days=7',
    ifMatch: '"6"',
    body: '{"name":"x"}',
  });
  for (const path of ['/api/v1/alerts', '/api/v1/alerts/timeline?filter=web&offset=20']) {
    expect(((await (await fetch(url + path)).json()) as { url: string }).url).toBe(path);
  }
});

it('answers the rest itself, and all of it when it knows no other role', async () => {
  const url = await query({ alerting: await listening(echo()) });
  expect(await (await fetch(`${url}/api/v1/query`)).text()).toBe('own');
  expect((await fetch(`${url}/api/v1/targets`)).status).toBe(404);
  expect(await (await fetch(`${await query({})}/api/v1/alerts`)).text()).toBe('own');
});

it('lets no page of another site change anything in another role', async () => {
  const url = await query({ alerting: await listening(echo()) });
  const headers = { origin: 'https://evil.example' };
  expect((await fetch(`${url}/api/v2/silences`, { method: 'POST', headers, body: '{}' })).status).toBe(403);
});

it('says which role cannot be reached', async () => {
  const gone = createServer();
  const collector = await listening(gone);
  await new Promise((done) => gone.close(done));
  const answer = await fetch(`${await query({ collector })}/api/v1/targets`);
  expect(answer.status).toBe(502);
  expect(await answer.json()).toEqual({
    status: 'error',
    errorType: 'unavailable',
    error: expect.stringMatching(/^the collector role cannot be reached: .*ECONNREFUSED/),
  });
});
