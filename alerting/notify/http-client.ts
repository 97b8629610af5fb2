import type { SecretSource } from './secret-source.ts';

/** How to talk to the server of an integration: the keys of `http_config`. Of alternatives at most one is given. */
export interface HttpClientSettings {
  readonly basicAuth:
    | {
        readonly username: string;
        readonly usernameFile: string | undefined;
        readonly password: SecretSource | undefined;
      }
    | undefined;
  /** What the Authorization header consists of: the scheme, and what follows it. */
  readonly authorization: { readonly type: string; readonly credentials: SecretSource | undefined } | undefined;
  readonly oauth2: OAuth2Settings | undefined;
  readonly tls: TlsSettings;
  /** `http:`, `https:` or `socks5:`; may have a password. */
  readonly proxyUrl: SecretSource | undefined;
  readonly followRedirects: boolean;
  /** Sent with every request; several values of one name are one header. */
  readonly headers: Readonly<Record<string, readonly (string | SecretSource)[]>>;
}

/** Client credentials (RFC 6749, 4.4): a token is fetched, and fetched anew when it is over or refused. */
export interface OAuth2Settings {
  readonly clientId: string;
  readonly clientSecret: SecretSource | undefined;
  readonly tokenUrl: string;
  readonly scopes: readonly string[];
  /** Sent with the request for a token. */
  readonly endpointParams: Readonly<Record<string, string>>;
  readonly tls: TlsSettings;
  readonly proxyUrl: SecretSource | undefined;
}

export const TLS_VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

/** Certificates and keys are PEM; files are read again when they change. */
export interface TlsSettings {
  readonly ca: SecretSource | undefined;
  readonly cert: SecretSource | undefined;
  readonly key: SecretSource | undefined;
  readonly serverName: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly minVersion: TlsVersion | undefined;
  readonly maxVersion: TlsVersion | undefined;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  /** Win over those of the settings. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** At most 64 KiB of it. */
  readonly body: string;
}

/** Connections to the server of one integration. */
export interface HttpClient {
  /**
   * Makes one request; any status is an answer. Rejects with an HttpClientError where there is something to tell, and otherwise with
   * an error whose message may hold the URL, and whose `code` may be shown. Ends soon when the signal fires.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** Why a request could not be made. The message is shown to people: it holds neither a secret nor a URL. */
export class HttpClientError extends Error {
  override readonly name = 'HttpClientError';
  /** Another attempt would end in the same way. */
  readonly isFinal: boolean;

  constructor(message: string, { isFinal = false }: { readonly isFinal?: boolean } = {}) {
    super(message);
    this.isFinal = isFinal;
  }
}

/** Opens a client; nothing is read or connected before the first request. Who constructs Pharos brings it. */
export type OpenHttpClient = (settings: HttpClientSettings, options: HttpClientOptions) => HttpClient;

export interface HttpClientOptions {
  /** Milliseconds without a byte after which a connection is given up. */
  readonly timeout: number;
  /**
   * Which addresses may be connected to, asked for each connection after the host's name was resolved, so after redirects as well;
   * a request to another one is refused. Undefined: all.
   */
  readonly allowedAddress: ((address: string) => boolean) | undefined;
}
