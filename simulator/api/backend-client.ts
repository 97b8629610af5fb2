import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Backend } from './aggregated-backend.ts';
import type { KeyPair } from './certificate.ts';

/** A request to an aggregated server. */
export interface BackendRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: Buffer;
  readonly signal?: AbortSignal;
  /** Milliseconds of silence until it is given up. */
  readonly timeout: number;
}

/** Asks aggregated servers, over connections that are kept, with the front proxy's certificate. */
export class BackendClient {
  readonly #client: () => KeyPair;
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 64 });
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 64 });

  constructor(client: () => KeyPair) {
    this.#client = client;
  }

  /** Resolves with the head of the answer, whose body is the caller's to consume. Rejects with what a real API server would say. */
  async ask(backend: Backend, request: BackendRequest): Promise<IncomingMessage> {
    try {
      return await this.#once(backend, request);
    } catch (error) {
      // A kept connection may end just as it is taken again.
      const stale = error instanceof BackendError && error.reused && request.method === 'GET';
      if (stale && request.signal?.aborted !== true) return this.#once(backend, request);
      throw error;
    }
  }

  close(): void {
    this.#https.destroy();
    this.#http.destroy();
  }

  #once({ url, serverName, ca, insecure }: Backend, request: BackendRequest): Promise<IncomingMessage> {
    const { method, path, headers, body, signal, timeout } = request;
    const secure = url.startsWith('https:');
    const { cert, key } = this.#client();
    const options = {
      method,
      headers,
      timeout,
      ...(signal !== undefined && { signal }),
      ...(secure
        ? {
            agent: this.#https,
            servername: serverName,
            cert,
            key,
            rejectUnauthorized: !insecure,
            ...(ca !== undefined && { ca }),
          }
        : { agent: this.#http }),
    };
    return new Promise((resolve, reject) => {
      const outgoing = (secure ? requestHttps : requestHttp)(url + path, options, resolve);
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        reject(new BackendError(explained(error, { url, serverName }), outgoing.reusedSocket)),
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error('i/o timeout')));
      outgoing.end(body);
    });
  }
}

class BackendError extends Error {
  readonly reused: boolean;

  constructor(message: string, reused: boolean) {
    super(message);
    this.name = 'BackendError';
    this.reused = reused;
  }
}

const UNKNOWN_AUTHORITY = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';

/** An error of Node.js in the words of the real server. */
function explained(
  { code, message }: NodeJS.ErrnoException,
  { url, serverName }: { readonly url: string; readonly serverName: string },
): string {
  const address = url.replace(/^https?:\/\//, '');
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_SIGNATURE_FAILURE':
      return UNKNOWN_AUTHORITY;
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `tls: failed to verify certificate: x509: certificate is not valid for ${serverName}`;
    case 'ECONNREFUSED':
      return `dial tcp ${address}: connect: connection refused`;
    default:
      return message;
  }
}
