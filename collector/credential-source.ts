import type { Secret } from './secret.ts';

/** Credentials that are issued for some time, and issued anew when it is over. */
export interface CredentialSource {
  /** The present ones: the same object for as long as they are the same. Rejects with an error without secrets. */
  get(): Promise<Credentials>;
  /** A server did not take them (401): the next `get` should bring new ones. May be called for every such answer. */
  refused(): void;
}

/** What to show a server: a bearer token, a client certificate with its key, or both. */
export interface Credentials {
  readonly token: Secret | undefined;
  /** PEM. */
  readonly cert: string | undefined;
  readonly key: Secret | undefined;
}
