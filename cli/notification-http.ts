import { request } from 'undici';
import {
  type HttpAnswer,
  type HttpClient,
  HttpClientError,
  type HttpClientOptions,
  type HttpClientSettings,
  type HttpRequest,
  type TlsSettings,
} from '../alerting/notify/http-client.ts';
import type { SecretSource } from '../alerting/notify/secret-source.ts';
import { AddressNotAllowed } from '../collector/guarded-connector.ts';
import { createHttpTransport, type HttpTransport, PLAIN_HTTP_CLIENT } from '../collector/http-transport.ts';
import type { HeaderValue, HttpClientConfig } from '../collector/scrape/scrape-config.ts';
import { Secret } from '../collector/secret.ts';
import { OAuth2Credentials } from './oauth2-credentials.ts';

/** Of an answer's body. */
const MAX_ANSWER = 64 * 1024;

/** The HTTP client of notifications: connections like those for scrapes, with the same proxies, certificates and credentials. */
export function openNotificationHttp(settings: HttpClientSettings, options: HttpClientOptions): HttpClient {
  const transports: HttpTransport[] = [];
  const open = (config: HttpClientConfig): HttpTransport => {
    const { timeout, allowedAddress } = options;
    const transport = createHttpTransport(config, { timeout, ...(allowedAddress && { allowedAddress }) });
    transports.push(transport);
    return transport;
  };
  const transport = open(transportConfig(settings, open));
  return {
    async request(asked, signal) {
      const answer = await send(transport, asked, signal);
      // A token may be withdrawn before its time; the transport has taken note of that and asks for another one.
      return answer.status === 401 && settings.oauth2 !== undefined ? send(transport, asked, signal) : answer;
    },
    async close() {
      await Promise.all(transports.map((each) => each.close()));
    },
  };
}

async function send(transport: HttpTransport, asked: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  let own: Record<string, string>;
  try {
    own = await transport.headers();
  } catch (error) {
    // These say which file cannot be used, or why there is no token.
    throw new HttpClientError(error instanceof Error ? error.message : String(error));
  }
  try {
    const { statusCode, headers, body } = await request(asked.url, {
      method: asked.method as 'POST',
      headers: { 'user-agent': 'pharos', ...own, ...asked.headers },
      ...(asked.body !== undefined && { body: asked.body }),
      dispatcher: transport.dispatcher,
      signal,
    });
    return {
      status: statusCode,
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
      ),
      body: await beginning(body),
    };
  } catch (error) {
    if (hasRefusedAddress(error))
      throw new HttpClientError('its address is not one that may be connected to', { isFinal: true });
    throw error;
  }
}

/** An answer that ends too early is still one, by its status. */
async function beginning(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= MAX_ANSWER) break;
    }
  } catch {
    body.destroy();
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_ANSWER);
}

function hasRefusedAddress(error: unknown): boolean {
  if (error instanceof AddressNotAllowed) return true;
  const { cause } = (error ?? {}) as { readonly cause?: unknown };
  return cause !== undefined && cause !== error && hasRefusedAddress(cause);
}

function transportConfig(
  settings: HttpClientSettings,
  open: (config: HttpClientConfig) => HttpTransport,
): HttpClientConfig {
  const { basicAuth, authorization, oauth2 } = settings;
  return {
    ...PLAIN_HTTP_CLIENT,
    basicAuth: basicAuth && {
      username: basicAuth.username,
      usernameFile: basicAuth.usernameFile,
      password: secretText(basicAuth.password),
      passwordFile: basicAuth.password?.file,
    },
    authorization: authorization && {
      type: authorization.type,
      credentials: secretText(authorization.credentials),
      credentialsFile: authorization.credentials?.file,
    },
    tls: tlsConfig(settings.tls),
    proxyUrl: secretText(settings.proxyUrl),
    followRedirects: settings.followRedirects,
    headers: Object.fromEntries(
      Object.entries(settings.headers).map(([name, values]) => [name, values.map(headerValue)]),
    ),
    ...(oauth2 && {
      credentials: new OAuth2Credentials(oauth2, {
        transport: open({
          ...PLAIN_HTTP_CLIENT,
          tls: tlsConfig(oauth2.tls),
          proxyUrl: secretText(oauth2.proxyUrl),
          followRedirects: false,
        }),
      }),
    }),
  };
}

function tlsConfig(tls: TlsSettings): HttpClientConfig['tls'] {
  return {
    ca: tls.ca?.text,
    caFile: tls.ca?.file,
    cert: tls.cert?.text,
    certFile: tls.cert?.file,
    key: secretText(tls.key),
    keyFile: tls.key?.file,
    serverName: tls.serverName,
    insecureSkipVerify: tls.insecureSkipVerify,
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
  };
}

function headerValue(value: string | SecretSource): HeaderValue {
  if (typeof value === 'string') return value;
  return value.file === undefined ? new Secret(value.text!) : { file: value.file };
}

function secretText(source: SecretSource | undefined): Secret | undefined {
  return source?.text === undefined ? undefined : new Secret(source.text);
}
