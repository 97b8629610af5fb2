import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as requestHttps, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type AccessControl, AccessError, type Action, type RequestUser } from '../access-control.ts';
import type { ApiCaller } from '../api-caller.ts';
import { PURPOSE } from '../certificates/certificate.ts';
import { issueCertificate, type KeyPair } from '../certificates/issue-certificate.ts';
import type { MetricsApisTls } from '../serving/metrics-apis-tls.ts';

const DAY = 86_400_000;

/** An authority that signs what a test needs. */
export class Authority {
  readonly pair: KeyPair;
  readonly #commonName: string;

  constructor(commonName: string, by?: Authority) {
    this.#commonName = commonName;
    this.pair = issueCertificate({ commonName, isAuthority: true, ...lasting(), ...(by && { issuer: by.issuer }) });
  }

  get issuer(): KeyPair & { readonly commonName: string } {
    return { ...this.pair, commonName: this.#commonName };
  }

  /** A client's certificate that is valid now. */
  client(commonName: string, fields: Partial<Parameters<typeof issueCertificate>[0]> = {}): KeyPair {
    return issueCertificate({
      commonName,
      purposes: [PURPOSE.clientAuth],
      ...lasting(),
      issuer: this.issuer,
      ...fields,
    });
  }
}

function lasting(): { readonly notBefore: number; readonly notAfter: number } {
  return { notBefore: Date.now() - DAY, notAfter: Date.now() + 30 * DAY };
}

/** A Kubernetes API by its URL and a token. */
export function apiCaller(url: string, token: string): ApiCaller {
  const ask = async (method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([AbortSignal.timeout(5_000), ...(signal ? [signal] : [])]),
    });
    const answer = (await response.json()) as { readonly message?: string };
    if (!response.ok) throw Object.assign(new Error(answer.message), { status: response.status });
    return answer;
  };
  return {
    get: (path, { signal } = {}) => ask('GET', path, undefined, signal),
    send: (method, path, { body, signal }) => ask(method, path, body, signal),
  };
}

export const LIST_PODS: Action = {
  verb: 'list',
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  resource: 'pods',
  subresource: '',
  namespace: 'shop',
  name: '',
};

export interface Answer {
  readonly status: number;
  readonly message: string;
  readonly user:
    | (Omit<RequestUser, 'extra'> & { readonly extra: Readonly<Record<string, readonly string[]>> })
    | undefined;
  /** Headers that were left of the request. */
  readonly headers: readonly string[];
}

/** Answers who asked when they may list the pods of a namespace, and asks as whom a test likes. */
export class ProtectedServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(access: AccessControl, tls: MetricsApisTls): Promise<ProtectedServer> {
    const server = createServer(
      { requestCert: true, rejectUnauthorized: false, ...tls.contextOptions },
      (request, response) => void answer(access, request, response),
    );
    tls.onContext((options) => server.setSecureContext(options));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ProtectedServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** On a connection of its own. `ca` makes the client look at the server's certificate, under the name it is asked for by. */
  ask(
    options: {
      readonly client?: KeyPair | undefined;
      /** Sent after the client's own certificate. */
      readonly intermediates?: readonly KeyPair[];
      readonly headers?: Readonly<Record<string, string | string[]>>;
      readonly path?: string;
      readonly ca?: string | undefined;
      readonly servername?: string;
    } = {},
  ): Promise<Answer> {
    const { client, intermediates = [], headers = {}, path = '/', ca, servername } = options;
    return new Promise((resolve, reject) => {
      const outgoing = requestHttps(
        {
          host: '127.0.0.1',
          port: this.port,
          path,
          headers,
          agent: false,
          timeout: 5_000,
          rejectUnauthorized: ca !== undefined,
          ...(ca !== undefined && { ca }),
          ...(servername !== undefined && { servername }),
          ...(client && { key: client.key, cert: [client, ...intermediates].map(({ cert }) => cert).join('') }),
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => (text += part));
          response.on('end', () => resolve({ status: response.statusCode!, ...JSON.parse(text) }));
          response.on('error', reject);
        },
      );
      outgoing.on('error', reject).end();
    });
  }
}

async function answer(access: AccessControl, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { signal } = new AbortController();
  try {
    const user = await access.authenticate(request, signal);
    const path = request.url!;
    await access.authorize(user, path === '/' ? LIST_PODS : { verb: 'get', path }, signal);
    const body = { user: { ...user, extra: Object.fromEntries(user.extra) }, headers: Object.keys(request.headers) };
    response.end(JSON.stringify(body));
  } catch (error) {
    response.statusCode = error instanceof AccessError ? error.status : 500;
    response.end(JSON.stringify({ message: (error as Error).message }));
  }
}
