import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { Logger } from 'pino';
import { type Clock, SYSTEM_CLOCK } from '../../../clock/clock.ts';
import type { ApiCaller } from '../api-caller.ts';
import { type CertificateFiles, openFileCertificates } from './file-certificates.ts';
import { OwnCertificates } from './own-certificates.ts';
import type { ServingCertificates } from './serving-certificate.ts';

export interface MetricsApisTlsOptions {
  /** The Service through which the API server reaches this server. */
  readonly service: { readonly namespace: string; readonly name: string };
  /** Default: a certificate of our own. */
  readonly files?: CertificateFiles | undefined;
  /** Where a certificate of our own is kept for all servers of the service; without it this one must be the only one. */
  readonly api?: ApiCaller | undefined;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Milliseconds between two looks at the files or the Secret. Default 15,000 and 60,000. */
  readonly interval?: number;
}

/** The Secret in which a certificate of our own is kept, in the namespace of the Service. */
export const TLS_SECRET = 'pharos-metrics-apis-tls';

/**
 * How the server of the metrics APIs talks TLS. It asks clients for certificates and takes every connection: access control looks
 * at the certificates itself, since they count for different things.
 *
 *     const server = https.createServer({ requestCert: true, rejectUnauthorized: false, ...tls.contextOptions });
 *     tls.onContext((options) => server.setSecureContext(options));
 */
export class MetricsApisTls {
  readonly #certificates: ServingCertificates;
  readonly #listeners = new Set<(options: SecureContextOptions) => void>();
  #authorities: readonly string[] | undefined;

  constructor(certificates: ServingCertificates) {
    this.#certificates = certificates;
    certificates.onChange(() => this.#tell());
  }

  /** What a server is to begin with. */
  get contextOptions(): SecureContextOptions {
    const { cert, key } = this.#certificates.current;
    return {
      cert,
      key,
      // A client chooses its certificate by this list.
      ...(this.#authorities !== undefined && { ca: [...this.#authorities] }),
      minVersion: 'TLSv1.2',
      // A resumed session has forgotten all but the first of the client's certificates. With another handshake on the same
      // connection a client could become somebody else.
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    };
  }

  /** PEM that the API server is to be told to trust; undefined when somebody else tells it, or not yet. */
  get caBundle(): string | undefined {
    return this.#certificates.current.caBundle;
  }

  /** Takes the authorities whose certificates may count, in PEM: `onAuthorities` of the access control. */
  setAuthorities(pems: readonly string[]): void {
    this.#authorities = pems;
    this.#tell();
  }

  /** Calls with what new connections are to have, whenever it changes. */
  onContext(listener: (options: SecureContextOptions) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Calls when the server shows another certificate, or another one is to be trusted. */
  onCertificate(listener: () => void): () => void {
    return this.#certificates.onChange(listener);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#certificates.close();
  }

  #tell(): void {
    const options = this.contextOptions;
    for (const listener of this.#listeners) listener(options);
  }
}

/** With a certificate from files, or one of our own. Rejects when the files cannot be served. */
export async function metricsApisTls(options: MetricsApisTlsOptions): Promise<MetricsApisTls> {
  const { service, files, api, logger, clock = SYSTEM_CLOCK, interval } = options;
  if (files !== undefined) return new MetricsApisTls(await openFileCertificates({ files, clock, logger, interval }));
  const shared = api && { api, secret: { namespace: service.namespace, name: TLS_SECRET } };
  return new MetricsApisTls(new OwnCertificates({ hosts: hostsOf(service), shared, clock, logger, interval }));
}

function hostsOf({ namespace, name }: { readonly namespace: string; readonly name: string }): readonly string[] {
  const service = `${name}.${namespace}.svc`;
  return [service, `${service}.cluster.local`, 'localhost', '127.0.0.1'];
}
