import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { unauthorized } from './api-error.ts';
import type { Rule } from './authorization.ts';

/** A bearer token and what it is good for. */
export interface TokenGrant {
  readonly token: string;
  /** Such as `admin` or `system:serviceaccount:monitoring:pharos`. */
  readonly user: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  /** What authorization may want to know beside that, such as `scopes`. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /** For whom the token was made. Default: the API server. */
  readonly audiences?: readonly string[];
  /** Unix milliseconds of the simulated time from which on it is not accepted. Default: never. */
  readonly expires?: number;
  /** What the user may do. Default: everything. */
  readonly allow?: 'everything' | readonly Rule[];
}

export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly allow: 'everything' | readonly Rule[];
}

/** Whom tokens are for that say nothing else. */
export const API_AUDIENCE = 'https://kubernetes.default.svc.cluster.local';

const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'], allow: [] };

/** The tokens that are valid, each with its user, and users known by a client's certificate. */
export class Authentication {
  readonly #now: () => number;
  readonly #grants = new Map<string, TokenGrant>();

  constructor(grants: readonly TokenGrant[], now: () => number) {
    this.#now = now;
    for (const grant of grants) this.#grants.set(grant.token, grant);
  }

  /** Whose request it is. Without any credentials system:anonymous; an ApiError of 401 when they are not valid. */
  user(request: IncomingMessage): User {
    const header = request.headers.authorization;
    if (header === undefined) return certificateUser(request) ?? ANONYMOUS;
    const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
    const user = token === undefined ? undefined : this.userOf(token);
    if (user === undefined) throw unauthorized();
    return user;
  }

  /** The user of a token that is valid now, for the API server or one of the audiences that are given. */
  userOf(token: string, audiences: readonly string[] = [API_AUDIENCE]): User | undefined {
    const grant = this.#grants.get(token);
    if (grant === undefined || (grant.expires !== undefined && grant.expires <= this.#now())) return undefined;
    if (this.audiencesOf(token, audiences).length === 0) return undefined;
    const { user, uid, extra, groups = [], allow = 'everything' } = grant;
    const account = /^system:serviceaccount:([^:]+):/.exec(user);
    const inherited = account === null ? [] : ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`];
    const all = [...new Set([...inherited, ...groups, 'system:authenticated'])];
    return { name: user, ...(uid !== undefined && { uid }), groups: all, ...(extra !== undefined && { extra }), allow };
  }

  /** Those of the audiences that the token is for. */
  audiencesOf(token: string, audiences: readonly string[] = [API_AUDIENCE]): readonly string[] {
    const own = this.#grants.get(token)?.audiences ?? [API_AUDIENCE];
    return audiences.filter((audience) => own.includes(audience));
  }

  /** What a user known by name may do; undefined when nobody is known by it. */
  named(name: string): User['allow'] | undefined {
    for (const { user, allow = 'everything' } of this.#grants.values()) if (user === name) return allow;
    return undefined;
  }

  add(grant: TokenGrant): void {
    this.#grants.set(grant.token, grant);
  }

  expire(token: string): void {
    this.#grants.delete(token);
  }

  /** Ends a token and gives its user another one. */
  rotate(token: string, successor: string = randomUUID()): string {
    const grant = this.#grants.get(token);
    if (grant === undefined) throw new Error('the token to rotate must be one of the API server');
    this.#grants.delete(token);
    this.#grants.set(successor, { ...grant, token: successor });
    return successor;
  }
}

/** As the real server: the common name is the user and the organisations are the groups. */
function certificateUser({ socket }: IncomingMessage): User | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const subject = socket.getPeerCertificate().subject as { CN?: string; O?: string | string[] } | undefined;
  if (subject?.CN === undefined) return undefined;
  const groups = [subject.O ?? []].flat();
  return { name: subject.CN, groups: [...groups, 'system:authenticated'], allow: 'everything' };
}
