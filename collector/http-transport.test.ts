import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHttpTransport, type HttpTransport, PLAIN_HTTP_CLIENT } from './http-transport.ts';
import type { HttpClientConfig, TlsConfig } from './scrape/scrape-config.ts';
import { Secret } from './secret.ts';

const NO_TLS: TlsConfig = PLAIN_HTTP_CLIENT.tls;

const directory = mkdtempSync(join(tmpdir(), 'pharos-transport-'));
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(server: Server | ReturnType<typeof createTlsServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

function serve(handler: Handler): Promise<number> {
  return listen(createServer(handler));
}

function transportOf(config: Partial<HttpClientConfig>, options = {}): HttpTransport {
  const transport = createHttpTransport({ ...PLAIN_HTTP_CLIENT, ...config }, { tlsCheckInterval: 0, ...options });
  closing.push(() => transport.close());
  return transport;
}

async function get(transport: HttpTransport, url: string): Promise<{ status: number; text: string }> {
  const headers = await transport.headers();
  const { statusCode, body } = await request(url, { dispatcher: transport.dispatcher, headers });
  return { status: statusCode, text: await body.text() };
}

describe('credentials', () => {
  const echo: Handler = (incoming, response) => response.end(JSON.stringify(incoming.headers));

  it('sends basic auth with a password that is read anew, without the line end', async () => {
    const url = `http://127.0.0.1:${await serve(echo)}/`;
    const passwordFile = join(directory, 'password');
    await writeFile(passwordFile, 'first\n');
    const basicAuth = { username: 'u', usernameFile: undefined, password: undefined, passwordFile };
    const transport = transportOf({ basicAuth });
    const sent = async (): Promise<string> => JSON.parse((await get(transport, url)).text).authorization;
    expect(await sent()).toBe(`Basic ${btoa('u:first')}`);
    await writeFile(passwordFile, ' second ');
    expect(await sent()).toBe(`Basic ${btoa('u:second')}`);
  });

  it('sends an authorization header and custom headers', async () => {
    const url = `http://127.0.0.1:${await serve(echo)}/`;
    const file = join(directory, 'header');
    await writeFile(file, 'from-file\n');
    const transport = transportOf({
      authorization: { type: 'Token', credentials: new Secret('abc'), credentialsFile: undefined },
      headers: { 'X-One': 'plain', 'X-Two': ['a', new Secret('b'), { file }] },
    });
    expect(JSON.parse((await get(transport, url)).text)).toMatchObject({
      authorization: 'Token abc',
      'x-one': 'plain',
      'x-two': 'a, b, from-file',
    });
  });

  it('names the file that cannot be used and never shows what is in it', async () => {
    const file = join(directory, 'token');
    const transport = transportOf({
      authorization: { type: 'Bearer', credentials: undefined, credentialsFile: file },
    });
    await expect(transport.headers()).rejects.toThrow(
      `cannot read credentials_file ${file}: no such file or directory`,
    );
    await writeFile(file, 'hunter2\nhunter3');
    const error = await transport.headers().catch((thrown: Error) => thrown);
    expect(inspect(error)).toContain('such as a line break');
    expect(inspect(error)).not.toContain('hunter');
    await writeFile(file, 'x'.repeat(70_000));
    await expect(transport.headers()).rejects.toThrow('larger than 65536 bytes');
  });

  it('does not print secrets', () => {
    const config = { password: new Secret('hunter2') };
    expect(`${config.password} ${JSON.stringify(config)} ${inspect(config)}`).not.toContain('hunter2');
  });
});

describe('redirects', () => {
  it('keeps credentials on the same host and sends them to no other', async () => {
    const seen: Record<string, IncomingMessage['headers']> = {};
    const other = await serve((incoming, response) => {
      seen.other = incoming.headers;
      response.end('other');
    });
    const port = await serve((incoming, response) => {
      seen[incoming.url!] = incoming.headers;
      if (incoming.url === '/here') response.writeHead(302, { location: '/there' }).end();
      else response.writeHead(307, { location: `http://localhost:${other}/elsewhere` }).end();
    });
    const transport = transportOf({
      authorization: { type: 'Bearer', credentials: new Secret('abc'), credentialsFile: undefined },
      headers: { 'X-Api-Key': [new Secret('key')] },
    });
    const url = `http://127.0.0.1:${port}/here`;
    expect((await get(transport, url)).text).toBe('other');
    expect(seen['/there']).toMatchObject({ authorization: 'Bearer abc', 'x-api-key': 'key' });
    expect(seen.other).not.toHaveProperty('authorization');
    expect(seen.other).not.toHaveProperty('x-api-key');
  });

  it('gives the redirect itself when it may not follow', async () => {
    const port = await serve((_, response) => response.writeHead(302, { location: '/there' }).end());
    expect((await get(transportOf({ followRedirects: false }), `http://127.0.0.1:${port}/`)).status).toBe(302);
  });
});

describe('limits', () => {
  it('opens no more connections than allowed', async () => {
    let open = 0;
    let most = 0;
    const port = await serve((_, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.end('ok');
      }, 20);
    });
    const transport = transportOf({}, { connections: 2 });
    await Promise.all(Array.from({ length: 8 }, () => get(transport, `http://127.0.0.1:${port}/`)));
    expect(most).toBe(2);
  });

  it('gives up on a server that does not answer', async () => {
    const port = await serve(() => undefined);
    const transport = transportOf({}, { timeout: 100 });
    await expect(get(transport, `http://127.0.0.1:${port}/`)).rejects.toThrow(/timeout/i);
  });

  it('fails what is under way when it is closed', async () => {
    const port = await serve(() => undefined);
    const transport = transportOf({});
    const pending = get(transport, `http://127.0.0.1:${port}/`);
    const failed = expect(pending).rejects.toThrow();
    setTimeout(() => void transport.close(), 50);
    await failed;
    await expect(get(transport, `http://127.0.0.1:${port}/`)).rejects.toThrow('closed');
  });
});

