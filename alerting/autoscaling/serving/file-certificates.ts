import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import { type Clock, wait } from '../../../clock/clock.ts';
import { reasonOf } from '../api-caller.ts';
import { CertificateListeners, type ServingCertificate, type ServingCertificates } from './serving-certificate.ts';

export interface CertificateFiles {
  /** PEM; the server's certificate first. */
  readonly cert: string;
  readonly key: string;
  /** What clients are to be told to trust. Default: somebody else tells them. */
  readonly ca?: string | undefined;
}

export interface FileCertificatesOptions {
  readonly files: CertificateFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds between two looks. Default 15,000. */
  readonly interval?: number | undefined;
}

/** Bytes. */
const MAX_FILE = 1024 ** 2;

/** Begins with what the files hold. Rejects when that cannot be served. */
export async function openFileCertificates(options: FileCertificatesOptions): Promise<ServingCertificates> {
  return new FileCertificates(options, await read(options.files));
}

/** A certificate that somebody else renews. A pair that does not fit is not taken: the files may be half way through a change. */
class FileCertificates implements ServingCertificates {
  readonly #options: FileCertificatesOptions;
  readonly #listeners = new CertificateListeners();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #current: ServingCertificate;
  #failure: string | undefined;

  constructor(options: FileCertificatesOptions, first: ServingCertificate) {
    this.#options = options;
    this.#current = first;
    this.#running = this.#follow();
  }

  get current(): ServingCertificate {
    return this.#current;
  }

  onChange(listener: (certificate: ServingCertificate) => void): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { clock, interval = 15_000 } = this.#options;
    const { signal } = this.#closing;
    for (;;) {
      await wait(clock, interval, signal);
      if (signal.aborted) return;
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { files, logger } = this.#options;
    try {
      const found = await read(files);
      this.#failure = undefined;
      const { cert, key, caBundle } = this.#current;
      if (found.cert === cert && found.key === key && found.caBundle === caBundle) return;
      this.#current = found;
      logger.info(
        { file: files.cert, until: new X509Certificate(found.cert).validTo },
        'another certificate is served',
      );
      this.#listeners.tell(found);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === this.#failure) return;
      this.#failure = reason;
      logger.warn({ reason }, 'the certificate for the metrics APIs cannot be read, the one before is served on');
    }
  }
}

async function read({ cert, key, ca }: CertificateFiles): Promise<ServingCertificate> {
  const [certText, keyText, caBundle] = await Promise.all([
    textOf(cert),
    textOf(key),
    ca === undefined ? undefined : textOf(ca),
  ]);
  try {
    // A context takes nothing for no certificate, which a file is for a moment while it is written.
    if (!new X509Certificate(certText).checkPrivateKey(createPrivateKey(keyText)))
      throw new Error('key values mismatch');
    createSecureContext({ cert: certText, key: keyText });
  } catch (error) {
    throw new Error(`${cert} and ${key} must be a certificate and its key in PEM: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  if (ca !== undefined) requireCertificate(ca, caBundle!);
  return { cert: certText, key: keyText, caBundle };
}

function requireCertificate(file: string, text: string): void {
  try {
    new X509Certificate(text);
    createSecureContext({ ca: text });
  } catch (error) {
    throw new Error(`${file} must hold certificates in PEM: ${reasonOf(error)}`, { cause: error });
  }
}

async function textOf(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > MAX_FILE) throw new Error(`${file} must have at most ${MAX_FILE} bytes, got ${size}`);
  return readFile(file, 'utf8');
}
