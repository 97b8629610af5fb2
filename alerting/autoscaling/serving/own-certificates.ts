import type { Logger } from 'pino';
import { type Clock, wait } from '../../../clock/clock.ts';
import { type ApiCaller, reasonOf, refusedWith } from '../api-caller.ts';
import { type Succession, succeed } from './certificate-succession.ts';
import { CertificateListeners, type ServingCertificate, type ServingCertificates } from './serving-certificate.ts';
import { readSuccession, type SecretName, writeSuccession } from './succession-secret.ts';

export interface OwnCertificatesOptions {
  /** DNS names and IPv4 addresses under which the server is reached. */
  readonly hosts: readonly string[];
  /** Where it is kept, for all servers of the same service. Without it this server must be the only one. */
  readonly shared?: { readonly api: ApiCaller; readonly secret: SecretName } | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds between two looks. Default 60,000. */
  readonly interval?: number | undefined;
}

/** Milliseconds until a look that failed is repeated. */
const RETRY = 5_000;
/** Writes that others were faster with, in one look. */
const ATTEMPTS = 5;

/**
 * Certificates that this server makes itself and renews before they expire. Several servers of one service must show the same, for
 * clients are told of one bundle only: the first one keeps it in a Secret, and all others take it from there. Until the Secret
 * could be read, one that nobody is told of is served, so that the server can be asked for its health.
 */
export class OwnCertificates implements ServingCertificates {
  readonly #options: OwnCertificatesOptions;
  readonly #listeners = new CertificateListeners();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #succession: Succession;
  #current: ServingCertificate;
  #failure: string | undefined;

  constructor(options: OwnCertificatesOptions) {
    this.#options = options;
    this.#succession = this.#succeed(undefined);
    this.#current = served(this.#succession, options.shared === undefined);
    this.#running = this.#follow();
  }

  get current(): ServingCertificate {
    return this.#current;
  }

  onChange(listener: (certificate: ServingCertificate) => void): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the certificates were closed'));
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { clock, interval = 60_000 } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const isDone = await this.#look();
      await wait(clock, isDone ? interval : Math.min(RETRY, interval), signal);
    }
  }

  /** False when it should be repeated soon. */
  async #look(): Promise<boolean> {
    const { shared, logger } = this.#options;
    const { signal } = this.#closing;
    if (shared === undefined) {
      this.#adopt(this.#succeed(this.#succession));
      return true;
    }
    try {
      this.#adopt(await this.#agree(shared));
      this.#failure = undefined;
      return true;
    } catch (error) {
      if (signal.aborted) return true;
      const reason = reasonOf(error);
      // Without the right, or the namespace, there will be no Secret: better a certificate for one server than none.
      const isRefused = [403, 404].includes(refusedWith(error)) && !this.#isShared;
      if (isRefused) this.#adopt(this.#succeed(this.#succession));
      if (reason !== this.#failure) {
        const { namespace, name } = shared.secret;
        const meanwhile = isRefused
          ? 'a certificate of this process alone is served: further servers of the same service would be refused by their clients'
          : 'what is served stays as it is';
        logger.warn({ reason }, `cannot keep the certificate in Secret ${namespace}/${name}; ${meanwhile}`);
      }
      this.#failure = reason;
      return isRefused;
    }
  }

  /** Whether what is served comes from the Secret. */
  #isShared = false;

  /** What all servers of the service serve. */
  async #agree({ api, secret }: { api: ApiCaller; secret: SecretName }): Promise<Succession> {
    const { signal } = this.#closing;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { succession: kept, resourceVersion } = await readSuccession(api, secret, signal);
      const succession = this.#succeed(kept);
      if (succession === kept || (await writeSuccession(api, secret, { succession, resourceVersion, signal }))) {
        this.#isShared = true;
        return succession;
      }
    }
    throw new Error(`others have changed it ${ATTEMPTS} times meanwhile`);
  }

  #succeed(before: Succession | undefined): Succession {
    const { hosts, clock } = this.#options;
    return succeed(before, { hosts, now: clock.now() });
  }

  #adopt(succession: Succession): void {
    if (this.#closing.signal.aborted) return;
    const { cert, key, caBundle } = this.#current;
    this.#succession = succession;
    const { current, authorities } = succession;
    if (current.cert === cert && current.key === key && authorities === caBundle) return;
    this.#current = served(succession, true);
    this.#listeners.tell(this.#current);
  }
}

function served({ current, authorities }: Succession, isTold: boolean): ServingCertificate {
  return { ...current, caBundle: isTold ? authorities : undefined };
}