describe('a proxy', () => {
  it('is asked for plain HTTP with the whole URL, and gets its password', async () => {
    const port = await serve((incoming, response) => {
      response.end(`${incoming.url} ${incoming.headers['proxy-authorization']}`);
    });
    const transport = transportOf({ proxyUrl: new Secret(`http://u:p@127.0.0.1:${port}`) });
    expect((await get(transport, 'http://target.invalid:9100/metrics')).text).toBe(
      `http://target.invalid:9100/metrics Basic ${btoa('u:p')}`,
    );
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasOpenssl)('TLS (needs openssl)', () => {
  const file = (name: string): string => join(directory, name);

  function certificate(name: string, commonName: string): void {
    const subject = ['-subj', `/CN=${commonName}`, '-addext', `subjectAltName=DNS:${commonName}`];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)];
    execFileSync('openssl', ['req', '-x509', ...key, ...subject, '-days', '2', ...out], { stdio: 'ignore' });
  }

  beforeAll(() => {
    certificate('server', 'metrics.example');
    certificate('client', 'scraper');
    certificate('other', 'metrics.example');
  });

  async function serveTls(options: { readonly requestCert?: boolean } = {}): Promise<string> {
    const server = createTlsServer(
      {
        key: await readFile(file('server.key')),
        cert: await readFile(file('server.crt')),
        ca: await readFile(file('client.crt')),
        rejectUnauthorized: options.requestCert ?? false,
        requestCert: options.requestCert ?? false,
      },
      (_, response) => response.end('secure'),
    );
    return `https://127.0.0.1:${await listen(server)}/metrics`;
  }

  it('trusts the given authority under the given name only', async () => {
    const url = await serveTls();
    const tls = { ...NO_TLS, caFile: file('server.crt') };
    expect((await get(transportOf({ tls: { ...tls, serverName: 'metrics.example' } }), url)).text).toBe('secure');
    await expect(get(transportOf({ tls }), url)).rejects.toThrow(/altnames|IP/);
    await expect(get(transportOf({}), url)).rejects.toThrow(/self-signed/);
    await expect(
      get(transportOf({ tls: { ...tls, caFile: file('other.crt'), serverName: 'metrics.example' } }), url),
    ).rejects.toThrow();
  });

  it('accepts anything when told to, and shows its own certificate', async () => {
    const url = await serveTls({ requestCert: true });
    const tls = { ...NO_TLS, insecureSkipVerify: true };
    await expect(get(transportOf({ tls }), url)).rejects.toThrow();
    const cert = await readFile(file('client.crt'), 'utf8');
    const key = new Secret(await readFile(file('client.key'), 'utf8'));
    expect((await get(transportOf({ tls: { ...tls, cert, key } }), url)).text).toBe('secure');
  });

  it('offers no newer version than allowed', async () => {
    const url = await serveTls();
    const tls = { ...NO_TLS, insecureSkipVerify: true, minVersion: 'TLS13', maxVersion: 'TLS13' } as const;
    expect((await get(transportOf({ tls }), url)).text).toBe('secure');
  });

  it('goes through a proxy by a tunnel, which sees no credentials', async () => {
    const url = new URL(await serveTls());
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (incoming: IncomingMessage, socket: Socket) => {
      asked.push(`${incoming.url} ${incoming.headers.authorization}`);
      const upstream = connect(Number(url.port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    const transport = transportOf({
      proxyUrl: `http://127.0.0.1:${await listen(proxy)}`,
      authorization: { type: 'Bearer', credentials: new Secret('abc'), credentialsFile: undefined },
      tls: { ...NO_TLS, caFile: file('server.crt') },
    });
    expect((await get(transport, `https://metrics.example:${url.port}/`)).text).toBe('secure');
    expect(asked).toEqual([`metrics.example:${url.port} undefined`]);
    await transport.close();
  });

  it('takes a certificate file that changed for the next request', async () => {
    const url = await serveTls();
    const caFile = file('ca.crt');
    await writeFile(caFile, await readFile(file('other.crt')));
    const transport = transportOf({ tls: { ...NO_TLS, caFile, serverName: 'metrics.example' } });
    await expect(get(transport, url)).rejects.toThrow();
    await writeFile(caFile, await readFile(file('server.crt')));
    await utimes(caFile, new Date(), new Date(Date.now() + 10_000));
    expect((await get(transport, url)).text).toBe('secure');
    rmSync(caFile);
    await expect(transport.headers()).rejects.toThrow(`cannot read ca_file ${caFile}`);
  });
});
