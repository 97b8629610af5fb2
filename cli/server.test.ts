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

it('gives the files of the console in the form that a client takes', async () => {
  const script = { type: 'text/javascript', body: Buffer.from('a'.repeat(2_000)), isImmutable: true };
  const server = buildServer({
    ...{ logger: pino({ level: 'silent' }), maxBodySize: 1024 },
    page: [
      { path: '/assets/made.js', ...script, compressed: { br: Buffer.from('small'), gzip: Buffer.from('smaller') } },
      { path: '/assets/plain.js', ...script },
    ],
    register() {},
  });
  const get = async (url: string, encoding: string) => {
    const { headers, rawPayload } = await server.inject({ url, headers: { 'accept-encoding': encoding } });
    return [headers['content-encoding'], rawPayload.length];
  };
  expect(await get('/assets/made.js', 'gzip, deflate, br')).toEqual(['br', 5]);
  expect(await get('/assets/made.js', 'gzip')).toEqual(['gzip', 7]);
  expect(await get('/assets/made.js', 'identity')).toEqual([undefined, 2_000]);
  const [encoding, size] = await get('/assets/plain.js', 'gzip');
  expect([encoding, Number(size) < 100]).toEqual(['gzip', true]);
});
