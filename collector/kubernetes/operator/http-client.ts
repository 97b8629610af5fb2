import { PLAIN_HTTP_CLIENT } from '../../http-transport.ts';
import type { Authorization, HttpClientConfig, TlsConfig } from '../../scrape/scrape-config.ts';
import { Secret } from '../../secret.ts';
import type { ObjectReading } from './conversion.ts';
import type { Fields } from './fields.ts';

const LOGINS = ['basicAuth', 'authorization', 'oauth2', 'bearerTokenSecret', 'bearerTokenFile'] as const;

const TLS_VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const;

/**
 * How to talk to the targets, as an endpoint's fields say: login, TLS, proxy, redirects. A Probe has those of its proxy in
 * another place. What the HTTP client here cannot do is refused, rather than asking without it.
 */
export function readHttpClient(fields: Fields, reading: ObjectReading, proxy: Fields = fields): HttpClientConfig {
  if (fields.map('oauth2') !== undefined) fields.fail('oauth2', 'oauth2 is not served: there would be no token');
  const basicAuth = readBasicAuth(fields, reading);
  const authorization = readAuthorization(fields, reading);
  const given = LOGINS.filter((name) => hasLogin(fields, name));
  if (given.length > 1) fields.fail(given[1]!, `expected at most one of ${given.join(' and ')}, got both`);
  return {
    ...PLAIN_HTTP_CLIENT,
    basicAuth,
    authorization,
    tls: readTls(fields, reading),
    proxyUrl: readProxy(proxy),
    followRedirects: fields.boolean('followRedirects') ?? true,
    enableHttp2: fields.boolean('enableHttp2') ?? fields.boolean('enableHTTP2') ?? true,
  };
}

function hasLogin(fields: Fields, name: (typeof LOGINS)[number]): boolean {
  if (name === 'bearerTokenSecret') return fields.map(name)?.text('name') !== undefined;
  return name === 'bearerTokenFile' ? fields.text(name) !== undefined : fields.has(name);
}

function readBasicAuth(fields: Fields, reading: ObjectReading): HttpClientConfig['basicAuth'] {
  const basicAuth = fields.map('basicAuth');
  if (basicAuth === undefined) return undefined;
  const username = reading.secret(basicAuth, 'username');
  const password = reading.secret(basicAuth, 'password');
  if (username === undefined) return basicAuth.fail('username', 'expected a key of a Secret, got nothing');
  if (password === undefined) return basicAuth.fail('password', 'expected a key of a Secret, got nothing');
  return { username: username.reveal(), usernameFile: undefined, password, passwordFile: undefined };
}

function readAuthorization(fields: Fields, reading: ObjectReading): Authorization | undefined {
  const authorization = fields.map('authorization');
  if (authorization !== undefined) {
    const type = authorization.text('type')?.trim() || 'Bearer';
    if (type.toLowerCase() === 'basic') authorization.fail('type', 'expected another type than Basic; use basicAuth');
    return {
      type,
      credentials: tokenOf(reading.secret(authorization, 'credentials')),
      credentialsFile: reading.file(authorization, 'credentialsFile'),
    };
  }
  const credentials = tokenOf(reading.secret(fields, 'bearerTokenSecret'));
  const credentialsFile = reading.file(fields, 'bearerTokenFile');
  if (credentials === undefined && credentialsFile === undefined) return undefined;
  return { type: 'Bearer', credentials, credentialsFile };
}

/** A line break at the end, which `kubectl create secret --from-file` leaves there, cannot stand in a header. */
function tokenOf(secret: Secret | undefined): Secret | undefined {
  if (secret === undefined) return undefined;
  const token = secret.reveal();
  return token === token.trim() ? secret : new Secret(token.trim());
}

function readTls(fields: Fields, reading: ObjectReading): TlsConfig {
  const tls = fields.map('tlsConfig');
  if (tls === undefined) return PLAIN_HTTP_CLIENT.tls;
  const ca = reading.secretOrConfigMap(tls, 'ca')?.reveal();
  const cert = reading.secretOrConfigMap(tls, 'cert')?.reveal();
  const key = reading.secret(tls, 'keySecret');
  const caFile = reading.file(tls, 'caFile');
  const certFile = reading.file(tls, 'certFile');
  const keyFile = reading.file(tls, 'keyFile');
  if (ca !== undefined && caFile !== undefined) tls.fail('caFile', 'expected at most one of ca and caFile, got both');
  if (cert !== undefined && certFile !== undefined) {
    tls.fail('certFile', 'expected at most one of cert and certFile, got both');
  }
  if (key !== undefined && keyFile !== undefined) {
    tls.fail('keyFile', 'expected at most one of keySecret and keyFile, got both');
  }
  const hasCert = cert !== undefined || certFile !== undefined;
  const hasKey = key !== undefined || keyFile !== undefined;
  if (hasCert && !hasKey) tls.fail('keySecret', 'a certificate needs its key, got nothing');
  if (hasKey && !hasCert) tls.fail('cert', 'a key needs its certificate, got nothing');
  const minVersion = tls.oneOf('minVersion', TLS_VERSIONS);
  const maxVersion = tls.oneOf('maxVersion', TLS_VERSIONS);
  if (minVersion !== undefined && maxVersion !== undefined && minVersion > maxVersion) {
    tls.fail('minVersion', `expected at most maxVersion (${maxVersion}), got ${minVersion}`);
  }
  const service = tls.text('serviceName');
  return {
    ca,
    caFile,
    cert,
    certFile,
    key,
    keyFile,
    serverName: tls.text('serverName') ?? (service && `${service}.${reading.namespace}.svc`),
    insecureSkipVerify: tls.boolean('insecureSkipVerify') ?? false,
    minVersion,
    maxVersion,
  };
}

function readProxy(fields: Fields): HttpClientConfig['proxyUrl'] {
  if (fields.boolean('proxyFromEnvironment') === true) {
    fields.fail('proxyFromEnvironment', 'it is not served: requests would go straight to the target');
  }
  if (fields.text('noProxy') !== undefined) {
    fields.fail('noProxy', 'it is not served: every request would go through proxyUrl');
  }
  if ((fields.map('proxyConnectHeader')?.names().length ?? 0) > 0) {
    fields.fail('proxyConnectHeader', 'it is not served: the headers would not be sent');
  }
  const url = fields.text('proxyUrl');
  if (url === undefined) return undefined;
  if (!/^(?:https?|socks5):\/\/[^/?#]/i.test(url) || !URL.canParse(url)) {
    const shown = JSON.stringify(url.replace(/\/\/[^/]*@/, '//<secret>@'));
    fields.fail('proxyUrl', `expected the URL of an HTTP or SOCKS 5 proxy, http://host:3128, got ${shown}`);
  }
  return url.includes('@') ? new Secret(url) : url;
}
