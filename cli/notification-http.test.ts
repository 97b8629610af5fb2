import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpClientError, type HttpClientSettings } from '../alerting/notify/http-client.ts';
import { isPublicAddress } from '../alerting/notify/public-address.ts';
import { PLAIN_CLIENT } from '../alerting/notify/receivers/http-config.ts';
import { SecretSource } from '../alerting/notify/secret-source.ts';
import { selfSigned } from '../simulator/api/self-signed.ts';
import { openNotificationHttp } from './notification-http.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(
  listener: RequestListener,
  tls?: { readonly cert: string; readonly key: string },
): Promise<string> {
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function open(settings: Partial<HttpClientSettings>, allowedAddress?: (address: string) => boolean) {
  const client = openNotificationHttp({ ...PLAIN_CLIENT, ...settings }, { timeout: 5_000, allowedAddress });
  cleanups.push(() => client.close());
  return (url: string, body = '{}') =>
    client.request({ method: 'POST', url, headers: { 'content-type': 'x/y' }, body }, new AbortController().signal);
}

const secret = SecretSource.ofText;
const echo: RequestListener = (request, response) => {
  response.writeHead(201, { 'X-Answer': 'a' }).end(JSON.stringify(request.headers));
};

describe('the HTTP client of notifications', () => {
  it('sends what the integration and the settings say, and gives the answer', async () => {
    const post = open({
      basicAuth: { username: 'u', usernameFile: undefined, password: secret('pass') },
      headers: { 'X-Own': ['a', secret('b')] },
    });
    const { status, headers, body } = await post(await serve(echo));
    expect(status).toBe(201);
    expect(headers['x-answer']).toBe('a');
    expect(JSON.parse(body)).toMatchObject({
      'content-type': 'x/y',
      'user-agent': 'pharos',
      'x-own': 'a, b',
      authorization: `Basic ${Buffer.from('u:pass').toString('base64')}`,
    });
  });

  it('reads a token from its file for each request, and says when it cannot', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'pharos-http-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const file = path.join(directory, 'token');
    const url = await serve(echo);
    const post = open({ authorization: { type: 'Bearer', credentials: SecretSource.ofFile(file) } });
    for (const token of ['one', 'two']) {
      writeFileSync(file, token);
      expect(JSON.parse((await post(url)).body).authorization).toBe(`Bearer ${token}`);
    }
    rmSync(file);
    await expect(post(url)).rejects.toThrow(HttpClientError);
    await expect(post(url)).rejects.toThrow(/credentials_file .*token: no such file or directory/);
  });

  it('speaks TLS with the authorities that it was given', async () => {
    const certificate = selfSigned();
    const url = await serve(echo, certificate);
    await expect(open({})(url)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    const tls = { ...PLAIN_CLIENT.tls, ca: secret(certificate.cert) };
    expect((await open({ tls })(url)).status).toBe(201);
  });

  it('goes through a proxy', async () => {
    const asked: string[] = [];
    const proxy = await serve((request, response) => {
      asked.push(request.url!);
      response.end('from the proxy');
    });
    const post = open({ proxyUrl: secret(proxy) });
    expect((await post('http://receiver.example/x')).body).toBe('from the proxy');
    expect(asked).toEqual(['http://receiver.example/x']);
  });

  it('follows redirects only when told to', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/') response.writeHead(307, { location: '/there' }).end();
      else response.end('there');
    });
    expect((await open({})(url)).status).toBe(307);
    expect((await open({ followRedirects: true })(url)).body).toBe('there');
  });

  it('takes an answer that is too long, or ends too early, by its status', async () => {
    const long = await serve((_, response) => void response.end('x'.repeat(1_000_000)));
    expect((await open({})(long)).body).toHaveLength(65_536);
    const short = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('begun');
      setTimeout(() => response.destroy(), 50);
    });
    expect(await open({})(short)).toMatchObject({ status: 200, body: 'begun' });
  });

  it('fetches tokens by OAuth 2, and another one when one is not taken', async () => {
    const asked: string[] = [];
    let tokens = 0;
    let good = 'token-1';
    const url = await serve(async (request, response) => {
      if (request.url !== '/token') {
        response.writeHead(request.headers.authorization === `Bearer ${good}` ? 200 : 401).end();
        return;
      }
      let text = '';
      for await (const chunk of request) text += chunk;
      asked.push(`${request.headers.authorization} ${text}`);
      response.end(JSON.stringify({ access_token: `token-${++tokens}`, expires_in: 3600 }));
    });
    const post = open({
      oauth2: {
        clientId: 'me',
        clientSecret: secret('oauthsecret'),
        tokenUrl: `${url}/token`,
        scopes: ['a', 'b'],
        endpointParams: { audience: 'x' },
        tls: PLAIN_CLIENT.tls,
        proxyUrl: undefined,
      },
    });
    expect((await post(url)).status).toBe(200);
    expect((await post(url)).status).toBe(200);
    expect(asked).toEqual([
      `Basic ${Buffer.from('me:oauthsecret').toString('base64')} grant_type=client_credentials&audience=x&scope=a+b`,
    ]);
    good = 'token-2';
    expect((await post(url)).status).toBe(200);
    expect(asked).toHaveLength(2);
  });

  it('says why there is no token, without its secret', async () => {
    const url = await serve((_, response) => void response.writeHead(400).end('oauthsecret'));
    const oauth2 = {
      clientId: 'me',
      clientSecret: secret('oauthsecret'),
      tokenUrl: url,
      scopes: [],
      endpointParams: {},
      tls: PLAIN_CLIENT.tls,
      proxyUrl: undefined,
    };
    await expect(open({ oauth2 })(url)).rejects.toThrow(new HttpClientError('no token could be fetched: status 400'));
  });
});

describe('the guard of addresses', () => {
  it('refuses what is not public, by address, by name and after a redirect, before anything is sent', async () => {
    let connections = 0;
    const inside = createTcpServer(() => connections++).listen(0, '127.0.0.1');
    await once(inside, 'listening');
    cleanups.push(() => inside.close());
    const { port } = inside.address() as AddressInfo;
    const refusal = { isFinal: true, message: 'its address is not one that may be connected to' };
    const post = open({}, isPublicAddress);
    for (const host of ['127.0.0.1', 'localhost', '0.0.0.0', '[::1]', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]']) {
      await expect(post(`http://${host}:${port}/`), host).rejects.toMatchObject(refusal);
    }
    expect(connections).toBe(0);

    const outside = await serve(
      (_, response) => void response.writeHead(307, { location: `http://localhost:${port}/` }).end(),
    );
    const own = Number(new URL(outside).port);
    // As if the first server were outside.
    let asked = 0;
    const following = open({ followRedirects: true }, (address) => asked++ === 0 && address === '127.0.0.1');
    await expect(following(`http://127.0.0.1:${own}/`)).rejects.toMatchObject(refusal);
    expect(asked).toBeGreaterThan(1);
    expect(connections).toBe(0);
  });

  it('lets through what is allowed', async () => {
    const url = await serve(echo);
    const post = open({}, (address) => address === '127.0.0.1');
    expect((await post(url)).status).toBe(201);
    expect((await open({}, () => true)(url.replace('127.0.0.1', 'localhost'))).status).toBe(201);
  });

  it('is not to be had behind a proxy', () => {
    expect(() => open({ proxyUrl: secret('http://proxy:3128') }, isPublicAddress)).toThrow(
      'addresses cannot be restricted behind a proxy',
    );
  });
});
