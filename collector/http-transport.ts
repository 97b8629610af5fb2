import { stat } from 'node:fs/promises';
import type { SecureVersion } from 'node:tls';
import { Agent, type buildConnector, DecoratorHandler, Dispatcher, interceptors, ProxyAgent } from 'undici';
import type { CredentialSource, Credentials } from './credential-source.ts';
import { guardedConnector } from './guarded-connector.ts';
import type { HeaderValue, HttpClientConfig, TlsConfig } from './scrape/scrape-config.ts';
import { Secret } from './secret.ts';
import { readSecretFile } from './secret-file.ts';

/**
 * Connections to the servers of one configuration, and what to send them. For each request: `await headers()`, then
 * give them and `dispatcher` to undici.
 */
export interface HttpTransport {
  /** The same object for the transport's whole life. Follows redirects when the configuration says so. */
  readonly dispatcher: Dispatcher;
  /**
   * Credentials and custom headers for the next request, read from their files anew. Also looks whether a TLS file has
   * changed, and if so makes new connections from now on; requests under way finish on the old ones. An answer of 401 is
   * told to the configuration's `credentials`. Rejects with an error that names the file that cannot be used, never its
   * content.
   */
  headers(): Promise<Record<string, string>>;
  /** Cuts all connections; requests under way fail. */
  close(): Promise<void>;
}

export interface HttpTransportOptions {
  /** Connections to one host and port. Default 4. */
  readonly connections?: number;
  /** Milliseconds for connecting, for the first byte of an answer, and between two bytes of it. Default 60,000. */
  readonly timeout?: number;
  /** Milliseconds that an idle connection is kept open. Default 75,000: longer than most scrape intervals. */
  readonly keepAlive?: number;
  /** Hops before a redirect is given to the caller as the answer. Default 10. */
  readonly maxRedirects?: number;
  /** Milliseconds for which TLS files count as unchanged after a look at them. Default 5,000. */
  readonly tlsCheckInterval?: number;
  /**
   * Which addresses may be connected to; asked for every connection, when its host's name has been resolved, so after a redirect too.
   * Others fail with an AddressNotAllowed. Not together with a proxy, which resolves names itself. Default: all.
   */
  readonly allowedAddress?: (address: string) => boolean;
}

/** No credentials, the well-known certificate authorities, redirects followed: what a configuration has by default. */
export const PLAIN_HTTP_CLIENT: HttpClientConfig = {
  basicAuth: undefined,
  authorization: undefined,
  tls: {
    ca: undefined,
    caFile: undefined,
    cert: undefined,
    certFile: undefined,
    key: undefined,
    keyFile: undefined,
    serverName: undefined,
    insecureSkipVerify: false,
    minVersion: undefined,
    maxVersion: undefined,
  },
  proxyUrl: undefined,
  followRedirects: true,
  enableHttp2: true,
  headers: {},
};

/** Nothing is read or connected until the first `headers()`; without it a request fails. */
export function createHttpTransport(config: HttpClientConfig, options: HttpTransportOptions = {}): HttpTransport {
  if (config.proxyUrl !== undefined && options.allowedAddress !== undefined) {
    throw new Error('addresses cannot be restricted behind a proxy, which resolves names itself');
  }
  const tls = new TlsFiles(config.tls, options.tlsCheckInterval ?? 5_000);
  const pools = new ReplaceableDispatcher();
  const ownNames = new Set([...Object.keys(config.headers).map((name) => name.toLowerCase()), ...CREDENTIAL_HEADERS]);
  let tlsVersion = -1;

  const { credentials } = config;
  const noted = credentials === undefined ? pools : pools.compose(tellRefusals(credentials));
  const dispatcher = config.followRedirects
    ? noted.compose([
        // Called from the last to the first: the origin of the caller's request is noted before redirects are followed.
        withoutOwnHeadersElsewhere(ownNames),
        interceptors.redirect({ maxRedirections: options.maxRedirects ?? 10 }),
        noteOrigin,
      ])
    : noted;

  return {
    dispatcher,
    async headers() {
      const issued = await credentials?.get();
      const [headers, read] = await Promise.all([readHeaders(config, issued), tls.read(issued)]);
      if (read.version !== tlsVersion) {
        tlsVersion = read.version;
        pools.replace(
          createPools(config, { ...options, connect: read.connect }),
          2 * (options.timeout ?? DEFAULT_TIMEOUT),
        );
      }
      return headers;
    },
    close: () => pools.destroy(),
  };
}

const DEFAULT_TIMEOUT = 60_000;

const CREDENTIAL_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];

interface PoolOptions extends HttpTransportOptions {
  readonly connect: buildConnector.BuildOptions;
}

