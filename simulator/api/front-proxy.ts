import type { IncomingHttpHeaders } from 'node:http';
import type { ObjectStore } from '../object-store.ts';
import type { User } from './authentication.ts';
import type { KeyPair } from './certificate.ts';
import { CertificateAuthority } from './certificate-authority.ts';

const CLIENT = 'front-proxy-client';
const NAME = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
const EXTRA = 'x-remote-extra-';

/**
 * By what aggregated servers know that a request comes from this API server: a client certificate of an authority that
 * the ConfigMap `kube-system/extension-apiserver-authentication` names. It vouches for the user in the request's headers.
 */
export class FrontProxy {
  readonly #store: ObjectStore;
  /** Of clients that come to the API server, and to aggregated servers, themselves. */
  readonly #clientCa: string;
  #authority = new CertificateAuthority('front-proxy-ca');
  #client = this.#authority.issue({ commonName: CLIENT });

  constructor(store: ObjectStore, { clientCa }: { readonly clientCa: string }) {
    this.#store = store;
    this.#clientCa = clientCa;
  }

  /** What is presented to aggregated servers. */
  get client(): KeyPair {
    return this.#client;
  }

  /** A new authority and a new certificate. The ConfigMap says so at once. */
  rotate(): void {
    this.#authority = new CertificateAuthority('front-proxy-ca');
    this.#client = this.#authority.issue({ commonName: CLIENT });
    this.publish();
  }

  /** A client certificate of the same authority, with another name: nobody's whom aggregated servers believe. */
  issue(commonName: string): KeyPair {
    return this.#authority.issue({ commonName });
  }

  /** Writes the ConfigMap by which aggregated servers know the certificate. */
  publish(): void {
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: NAME,
      data: {
        'client-ca-file': this.#clientCa,
        'requestheader-allowed-names': JSON.stringify([CLIENT]),
        'requestheader-client-ca-file': this.#authority.cert,
        'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
        'requestheader-group-headers': '["X-Remote-Group"]',
        'requestheader-uid-headers': '["X-Remote-Uid"]',
        'requestheader-username-headers': '["X-Remote-User"]',
      },
    };
    if (this.#store.update('configmaps', object) === undefined) this.#store.create('configmaps', object);
  }
}

/** What of a client's headers is passed on: nothing of the connection, of its credentials, or of who it says it is. */
export function passedHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = String(headers.connection ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !NOT_PASSED.has(name) && !name.startsWith(EXTRA) && !named.includes(name),
    ),
  );
}

const NOT_PASSED: ReadonlySet<string> = new Set([
  'authorization',
  'host',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'x-remote-user',
  'x-remote-uid',
  'x-remote-group',
]);

/** The headers that name a user. */
export function userHeaders({
  name,
  uid,
  groups,
  extra,
}: Pick<User, 'name' | 'uid' | 'groups' | 'extra'>): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'X-Remote-User': utf8(name) };
  if (uid !== undefined && uid !== '') headers['X-Remote-Uid'] = utf8(uid);
  if (groups.length > 0) headers['X-Remote-Group'] = groups.map(utf8);
  for (const [key, values] of Object.entries(extra ?? {}))
    headers[`X-Remote-Extra-${escapeKey(key)}`] = values.map(utf8);
  return headers;
}

/** Headers are bytes, each of which Node.js takes as a character. */
function utf8(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** A key as part of a header's name: what must not stand there, and the sign itself, as %XX. */
function escapeKey(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (/[A-Za-z0-9!#$&'*+\-.^_`|~]/.test(character)) return character;
      return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
