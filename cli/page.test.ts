import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pageFiles } from './page.ts';
import { buildServer } from './server.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'pharos-page-'));
  mkdirSync(path.join(directory, 'assets'));
  const pages = [
    { path: '/', files: ['assets/overview.js', 'assets/overview.css'] },
    { path: '/pods', files: ['assets/pods.js'] },
    { path: '/pods/:cluster/:namespace/:pod', files: ['assets/pod.js', 'assets/pods.js'] },
  ];
  const files: Readonly<Record<string, string>> = {
    'index.html': '<head><!--simulated--></head><body></body>',
    'pages.json': JSON.stringify(pages),
    'assets/pod.js': 'the page of a pod',
    'assets/pod.js.br': 'br',
    'assets/pod.js.gz': 'gz',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const serve = (isSimulated: boolean) =>
  buildServer({
    ...{ logger: pino({ level: 'silent' }), maxBodySize: 1024 },
    page: pageFiles({ isSimulated, directory }),
    register() {},
  });
const link = (rel: string, name: string) => `  <link rel="${rel}" crossorigin href="/assets/${name}">\n`;

it('names at each address what its page needs', async () => {
  const server = serve(false);
  const html = async (url: string) => (await server.inject({ url })).body;
  const page = (links: string) => `<head><!--simulated-->${links}</head><body></body>`;
  const pods = link('modulepreload', 'pods.js');
  expect(await html('/?from=now-1h')).toBe(
    page(link('modulepreload', 'overview.js') + link('stylesheet', 'overview.css')),
  );
  expect(await html('/pods')).toBe(page(pods));
  expect(await html('/pods/east/shop/api-0')).toBe(page(link('modulepreload', 'pod.js') + pods));
  expect(await html('/pods/east')).toBe(page(''));
  expect((await server.inject({ url: '/nowhere' })).statusCode).toBe(404);
});

it('marks a simulated cluster at every address', async () => {
  const server = serve(true);
  for (const url of ['/', '/pods', '/pods/east/shop/api-0', '/pods/nowhere']) {
    expect((await server.inject({ url })).body).toContain('<meta name="pharos-simulated" content="simulated">');
  }
});

it('gives the files as they were built, for ever, and the smaller forms only in place of them', async () => {
  const server = serve(false);
  const { body, headers } = await server.inject({ url: '/assets/pod.js' });
  expect([body, headers['cache-control']]).toEqual(['the page of a pod', 'public, max-age=31536000, immutable']);
  expect((await server.inject({ url: '/' })).headers['cache-control']).toBe('no-cache');
  expect((await server.inject({ url: '/assets/pod.js.br' })).statusCode).toBe(404);
  const files = pageFiles({ isSimulated: false, directory });
  expect(files.find((file) => file.path === '/assets/pod.js')?.compressed).toEqual({
    br: Buffer.from('br'),
    gzip: Buffer.from('gz'),
  });
});