function createPools(config: HttpClientConfig, options: PoolOptions): Dispatcher {
  const timeout = options.timeout ?? DEFAULT_TIMEOUT;
  const agentOptions: Agent.Options = {
    connections: options.connections ?? 4,
    pipelining: 1,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    keepAliveTimeout: options.keepAlive ?? 75_000,
    keepAliveMaxTimeout: 10 * 60_000,
    maxHeaderSize: 64 * 1024,
  };
  const connect = { ...options.connect, timeout };
  if (config.proxyUrl === undefined) {
    const { allowedAddress } = options;
    return new Agent({
      ...agentOptions,
      connect: allowedAddress === undefined ? connect : guardedConnector(connect, allowedAddress),
    });
  }
  const uri = config.proxyUrl instanceof Secret ? config.proxyUrl.reveal() : config.proxyUrl;
  return new ProxyAgent({
    ...agentOptions,
    uri,
    // Plain http goes through the proxy as a forwarded request, https through a tunnel.
    proxyTunnel: false,
    requestTls: connect,
    proxyTls: { timeout },
  });
}

const originOfCaller = Symbol('the origin that the caller asked');

type NotedOptions = Dispatcher.DispatchOptions & { [originOfCaller]?: string };

function noteOrigin(dispatch: Dispatcher.Dispatch): Dispatcher.Dispatch {
  return (options, handler) =>
    dispatch({ ...options, [originOfCaller]: String(options.origin) } as NotedOptions, handler);
}

/** undici drops `Authorization` when a redirect leaves the origin; the configured headers may be secrets as well. */
function withoutOwnHeadersElsewhere(ownNames: ReadonlySet<string>): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const asked = (options as NotedOptions)[originOfCaller];
    if (asked === undefined || asked === String(options.origin)) return dispatch(options, handler);
    return dispatch({ ...options, headers: withoutHeaders(options.headers, ownNames) }, handler);
  };
}

function withoutHeaders(
  headers: Dispatcher.DispatchOptions['headers'],
  names: ReadonlySet<string>,
): Record<string, string | string[] | undefined> {
  const kept: Record<string, string | string[] | undefined> = {};
  if (Array.isArray(headers)) {
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = String(headers[i]);
      if (!names.has(name.toLowerCase())) kept[name] = String(headers[i + 1]);
    }
  } else if (headers !== null && headers !== undefined) {
    const entries = Symbol.iterator in headers ? headers : Object.entries(headers);
    for (const [name, value] of entries as Iterable<[string, string | string[] | undefined]>) {
      if (!names.has(name.toLowerCase())) kept[name] = value;
    }
  }
  return kept;
}

/** So that credentials which are refused are not used until the end of their time. */
function tellRefusals(credentials: CredentialSource): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => dispatch(options, new RefusalHandler(credentials, handler));
}

/** undici's types leave its methods out. */
const Decorator = DecoratorHandler as unknown as new (
  handler: Dispatcher.DispatchHandler,
) => { onResponseStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>): void };

class RefusalHandler extends Decorator {
  readonly #credentials: CredentialSource;

  constructor(credentials: CredentialSource, handler: Dispatcher.DispatchHandler) {
    super(handler);
    this.#credentials = credentials;
  }

  override onResponseStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>): void {
    if (args[1] === 401) this.#credentials.refused();
    super.onResponseStart(...args);
  }
}

async function readHeaders(config: HttpClientConfig, issued: Credentials | undefined): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(config.headers)) {
    const list = typeof values === 'string' ? [values] : values;
    headers[name] = (await Promise.all(list.map((value) => readHeaderValue(value, name)))).join(', ');
  }
  const { basicAuth, authorization } = config;
  if (issued?.token !== undefined) {
    headers.authorization = headerText(`Bearer ${issued.token.reveal()}`, 'the token of the credentials');
  } else if (basicAuth !== undefined) {
    const user = await given(basicAuth.username, basicAuth.usernameFile, 'username_file');
    const password = await given(basicAuth.password, basicAuth.passwordFile, 'password_file');
    headers.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  } else if (authorization !== undefined) {
    const credentials = await given(authorization.credentials, authorization.credentialsFile, 'credentials_file');
    const where = authorization.credentialsFile ?? 'the configured credentials';
    headers.authorization = headerText(`${authorization.type} ${credentials}`.trim(), where);
  }
  return headers;
}

async function readHeaderValue(value: HeaderValue, name: string): Promise<string> {
  if (typeof value === 'string') return headerText(value, `http header ${name}`);
  if (value instanceof Secret) return headerText(value.reveal(), `http header ${name}`);
  return headerText(await readSecretFile(value.file, `the file of http header ${name}`), value.file);
}

async function given(value: string | Secret | undefined, file: string | undefined, what: string): Promise<string> {
  if (file !== undefined) return readSecretFile(file, what);
  return value instanceof Secret ? value.reveal() : (value ?? '');
}

