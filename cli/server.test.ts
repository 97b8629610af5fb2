import { readFileSync } from 'node:fs';
import pino from 'pino';
import { expect, it } from 'vitest';
import { buildServer } from './server.ts';

const PATHS = ['/-/reload', '/api/v1/admin/tsdb/delete_series', '/api/v1/write', '/api/v1/otlp/v1/metrics'];
const app = buildServer({
  logger: pino({ level: 'silent' }),
  maxBodySize: 1024,
  page: [],
  register(server) {
    for (const url of [...PATHS, '/api/v1/query']) server.post(url, async () => 'done');
  },
});
const post = async (url: string, headers: Record<string, string>) =>
  (await app.inject({ method: 'POST', url, headers: { host: 'pharos:9090', ...headers } })).statusCode;

it.each(PATHS)('lets no page of another site change anything: %s', async (url) => {
  expect(await post(url, { origin: 'http://evil.example' })).toBe(403);
  expect(await post(url, { origin: 'null' })).toBe(403);
  expect(await post(url, { 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await post(url, { origin: 'http://pharos:9090' })).toBe(200);
  expect(await post(url, {})).toBe(200);
});

it('lets anybody ask', async () => {
  expect(await post('/api/v1/query', { origin: 'http://grafana.example' })).toBe(200);
});

it('gives the console at the addresses of its views, of details too, and nowhere else', async () => {
  const file = {
    path: '/',
    type: 'text/html; charset=utf-8',
    body: Buffer.from('<!doctype html>'),
    isImmutable: false,
  };
  const server = buildServer({
    ...{ logger: pino({ level: 'silent' }), maxBodySize: 1024, page: [file] },
    register() {},
  });
  const routes = readFileSync(new URL('../console/src/app/sections.ts', import.meta.url), 'utf8');
  const views = [...routes.matchAll(/path: '([^']+)'/g)].map(([, path]) => path!.replaceAll(/:\w+/g, 'x'));
  expect(views).toContain('/clusters/x');
  for (const url of views) {
    const { statusCode, body } = await server.inject({ url, headers: { accept: 'text/html' } });
    expect([url, statusCode, body]).toEqual([url, 200, '<!doctype html>']);
  }
  expect((await server.inject({ url: '/nowhere', headers: { accept: 'text/html' } })).statusCode).toBe(404);
});
