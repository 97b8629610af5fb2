/** What a server shows to its clients, in PEM. */
export interface ServingCertificate {
  /** With the certificates of authorities between it and the one that clients know, if there are any. */
  readonly cert: string;
  readonly key: string;
  /** What clients are to be told to trust; undefined when they are told by somebody else, or not yet. */
  readonly caBundle: string | undefined;
}

/** Where the certificate comes from that is served. There is one from the beginning; it changes while everything runs. */
export interface ServingCertificates {
  readonly current: ServingCertificate;
  /** Calls after each change; returns how to end that. */
  onChange(listener: (certificate: ServingCertificate) => void): () => void;
  close(): Promise<void>;
}

/** Who wants to know of another certificate. */
export class CertificateListeners {
  readonly #listeners = new Set<(certificate: ServingCertificate) => void>();

  add(listener: (certificate: ServingCertificate) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(certificate: ServingCertificate): void {
    for (const listener of this.#listeners) listener(certificate);
  }
}