/** Refuses what cannot stand in a header here, because the client library's error would be less clear. */
function headerText(text: string, where: string): string {
  if (/[^\t\x20-\x7e\x80-\xff]/.test(text)) {
    throw new Error(`${where} has characters that an HTTP header cannot carry, such as a line break`);
  }
  return text;
}

const TLS_VERSIONS: Readonly<Record<'TLS10' | 'TLS11' | 'TLS12' | 'TLS13', SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

interface ReadTls {
  /** Grows when the content may have changed. */
  readonly version: number;
  readonly connect: buildConnector.BuildOptions;
}

/** Certificates and key as undici wants them, read again when a file's time, size or inode changed. */
class TlsFiles {
  readonly #config: TlsConfig;
  readonly #checkInterval: number;
  readonly #files: readonly string[];
  #checkedAt = 0;
  #checking: Promise<ReadTls> | undefined;
  #stamp: string | undefined;
  #read: ReadTls | undefined;
  /** The credentials that `#read` was made with. */
  #issued: Credentials | undefined;

  constructor(config: TlsConfig, checkInterval: number) {
    this.#config = config;
    this.#checkInterval = checkInterval;
    this.#files = [config.caFile, config.certFile, config.keyFile].filter((file) => file !== undefined);
  }

  /** Callers at the same time share one look at the files. */
  async read(issued: Credentials | undefined): Promise<ReadTls> {
    if (this.#read !== undefined && this.#issued === issued) {
      if (this.#files.length === 0 || performance.now() - this.#checkedAt < this.#checkInterval) return this.#read;
    }
    this.#checking ??= this.#check(issued).finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #check(issued: Credentials | undefined): Promise<ReadTls> {
    const stamps = await Promise.all(
      this.#files.map(async (file) => {
        // A file that cannot be examined is reported by the attempt to read it.
        const found = await stat(file).catch(() => undefined);
        return found === undefined ? 'unreadable' : `${found.mtimeMs}/${found.size}/${found.ino}`;
      }),
    );
    const stamp = stamps.join(' ');
    const isSame = issued?.cert === this.#issued?.cert && issued?.key?.reveal() === this.#issued?.key?.reveal();
    if (this.#read === undefined || stamp !== this.#stamp || !isSame) {
      const connect = await this.#load(issued);
      this.#read = { version: (this.#read?.version ?? 0) + 1, connect };
      this.#stamp = stamp;
    }
    this.#issued = issued;
    this.#checkedAt = performance.now();
    return this.#read;
  }

  async #load(issued: Credentials | undefined): Promise<buildConnector.BuildOptions> {
    const config = this.#config;
    const ca = await textOrFile(config.ca, config.caFile, 'ca_file');
    const cert = issued?.cert ?? (await textOrFile(config.cert, config.certFile, 'cert_file'));
    const key = issued?.key?.reveal() ?? (await textOrFile(config.key, config.keyFile, 'key_file'));
    return {
      rejectUnauthorized: !config.insecureSkipVerify,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(config.serverName !== undefined && { servername: config.serverName }),
      ...(config.minVersion !== undefined && { minVersion: TLS_VERSIONS[config.minVersion] }),
      ...(config.maxVersion !== undefined && { maxVersion: TLS_VERSIONS[config.maxVersion] }),
    };
  }
}

async function textOrFile(
  text: string | Secret | undefined,
  file: string | undefined,
  what: string,
): Promise<string | undefined> {
  return text === undefined && file === undefined ? undefined : given(text, file, what);
}

/** Stands in front of the current pools, so that they can be replaced under the callers' feet. */
class ReplaceableDispatcher extends Dispatcher {
  #current: Dispatcher | undefined;
  readonly #retiring = new Set<Dispatcher>();
  #closed = false;

  /** The older pools have `grace` milliseconds to finish what they have begun. */
  replace(next: Dispatcher, grace: number): void {
    const old = this.#current;
    if (this.#closed) {
      void next.destroy();
      return;
    }
    this.#current = next;
    if (old === undefined) return;
    // Not close(), after which undici's Agent cannot be destroyed any more.
    this.#retiring.add(old);
    setTimeout(() => {
      this.#retiring.delete(old);
      void old.destroy();
    }, grace).unref();
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (this.#closed) throw new Error('the HTTP transport is closed');
    if (this.#current === undefined) throw new Error('an HTTP transport must be asked for its headers() first');
    return this.#current.dispatch(options, handler);
  }

  override async destroy(): Promise<void> {
    this.#closed = true;
    const all = [...this.#retiring];
    if (this.#current !== undefined) all.push(this.#current);
    this.#current = undefined;
    this.#retiring.clear();
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
  }

  override async close(): Promise<void> {
    await this.destroy();
  }
}
