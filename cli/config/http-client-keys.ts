import { boolean, existingFile, oneOf, proxyUrl, secret, text } from './scalars.ts';
import { key, list, map, notServed, optional, record, section, type ValueOf } from './shape.ts';

const tlsVersion = oneOf('TLS10', 'TLS11', 'TLS12', 'TLS13');

const tlsKeys = {
  ca: optional(text, 'Certificates (PEM) of the authorities that are trusted, instead of the well-known ones.'),
  ca_file: optional(existingFile, 'A file with them; read again when it changes.'),
  cert: optional(text, 'The certificate (PEM) to show to the server.'),
  cert_file: optional(existingFile, 'A file with it; read again when it changes.'),
  key: optional(secret, "The certificate's private key (PEM)."),
  key_file: optional(existingFile, 'A file with it; read again when it changes.'),
  ca_ref: notServed('secret managers are not served yet: ca_ref has no effect'),
  cert_ref: notServed('secret managers are not served yet: cert_ref has no effect'),
  key_ref: notServed('secret managers are not served yet: key_ref has no effect'),
  server_name: optional(text, "The name that the server's certificate must have; by default the host that is asked."),
  insecure_skip_verify: key(boolean, false, "Accept any certificate. The server's identity is then unknown."),
  min_version: optional(tlsVersion, 'The oldest version of TLS to accept.'),
  max_version: optional(tlsVersion, 'The newest version of TLS to offer.'),
};

const basicAuthKeys = {
  username: key(text, '', 'The user.'),
  username_file: optional(existingFile, 'A file with it, read anew for each request.'),
  username_ref: notServed('secret managers are not served yet: username_ref has no effect'),
  password: optional(secret, 'The password.'),
  password_file: optional(existingFile, 'A file with it, read anew for each request.'),
  password_ref: notServed('secret managers are not served yet: password_ref has no effect'),
};

const authorizationKeys = {
  type: key(text, 'Bearer', 'The scheme, the first word of the Authorization header.'),
  credentials: optional(secret, 'What follows it.'),
  credentials_file: optional(existingFile, 'A file with it, read anew for each request.'),
  credentials_ref: notServed('secret managers are not served yet: credentials_ref has no effect'),
};

const headerKeys = {
  values: key(list(text), [], 'Values.'),
  secrets: key(list(secret), [], 'Values that are not shown.'),
  files: key(list(existingFile), [], 'Files with values, read anew for each request.'),
};

/** How to talk to an HTTP server: the same keys wherever requests are made. */
export const httpClientKeys = {
  basic_auth: optional(map(basicAuthKeys), 'Log in with a user and a password.'),
  authorization: optional(map(authorizationKeys), 'Send an Authorization header.'),
  bearer_token: optional(secret, 'Older form of authorization.credentials.'),
  bearer_token_file: optional(existingFile, 'Older form of authorization.credentials_file.'),
  oauth2: notServed('oauth2 is not served yet: requests are sent without a token'),
  sigv4: notServed('sigv4 is not served yet: requests are not signed'),
  azuread: notServed('azuread is not served yet: requests are sent without a token'),
  google_iam: notServed('google_iam is not served yet: requests are sent without a token'),
  follow_redirects: key(boolean, true, 'Follow redirects; another host gets no credentials and no http_headers.'),
  enable_http2: key(boolean, true, 'Allow HTTP/2. Pharos speaks HTTP/1.1, which every server accepts.'),
  tls_config: section(map(tlsKeys), 'TLS.'),
  proxy_url: optional(proxyUrl, 'An HTTP or SOCKS 5 proxy to go through.'),
  no_proxy: notServed('no_proxy is not served yet: every request goes through proxy_url'),
  proxy_from_environment: notServed('proxy_from_environment is not served yet: requests go straight to the host', [
    'false',
  ]),
  proxy_connect_header: notServed('proxy_connect_header is not served yet: the headers are not sent'),
  http_headers: key(record(map(headerKeys)), {}, 'Headers to send with every request.'),
};

export type HttpClientSettings = ValueOf<typeof httpClientKeys>;
