import { type HttpClientSettings, type OAuth2Settings, TLS_VERSIONS, type TlsSettings } from '../http-client.ts';
import { SecretSource } from '../secret-source.ts';
import type { Section } from './section.ts';

const KEYS = [
  'basic_auth',
  'authorization',
  'bearer_token',
  'bearer_token_file',
  'oauth2',
  'tls_config',
  'proxy_url',
  'no_proxy',
  'proxy_from_environment',
  'proxy_connect_header',
  'follow_redirects',
  'enable_http2',
  'http_headers',
];
const TLS_KEYS = [
  'ca',
  'ca_file',
  'cert',
  'cert_file',
  'key',
  'key_file',
  'server_name',
  'insecure_skip_verify',
  'min_version',
  'max_version',
];
const OAUTH2_KEYS = [
  'client_id',
  'client_secret',
  'client_secret_file',
  'token_url',
  'scopes',
  'endpoint_params',
  'tls_config',
  'proxy_url',
  'no_proxy',
  'proxy_from_environment',
  'proxy_connect_header',
];

/** What other keys or the protocol set. */
const RESERVED_HEADERS = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'keep-alive',
  'proxy-authorization',
  'transfer-encoding',
  'user-agent',
]);

/** Without credentials, with the well-known certificate authorities. Redirects are for who asks for them. */
export const PLAIN_CLIENT: HttpClientSettings = {
  basicAuth: undefined,
  authorization: undefined,
  oauth2: undefined,
  tls: {
    ca: undefined,
    cert: undefined,
    key: undefined,
    serverName: undefined,
    insecureSkipVerify: false,
    minVersion: undefined,
    maxVersion: undefined,
  },
  proxyUrl: undefined,
  followRedirects: false,
  headers: {},
};

/** Reads `http_config`; `fallback` holds where it is not written. */
export function readHttpConfig(section: Section, fallback: HttpClientSettings): HttpClientSettings {
  if (!section.has('http_config')) return fallback;
  const config = section.section('http_config', KEYS);
  const given = ['basic_auth', 'authorization', 'bearer_token', 'bearer_token_file', 'oauth2'].filter((key) =>
    config.has(key),
  );
  if (given.length > 1) config.report(given[1], `expected at most one of ${given.join(' and ')}`);
  config.boolean('enable_http2', true);
  refuseUnservedProxies(config);
  return {
    basicAuth: config.has('basic_auth') ? readBasicAuth(config) : undefined,
    authorization: readAuthorization(config),
    oauth2: config.has('oauth2') ? readOAuth2(config) : undefined,
    tls: readTlsConfig(config, 'tls_config'),
    proxyUrl: readProxyUrl(config),
    followRedirects: config.boolean('follow_redirects', false),
    headers: readHeaders(config),
  };
}

/** Reads a `tls_config`. */
export function readTlsConfig(section: Section, key: string): TlsSettings {
  const tls = section.section(key, TLS_KEYS);
  const settings: TlsSettings = {
    ca: tls.secret('ca'),
    cert: tls.secret('cert'),
    key: tls.secret('key'),
    serverName: tls.text('server_name') || undefined,
    insecureSkipVerify: tls.boolean('insecure_skip_verify', false),
    minVersion: tls.has('min_version') ? tls.oneOf('min_version', TLS_VERSIONS, 'TLS12') : undefined,
    maxVersion: tls.has('max_version') ? tls.oneOf('max_version', TLS_VERSIONS, 'TLS13') : undefined,
  };
  if ((settings.cert === undefined) !== (settings.key === undefined)) {
    tls.report(undefined, 'expected cert and key together; one of them is missing');
  }
  return settings;
}

function readBasicAuth(config: Section): HttpClientSettings['basicAuth'] {
  const auth = config.section('basic_auth', ['username', 'username_file', 'password', 'password_file']);
  auth.atMostOne('username', 'username_file');
  return {
    username: auth.text('username'),
    usernameFile: auth.file('username_file'),
    password: auth.secret('password'),
  };
}

function readAuthorization(config: Section): HttpClientSettings['authorization'] {
  if (config.has('authorization')) {
    const auth = config.section('authorization', ['type', 'credentials', 'credentials_file']);
    const type = auth.text('type').trim() || 'Bearer';
    if (type.toLowerCase() === 'basic')
      auth.report('type', 'expected another type than Basic; use basic_auth for that');
    return { type, credentials: auth.secret('credentials') };
  }
  const token = config.secret('bearer_token');
  return token && { type: 'Bearer', credentials: token };
}

function readOAuth2(config: Section): OAuth2Settings {
  const oauth2 = config.section('oauth2', OAUTH2_KEYS);
  refuseUnservedProxies(oauth2);
  const tokenUrl = oauth2.url('token_url');
  if (tokenUrl === undefined) oauth2.report('token_url', 'expected token_url, where tokens are fetched');
  return {
    clientId: oauth2.required('client_id'),
    clientSecret: oauth2.secret('client_secret'),
    tokenUrl: tokenUrl ?? '',
    scopes: oauth2.texts('scopes'),
    endpointParams: oauth2.named('endpoint_params'),
    tls: readTlsConfig(oauth2, 'tls_config'),
    proxyUrl: readProxyUrl(oauth2),
  };
}

function readProxyUrl(config: Section): SecretSource | undefined {
  const url = config.text('proxy_url');
  if (url === '') return undefined;
  if (!/^(?:https?|socks5):\/\/[^/?#]/i.test(url) || !URL.canParse(url)) {
    config.report('proxy_url', 'expected the URL of an HTTP or SOCKS 5 proxy, http://host:3128');
  }
  return SecretSource.ofText(url);
}

function refuseUnservedProxies(config: Section): void {
  if (config.boolean('proxy_from_environment', false)) {
    config.report('proxy_from_environment', 'proxies of the environment are not served; expected proxy_url');
  }
  if (config.has('no_proxy'))
    config.report('no_proxy', 'exceptions of a proxy are not served; every request goes through it');
  if (config.has('proxy_connect_header')) config.report('proxy_connect_header', 'headers for a proxy are not served');
}

function readHeaders(config: Section): HttpClientSettings['headers'] {
  const headers: Record<string, readonly (string | SecretSource)[]> = {};
  for (const [name, header] of config.namedSections('http_headers', ['values', 'secrets', 'files'])) {
    if (RESERVED_HEADERS.has(name.toLowerCase())) {
      header.report(
        undefined,
        `expected another header than ${name}, which has a key of its own or belongs to the protocol`,
      );
    }
    headers[name] = [
      ...header.texts('values'),
      ...header.texts('secrets').map((text) => SecretSource.ofText(text)),
      ...header.files('files').map((file) => SecretSource.ofFile(file)),
    ];
  }
  return headers;
}
