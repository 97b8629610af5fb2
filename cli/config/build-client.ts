import type { Authorization, BasicAuth, HeaderValue, HttpClientConfig } from '../../collector/scrape/scrape-config.ts';
import { Secret } from '../../collector/secret.ts';
import type { HttpClientSettings } from './http-client-keys.ts';
import type { Place, Reading } from './reading.ts';

/** Checks what the table of keys cannot say about the keys of an HTTP client. */
export function buildHttpClient(settings: HttpClientSettings, reading: Reading): HttpClientConfig {
  const { basic_auth: basicAuth, authorization, tls_config: tls } = settings;
  atMostOne(settings, ['basic_auth', 'authorization', 'bearer_token', 'bearer_token_file', 'oauth2'], reading);
  if (basicAuth !== undefined) {
    atMostOne(basicAuth, ['username', 'username_file'], reading);
    atMostOne(basicAuth, ['password', 'password_file'], reading);
  }
  if (authorization !== undefined) {
    atMostOne(authorization, ['credentials', 'credentials_file'], reading);
    if (authorization.type.trim().toLowerCase() === 'basic') {
      reading.report(
        reading.placeOf(authorization, 'type'),
        'expected another type than Basic; use basic_auth for that',
      );
    }
  }
  for (const what of ['ca', 'cert', 'key'] as const) atMostOne(tls, [what, `${what}_file`], reading);
  const hasCert = tls.cert !== undefined || tls.cert_file !== undefined;
  const hasKey = tls.key !== undefined || tls.key_file !== undefined;
  if (hasCert !== hasKey) {
    const missing = hasCert ? 'key or key_file' : 'cert or cert_file';
    reading.report(reading.placeOf(tls), `expected cert and key together; ${missing} is missing`);
  }
  if (tls.min_version !== undefined && tls.max_version !== undefined && tls.min_version > tls.max_version) {
    reading.report(
      reading.placeOf(tls, 'min_version'),
      `expected at most max_version (${tls.max_version}), got ${tls.min_version}`,
    );
  }
  return {
    basicAuth: basicAuth && buildBasicAuth(basicAuth),
    authorization: buildAuthorization(settings),
    tls: {
      ca: tls.ca,
      caFile: tls.ca_file || undefined,
      cert: tls.cert,
      certFile: tls.cert_file || undefined,
      key: tls.key,
      keyFile: tls.key_file || undefined,
      serverName: tls.server_name || undefined,
      insecureSkipVerify: tls.insecure_skip_verify,
      minVersion: tls.min_version,
      maxVersion: tls.max_version,
    },
    proxyUrl: buildProxyUrl(settings.proxy_url),
    followRedirects: settings.follow_redirects,
    enableHttp2: settings.enable_http2,
    headers: buildHeaders(settings, reading),
  };
}

/** Reports when more than one of the keys is given; empty text counts as not given, as in Prometheus. */
export function atMostOne<T extends object>(settings: T, keys: readonly (keyof T & string)[], reading: Reading): void {
  const given = keys.filter((key) => reading.isGiven(settings, key) && !isEmpty(settings[key]));
  if (given.length > 1) {
    reading.report(reading.placeOf(settings, given[1]), `expected at most one of ${given.join(' and ')}`);
  }
}

function isEmpty(value: unknown): boolean {
  return value === '' || (value instanceof Secret && value.reveal() === '');
}

function buildBasicAuth(settings: NonNullable<HttpClientSettings['basic_auth']>): BasicAuth {
  return {
    username: settings.username,
    usernameFile: settings.username_file || undefined,
    password: settings.password,
    passwordFile: settings.password_file || undefined,
  };
}

function buildAuthorization(settings: HttpClientSettings): Authorization | undefined {
  const { authorization, bearer_token: token, bearer_token_file: tokenFile } = settings;
  if (authorization !== undefined) {
    return {
      type: authorization.type.trim() || 'Bearer',
      credentials: authorization.credentials,
      credentialsFile: authorization.credentials_file || undefined,
    };
  }
  if (token === undefined && !tokenFile) return undefined;
  return { type: 'Bearer', credentials: token, credentialsFile: tokenFile || undefined };
}

function buildProxyUrl(url: string | undefined): string | Secret | undefined {
  if (!url) return undefined;
  return url.includes('@') ? new Secret(url) : url;
}

/** Headers that the protocol or other keys set. */
const RESERVED = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'transfer-encoding',
  'user-agent',
  'www-authenticate',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
  'x-prometheus-remote-read-version',
  'x-prometheus-remote-write-version',
  'x-prometheus-scrape-timeout-seconds',
]);

function buildHeaders(settings: HttpClientSettings, reading: Reading): HttpClientConfig['headers'] {
  const headers: Record<string, readonly HeaderValue[]> = {};
  for (const [name, { values, secrets, files }] of Object.entries(settings.http_headers)) {
    checkHeaderName(name, reading.placeOf(settings.http_headers, name), reading);
    headers[name] = [...values, ...secrets, ...files.map((file) => ({ file }))];
  }
  return headers;
}

/** Reports a name that is no header's, or that the protocol or another key sets. */
export function checkHeaderName(name: string, place: Place, reading: Reading): void {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    reading.report(place, `expected the name of an HTTP header, got ${JSON.stringify(name)}`);
  } else if (RESERVED.has(name.toLowerCase())) {
    reading.report(place, `expected a header that nothing else sets, got ${JSON.stringify(name)}`);
  }
}
